//! Whether a PATCH that was sent changed anything.
//!
//! Takes the object as it was listed and as the PATCH (or its dry run) gave it back. Some manifests can't be
//! known as unchanged beforehand (`cpu: 1000m` is kept as `1`): they are sent, and what comes back decides
//! whether the plan says `unchanged` (`apply.md`, "Unchanged, without a PATCH", point 3).

use serde_json::{Map, Value};

use super::entry::Entry;
use super::fields::{Element, FieldSet};
use super::takeover::without_annotation;
use crate::FIELD_MANAGER;

/// Whether two states of one object differ only in their status, their `resourceVersion`, their generation, in
/// what other managers own, and in when we wrote.
///
/// A generation that rises alone says nothing: the server takes some manifests for a change that it then keeps
/// nothing of, each time anew (tried: a NetworkPolicy's `ingress: []`).
///
/// Others may have written in between: a controller sets its annotation at any time. So where we own the same
/// fields as before, and these have the same values, whatever else differs isn't ours.
pub fn is_unchanged(listed: &Value, returned: &Value) -> bool {
    is_equal(listed, returned) || has_same_of_ours(listed, returned)
}

/// Whether nothing differs but whose the fields are, once what client-side apply made is taken over.
pub fn is_only_taken_over(listed: &Value, returned: &Value) -> bool {
    let mut taken = listed.clone();
    without_annotation(&mut taken);
    is_alike(&taken, returned)
}

/// Whether we own the same fields in both, with the same values.
fn has_same_of_ours(listed: &Value, returned: &Value) -> bool {
    let all = |object: &Value| object.get("metadata").and_then(Value::as_object).map(ours);
    let mut entries = Entry::all(listed).filter(|entry| entry.is_ours() && entry.is("Apply"));
    let (Some(entry), None) = (entries.next(), entries.next()) else {
        return false;
    };
    let is_of_version = returned.get("apiVersion").and_then(Value::as_str) == Some(entry.api_version());
    is_of_version
        && all(listed) == all(returned)
        && entry.fields().is_ok_and(|fields| is_equal_in(&fields, listed, returned))
}

/// Whether two values are equal in certain fields; list items in their order too.
fn is_equal_in(fields: &FieldSet<'_>, before: &Value, after: &Value) -> bool {
    if fields.children.is_empty() {
        return before == after;
    }
    let mut places = Vec::new();
    let is_equal = fields.children.iter().all(|(element, fields)| match (before, after, element) {
        (Value::Object(before), Value::Object(after), Element::Field(name)) => {
            match (before.get(name.as_ref()), after.get(name.as_ref())) {
                (Some(before), Some(after)) => is_equal_in(fields, before, after),
                // A field without a value is left out.
                (before, after) => before == after,
            }
        }
        (Value::Array(before), Value::Array(after), element) => {
            let found = element.position_in(before).zip(element.position_in(after));
            places.extend(found);
            found.is_some_and(|(one, other)| is_equal_in(fields, &before[one], &after[other]))
        }
        _ => false,
    });
    places.sort_unstable();
    is_equal && places.is_sorted_by_key(|(_, after)| *after)
}

/// Whether two states are the same but for status, version and others' ownership.
fn is_equal(listed: &Value, returned: &Value) -> bool {
    let ours = |object: &Value| object.get("metadata").and_then(Value::as_object).map(ours);
    is_alike(listed, returned) && ours(listed) == ours(returned)
}

/// Whether two states are the same but for status, version and who owns what.
pub(super) fn is_alike(listed: &Value, returned: &Value) -> bool {
    let (Some(listed), Some(returned)) = (listed.as_object(), returned.as_object()) else {
        return false;
    };
    // Items of a list carry neither apiVersion nor kind.
    let compared = |key: &str| !matches!(key, "status" | "metadata" | "apiVersion" | "kind");
    let of_metadata = |key: &str| !matches!(key, "resourceVersion" | "managedFields" | "generation");
    same_but(listed, returned, compared)
        && match (listed.get("metadata"), returned.get("metadata")) {
            (Some(Value::Object(before)), Some(Value::Object(after))) => same_but(before, after, of_metadata),
            (before, after) => before == after,
        }
}

/// Whether two maps are the same in all keys that are compared.
fn same_but(
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    compared: impl Fn(&str) -> bool,
) -> bool {
    let count = |map: &Map<String, Value>| map.keys().filter(|key| compared(key)).count();
    count(before) == count(after)
        && before.iter().all(|(key, value)| !compared(key) || after.get(key) == Some(value))
}

