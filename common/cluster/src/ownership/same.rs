//! When applying a manifest would change nothing, known without asking.
//!
//! Takes the manifest as it would be sent and the live object, listed in the manifest's apiVersion with
//! `managedFields`. Saying "not same" of an object that is costs one needless request; saying "same" of one
//! that isn't would leave the cluster wrong: every doubt is "not same" (`apply.md`, "Unchanged, without a
//! PATCH", point 2, which tells how the rule was tried).
//!
//! Three shortcuts are traps: fields that the manifest has may be a part of what is there without being all
//! that we own of it; a list may hold the same items in another order; and a field that is ours with nothing
//! in it may hold what isn't ours (see `atomic.rs`).

use serde_json::{Map, Value};

use super::atomic::{has_whole_items, is_atomic};
use super::defaults::completed;
use super::entry::Entry;
use super::fields::{Element, FieldSet, Literal};
use super::quantity::{is_quantity, is_same_quantity};
use super::schema::Schema;
use crate::identity::{group, is_built_in, kind};

/// What stands at the root of every object and belongs to nobody.
const UNOWNED_ROOT: [&str; 2] = ["apiVersion", "kind"];

/// What names an object; nobody owns it.
const UNOWNED_METADATA: [&str; 2] = ["name", "namespace"];

/// What the metadata of an object has that holds nothing.
const BARE_METADATA: [&str; 6] =
    ["name", "namespace", "uid", "resourceVersion", "creationTimestamp", "managedFields"];

/// Kinds whose generation is raised where an empty list or map is applied and none was there.
const TELLS_EMPTY_FROM_NOTHING: [(&str, &str); 3] = [
    ("networking.k8s.io", "NetworkPolicy"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
];

/// Whether applying the manifest would change nothing of the live object, not even what we own of it.
pub fn is_same(manifest: &Value, live: &Value) -> bool {
    same(manifest, live, Schema::Unknown).is_some()
}

/// The same for an object of someone's own kind, whose definition the server has in this very form.
pub fn is_same_by(definition: &Value, manifest: &Value, live: &Value) -> bool {
    let version = manifest["apiVersion"].as_str().unwrap_or_default();
    same(manifest, live, Schema::of_kind(definition, version)).is_some()
}

fn same(manifest: &Value, live: &Value, schema: Schema<'_>) -> Option<()> {
    let (ours, theirs) = (manifest.as_object()?, live.as_object()?);
    let (metadata, live_metadata) =
        (ours.get("metadata")?.as_object()?, theirs.get("metadata")?.as_object()?);
    let being_deleted = live_metadata.get("deletionTimestamp").is_some_and(|time| !time.is_null());
    // Items of a list carry neither apiVersion nor kind.
    let agrees = |key: &&str| theirs.get(*key).is_none_or(|value| ours.get(*key) == Some(value));
    let is_it = |key: &&str| metadata.get(*key).is_none_or(|value| live_metadata.get(*key) == Some(value));
    if being_deleted || !UNOWNED_ROOT.iter().all(agrees) || !UNOWNED_METADATA.iter().all(is_it) {
        return None;
    }
    if is_bare(ours, metadata) && Entry::all(live).next().is_none() {
        // Nobody owns anything, since there is nothing.
        return is_bare(theirs, live_metadata).then_some(());
    }
    let mut entries = Entry::all(live).filter(|entry| entry.is_ours());
    let entry = entries.next().filter(|_| entries.next().is_none())?;
    if ours.get("apiVersion")?.as_str() != Some(entry.api_version()) {
        return None;
    }
    let fields = entry.fields().ok()?;
    let nothing_owned = FieldSet::default();
    let metadata_fields = fields.children.get(&Element::Field("metadata".into())).unwrap_or(&nothing_owned);
    let rest = fields.as_map()?.filter(|(name, _)| *name != "metadata");
    let walk = Walk { group: group(manifest), kind: kind(manifest), schema };
    let matches = walk.same_map("", rest, (ours, theirs), &["apiVersion", "kind", "metadata"])
        && Walk { schema: Schema::Unknown, ..walk }.same_map(
            "metadata",
            metadata_fields.as_map()?,
            (metadata, live_metadata),
            &UNOWNED_METADATA,
        );
    matches.then_some(())
}

/// Whether an object has nothing but a name, and what the server gives to each.
fn is_bare(object: &Map<String, Value>, metadata: &Map<String, Value>) -> bool {
    let is_named = metadata.keys().all(|key| BARE_METADATA.contains(&key.as_str()));
    is_named && object.keys().all(|key| matches!(key.as_str(), "apiVersion" | "kind" | "metadata"))
}

/// Walks manifest, live object and our fields of one kind together.
#[derive(Clone, Copy)]
struct Walk<'a> {
    group: &'a str,
    kind: &'a str,
    /// Of the map that is walked.
    schema: Schema<'a>,
}

