//! Making ours what client-side apply made.
//!
//! Takes a live object, gives the JSON patch after which everything that `kubectl apply` (and codexctl, which
//! ran it) owned belongs to us, so that the next apply neither conflicts nor leaves behind what the manifest
//! no longer has. Asked on every run: client-side apply may have run in between (`apply.md`, "Taking over
//! what client-side apply made").

use serde_json::{Map, Value, json};

use super::entry::Entry;
use super::fields::{Element, FieldSet};
use crate::{FIELD_MANAGER, LAST_APPLIED};

/// Managers whose fields were applied from manifests, whatever else the object says.
const CLIENT_SIDE: [&str; 2] = ["kubectl-client-side-apply", "before-first-apply"];

/// `kubectl create --save-config` is an apply too; a plain `kubectl create` is not.
const WITH_ANNOTATION: &str = "kubectl-create";

/// What is to be taken over.
#[derive(Debug, Clone, PartialEq)]
pub struct Takeover<'a> {
    live: &'a Value,
    api_version: &'a str,
    /// When the fields were last written, as the first of the entries says.
    time: Option<&'a Value>,
    /// All that is ours afterwards.
    pub(super) fields: FieldSet<'a>,
}

/// What an object's takeover consists of; `None` if client-side apply has no part in it.
///
/// An entry whose fields can't be read makes it `None` too: what we can't read we don't rewrite, and an
/// ordinary conflict tells the user.
pub fn takeover(live: &Value) -> Option<Takeover<'_>> {
    let annotated = last_applied_text(live).is_some();
    let mut taken = Entry::all(live).filter(|entry| is_taken(*entry, annotated)).peekable();
    let first = *taken.peek()?;
    let mut fields = FieldSet::default();
    for entry in taken.chain(Entry::all(live).filter(|entry| entry.is_ours())) {
        fields.join(entry.fields().ok()?);
    }
    fields.remove(&["metadata", "annotations", LAST_APPLIED].map(|name| Element::Field(name.into())));
    Some(Takeover { live, api_version: first.api_version(), time: first.raw().get("time"), fields })
}

/// Whether a conflict with this manager vanishes once it is taken over: the plan may ask again with force.
///
/// `annotated` says whether the object has the annotation [`LAST_APPLIED`].
pub fn is_client_side(manager: &str, annotated: bool) -> bool {
    CLIENT_SIDE.contains(&manager) || (annotated && manager == WITH_ANNOTATION)
}

/// What client-side apply applied last, if the object says so.
pub fn last_applied(live: &Value) -> Option<Value> {
    serde_json::from_str(last_applied_text(live)?).ok()
}

/// Whether the object has the annotation [`LAST_APPLIED`].
pub fn is_annotated(live: &Value) -> bool {
    last_applied_text(live).is_some()
}

fn last_applied_text(live: &Value) -> Option<&str> {
    live.get("metadata")?.get("annotations")?.get(LAST_APPLIED)?.as_str()
}

pub(super) fn is_taken(entry: Entry<'_>, annotated: bool) -> bool {
    entry.is("Update") && is_client_side(entry.manager(), annotated)
}

