//! What an object would be after an apply that the server can't be asked about.
//!
//! A dry run writes nothing. So where something has to be written first, to make the apply possible at all, its
//! dry run is refused: fields that exclude each other ([`super::excluded`]), entries in a version that is gone
//! ([`super::version`]), what client-side apply left. For these the plan puts the objects together here, as a server-side
//! apply would, and asks the server for a dry run of the result. It is a patch of the object itself, which nothing of
//! the above stands in the way of, so what is shown is what the server makes of it.

use serde_json::{Map, Value, json};

use super::entry::Entry;
use super::fields::{Element, FieldSet};

/// What applying a manifest makes of an object: what we own and don't apply any more goes, what we apply is there.
/// `None` if an entry can't be read.
pub fn estimate(live: &Value, manifest: &Value) -> Option<Value> {
    let read = |ours: bool| {
        let entries = Entry::all(live).filter(|entry| entry.is_ours() == ours);
        entries.map(|entry| entry.fields().ok()).collect::<Option<Vec<FieldSet<'_>>>>()
    };
    let (ours, theirs) = (read(true)?, read(false)?);
    let mut after = live.clone();
    for fields in &ours {
        drop_from(&mut after, fields, Some(manifest), &theirs.iter().collect::<Vec<_>>());
    }
    put_into(&mut after, manifest, &ours.iter().chain(&theirs).collect::<Vec<_>>());
    Some(after)
}

/// Takes out what `fields` has and the manifest hasn't; what others own of it stays.
fn drop_from(value: &mut Value, fields: &FieldSet<'_>, manifest: Option<&Value>, theirs: &[&FieldSet<'_>]) {
    for (element, fields) in &fields.children {
        let wanted = manifest.and_then(|manifest| element.child_of(manifest));
        let theirs: Vec<&FieldSet<'_>> = theirs.iter().filter_map(|set| set.children.get(element)).collect();
        if wanted.is_none() && theirs.is_empty() {
            remove(value, element);
        } else if let Some(child) = child_mut(value, element) {
            drop_from(child, fields, wanted, &theirs);
        }
    }
}

fn remove(value: &mut Value, element: &Element<'_>) {
    match (value, element) {
        (Value::Object(map), Element::Field(name)) => drop(map.remove(name.as_ref())),
        (Value::Array(items), element) => {
            if let Some(at) = element.position_in(items) {
                items.remove(at);
            }
        }
        _ => {}
    }
}

fn child_mut<'v>(value: &'v mut Value, element: &Element<'_>) -> Option<&'v mut Value> {
    match (value, element) {
        (Value::Object(map), Element::Field(name)) => map.get_mut(name.as_ref()),
        (Value::Array(items), element) => {
            let at = element.position_in(items)?;
            items.get_mut(at)
        }
        _ => None,
    }
}

