//! Who owns which fields: `metadata.managedFields`, and server-side apply as far as faults need it.
//!
//! Takes a manifest and the live object; gives the merged object with an entry for the manager
//! in the server's own shape. Simpler than the real thing on purpose: lists are atomic and
//! nobody conflicts unless a script says so. A real control plane tests the rest.

use serde_json::{Map, Value, json};

/// What of `metadata` has owners.
const OWNED_METADATA: [&str; 4] = ["labels", "annotations", "finalizers", "ownerReferences"];

/// Who writes, and as what.
pub(crate) struct Manager<'a> {
    pub(crate) name: &'a str,
    /// `Apply` or `Update`.
    pub(crate) operation: &'a str,
    pub(crate) api_version: String,
}

/// The object that comes of applying `manifest` to what is there.
pub(crate) fn apply(live: Option<&Value>, manifest: &Value, manager: &Manager) -> Value {
    let mut object = live.cloned().unwrap_or_else(|| json!({ "metadata": {} }));
    let owned = owned_by(manifest);
    if let Some(entry) = entry_of(&object, manager) {
        let before = object["metadata"]["managedFields"][entry]["fieldsV1"].clone();
        remove_dropped(&mut object, &before, &owned);
    }
    merge(&mut object, manifest);
    set_entry(&mut object, manager, owned);
    object
}

/// Notes that a manager wrote all that differs between two states of an object, and that nobody
/// owns what is gone.
pub(crate) fn note_update(old: Option<&Value>, object: &mut Value, manager: &Manager) {
    disown_missing(object);
    let mut fields = owned_by(object);
    if let Some(old) = old {
        fields = changed(old, object, &fields);
    }
    if fields == json!({}) {
        return;
    }
    if let Some(entry) = entry_of(object, manager) {
        let mut all = object["metadata"]["managedFields"][entry]["fieldsV1"].clone();
        merge(&mut all, &fields);
        fields = all;
    }
    set_entry(object, manager, fields);
}

/// The `fieldsV1` of everything that stands in a manifest.
pub(crate) fn owned_by(manifest: &Value) -> Value {
    let mut fields = Map::new();
    for (key, value) in manifest.as_object().into_iter().flatten() {
        match key.as_str() {
            "apiVersion" | "kind" | "status" => {}
            "metadata" => {
                let inside = value.as_object().into_iter().flatten();
                let owned = inside.filter(|(name, _)| OWNED_METADATA.contains(&name.as_str()));
                let owned: Value = owned.map(|(name, value)| (name.clone(), value.clone())).collect();
                if owned != json!({}) {
                    fields.insert("f:metadata".into(), node(&owned));
                }
            }
            _ if value.is_null() => {}
            _ => {
                fields.insert(format!("f:{key}"), node(value));
            }
        }
    }
    fields.into()
}

/// The node of one value: maps are walked, all else is owned as a whole.
fn node(value: &Value) -> Value {
    let inside = value.as_object().into_iter().flatten();
    let known = inside.filter(|(_, value)| !value.is_null());
    let inside: Map<String, Value> = known.map(|(key, value)| (format!("f:{key}"), node(value))).collect();
    inside.into()
}

/// What of `fields` differs between two states.
fn changed(old: &Value, new: &Value, fields: &Value) -> Value {
    let mut differing = Map::new();
    for (key, inner) in fields.as_object().into_iter().flatten() {
        let name = key.strip_prefix("f:").unwrap_or(key);
        if old[name] == new[name] {
            continue;
        }
        let leaf = *inner == json!({}) || !old[name].is_object();
        let inner = match leaf {
            true => inner.clone(),
            false => changed(&old[name], &new[name], inner),
        };
        if leaf || inner != json!({}) {
            differing.insert(key.clone(), inner);
        }
    }
    differing.into()
}

/// Takes fields that aren't there from every manager.
fn disown_missing(object: &mut Value) {
    let present = owned_by(object);
    let entries = object["metadata"]["managedFields"].as_array_mut();
    for entry in entries.into_iter().flatten() {
        retain(&mut entry["fieldsV1"], &present);
    }
}

/// Keeps of `fields` what is in `present` too.
fn retain(fields: &mut Value, present: &Value) {
    let Some(fields) = fields.as_object_mut() else {
        return;
    };
    // Entries that a test wrote may look into lists, which ours don't: those are kept.
    fields.retain(|key, inner| {
        let there = &present[key];
        if there.is_object() && *there != json!({}) && *inner != json!({}) {
            retain(inner, there);
            return *inner != json!({});
        }
        !key.starts_with("f:") || key == "f:status" || there.is_object()
    });
}