impl Takeover<'_> {
    /// The JSON patch (RFC 6902) that makes it so. It holds for the version of the object that was read; at a
    /// 409 the object is to be read again.
    pub fn patch(&self) -> Value {
        let annotated = is_annotated(self.live);
        let mut ours = Map::new();
        ours.insert("manager".into(), FIELD_MANAGER.into());
        ours.insert("operation".into(), "Apply".into());
        ours.insert("apiVersion".into(), self.api_version.into());
        ours.insert("fieldsType".into(), "FieldsV1".into());
        ours.insert("fieldsV1".into(), self.fields.to_json());
        if let Some(time) = self.time {
            ours.insert("time".into(), time.clone());
        }
        let foreign = Entry::all(self.live).filter(|entry| !entry.is_ours() && !is_taken(*entry, annotated));
        let mut entries: Vec<Value> = foreign.map(|entry| entry.raw().clone()).collect();
        entries.push(Value::Object(ours));
        let version = self.live["metadata"].get("resourceVersion").cloned().unwrap_or(Value::Null);
        let mut patch = vec![
            json!({"op": "replace", "path": "/metadata/managedFields", "value": entries}),
            json!({"op": "replace", "path": "/metadata/resourceVersion", "value": version}),
        ];
        if annotated {
            let path =
                format!("/metadata/annotations/{}", LAST_APPLIED.replace('~', "~0").replace('/', "~1"));
            patch.push(json!({"op": "remove", "path": path}));
        }
        Value::Array(patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(manager: &str, operation: &str, fields: Value) -> Value {
        json!({
            "manager": manager, "operation": operation, "apiVersion": "apps/v1", "fieldsType": "FieldsV1",
            "time": "2026-01-01T00:00:00Z", "fieldsV1": fields
        })
    }

    fn live(entries: Vec<Value>, annotated: bool) -> Value {
        let annotations = if annotated { json!({LAST_APPLIED: "{}", "a": "b"}) } else { json!({"a": "b"}) };
        json!({"metadata": {
            "name": "web", "resourceVersion": "7", "annotations": annotations, "managedFields": entries
        }})
    }

    #[test]
    fn its_fields_and_ours_become_one_entry() {
        let kcm = entry("kube-controller-manager", "Update", json!({"f:status": {}}));
        let client = json!({
            "f:metadata": {"f:annotations": {".": {}, format!("f:{LAST_APPLIED}"): {}}},
            "f:spec": {"f:replicas": {}}
        });
        let live = live(
            vec![
                entry("kubectl-codex", "Apply", json!({"f:spec": {"f:paused": {}}})),
                entry("kubectl-client-side-apply", "Update", client),
                kcm.clone(),
            ],
            true,
        );
        let joined = json!({"f:spec": {"f:paused": {}, "f:replicas": {}}});
        assert_eq!(
            takeover(&live).expect("taken over").patch(),
            json!([
                {"op": "replace", "path": "/metadata/managedFields",
                 "value": [kcm, entry("kubectl-codex", "Apply", joined)]},
                {"op": "replace", "path": "/metadata/resourceVersion", "value": "7"},
                {"op": "remove",
                 "path": "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration"}
            ])
        );
    }

    #[test]
    fn without_the_annotation_none_is_removed() {
        let live = live(vec![entry("before-first-apply", "Update", json!({"f:spec": {}}))], false);
        assert_eq!(takeover(&live).expect("taken over").patch().as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn create_counts_only_if_it_saved_its_manifest() {
        let entries = vec![entry("kubectl-create", "Update", json!({"f:spec": {}}))];
        assert!(takeover(&live(entries.clone(), true)).is_some());
        assert_eq!(takeover(&live(entries, false)), None);
    }

    #[test]
    fn others_keep_what_they_own() {
        for manager in
            ["kubectl-edit", "kubectl-set", "kubectl-patch", "kubectl-replace", "kubectl-label", "helm"]
        {
            assert_eq!(takeover(&live(vec![entry(manager, "Update", json!({}))], true)), None, "{manager}");
        }
        let applied = entry("kubectl-client-side-apply", "Apply", json!({}));
        let mut scaled = entry("kubectl-client-side-apply", "Update", json!({}));
        scaled["subresource"] = json!("scale");
        assert_eq!(takeover(&live(vec![applied, scaled], true)), None);
        assert_eq!(takeover(&json!(null)), None);
    }

    #[test]
    fn it_is_done_once() {
        let before = live(vec![entry("kubectl-client-side-apply", "Update", json!({"f:spec": {}}))], true);
        let patch = takeover(&before).expect("taken over").patch();
        let after = live(patch[0]["value"].as_array().expect("a list").clone(), false);
        assert_eq!(takeover(&after), None);
    }

    #[test]
    fn fields_that_cannot_be_read_are_left_alone() {
        let odd = vec![entry("kubectl-client-side-apply", "Update", json!({"q:spec": {}}))];
        assert_eq!(takeover(&live(odd, true)), None);
    }
}
