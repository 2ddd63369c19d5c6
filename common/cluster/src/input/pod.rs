//! Where kinds that make pods keep the pod's spec.

use serde_json::Value;

use crate::identity::{group, kind};
use crate::path::Path;

/// Where a kind that makes pods keeps the pod's spec; `None` for other kinds.
pub fn pod_spec(object: &Value) -> Option<Path> {
    let keys: &[&str] = match (group(object), kind(object)) {
        ("", "Pod") => &["spec"],
        ("", "PodTemplate") => &["template", "spec"],
        ("", "ReplicationController")
        | ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
        | ("batch", "Job") => &["spec", "template", "spec"],
        ("batch", "CronJob") => &["spec", "jobTemplate", "spec", "template", "spec"],
        _ => return None,
    };
    Some(Path::of_keys(keys))
}
