//! Live objects of two copies of a project, side by side.
//!
//! Takes objects as kubectl prints them; leaves out what is of one copy alone: what the server numbers and
//! dates, and what controllers write. Separate because it knows those fields and nothing of how they came about.

use serde_json::{Map, Value};

/// Prefixes of annotations that controllers and client-side apply write.
const WRITTEN: [&str; 5] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/",
    "pv.kubernetes.io/",
    "volume.kubernetes.io/",
    "deprecated.daemonset.template.generation",
];

/// Fields of a spec that the server or a controller chooses.
const CHOSEN: [&str; 6] =
    ["clusterIP", "clusterIPs", "healthCheckNodePort", "volumeName", "nodeName", "claimRef"];

/// The objects are alike but for what is of one copy alone.
pub(super) fn assert_alike(one: &[Value], other: &[Value], what: &str) {
    assert_eq!(one.len(), other.len(), "{what}");
    for (one, other) in one.iter().zip(other) {
        let (one, other) = (essence(one), essence(other));
        assert!(one == other, "{what}:\n--- {one:#}\n+++ {other:#}");
    }
}

/// Nothing was written but what controllers write.
pub(super) fn assert_untouched(before: &[Value], after: &[Value], what: &str) {
    for (before, after) in before.iter().zip(after) {
        let of = |object: &Value| (object["kind"].clone(), object["metadata"]["generation"].clone());
        assert_eq!(of(before), of(after), "{what}: {}", before["metadata"]["name"]);
    }
    assert_alike(before, after, what);
}

fn essence(object: &Value) -> Value {
    let uid = object["metadata"]["uid"].as_str().unwrap();
    let text = object.to_string().replace(uid, "UID");
    let mut object: Value = serde_json::from_str(&text).unwrap();
    let map = object.as_object_mut().unwrap();
    map.remove("status");
    if map.contains_key("aggregationRule") {
        map.remove("rules");
    }
    let metadata = map["metadata"].as_object_mut().unwrap();
    for field in ["uid", "creationTimestamp", "resourceVersion", "generation"] {
        metadata.remove(field);
    }
    leave_out_written(metadata);
    if let Some(spec) = map.get_mut("spec").and_then(Value::as_object_mut) {
        spec.retain(|field, _| !CHOSEN.contains(&field.as_str()));
    }
    settle(&mut object);
    object
}

fn leave_out_written(metadata: &mut Map<String, Value>) {
    let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) else { return };
    annotations.retain(|name, _| !WRITTEN.iter().any(|prefix| name.starts_with(prefix)));
    if annotations.is_empty() {
        metadata.remove("annotations");
    }
}

/// Of variables of one name the last is what a container gets, and equal ones are one; a null is no value; ports of
/// nodes and the names of volumes with tokens are drawn by lot.
fn settle(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.remove("nodePort");
            map.retain(|_, value| !value.is_null());
            if let Some(env) = map.get_mut("env").and_then(Value::as_array_mut) {
                let all = std::mem::take(env);
                let is_set_again = |(at, entry): &(usize, &Value)| {
                    all[..*at].contains(entry)
                        || all[at + 1..].iter().any(|later| later["name"] == entry["name"] && later != *entry)
                };
                *env = all
                    .iter()
                    .enumerate()
                    .filter(|entry| !is_set_again(entry))
                    .map(|(_, entry)| entry.clone())
                    .collect();
            }
            map.values_mut().for_each(settle);
        }
        Value::Array(items) => items.iter_mut().for_each(settle),
        Value::String(text) if text.starts_with("kube-api-access-") => "kube-api-access".clone_into(text),
        _ => {}
    }
}