impl Walk<'_> {
    /// Compares a field of the manifest with the live one, where `fields` says what we own of it.
    fn same_field(
        self,
        (map, name): (&str, &str),
        fields: &FieldSet<'_>,
        ours: &Value,
        theirs: &Value,
    ) -> bool {
        let schema = self.schema.field(name);
        if fields.children.is_empty() {
            let is_whole = is_atomic(self.group, self.kind, name, ours) || schema.is_atomic(ours);
            return is_whole
                && (is_kept_as((self.group, self.kind), (map, name), ours, theirs)
                    || schema.completed(ours) == *theirs);
        }
        let below = |schema| Walk { schema, ..self };
        match (ours, theirs) {
            (Value::Object(ours), Value::Object(theirs)) => fields
                .as_map()
                .is_some_and(|fields| below(schema).same_map(name, fields, (ours, theirs), &[])),
            (Value::Array(ours), Value::Array(theirs)) => below(schema.items())
                .same_keyed(name, fields, ours, theirs)
                .or_else(|| same_set(fields, ours, theirs))
                .unwrap_or(false),
            _ => false,
        }
    }

    /// Whether a field that is ours and isn't there is what the server makes of the manifest's: in Kubernetes' own kinds a
    /// field without a value is left out. Had it had one when it was applied, it would be there, or not be ours any
    /// more.
    fn is_left_out(self, fields: &FieldSet<'_>, ours: &Value) -> bool {
        is_built_in(self.group)
            && !(TELLS_EMPTY_FROM_NOTHING.contains(&(self.group, self.kind)) && is_list_or_map(ours))
            && fields.children.is_empty()
            && is_nothing(ours)
    }

    /// The manifest's keys, but for those `left_out`, are exactly the owned ones, and all of them are alike.
    fn same_map<'f>(
        self,
        map: &str,
        fields: impl Iterator<Item = (&'f str, &'f FieldSet<'f>)>,
        (ours, theirs): (&Map<String, Value>, &Map<String, Value>),
        left_out: &[&str],
    ) -> bool {
        let mut owned = 0;
        for (name, fields) in fields {
            owned += 1;
            let Some(ours) = ours.get(name) else { return false };
            let is_same = match theirs.get(name).filter(|theirs| !theirs.is_null()) {
                Some(theirs) => self.same_field((map, name), fields, ours, theirs),
                None => self.is_left_out(fields, ours),
            };
            if left_out.contains(&name) || !is_same {
                return false;
            }
        }
        owned == ours.keys().filter(|key| !left_out.contains(&key.as_str())).count()
    }

    /// A list whose items are known by key fields; `None` if it is no such list.
    fn same_keyed(self, name: &str, fields: &FieldSet<'_>, ours: &[Value], theirs: &[Value]) -> Option<bool> {
        let keys: Vec<(&Literal, &FieldSet<'_>)> = fields
            .children
            .iter()
            .map(|(element, fields)| match element {
                Element::Item(key) => Some((key, fields)),
                _ => None,
            })
            .collect::<Option<_>>()?;
        Some(keys.len() == ours.len() && self.same_items(name, &keys, ours, theirs))
    }

    /// Each of our items belongs to a key of its own, each key to one live item, in the same order.
    fn same_items(
        self,
        name: &str,
        keys: &[(&Literal, &FieldSet<'_>)],
        ours: &[Value],
        theirs: &[Value],
    ) -> bool {
        let whole = has_whole_items(self.group, name);
        let mut taken = vec![false; keys.len()];
        let mut next_live = 0;
        for item in ours {
            let Some(map) = item.as_object() else {
                return false;
            };
            let fits = |(key, fields): &(&Literal, &FieldSet<'_>)| match fields.children.is_empty() {
                true => whole && has(key, item),
                false => fits(key, fields, map),
            };
            let mut fitting = keys.iter().enumerate().filter(|(_, key)| fits(key));
            let (Some((at, (key, fields))), None) = (fitting.next(), fitting.next()) else {
                return false;
            };
            if std::mem::replace(&mut taken[at], true) {
                return false;
            }
            let mut live = theirs.iter().enumerate().filter(|(_, item)| has(key, item));
            let (Some((live_at, live_item)), None) = (live.next(), live.next()) else {
                return false;
            };
            let (Some(fields), Some(live_map)) = (fields.as_map(), live_item.as_object()) else {
                return false;
            };
            let alike =
                if whole { item == live_item } else { self.same_map(name, fields, (map, live_map), &[]) };
            if live_at < next_live || !alike {
                return false;
            }
            next_live = live_at + 1;
        }
        true
    }
}

/// Whether a value that is ours as a whole, `name` of the map `map`, is what the server makes of the manifest's.
pub(super) fn is_kept_as(
    (group, kind): (&str, &str),
    (map, name): (&str, &str),
    ours: &Value,
    theirs: &Value,
) -> bool {
    ours == theirs
        || is_built_in(group)
            && ((is_quantity(map, name) && is_same_quantity(ours, theirs))
                || (is_base64(group, kind, map, name) && is_same_base64(ours, theirs))
                || completed(group, kind, name, ours) == *theirs)
}

fn is_list_or_map(value: &Value) -> bool {
    matches!(value, Value::Array(_) | Value::Object(_))
}

/// Whether a value is what fields have that nobody gave one.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
    }
}