/// Puts in what the manifest has; `sets` tell of which lists the items are known by keys.
fn put_into(value: &mut Value, manifest: &Value, sets: &[&FieldSet<'_>]) {
    match (value, manifest) {
        (Value::Object(map), Value::Object(wanted)) => {
            for (name, wanted) in wanted {
                let element = Element::Field(name.as_str().into());
                let below: Vec<&FieldSet<'_>> =
                    sets.iter().filter_map(|set| set.children.get(&element)).collect();
                // What somebody owns as a whole is replaced as a whole.
                let is_whole = below.iter().any(|set| set.itself && set.children.is_empty());
                match map.get_mut(name) {
                    Some(child) if !is_whole => put_into(child, wanted, &below),
                    _ => drop(map.insert(name.clone(), wanted.clone())),
                }
            }
        }
        (Value::Array(items), Value::Array(wanted)) => put_items(items, wanted, sets),
        (value, manifest) => *value = manifest.clone(),
    }
}

fn put_items(items: &mut Vec<Value>, wanted: &[Value], sets: &[&FieldSet<'_>]) {
    let keys = || sets.iter().flat_map(|set| set.children.keys());
    let names: Option<Vec<&str>> = keys().find_map(|element| match element {
        Element::Item(key) => Some(key.fields().map(|(name, _)| name).collect()),
        _ => None,
    });
    if let Some(names) = names {
        let is_same = |one: &Value, other: &Value| {
            names.iter().all(|name| match (one.get(name), other.get(name)) {
                (Some(one), Some(other)) => one == other,
                // A key field that has a default may be left out.
                (None, None) => true,
                _ => names.len() > 1,
            })
        };
        let mut all = Vec::new();
        for wanted in wanted {
            let Some(at) = items.iter().position(|item| is_same(item, wanted)) else {
                all.push(wanted.clone());
                continue;
            };
            let mut item = items.remove(at);
            let is_it = |element: &&Element<'_>| element.position_in(std::slice::from_ref(&item)).is_some();
            let element = keys().find(is_it).cloned();
            let below: Vec<&FieldSet<'_>> = element
                .iter()
                .flat_map(|element| sets.iter().filter_map(|set| set.children.get(element)))
                .collect();
            put_into(&mut item, wanted, &below);
            all.push(item);
        }
        all.append(items);
        *items = all;
    } else if keys().any(|element| matches!(element, Element::Value(_))) {
        items.retain(|item| !wanted.contains(item));
        items.splice(0..0, wanted.iter().cloned());
    } else {
        *items = wanted.to_vec();
    }
}

/// The JSON patch (RFC 6902) from one state of an object to another, of what a manifest can say.
pub fn patch(before: &Value, after: &Value) -> Value {
    let empty = Map::new();
    let map = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let mut operations = Vec::new();
    let (before, after) = (map(before), map(after));
    let rest = |key: &str| !matches!(key, "apiVersion" | "kind" | "metadata" | "status");
    differences("", &before, &after, rest, &mut operations);
    let metadata = |object: &Map<String, Value>| object.get("metadata").map_or_else(|| empty.clone(), map);
    let given = |key: &str| matches!(key, "labels" | "annotations" | "finalizers" | "ownerReferences");
    differences("/metadata", &metadata(&before), &metadata(&after), given, &mut operations);
    Value::Array(operations)
}

fn differences(
    at: &str,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    counts: impl Fn(&str) -> bool,
    operations: &mut Vec<Value>,
) {
    let path = |key: &str| format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
    for (key, value) in after.iter().filter(|(key, value)| counts(key) && before.get(*key) != Some(*value)) {
        operations.push(json!({"op": "add", "path": path(key), "value": value}));
    }
    for key in before.keys().filter(|key| counts(key) && !after.contains_key(*key)) {
        operations.push(json!({"op": "remove", "path": path(key)}));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(manager: &str, fields: &Value) -> Value {
        json!({"manager": manager, "operation": if manager == "kubectl-codex" { "Apply" } else { "Update" }, "fieldsV1": fields})
    }

    fn live(entries: Vec<Value>) -> Value {
        json!({
            "metadata": {"name": "web", "labels": {"a": "1", "b": "2"}, "managedFields": entries},
            "spec": {
                "replicas": 1,
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%"}},
                "selector": {"matchLabels": {"app": "web", "tier": "x"}},
                "containers": [
                    {"name": "mesh", "image": "mesh"},
                    {"name": "web", "image": "one", "args": ["a", "b"], "pull": "Always",
                     "ports": [{"port": 80, "protocol": "TCP"}]}
                ],
                "finalizers": ["theirs", "ours"]
            },
            "status": {"replicas": 1}
        })
    }

    fn entries() -> Vec<Value> {
        let leaf = json!({});
        vec![
            entry(
                "mesh",
                &json!({"f:spec": {
                    "f:containers": {"k:{\"name\":\"mesh\"}": {".": leaf, "f:name": leaf, "f:image": leaf}},
                    "f:finalizers": {"v:\"theirs\"": leaf}
                }}),
            ),
            entry(
                "kubectl-codex",
                &json!({
                    "f:metadata": {"f:labels": {"f:a": leaf, "f:b": leaf}},
                    "f:spec": {
                        "f:replicas": leaf, "f:strategy": {"f:rollingUpdate": leaf}, "f:selector": leaf,
                        "f:containers": {"k:{\"name\":\"web\"}": {".": leaf, "f:name": leaf, "f:image": leaf, "f:args": leaf,
                            "f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": leaf, "f:port": leaf}}}},
                        "f:finalizers": {"v:\"ours\"": leaf}
                    }
                }),
            ),
        ]
    }

    #[test]
    fn what_we_no_longer_apply_goes_and_what_we_apply_is_there() {
        let manifest = json!({
            "metadata": {"name": "web", "labels": {"a": "3"}},
            "spec": {
                "strategy": {"type": "Recreate"},
                "selector": {"matchLabels": {"app": "web"}},
                "containers": [{"name": "web", "image": "two", "args": ["c"], "ports": [{"port": 80}, {"port": 81}]}],
                "finalizers": ["new"]
            }
        });
        let expected = json!({
            "metadata": {"name": "web", "labels": {"a": "3"}, "managedFields": entries()},
            "spec": {
                "strategy": {"type": "Recreate"},
                "selector": {"matchLabels": {"app": "web"}},
                "containers": [
                    {"name": "web", "image": "two", "args": ["c"], "pull": "Always",
                     "ports": [{"port": 80, "protocol": "TCP"}, {"port": 81}]},
                    {"name": "mesh", "image": "mesh"}
                ],
                "finalizers": ["new", "theirs"]
            },
            "status": {"replicas": 1}
        });
        assert_eq!(estimate(&live(entries()), &manifest), Some(expected));
    }

    #[test]
    fn what_others_own_too_stays() {
        let manifest = json!({"spec": {"containers": []}});
        let both = |name: &str| {
            entry(
                name,
                &json!({"f:spec": {"f:containers": {"k:{\"name\":\"web\"}": {".": {}, "f:image": {}}}}}),
            )
        };
        let entries = vec![both("other"), both("kubectl-codex")];
        assert_eq!(estimate(&live(entries.clone()), &manifest), Some(live(entries)));
        assert_eq!(estimate(&live(vec![entry("odd", &json!({"q:x": {}}))]), &manifest), None);
    }

    #[test]
    fn the_patch_is_of_what_differs() {
        let after = json!({
            "apiVersion": "v2", "metadata": {"name": "x", "annotations": {"a/b": "c"}},
            "spec": {"replicas": 2}, "data": {}
        });
        let before = json!({
            "metadata": {"name": "web", "labels": {}, "uid": "1"}, "spec": {"replicas": 1}, "gone/~": 1, "status": 1
        });
        assert_eq!(
            patch(&before, &after),
            json!([
                {"op": "add", "path": "/data", "value": {}},
                {"op": "add", "path": "/spec", "value": {"replicas": 2}},
                {"op": "remove", "path": "/gone~1~0"},
                {"op": "add", "path": "/metadata/annotations", "value": {"a/b": "c"}},
                {"op": "remove", "path": "/metadata/labels"}
            ])
        );
    }
}
