//! What an object would be after an apply that the server can't be asked about.
//!
//! A dry run writes nothing. So where something has to be written first, to make the apply possible at all, its
//! dry run is refused: fields that exclude each other ([`super::excluded`]), entries in a version that is gone
//! ([`super::version`]), what client-side apply left. For these the plan puts the objects together here, as a server-side
//! apply would, and asks the server for a dry run of the result. It is a patch of the object itself, which nothing of
//! the above stands in the way of, so what is shown is what the server makes of it.

use serde_json::{Map, Value, json};

use super::defaults::completed;
use super::entry::Entry;
use super::fields::{Element, FieldSet};
use super::quantity::{canonical, is_quantity};
use super::same::is_kept_as;
use crate::identity::{group, is_built_in, kind};

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
    let sets = ours.iter().chain(&theirs).collect::<Vec<_>>();
    Manifest { group: group(manifest), kind: kind(manifest) }.put_into(("", ""), &mut after, manifest, &sets);
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

/// What is put in: a manifest of this kind.
#[derive(Clone, Copy)]
struct Manifest<'a> {
    group: &'a str,
    kind: &'a str,
}

impl Manifest<'_> {
    /// Puts in what the manifest has in the field `name` of the map `map`; `sets` tell of which lists the items are
    /// known by keys.
    fn put_into(
        self,
        (map, name): (&str, &str),
        value: &mut Value,
        manifest: &Value,
        sets: &[&FieldSet<'_>],
    ) {
        if is_kept_as((self.group, self.kind), (map, name), manifest, value) {
            return;
        }
        // What is owned as a whole is replaced as a whole.
        let is_whole = !sets.is_empty() && sets.iter().all(|set| set.itself && set.children.is_empty());
        match (&mut *value, manifest) {
            (Value::Object(fields), Value::Object(wanted)) if !is_whole => {
                for (key, wanted) in wanted {
                    let element = Element::Field(key.as_str().into());
                    let below: Vec<&FieldSet<'_>> =
                        sets.iter().filter_map(|set| set.children.get(&element)).collect();
                    match fields.get_mut(key) {
                        Some(child) => self.put_into((name, key), child, wanted, &below),
                        None => drop(fields.insert(key.clone(), self.kept((name, key), wanted))),
                    }
                }
            }
            (Value::Array(items), Value::Array(wanted)) if is_keyed(sets) => {
                self.put_items(name, items, wanted, sets);
            }
            _ => *value = self.kept((map, name), manifest),
        }
    }

    /// A value as the server keeps it, as far as that is known.
    fn kept(self, (map, name): (&str, &str), value: &Value) -> Value {
        if !is_built_in(self.group) {
            return value.clone();
        }
        match canonical(value).filter(|_| is_quantity(map, name)) {
            Some(quantity) => quantity.into(),
            None => completed(self.group, self.kind, name, value),
        }
    }

    /// Puts in the items of a list that are known by keys or by their values.
    fn put_items(self, name: &str, items: &mut Vec<Value>, wanted: &[Value], sets: &[&FieldSet<'_>]) {
        let elements = || sets.iter().flat_map(|set| set.children.keys());
        let keys: Option<Vec<&str>> = elements().find_map(|element| match element {
            Element::Item(key) => Some(key.fields().map(|(name, _)| name).collect()),
            _ => None,
        });
        let is_same = |live: &Value, wanted: &Value| match &keys {
            Some(keys) => keys.iter().all(|name| match (live.get(name), wanted.get(name)) {
                (Some(live), Some(wanted)) => live == wanted,
                // A key field that has a default may be left out.
                (None, None) => true,
                _ => keys.len() > 1,
            }),
            None => live == wanted,
        };
        *items = merged(std::mem::take(items), wanted, is_same, |item, wanted| {
            let is_it = |element: &&Element<'_>| element.position_in(std::slice::from_ref(&*item)).is_some();
            let element = elements().find(is_it);
            let below: Vec<&FieldSet<'_>> = element
                .iter()
                .flat_map(|element| sets.iter().filter_map(|set| set.children.get(*element)))
                .collect();
            self.put_into(("", name), item, wanted, &below);
        });
    }
}

/// Whether the items of a list are known by keys or by their values: else the list is one value.
fn is_keyed(sets: &[&FieldSet<'_>]) -> bool {
    let mut elements = sets.iter().flat_map(|set| set.children.keys());
    elements.any(|element| matches!(element, Element::Item(_) | Element::Value(_)))
}

/// Two lists as one, in the order that server-side apply gives them: the wanted items in theirs, and each of the others
/// where it stands among the live ones.
fn merged(
    live: Vec<Value>,
    wanted: &[Value],
    is_same: impl Fn(&Value, &Value) -> bool,
    put: impl Fn(&mut Value, &Value),
) -> Vec<Value> {
    let place = |item: &Value| wanted.iter().position(|wanted| is_same(item, wanted));
    let mut live: Vec<(Option<usize>, Option<Value>)> =
        live.into_iter().map(|item| (place(&item), Some(item))).collect();
    let mut all = Vec::with_capacity(live.len().max(wanted.len()));
    let mut next = 0;
    for (at, wanted) in wanted.iter().enumerate() {
        // An item that is new comes before the next one that was there.
        let next_shared = live.iter().filter_map(|(place, _)| *place).filter(|place| *place >= at).min();
        while let Some((place, item)) = live.get_mut(next) {
            match *place {
                None => all.extend(item.take()),
                Some(place) if place == at || Some(place) == next_shared => break,
                Some(_) => {}
            }
            next += 1;
        }
        let same = live.iter_mut().find(|(place, item)| *place == Some(at) && item.is_some());
        let mut item = same.and_then(|(_, item)| item.take());
        match &mut item {
            Some(item) => put(item, wanted),
            None => item = Some(wanted.clone()),
        }
        all.extend(item);
    }
    all.extend(live.into_iter().skip(next).filter(|(place, _)| place.is_none()).filter_map(|(_, item)| item));
    all
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
                    {"name": "mesh", "image": "mesh"},
                    {"name": "web", "image": "two", "args": ["c"], "pull": "Always",
                     "ports": [{"port": 80, "protocol": "TCP"}, {"port": 81}]}
                ],
                "finalizers": ["theirs", "new"]
            },
            "status": {"replicas": 1}
        });
        assert_eq!(estimate(&live(entries()), &manifest), Some(expected));
    }

    #[test]
    fn items_come_in_the_order_that_the_server_gives_them() {
        let order = |live: &str, wanted: &str| -> String {
            let letters =
                |text: &str| text.chars().map(|letter| json!(letter.to_string())).collect::<Vec<_>>();
            let all = merged(letters(live), &letters(wanted), |one, other| one == other, |_, _| {});
            all.iter().filter_map(Value::as_str).collect()
        };
        assert_eq!(order("xa", "a"), "xa");
        assert_eq!(order("ax", "ba"), "bax");
        assert_eq!(order("bxa", "ab"), "xab");
        assert_eq!(order("x", "n"), "xn");
        assert_eq!(order("axby", "anb"), "axnby");
        assert_eq!(order("", "ab") + &order("ab", ""), "abab");
    }

    #[test]
    fn what_the_server_keeps_otherwise_is_no_change() {
        let leaf = json!({});
        let claim = |size: &str| json!({"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": size}}}});
        let live_claim = |size: &str| {
            json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
                "spec": {"resources": {"requests": {"storage": size}}, "volumeMode": "Filesystem"}, "status": {"phase": "Pending"}})
        };
        let container = |cpu: &str, reference: Value| {
            json!({"name": "web", "resources": {"limits": {"cpu": cpu}},
                "env": [{"name": "NS", "valueFrom": {"fieldRef": reference}}]})
        };
        let object = |container: Value, claim: Value| {
            json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"},
                "spec": {"template": {"spec": {"containers": [container]}}, "volumeClaimTemplates": [claim]}})
        };
        let fields = json!({"f:spec": {"f:volumeClaimTemplates": leaf, "f:template": {"f:spec": {"f:containers":
            {"k:{\"name\":\"web\"}": {".": leaf, "f:name": leaf, "f:resources": {"f:limits": {"f:cpu": leaf}},
            "f:env": {"k:{\"name\":\"NS\"}": {".": leaf, "f:name": leaf, "f:valueFrom": {"f:fieldRef": leaf}}}}}}}}});
        let mut live = object(
            container("100m", json!({"apiVersion": "v1", "fieldPath": "metadata.namespace"})),
            live_claim("1Gi"),
        );
        live["metadata"]["managedFields"] = json!([entry("kubectl-codex", &fields)]);
        let mut manifest =
            object(container("0.1", json!({"fieldPath": "metadata.namespace"})), claim("1024Mi"));
        assert_eq!(estimate(&live, &manifest), Some(live.clone()));
        manifest["spec"]["volumeClaimTemplates"] = json!([claim("2048Mi")]);
        let mut expected = live.clone();
        expected["spec"]["volumeClaimTemplates"] = json!([live_claim("2Gi")]);
        assert_eq!(estimate(&live, &manifest), Some(expected));
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
