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

/// The manager to whom the server gives all that an object has, where nobody owned anything before.
const INVENTED: &str = "before-first-apply";

/// Managers whose fields were applied from manifests, whatever else the object says.
const CLIENT_SIDE: [&str; 2] = ["kubectl-client-side-apply", INVENTED];

/// `kubectl create --save-config` is an apply too; a plain `kubectl create` is not.
const WITH_ANNOTATION: &str = "kubectl-create";

/// What is to be taken over.
#[derive(Debug, Clone, PartialEq)]
pub struct Takeover<'a> {
    live: &'a Value,
    api_version: &'a str,
    /// When the fields were last written, as the first of the entries says.
    time: Option<&'a Value>,
    /// Whether client-side apply is known to have applied it, and it isn't just nobody's.
    pub is_known: bool,
    /// All that is ours afterwards.
    pub(super) fields: FieldSet<'a>,
}

/// What an object's takeover consists of; `None` if client-side apply has no part in it.
///
/// Of what the server gave to the manager that it invents, ours is what was applied: as the annotation says, or else
/// what `manifest` has. The rest, defaults and what others set, is nobody's again.
///
/// An entry whose fields can't be read makes it `None` too: what we can't read we don't rewrite, and an
/// ordinary conflict tells the user.
pub fn takeover<'a>(live: &'a Value, manifest: &Value) -> Option<Takeover<'a>> {
    let annotated = last_applied_text(live).is_some();
    let mut taken = Entry::all(live).filter(|entry| is_taken(*entry, annotated)).peekable();
    let first = *taken.peek()?;
    let mut fields = FieldSet::default();
    for entry in taken.chain(Entry::all(live).filter(|entry| entry.is_ours())) {
        let owned = entry.fields().ok()?;
        fields.join(match entry.manager() {
            INVENTED => owned.within(&applied(live).unwrap_or_else(|| manifest.clone())),
            _ => owned,
        });
    }
    fields.remove(&["metadata", "annotations", LAST_APPLIED].map(|name| Element::Field(name.into())));
    // Nothing of what nobody owned was applied: it stays with whom the server gave it to.
    if fields.children.is_empty() && !annotated {
        return None;
    }
    let is_known = annotated || first.manager() != INVENTED;
    let (api_version, time) = (first.api_version(), first.raw().get("time"));
    Some(Takeover { live, api_version, time, is_known, fields })
}

/// Whether nobody owns anything of an object, since its `managedFields` were cleared: a backup that is restored
/// leaves them out. At the next server-side apply the server gives all of it to a manager that it invents, and
/// only then it can be taken over. Of a manifest with nothing but a name nobody ever owns anything.
pub fn is_cleared(live: &Value, manifest: &Value) -> bool {
    Entry::all(live).next().is_none() && (is_annotated(live) || *manifest != nothing_of(manifest))
}

/// The manifest that changes nothing of an object but that its fields are somebody's.
pub fn nothing_of(manifest: &Value) -> Value {
    let mut nothing = json!({"metadata": {}});
    for key in ["apiVersion", "kind"] {
        nothing[key] = manifest[key].clone();
    }
    for key in ["name", "namespace"] {
        if let Some(value) = manifest["metadata"].get(key) {
            nothing["metadata"][key] = value.clone();
        }
    }
    nothing
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

/// The same as the server has it: what was given as `stringData` is owned as `data`.
pub(super) fn applied(live: &Value) -> Option<Value> {
    let mut applied = last_applied(live)?;
    let _ = crate::input::fold_secret(&mut applied);
    Some(applied)
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
        let version = self.live["metadata"].get("resourceVersion").cloned().unwrap_or(Value::Null);
        let mut patch = vec![
            json!({"op": "replace", "path": "/metadata/managedFields", "value": self.entries()}),
            json!({"op": "replace", "path": "/metadata/resourceVersion", "value": version}),
        ];
        if is_annotated(self.live) {
            let path =
                format!("/metadata/annotations/{}", LAST_APPLIED.replace('~', "~0").replace('/', "~1"));
            patch.push(json!({"op": "remove", "path": path}));
        }
        Value::Array(patch)
    }

    /// The object as it is then.
    pub fn taken_over(&self) -> Value {
        let mut taken = self.live.clone();
        taken["metadata"]["managedFields"] = self.entries().into();
        without_annotation(&mut taken);
        taken
    }

    fn entries(&self) -> Vec<Value> {
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
        entries
    }
}