/// Removes from the object what the manager owned before and owns no more.
fn remove_dropped(object: &mut Value, before: &Value, now: &Value) {
    let (Some(object), Some(before)) = (object.as_object_mut(), before.as_object()) else {
        return;
    };
    for (key, inner) in before {
        let name = key.strip_prefix("f:").unwrap_or(key);
        match (object.get_mut(name), &now[key]) {
            (None, _) => {}
            (Some(value), now) if *inner != json!({}) => {
                remove_dropped(value, inner, now);
                if now.is_null() && *value == json!({}) {
                    object.remove(name);
                }
            }
            (Some(_), Value::Null) => {
                object.remove(name);
            }
            (Some(_), _) => {}
        }
    }
}

/// Lays `manifest` over `object`: maps key by key, all else as a whole.
fn merge(object: &mut Value, manifest: &Value) {
    match (object, manifest) {
        (Value::Object(object), Value::Object(manifest)) => {
            for (key, value) in manifest.iter().filter(|(_, value)| !value.is_null()) {
                merge(object.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (object, manifest) => *object = without_nulls(manifest),
    }
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let known = map.iter().filter(|(_, value)| !value.is_null());
            Value::Object(known.map(|(key, value)| (key.clone(), without_nulls(value))).collect())
        }
        other => other.clone(),
    }
}

fn entry_of(object: &Value, manager: &Manager) -> Option<usize> {
    let entries = object["metadata"]["managedFields"].as_array()?;
    entries.iter().position(|entry| {
        entry["manager"] == manager.name
            && entry["operation"] == manager.operation
            && entry["subresource"].is_null()
    })
}

fn set_entry(object: &mut Value, manager: &Manager, fields: Value) {
    let entry = json!({
        "manager": manager.name, "operation": manager.operation,
        "apiVersion": manager.api_version, "time": "2026-01-01T00:00:00Z",
        "fieldsType": "FieldsV1", "fieldsV1": fields,
    });
    let found = entry_of(object, manager);
    let list = &mut object["metadata"]["managedFields"];
    match (found, list.as_array_mut()) {
        (Some(place), Some(entries)) => entries[place] = entry,
        (None, Some(entries)) => entries.push(entry),
        (_, None) => *list = json!([entry]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn us() -> Manager<'static> {
        Manager { name: "us", operation: "Apply", api_version: "v1".into() }
    }

    fn manifest(data: Value) -> Value {
        json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": { "name": "a", "labels": { "x": "1" } }, "data": data,
        })
    }

    #[test]
    fn an_entry_has_the_servers_shape() {
        let object = apply(None, &manifest(json!({ "a": "1" })), &us());
        let entry = &object["metadata"]["managedFields"][0];
        assert_eq!(entry["operation"], "Apply");
        let expected = json!({
            "f:metadata": { "f:labels": { "f:x": {} } }, "f:data": { "f:a": {} },
        });
        assert_eq!(entry["fieldsV1"], expected);
    }

    #[test]
    fn applying_again_changes_nothing_and_dropped_fields_go() {
        let both = manifest(json!({ "a": "1", "b": "2" }));
        let first = apply(None, &both, &us());
        assert_eq!(apply(Some(&first), &both, &us()), first);
        let mut second = first.clone();
        second["data"]["theirs"] = "3".into();
        let second = apply(Some(&second), &manifest(json!({ "a": "1" })), &us());
        assert_eq!(second["data"], json!({ "a": "1", "theirs": "3" }));
        assert_eq!(second["metadata"]["managedFields"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn a_map_that_is_dropped_whole_goes_whole() {
        let first = apply(None, &manifest(json!({ "a": "1" })), &us());
        let second = apply(Some(&first), &manifest(Value::Null), &us());
        assert!(second.get("data").is_none(), "{second}");
        assert_eq!(second["metadata"]["labels"], json!({ "x": "1" }));
    }

    #[test]
    fn an_update_is_noted_with_what_it_changed() {
        let them = Manager { name: "kubectl-edit", operation: "Update", api_version: "v1".into() };
        let old = apply(None, &manifest(json!({ "a": "1" })), &us());
        let mut new = old.clone();
        new["data"]["b"] = "2".into();
        note_update(Some(&old), &mut new, &them);
        let entries = new["metadata"]["managedFields"].as_array().unwrap();
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[1]["fieldsV1"], json!({ "f:data": { "f:b": {} } }));
        new["data"].as_object_mut().unwrap().remove("a");
        note_update(Some(&old), &mut new, &them);
        let fields = &new["metadata"]["managedFields"][0]["fieldsV1"];
        assert_eq!(*fields, json!({ "f:metadata": { "f:labels": { "f:x": {} } } }));
        let mut same = old.clone();
        note_update(Some(&old), &mut same, &them);
        assert_eq!(same, old);
    }
}
