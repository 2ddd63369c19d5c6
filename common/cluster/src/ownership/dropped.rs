//! Which fields go when what client-side apply made is taken over.
//!
//! Takes a takeover, what client-side apply applied last and the manifest, gives the fields that were applied,
//! are ours afterwards and are not in the manifest: applying it removes them. A plan writes nothing, so a
//! dry run can't show them; the diff takes them out of the dry run's result by [`FieldPath::remove_from`].

use std::fmt;

use serde_json::Value;

use super::entry::Entry;
use super::fields::{Element, FieldSet};
use super::takeover::{Takeover, applied, is_annotated, is_taken};

/// A field that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPath<'a>(Vec<Element<'a>>);

impl fmt::Display for FieldPath<'_> {
    /// As the API server writes it: `.spec.template.spec.containers[name="web"].args`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|element| element.fmt(f))
    }
}

impl FieldPath<'_> {
    /// Takes the field out of an object, and maps and lists that are empty then; nothing happens if it isn't
    /// there.
    pub fn remove_from(&self, object: &mut Value) {
        remove(&self.0, object);
    }
}

fn remove(path: &[Element<'_>], value: &mut Value) {
    let Some((element, rest)) = path.split_first() else {
        return;
    };
    match (value, element) {
        (Value::Object(map), Element::Field(name)) => {
            let Some(child) = map.get_mut(name.as_ref()) else {
                return;
            };
            let was_empty = is_empty(child);
            remove(rest, child);
            if rest.is_empty() || (is_empty(child) && !was_empty) {
                map.remove(name.as_ref());
            }
        }
        (Value::Array(items), element) => {
            let Some(at) = element.position_in(items) else {
                return;
            };
            if rest.is_empty() {
                items.remove(at);
            } else {
                remove(rest, &mut items[at]);
            }
        }
        _ => {}
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// The fields that applying `manifest` removes after the takeover.
///
/// Only what client-side apply was given counts: what it owns besides are the server's defaults, which come
/// back. What someone else owns too stays.
pub fn dropped<'t>(takeover: &'t Takeover<'_>, live: &Value, manifest: &Value) -> Vec<FieldPath<'t>> {
    // Its own annotation is what the takeover itself removes.
    let Some(applied) = applied(live) else {
        return Vec::new();
    };
    let annotated = is_annotated(live);
    let foreign = Entry::all(live).filter(|entry| !entry.is_ours() && !is_taken(*entry, annotated));
    let foreign: Vec<FieldSet<'_>> = foreign.filter_map(|entry| entry.fields().ok()).collect();
    let mut walk = Walk { foreign, path: Vec::new(), found: Vec::new() };
    walk.children(&takeover.fields, &applied, Some(manifest));
    walk.found
}

struct Walk<'t, 'f> {
    foreign: Vec<FieldSet<'f>>,
    path: Vec<Element<'t>>,
    found: Vec<FieldPath<'t>>,
}

impl<'t> Walk<'t, '_> {
    /// Looks at all that is owned in one place, which was applied and may be in the manifest.
    fn children(&mut self, fields: &'t FieldSet<'_>, applied: &Value, manifest: Option<&Value>) {
        for (element, fields) in &fields.children {
            let Some(applied) = element.child_of(applied) else {
                continue;
            };
            let wanted = manifest.and_then(|manifest| element.child_of(manifest));
            self.path.push(borrowed(element));
            self.field(fields, applied, wanted);
            self.path.pop();
        }
    }

    fn field(&mut self, fields: &'t FieldSet<'_>, applied: &Value, wanted: Option<&Value>) {
        let shared = self.foreign.iter().any(|set| set.at(&self.path).is_some());
        // What is ours itself goes with all that is in it, the server's defaults too. Of a map that isn't, only
        // our parts go.
        let is_item = !matches!(self.path.last(), Some(Element::Field(_)));
        if wanted.is_none() && !shared && (is_item || fields.itself) {
            self.found.push(FieldPath(self.path.clone()));
        } else {
            self.children(fields, applied, wanted);
        }
    }
}

fn borrowed<'t>(element: &'t Element<'_>) -> Element<'t> {
    match element {
        Element::Field(name) => Element::Field(name.as_ref().into()),
        Element::Item(key) => Element::Item(key.clone()),
        Element::Value(value) => Element::Value(value.clone()),
        Element::Index(index) => Element::Index(*index),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LAST_APPLIED;
    use crate::ownership::takeover::takeover;
    use serde_json::json;

    fn live(applied: &Value, fields: Value, foreign: Value) -> Value {
        json!({"metadata": {
            "annotations": {LAST_APPLIED: applied.to_string()},
            "managedFields": [
                {"manager": "kubectl-client-side-apply", "operation": "Update", "apiVersion": "v1", "fieldsV1": fields},
                {"manager": "other", "operation": "Update", "apiVersion": "v1", "fieldsV1": foreign}
            ]
        }})
    }

    fn found(live: &Value, manifest: &Value) -> Vec<String> {
        let takeover = takeover(live, manifest).expect("client-side apply made it");
        dropped(&takeover, live, manifest).iter().map(ToString::to_string).collect()
    }

    fn pod() -> Value {
        json!({"metadata": {"labels": {"a": "1", "b": "2"}}, "spec": {"containers": [
            {"name": "web", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
             "ports": [{"containerPort": 80}]},
            {"name": "side"}
        ]}})
    }

    fn fields() -> Value {
        let leaf = json!({});
        json!({
            "f:metadata": {"f:labels": {".": {}, "f:a": leaf, "f:b": leaf}},
            "f:spec": {
                "f:restartPolicy": leaf,
                "f:containers": {
                    "k:{\"name\":\"side\"}": {".": {}, "f:name": leaf, "f:imagePullPolicy": leaf},
                    "k:{\"name\":\"web\"}": {
                        ".": {}, "f:name": leaf,
                        "f:env": {".": {}, "k:{\"name\":\"A\"}": {".": {}, "f:name": leaf, "f:value": leaf},
                                  "k:{\"name\":\"B\"}": {".": {}, "f:name": leaf, "f:value": leaf}},
                        "f:ports": {".": {}, "k:{\"containerPort\":80,\"protocol\":\"TCP\"}":
                            {".": {}, "f:containerPort": leaf, "f:protocol": leaf}}
                    }
                }
            }
        })
    }

    #[test]
    fn the_same_manifest_drops_nothing() {
        assert_eq!(found(&live(&pod(), fields(), json!({})), &pod()), [""; 0]);
    }

    #[test]
    fn labels_items_and_containers_that_are_gone_are_dropped() {
        let mut manifest = pod();
        manifest["metadata"]["labels"] = json!({"a": "1"});
        manifest["spec"]["containers"] = json!([{"name": "web", "env": [{"name": "A", "value": "1"}]}]);
        let live = live(&pod(), fields(), json!({}));
        assert_eq!(
            found(&live, &manifest),
            [
                ".metadata.labels.b",
                ".spec.containers[name=\"side\"]",
                ".spec.containers[name=\"web\"].env[name=\"B\"]",
                ".spec.containers[name=\"web\"].ports",
            ]
        );
        let takeover = takeover(&live, &manifest).expect("client-side apply made it");
        let mut result = pod();
        dropped(&takeover, &live, &manifest).iter().for_each(|path| path.remove_from(&mut result));
        assert_eq!(result, manifest);
    }

    #[test]
    fn what_someone_else_owns_too_stays() {
        let mut manifest = pod();
        manifest["metadata"] = json!({});
        let foreign = json!({"f:metadata": {"f:labels": {"f:b": {}}}});
        assert_eq!(found(&live(&pod(), fields(), foreign), &manifest), [".metadata.labels.a"]);
    }

    #[test]
    fn of_a_map_that_is_not_ours_itself_only_our_parts_go() {
        let mut manifest = pod();
        manifest["metadata"] = json!({});
        let labels = json!({"a": "1", "b": "2", "c": "a default"});
        for (itself, left) in [(true, json!({})), (false, json!({"labels": {"c": "a default"}}))] {
            let mut fields = fields();
            if !itself {
                fields["f:metadata"]["f:labels"].as_object_mut().expect("a map").remove(".");
            }
            let live = live(&pod(), fields, json!({}));
            let takeover = takeover(&live, &manifest).expect("client-side apply made it");
            let mut result = json!({"metadata": {"labels": labels}});
            dropped(&takeover, &live, &manifest).iter().for_each(|path| path.remove_from(&mut result));
            assert_eq!(result["metadata"].as_object(), left.as_object().filter(|left| !left.is_empty()));
        }
    }

    #[test]
    fn a_secrets_texts_are_its_data() {
        let applied = json!({"apiVersion": "v1", "kind": "Secret", "stringData": {"a": "x", "b": "y"}});
        let live = live(&applied, json!({"f:data": {".": {}, "f:a": {}, "f:b": {}}}), json!({}));
        assert_eq!(found(&live, &json!({"data": {"b": "eQ=="}})), [".data.a"]);
    }

    #[test]
    fn removing_what_is_not_there_does_nothing() {
        let live = live(&pod(), fields(), json!({}));
        let takeover = takeover(&live, &json!(null)).expect("client-side apply made it");
        for path in dropped(&takeover, &live, &json!({})) {
            for mut other in
                [json!(null), json!({"metadata": 1, "spec": []}), json!({"spec": {"containers": {}}})]
            {
                let before = other.clone();
                path.remove_from(&mut other);
                if before.get("spec").is_none() {
                    assert_eq!(other, before);
                }
            }
        }
    }
}