/// Takes the annotation [`LAST_APPLIED`] out of an object, and the map of annotations if nothing is left in it.
pub fn without_annotation(object: &mut Value) {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) else { return };
    if annotations.remove(LAST_APPLIED).is_some() && annotations.is_empty() {
        metadata.remove("annotations");
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
            takeover(&live, &json!(null)).expect("taken over").patch(),
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
        assert_eq!(
            takeover(&live, &json!({"spec": {"replicas": 1}}))
                .expect("taken over")
                .patch()
                .as_array()
                .map(Vec::len),
            Some(2)
        );
    }

    #[test]
    fn create_counts_only_if_it_saved_its_manifest() {
        let entries = vec![entry("kubectl-create", "Update", json!({"f:spec": {}}))];
        assert!(takeover(&live(entries.clone(), true), &json!(null)).is_some());
        assert_eq!(takeover(&live(entries, false), &json!(null)), None);
    }

    #[test]
    fn others_keep_what_they_own() {
        for manager in
            ["kubectl-edit", "kubectl-set", "kubectl-patch", "kubectl-replace", "kubectl-label", "helm"]
        {
            assert_eq!(
                takeover(&live(vec![entry(manager, "Update", json!({}))], true), &json!(null)),
                None,
                "{manager}"
            );
        }
        let applied = entry("kubectl-client-side-apply", "Apply", json!({}));
        let mut scaled = entry("kubectl-client-side-apply", "Update", json!({}));
        scaled["subresource"] = json!("scale");
        assert_eq!(takeover(&live(vec![applied, scaled], true), &json!(null)), None);
        assert_eq!(takeover(&json!(null), &json!(null)), None);
    }

    #[test]
    fn no_empty_map_is_left_of_the_annotation() {
        let object = |annotations: Value| json!({"metadata": {"name": "a", "annotations": annotations}});
        let mut only = object(json!({LAST_APPLIED: "{}"}));
        without_annotation(&mut only);
        assert_eq!(only, json!({"metadata": {"name": "a"}}));
        let mut more = object(json!({LAST_APPLIED: "{}", "a": "b"}));
        without_annotation(&mut more);
        assert_eq!(more, object(json!({"a": "b"})));
        let mut empty = object(json!({}));
        without_annotation(&mut empty);
        assert_eq!(empty, object(json!({})), "it was empty before");
    }

    #[test]
    fn it_is_done_once() {
        let before = live(vec![entry("kubectl-client-side-apply", "Update", json!({"f:spec": {}}))], true);
        let patch = takeover(&before, &json!(null)).expect("taken over").patch();
        let after = live(patch[0]["value"].as_array().expect("a list").clone(), false);
        assert_eq!(takeover(&after, &json!(null)), None);
    }

    #[test]
    fn of_what_the_server_gave_away_ours_is_what_was_applied() {
        let all = json!({"f:spec": {"f:replicas": {}, "f:paused": {}, "f:strategy": {}}});
        let mut live = live(vec![entry(INVENTED, "Update", all)], true);
        let taken = |live: &Value| {
            let manifest = json!({"spec": {"paused": true}});
            takeover(live, &manifest).expect("taken over").fields.to_json()
        };
        live["metadata"]["annotations"][LAST_APPLIED] = json!(r#"{"spec": {"replicas": 1}}"#);
        assert_eq!(taken(&live), json!({"f:spec": {"f:replicas": {}}}));
        live["metadata"]["annotations"] = json!({});
        assert_eq!(taken(&live), json!({"f:spec": {"f:paused": {}}}), "nobody knows what was applied");
        assert_eq!(takeover(&live, &json!({})), None);
    }

    #[test]
    fn an_object_that_nobody_owns_anything_of_is_cleared() {
        let manifest = json!({
            "apiVersion": "v1", "kind": "Secret", "data": {"a": "b"},
            "metadata": {"name": "keys", "namespace": "shop", "labels": {"a": "b"}}
        });
        let nothing =
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys", "namespace": "shop"}});
        assert_eq!(nothing_of(&manifest), nothing);
        assert!(is_cleared(&live(vec![], false), &manifest) && is_cleared(&live(vec![], true), &nothing));
        assert!(!is_cleared(&live(vec![], false), &nothing), "there is nothing that could be owned");
        assert!(!is_cleared(&live(vec![entry("x", "Update", json!({}))], true), &manifest));
    }

    #[test]
    fn fields_that_cannot_be_read_are_left_alone() {
        let odd = vec![entry("kubectl-client-side-apply", "Update", json!({"q:spec": {}}))];
        assert_eq!(takeover(&live(odd, true), &json!(null)), None);
    }
}
