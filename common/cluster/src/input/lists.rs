//! The lists of built-in kinds in which server-side apply knows an item by some of its fields, or by all of it.
//!
//! They are those of Kubernetes' OpenAPI with `x-kubernetes-list-type: map` or `set`. Of the kinds that come by
//! definition nothing is known here: their lists are left to the server.

use serde_json::Value;

use super::pod::pod_spec;
use crate::identity::{group, kind};
use crate::path::{Path, Step};

/// A field that items are known by, and what the server fills in where it isn't there.
pub(super) type KeyField = (&'static str, Option<&'static str>);

/// What items of a list are known by; a list without key fields is a set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keyed {
    /// From the object or pod spec on; `[]` goes into each item of a list.
    path: &'static str,
    /// The key fields.
    pub(super) fields: &'static [KeyField],
}

const fn by(fields: &'static [KeyField], path: &'static str) -> Keyed {
    Keyed { path, fields }
}

const fn set(path: &'static str) -> Keyed {
    Keyed { path, fields: &[] }
}

const NAME: &[KeyField] = &[("name", None)];
const CONTAINER_PORT: &[KeyField] = &[("containerPort", None), ("protocol", Some("TCP"))];

/// In every pod.
const IN_PODS: [Keyed; 10] = [
    by(NAME, "containers"),
    by(NAME, "initContainers"),
    by(NAME, "ephemeralContainers"),
    by(&[("ip", None)], "hostAliases"),
    by(&[("name", Some(""))], "imagePullSecrets"),
    by(NAME, "resourceClaims"),
    by(NAME, "resources.claims"),
    by(NAME, "schedulingGates"),
    by(&[("topologyKey", None), ("whenUnsatisfiable", None)], "topologySpreadConstraints"),
    by(NAME, "volumes"),
];

/// In every container.
const IN_CONTAINERS: [Keyed; 6] = [
    by(NAME, "env"),
    by(CONTAINER_PORT, "ports"),
    by(&[("devicePath", None)], "volumeDevices"),
    by(&[("mountPath", None)], "volumeMounts"),
    by(NAME, "resources.claims"),
    set("restartPolicyRules[].exitCodes.values"),
];

const POLICY: &[Keyed] = &[by(NAME, "spec.matchConditions"), by(NAME, "spec.variables")];
const WEBHOOKS: &[Keyed] = &[by(NAME, "webhooks"), by(NAME, "webhooks[].matchConditions")];

/// In objects of a kind.
fn of_kind(object: &Value) -> &'static [Keyed] {
    const NONE: &[Keyed] = &[];
    const SERVICE: &[Keyed] = &[by(&[("port", None), ("protocol", Some("TCP"))], "spec.ports")];
    const ACCOUNT: &[Keyed] = &[by(&[("name", Some(""))], "secrets")];
    const NODE: &[Keyed] = &[set("spec.podCIDRs")];
    const JOBS: &[Keyed] = &[set("spec.podFailurePolicy.rules[].onExitCodes.values")];
    const CRON_JOBS: &[Keyed] = &[set("spec.jobTemplate.spec.podFailurePolicy.rules[].onExitCodes.values")];
    const BINDING: &[Keyed] = &[set("spec.validationActions")];
    const DRIVER: &[Keyed] = &[set("spec.volumeLifecycleModes")];
    const DRIVERS: &[Keyed] = &[by(NAME, "spec.drivers")];
    const SLICE: &[Keyed] = &[set("endpoints[].addresses")];
    const FLOW: &[Keyed] = &[
        set("spec.rules[].nonResourceRules[].nonResourceURLs"),
        set("spec.rules[].nonResourceRules[].verbs"),
        set("spec.rules[].resourceRules[].apiGroups"),
        set("spec.rules[].resourceRules[].namespaces"),
        set("spec.rules[].resourceRules[].resources"),
        set("spec.rules[].resourceRules[].verbs"),
    ];
    match (group(object), kind(object)) {
        ("", "Service") => SERVICE,
        ("", "ServiceAccount") => ACCOUNT,
        ("", "Node") => NODE,
        ("batch", "Job") => JOBS,
        ("batch", "CronJob") => CRON_JOBS,
        ("admissionregistration.k8s.io", kind) => match kind {
            "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => WEBHOOKS,
            "MutatingAdmissionPolicy" | "ValidatingAdmissionPolicy" => POLICY,
            "ValidatingAdmissionPolicyBinding" => BINDING,
            _ => NONE,
        },
        ("storage.k8s.io", "CSIDriver") => DRIVER,
        ("storage.k8s.io", "CSINode") => DRIVERS,
        ("discovery.k8s.io", "EndpointSlice") => SLICE,
        ("flowcontrol.apiserver.k8s.io", "FlowSchema") => FLOW,
        _ => NONE,
    }
}

/// In every object.
const IN_METADATA: [Keyed; 2] =
    [by(&[("uid", None)], "metadata.ownerReferences"), set("metadata.finalizers")];

/// The places of all such lists that an object has, the outer before the inner.
pub(super) fn of(object: &Value) -> Vec<(Path, Keyed)> {
    let mut found = Vec::new();
    let mut add = |from: &Path, keyed: &Keyed| {
        found.extend(places(from, keyed.path, object).into_iter().map(|place| (place, *keyed)));
    };
    IN_METADATA.iter().chain(of_kind(object)).for_each(|keyed| add(&Path::default(), keyed));
    if let Some(pod) = pod_spec(object) {
        IN_PODS.iter().for_each(|keyed| add(&pod, keyed));
        for list in ["initContainers", "containers", "ephemeralContainers"] {
            for container in items(&pod.with(list), object) {
                IN_CONTAINERS.iter().for_each(|keyed| add(&container, keyed));
            }
        }
    }
    found
}

/// The lists that a path of the tables leads to.
fn places(from: &Path, path: &str, object: &Value) -> Vec<Path> {
    let mut places = vec![from.clone()];
    for step in path.split('.') {
        let (key, each) = step.strip_suffix("[]").map_or((step, false), |key| (key, true));
        places = places.into_iter().map(|place| place.with(key)).collect();
        if each {
            places = places.iter().flat_map(|place| items(place, object)).collect();
        }
    }
    places.retain(|place| place.find(object).is_some_and(Value::is_array));
    places
}

/// The places of a list's items.
fn items(list: &Path, object: &Value) -> Vec<Path> {
    let count = list.find(object).and_then(Value::as_array).map_or(0, Vec::len);
    (0..count).map(|at| list.with(at)).collect()
}

/// The list at a place.
pub(super) fn list_mut<'a>(object: &'a mut Value, place: &Path) -> Option<&'a mut Vec<Value>> {
    let found = place.0.iter().try_fold(object, |value, step| match step {
        Step::Key(key) => value.get_mut(key),
        Step::Index(index) => value.get_mut(index),
    });
    found?.as_array_mut()
}