/// Whether a field holds bytes, written as Base64.
fn is_base64(group: &str, kind: &str, map: &str, name: &str) -> bool {
    match (group, kind) {
        ("", "Secret") => map == "data",
        ("", "ConfigMap") => map == "binaryData",
        _ => name == "caBundle",
    }
}

/// Whether Base64 is the server's once its lines are put together.
fn is_same_base64(ours: &Value, theirs: &Value) -> bool {
    let (Some(ours), Some(theirs)) = (ours.as_str(), theirs.as_str()) else { return false };
    ours.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).eq(theirs.bytes())
}

/// Whether our item may be the one of this key: it may leave out key fields that have a default, and its
/// fields are the owned ones.
fn fits(key: &Literal, fields: &FieldSet<'_>, item: &Map<String, Value>) -> bool {
    let agrees = key.fields().all(|(name, value)| item.get(name).is_none_or(|ours| ours == value));
    let same_fields = || {
        fields.as_map().is_some_and(|fields| {
            let mut count = 0;
            let all = fields.inspect(|_| count += 1).all(|(name, _)| item.contains_key(name));
            all && count == item.len()
        })
    };
    agrees && same_fields()
}

/// Whether an item has all the key's fields.
fn has(key: &Literal, item: &Value) -> bool {
    key.fields().all(|(name, value)| item.get(name) == Some(value))
}