/// What we own, without when it was written.
fn ours(metadata: &Map<String, Value>) -> Vec<Map<String, Value>> {
    let entries = metadata.get("managedFields").and_then(Value::as_array);
    let entries = entries.into_iter().flatten().filter_map(Value::as_object);
    entries
        .filter(|entry| entry.get("manager").and_then(Value::as_str) == Some(FIELD_MANAGER))
        .map(|entry| {
            let mut entry = entry.clone();
            entry.remove("time");
            entry
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn listed() -> Value {
        json!({
            "metadata": {"name": "web", "resourceVersion": "1", "generation": 1, "managedFields": [
                {"manager": "kubectl-codex", "operation": "Apply", "apiVersion": "apps/v1", "time": "a",
                 "fieldsV1": {"f:spec": {"f:replicas": {}, "f:none": {}, "f:env": {"k:{\"name\":\"a\"}": {}, "k:{\"name\":\"b\"}": {}}}}},
                {"manager": "kube-controller-manager", "operation": "Update", "time": "a", "fieldsV1": {}}
            ]},
            "spec": {"replicas": 1, "env": [{"name": "a"}, {"name": "b"}]},
            "status": {"replicas": 0}
        })
    }

    fn after(edit: impl Fn(&mut Value)) -> bool {
        let mut returned = listed();
        returned["apiVersion"] = json!("apps/v1");
        returned["kind"] = json!("Deployment");
        edit(&mut returned);
        is_unchanged(&listed(), &returned)
    }

    #[test]
    fn what_others_do_meanwhile_is_no_change_of_ours() {
        assert!(after(|_| ()));
        assert!(after(|returned| returned["status"]["replicas"] = json!(1)));
        assert!(after(|returned| returned["metadata"]["resourceVersion"] = json!("2")));
        assert!(after(
            |returned| returned["metadata"]["managedFields"][1]["fieldsV1"] = json!({"f:status": {}})
        ));
        assert!(after(|returned| returned["metadata"]["managedFields"][0]["time"] = json!("b")));
        // The Deployment's controller counts revisions in an annotation.
        assert!(after(|returned| returned["metadata"]["annotations"] = json!({"revision": "1"})));
        // An empty list that is applied each time may raise the generation, and is left out.
        assert!(after(|returned| returned["metadata"]["generation"] = json!(2)));
        assert!(after(|returned| {
            returned["metadata"]["generation"] = json!(2);
            returned["spec"]["paused"] = json!(true);
            returned["spec"]["env"].as_array_mut().unwrap().insert(1, json!({"name": "x"}));
        }));
    }

    #[test]
    fn a_generation_that_rises_alone_is_no_change() {
        let mut listed = listed();
        // Ours, though the server kept nothing of it.
        listed["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:ingress"] = json!({});
        let mut returned = listed.clone();
        returned["metadata"]["generation"] = json!(2);
        assert!(is_unchanged(&listed, &returned));
        returned["spec"]["ingress"] = json!([{}]);
        assert!(!is_unchanged(&listed, &returned));
    }

    #[test]
    fn what_is_ours_and_kept_nowhere_is_no_change_whatever_others_do() {
        let mut listed = listed();
        listed["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:tty"] = json!({});
        let mut returned = listed.clone();
        returned["apiVersion"] = json!("apps/v1");
        returned["metadata"]["annotations"] = json!({"revision": "1"});
        assert!(is_unchanged(&listed, &returned));
        returned["spec"]["tty"] = json!(true);
        assert!(!is_unchanged(&listed, &returned));
    }

    #[test]
    fn all_else_is_a_change() {
        assert!(!after(|returned| returned["spec"]["replicas"] = json!(2)));
        assert!(!after(|returned| returned["spec"]["env"][0]["value"] = json!("1")));
        assert!(!after(|returned| returned["spec"]["env"].as_array_mut().unwrap().reverse()));
        assert!(!after(|returned| drop(returned["spec"]["env"].as_array_mut().unwrap().pop())));
        assert!(!after(|returned| drop(returned["spec"].take())));
        assert!(!after(|returned| {
            returned["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:paused"] = json!({});
            returned["spec"]["paused"] = json!(true);
        }));
        // Of another version's fields nothing is known.
        assert!(!after(|returned| {
            returned["apiVersion"] = json!("apps/v2");
            returned["metadata"]["annotations"] = json!({"revision": "1"});
        }));
        assert!(!after(|returned| returned["metadata"]["managedFields"][0]["fieldsV1"] = json!({})));
        assert!(!after(|returned| drop(returned["metadata"]["managedFields"].take())));
        assert!(!after(|returned| drop(returned["metadata"].take())));
        assert!(!after(|returned| drop(returned.take())));
    }
}