/// A list whose items are known by their values; `None` if it is no such list.
fn same_set(fields: &FieldSet<'_>, ours: &[Value], theirs: &[Value]) -> Option<bool> {
    let values: Vec<&Value> = fields
        .children
        .keys()
        .map(|element| match element {
            Element::Value(value) => Some(value.value()),
            _ => None,
        })
        .collect::<Option<_>>()?;
    Some(values.len() == ours.len() && ours == theirs && values.iter().all(|value| ours.contains(value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A Deployment as it was sent.
    fn manifest() -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}, "finalizers": ["a/x", "a/y"]},
            "spec": {
                "replicas": 2,
                "selector": {"matchLabels": {"app": "web"}},
                "template": {"spec": {"containers": [
                    {"name": "web", "image": "web:1", "args": ["a", "b"],
                     "ports": [{"containerPort": 80}, {"containerPort": 53, "protocol": "UDP"}]},
                    {"name": "side", "image": "side:1"}
                ]}}
            }
        })
    }

    /// What the server made of it: defaults, a foreign annotation, a foreign container first.
    fn live() -> Value {
        let mut live = manifest();
        live["metadata"]["uid"] = json!("1");
        live["metadata"]["annotations"] = json!({"deployment.kubernetes.io/revision": "1"});
        live["spec"]["strategy"] = json!({"type": "RollingUpdate"});
        let containers = &mut live["spec"]["template"]["spec"]["containers"];
        containers[0]["ports"][0]["protocol"] = json!("TCP");
        containers[0]["imagePullPolicy"] = json!("Always");
        containers.as_array_mut().expect("a list").insert(0, json!({"name": "mesh", "image": "mesh:1"}));
        live["status"] = json!({"replicas": 2});
        live["metadata"]["managedFields"] = json!([
            {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status"},
            {"manager": "kubectl-codex", "operation": "Apply", "apiVersion": "apps/v1", "fieldsV1": {
                "f:metadata": {"f:labels": {"f:app": {}}, "f:finalizers": {"v:\"a/x\"": {}, "v:\"a/y\"": {}}},
                "f:spec": {
                    "f:replicas": {}, "f:selector": {},
                    "f:template": {"f:spec": {"f:containers": {
                        "k:{\"name\":\"side\"}": {".": {}, "f:name": {}, "f:image": {}},
                        "k:{\"name\":\"web\"}": {
                            ".": {}, "f:name": {}, "f:image": {}, "f:args": {},
                            "f:ports": {
                                "k:{\"containerPort\":53,\"protocol\":\"UDP\"}": {".": {}, "f:containerPort": {}, "f:protocol": {}},
                                "k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}}
                            }
                        }
                    }}}
                }
            }}
        ]);
        live
    }

    fn containers(object: &mut Value) -> &mut Value {
        &mut object["spec"]["template"]["spec"]["containers"]
    }

    /// Whether it is same after one edit of the manifest, and after one of the live object.
    fn after(of_manifest: impl Fn(&mut Value), of_live: impl Fn(&mut Value)) -> bool {
        let (mut manifest, mut live) = (manifest(), live());
        of_manifest(&mut manifest);
        of_live(&mut live);
        is_same(&manifest, &live)
    }

    fn nothing(_: &mut Value) {}

    #[test]
    fn what_was_applied_is_same_whatever_others_added() {
        assert!(after(nothing, nothing));
        assert!(after(nothing, |live| live["metadata"]["labels"]["foreign"] = json!("x")));
        assert!(after(nothing, |live| live["status"] = json!({"replicas": 7})));
    }

    #[test]
    fn an_item_of_a_list_answer_carries_no_type() {
        assert!(after(nothing, |live| {
            let live = live.as_object_mut().expect("a map");
            live.remove("kind");
            live.remove("apiVersion");
        }));
        assert!(!after(nothing, |live| live["apiVersion"] = json!("apps/v1beta1")));
    }

    #[test]
    fn every_edit_of_the_manifest_is_seen() {
        let edits: [fn(&mut Value); 14] = [
            |m| m["spec"]["replicas"] = json!(3),
            |m| m["spec"]["replicas"] = json!(2.0),
            |m| m["spec"]["replicas"] = Value::Null,
            |m| m["spec"]["paused"] = json!(true),
            |m| drop(m["spec"].as_object_mut().expect("a map").remove("replicas")),
            |m| m["spec"]["selector"]["matchLabels"] = json!({}),
            |m| m["metadata"]["labels"]["b"] = json!("c"),
            |m| m["metadata"]["annotations"] = json!({"deployment.kubernetes.io/revision": "1"}),
            |m| containers(m)[0]["args"] = json!(["b", "a"]),
            |m| containers(m)[0]["ports"][1]["protocol"] = json!("TCP"),
            |m| containers(m).as_array_mut().expect("a list").swap(0, 1),
            |m| drop(containers(m).as_array_mut().expect("a list").remove(1)),
            |m| containers(m)[1]["name"] = json!("other"),
            |m| m["metadata"]["finalizers"] = json!(["a/y", "a/x"]),
        ];
        for (at, edit) in edits.into_iter().enumerate() {
            assert!(!after(edit, nothing), "edit {at}");
        }
    }

    #[test]
    fn every_edit_of_what_we_own_is_seen() {
        let edits: [fn(&mut Value); 9] = [
            |l| l["spec"]["replicas"] = json!(3),
            |l| l["spec"]["selector"]["matchLabels"]["more"] = json!("x"),
            |l| drop(l["metadata"]["labels"].as_object_mut().expect("a map").remove("app")),
            |l| containers(l)[1]["image"] = json!("web:2"),
            |l| containers(l)[1]["args"] = json!(["a", "b", "c"]),
            |l| containers(l).as_array_mut().expect("a list").swap(1, 2),
            |l| drop(containers(l).as_array_mut().expect("a list").remove(2)),
            |l| containers(l)[1]["ports"][0]["protocol"] = json!("SCTP"),
            |l| l["metadata"]["finalizers"] = json!(["a/x"]),
        ];
        for (at, edit) in edits.into_iter().enumerate() {
            assert!(!after(nothing, edit), "edit {at}");
        }
    }

    #[test]
    fn without_exactly_one_entry_of_ours_nothing_is_same() {
        let entries =
            |live: &mut Value| live["metadata"]["managedFields"].as_array_mut().expect("a list").clone();
        assert!(!after(nothing, |live| live["metadata"]["managedFields"] = Value::Null));
        assert!(!after(nothing, |live| {
            let mut twice = entries(live);
            twice.push(twice[1].clone());
            live["metadata"]["managedFields"] = Value::from(twice);
        }));
        for (key, value) in [
            ("manager", "kubectl"),
            ("operation", "Update"),
            ("subresource", "scale"),
            ("apiVersion", "apps/v1beta1"),
        ] {
            assert!(
                !after(nothing, |live| live["metadata"]["managedFields"][1][key] = json!(value)),
                "{key}"
            );
        }
    }

    #[test]
    fn an_update_under_our_name_is_not_our_entry() {
        assert!(after(nothing, |live| live["metadata"]["managedFields"][0] =
            json!({"manager": "kubectl-codex", "operation": "Update", "apiVersion": "apps/v1"})));
    }

    #[test]
    fn a_field_that_is_ours_though_its_parts_are_not_is_not_same() {
        let strategy = json!({"type": "RollingUpdate"});
        assert!(!after(
            |manifest| manifest["spec"]["strategy"] = strategy.clone(),
            |live| live["metadata"]["managedFields"][1]["fieldsV1"]["f:spec"]["f:strategy"] = json!({}),
        ));
    }

    #[test]
    fn items_that_are_owned_as_a_whole_name_their_key() {
        let secrets = |manifest: Value, live_secrets: Value| {
            after(
                |m| m["spec"]["template"]["spec"]["imagePullSecrets"] = manifest.clone(),
                |live| {
                    live["spec"]["template"]["spec"]["imagePullSecrets"] = live_secrets.clone();
                    let fields = &mut live["metadata"]["managedFields"][1]["fieldsV1"];
                    fields["f:spec"]["f:template"]["f:spec"]["f:imagePullSecrets"] =
                        json!({"k:{\"name\":\"a\"}": {}});
                },
            )
        };
        assert!(secrets(json!([{"name": "a"}]), json!([{"name": "a"}, {"name": "b"}])));
        assert!(!secrets(json!([{}]), json!([{"name": "a"}])));
        assert!(!secrets(json!([{"name": "b"}]), json!([{"name": "a"}, {"name": "b"}])));
    }

    /// Whether a field of our container is same, of this value in the manifest and that one in the live object.
    fn container_field(name: &str, ours: &Value, theirs: &Value) -> bool {
        after(
            |m| containers(m)[0][name] = ours.clone(),
            |live| {
                if !theirs.is_null() {
                    containers(live)[1][name] = theirs.clone();
                }
                let fields = &mut live["metadata"]["managedFields"][1]["fieldsV1"];
                fields["f:spec"]["f:template"]["f:spec"]["f:containers"]["k:{\"name\":\"web\"}"]
                    [format!("f:{name}")] = json!({});
            },
        )
    }

    #[test]
    fn a_field_without_a_value_is_same_where_the_server_leaves_it_out() {
        for nothing in [json!(""), json!(false), json!(0), json!([]), json!({})] {
            assert!(container_field("any", &nothing, &Value::Null), "{nothing}");
        }
        for something in [json!("a"), json!(true), json!(1), json!(0.5), json!([1]), json!({"a": 1})] {
            assert!(!container_field("any", &something, &Value::Null), "{something}");
        }
        assert!(!container_field("any", &json!(false), &json!(true)));
        let foreign = |object: &mut Value| object["apiVersion"] = json!("example.org/v1");
        assert!(!after(
            |m| {
                foreign(m);
                m["spec"]["paused"] = json!(false);
            },
            |live| {
                foreign(live);
                let entry = &mut live["metadata"]["managedFields"][1];
                entry["apiVersion"] = json!("example.org/v1");
                entry["fieldsV1"]["f:spec"]["f:paused"] = json!({});
            }
        ));
    }

    #[test]
    fn what_the_server_spells_and_completes_is_same() {
        let reference = |version: bool, path: &str| {
            let mut reference = json!({"fieldPath": path});
            if version {
                reference["apiVersion"] = json!("v1");
            }
            reference
        };
        assert!(container_field("fieldRef", &reference(false, "a"), &reference(true, "a")));
        assert!(!container_field("fieldRef", &reference(false, "a"), &reference(true, "b")));
        assert!(!container_field("fieldRef", &reference(true, "a"), &reference(false, "a")));
        let limited = |ours: Value, theirs: &str| {
            after(
                |m| containers(m)[0]["resources"] = json!({"limits": {"cpu": ours}}),
                |live| {
                    containers(live)[1]["resources"] = json!({"limits": {"cpu": theirs}});
                    let fields = &mut live["metadata"]["managedFields"][1]["fieldsV1"];
                    fields["f:spec"]["f:template"]["f:spec"]["f:containers"]["k:{\"name\":\"web\"}"]["f:resources"] =
                        json!({"f:limits": {"f:cpu": {}}});
                },
            )
        };
        assert!(limited(json!("1000m"), "1") && limited(json!(1), "1"));
        assert!(!limited(json!("1"), "1000m") && !limited(json!("2"), "1"));
    }

    #[test]
    fn lists_of_a_kind_of_ones_own_are_same_where_its_definition_is_known() {
        let definition = |list_type: &str| {
            json!({"spec": {"versions": [{"name": "v1", "schema": {"openAPIV3Schema": {"properties": {"spec": {"properties":
                {"args": {"type": "array", "x-kubernetes-list-type": list_type}}}}}}}]}})
        };
        let manifest = json!({"apiVersion": "example.org/v1", "kind": "Toy", "metadata": {"name": "t"}, "spec": {"args": [1]}});
        let mut live = manifest.clone();
        live["metadata"]["managedFields"] = json!([{"manager": "kubectl-codex", "operation": "Apply",
            "apiVersion": "example.org/v1", "fieldsV1": {"f:spec": {"f:args": {}}}}]);
        assert!(!is_same(&manifest, &live));
        assert!(is_same_by(&definition("atomic"), &manifest, &live));
        assert!(!is_same_by(&definition("set"), &manifest, &live));
        live["spec"]["args"] = json!([2]);
        assert!(!is_same_by(&definition("atomic"), &manifest, &live));
    }

    #[test]
    fn bytes_are_same_whatever_their_lines() {
        let secret = |text: &str| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"a": text}});
        let is_same = |ours: &str, theirs: &str| {
            let mut live = secret(theirs);
            live["metadata"]["managedFields"] = json!([{"manager": "kubectl-codex", "operation": "Apply",
                "apiVersion": "v1", "fieldsV1": {"f:data": {"f:a": {}}}}]);
            super::is_same(&secret(ours), &live)
        };
        assert!(is_same("dH\ndv\r\n", "dHdv"));
        assert!(!is_same("dH dv", "dHdv") && !is_same("dHd", "dHdv"));
    }

    #[test]
    fn what_is_being_deleted_is_not_same() {
        assert!(!after(nothing, |live| live["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z")));
    }

    #[test]
    fn fields_in_a_form_that_is_unknown_are_not_same() {
        assert!(!after(nothing, |live| live["metadata"]["managedFields"][1]["fieldsV1"]["x:odd"] = json!({})));
        assert!(!after(nothing, |live| {
            live["metadata"]["managedFields"][1]["fieldsV1"]["f:metadata"]["f:finalizers"] =
                json!({"i:0": {}, "i:1": {}});
        }));
    }

    #[test]
    fn of_an_object_that_holds_nothing_nobody_owns_anything() {
        let manifest = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web"}});
        let mut live = manifest.clone();
        live["metadata"]["uid"] = json!("1");
        assert!(is_same(&manifest, &live));
        live["metadata"]["labels"] = json!({"a": "b"});
        assert!(!is_same(&manifest, &live), "it is somebody's, whose isn't known");
        live["metadata"]["managedFields"] = json!([{"manager": "x", "operation": "Update"}]);
        assert!(!is_same(&manifest, &live));
    }

    #[test]
    fn an_object_with_nothing_but_a_name_can_be_same() {
        let manifest = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}});
        let mut live = manifest.clone();
        live["spec"] = json!({"finalizers": ["kubernetes"]});
        live["metadata"]["managedFields"] =
            json!([{"manager": "kubectl-codex", "operation": "Apply", "apiVersion": "v1", "fieldsV1": {}}]);
        assert!(is_same(&manifest, &live));
    }

    #[test]
    fn values_that_are_no_objects_are_not_same() {
        assert!(!is_same(&Value::Null, &live()));
        assert!(!is_same(&manifest(), &json!([])));
        assert!(!is_same(&json!({}), &json!({})));
    }
}
