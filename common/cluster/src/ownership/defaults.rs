//! What the server fills in within values that are owned as a whole.
//!
//! A field that is owned as a whole is ours with all that the server filled in, so what is applied isn't what is there:
//! a `fieldRef` gets its `apiVersion`. Here stand those defaults of Kubernetes' own kinds that are the same in every
//! version that is supported. What is applied, completed by them, must be exactly what is there; whatever else differs
//! is not the same, and the server is asked.

use serde_json::{Map, Value, json};

use super::quantity::{canonical, holds_quantities};

const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";

/// A manifest's value as the server keeps it, where `field` of an object of this group and kind has it as a whole.
pub(super) fn completed(group: &str, kind: &str, field: &str, value: &Value) -> Value {
    let mut value = value.clone();
    match (group, kind, field) {
        (_, _, "fieldRef") => field_ref(&mut value),
        (_, _, "resourceFieldRef") => resource_field_ref(&mut value),
        // Of volumes.
        ("" | "apps" | "batch", _, "sources") => each(&mut value, source),
        ("" | "apps" | "batch", _, "items") => each(&mut value, downward_item),
        ("apps", "StatefulSet", "volumeClaimTemplates") => each(&mut value, claim),
        (ADMISSION, "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration", "rules") => {
            each(&mut value, admission_rule);
        }
        (ADMISSION, _, "matchConstraints" | "matchResources") => {
            value.as_object_mut().into_iter().for_each(match_resources);
        }
        ("autoscaling", "HorizontalPodAutoscaler", "metrics") => each(&mut value, metric),
        ("discovery.k8s.io", "EndpointSlice", "endpoints") => {
            each(&mut value, |endpoint| fill(endpoint, "conditions", &json!({})));
        }
        ("discovery.k8s.io", "EndpointSlice", "ports") => each(&mut value, |port| {
            fill(port, "name", &json!(""));
            fill(port, "protocol", &json!("TCP"));
        }),
        ("", "LimitRange", "limits") => each(&mut value, limit),
        ("networking.k8s.io", "NetworkPolicy", "ingress" | "egress") => each(&mut value, |rule| {
            if let Some(ports) = rule.get_mut("ports") {
                each(ports, |port| fill(port, "protocol", &json!("TCP")));
            }
        }),
        (RBAC, "RoleBinding" | "ClusterRoleBinding", "subjects") => each(&mut value, subject),
        (RBAC, "RoleBinding" | "ClusterRoleBinding", "roleRef") => {
            if let Some(reference) = value.as_object_mut() {
                fill(reference, "apiGroup", &json!(RBAC));
            }
        }
        _ => {}
    }
    value
}

/// Does something to each map of a list.
fn each(items: &mut Value, edit: impl Fn(&mut Map<String, Value>)) {
    items.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut).for_each(edit);
}

/// Gives a field its default, where it is missing.
fn fill(map: &mut Map<String, Value>, key: &str, default: &Value) {
    map.entry(key).or_insert_with(|| default.clone());
}

fn field_ref(value: &mut Value) {
    if let Some(reference) = value.as_object_mut() {
        fill(reference, "apiVersion", &json!("v1"));
    }
}

fn resource_field_ref(value: &mut Value) {
    let Some(reference) = value.as_object_mut() else { return };
    fill(reference, "divisor", &json!("0"));
    if let Some(divisor) = reference.get_mut("divisor") {
        in_servers_spelling(divisor);
    }
}

fn in_servers_spelling(quantity: &mut Value) {
    if let Some(kept) = canonical(quantity) {
        *quantity = kept.into();
    }
}

/// One source of a projected volume.
fn source(source: &mut Map<String, Value>) {
    if let Some(token) = source.get_mut("serviceAccountToken").and_then(Value::as_object_mut) {
        fill(token, "expirationSeconds", &json!(3600));
    }
    if let Some(items) = source.get_mut("downwardAPI").and_then(|downward| downward.get_mut("items")) {
        each(items, downward_item);
    }
}

/// One file of what a pod knows of itself.
fn downward_item(item: &mut Map<String, Value>) {
    item.get_mut("fieldRef").into_iter().for_each(field_ref);
    item.get_mut("resourceFieldRef").into_iter().for_each(resource_field_ref);
}

/// A claim that a StatefulSet makes.
fn claim(claim: &mut Map<String, Value>) {
    fill(claim, "apiVersion", &json!("v1"));
    fill(claim, "kind", &json!("PersistentVolumeClaim"));
    // Nobody sets it here.
    claim.remove("status");
    fill(claim, "status", &json!({"phase": "Pending"}));
    let Some(spec) = claim.get_mut("spec").and_then(Value::as_object_mut) else { return };
    fill(spec, "volumeMode", &json!("Filesystem"));
    let resources = spec.get_mut("resources").and_then(Value::as_object_mut);
    for (name, quantities) in resources.into_iter().flatten() {
        if holds_quantities(name) {
            quantities
                .as_object_mut()
                .into_iter()
                .flatten()
                .for_each(|(_, value)| in_servers_spelling(value));
        }
    }
}

/// What requests a webhook or a policy is asked about.
fn admission_rule(rule: &mut Map<String, Value>) {
    fill(rule, "scope", &json!("*"));
}

/// What a policy of admission is about.
fn match_resources(resources: &mut Map<String, Value>) {
    fill(resources, "matchPolicy", &json!("Equivalent"));
    for selector in ["namespaceSelector", "objectSelector"] {
        fill(resources, selector, &json!({}));
    }
    for rules in ["resourceRules", "excludeResourceRules"] {
        resources.get_mut(rules).into_iter().for_each(|rules| each(rules, admission_rule));
    }
}

/// What an autoscaler looks at: each source, whatever it is, has its target.
fn metric(metric: &mut Map<String, Value>) {
    let targets = metric.values_mut().filter_map(|source| source.get_mut("target"));
    for target in targets.filter_map(Value::as_object_mut) {
        for name in ["averageValue", "value"] {
            target.get_mut(name).into_iter().for_each(in_servers_spelling);
        }
    }
}

/// One limit of a namespace: a container's default is its maximum, and what it asks for the default or the minimum.
fn limit(limit: &mut Map<String, Value>) {
    for map in ["default", "defaultRequest", "max", "maxLimitRequestRatio", "min"] {
        let quantities = limit.get_mut(map).and_then(Value::as_object_mut);
        quantities.into_iter().flatten().for_each(|(_, quantity)| in_servers_spelling(quantity));
    }
    if limit.get("type").and_then(Value::as_str) != Some("Container") {
        return;
    }
    for (map, source) in [("default", "max"), ("defaultRequest", "default"), ("defaultRequest", "min")] {
        let Some(Value::Object(source)) = limit.get(source).cloned() else { continue };
        let Value::Object(filled) = limit.entry(map).or_insert_with(|| json!({})) else { continue };
        source.iter().for_each(|(name, quantity)| fill(filled, name, quantity));
    }
}

/// Someone who has a role.
fn subject(subject: &mut Map<String, Value>) {
    // The server takes nothing and the empty text for the same here.
    for key in ["apiGroup", "namespace"] {
        if subject.get(key).and_then(Value::as_str) == Some("") {
            subject.remove(key);
        }
    }
    if matches!(subject.get("kind").and_then(Value::as_str), Some("User" | "Group")) {
        fill(subject, "apiGroup", &json!(RBAC));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_fills_in_is_filled_in() {
        for (group, kind, field, given, kept) in [
            (
                "apps",
                "Deployment",
                "fieldRef",
                json!({"fieldPath": "a"}),
                json!({"apiVersion": "v1", "fieldPath": "a"}),
            ),
            ("", "Pod", "fieldRef", json!({"apiVersion": "v2"}), json!({"apiVersion": "v2"})),
            (
                "",
                "Pod",
                "resourceFieldRef",
                json!({"resource": "limits.cpu"}),
                json!({"resource": "limits.cpu", "divisor": "0"}),
            ),
            ("", "Pod", "resourceFieldRef", json!({"divisor": "1024Mi"}), json!({"divisor": "1Gi"})),
            (
                "apps",
                "DaemonSet",
                "sources",
                json!([{"serviceAccountToken": {"path": "t"}}, {"configMap": {"name": "a"}},
                       {"downwardAPI": {"items": [{"path": "p", "fieldRef": {"fieldPath": "a"}}]}}]),
                json!([{"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}}, {"configMap": {"name": "a"}},
                       {"downwardAPI": {"items": [{"path": "p", "fieldRef": {"apiVersion": "v1", "fieldPath": "a"}}]}}]),
            ),
            (
                "apps",
                "StatefulSet",
                "volumeClaimTemplates",
                json!([{"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "1024Mi"}}}}]),
                json!([{"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
                        "spec": {"resources": {"requests": {"storage": "1Gi"}}, "volumeMode": "Filesystem"},
                        "status": {"phase": "Pending"}}]),
            ),
            (
                "admissionregistration.k8s.io",
                "MutatingWebhookConfiguration",
                "rules",
                json!([{"resources": ["pods"]}, {"scope": "Cluster"}]),
                json!([{"resources": ["pods"], "scope": "*"}, {"scope": "Cluster"}]),
            ),
            (
                "networking.k8s.io",
                "NetworkPolicy",
                "egress",
                json!([{"to": []}, {"ports": [{"port": 80}, {"port": 53, "protocol": "UDP"}]}]),
                json!([{"to": []}, {"ports": [{"port": 80, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]}]),
            ),
            (
                RBAC,
                "RoleBinding",
                "subjects",
                json!([{"kind": "User", "name": "a"}, {"kind": "ServiceAccount", "name": "b", "apiGroup": ""}]),
                json!([{"kind": "User", "name": "a", "apiGroup": RBAC}, {"kind": "ServiceAccount", "name": "b"}]),
            ),
            (
                ADMISSION,
                "ValidatingAdmissionPolicy",
                "matchConstraints",
                json!({"resourceRules": [{"resources": ["pods"]}, {"scope": "Cluster"}], "objectSelector": {"a": {}}}),
                json!({"resourceRules": [{"resources": ["pods"], "scope": "*"}, {"scope": "Cluster"}],
                       "objectSelector": {"a": {}}, "namespaceSelector": {}, "matchPolicy": "Equivalent"}),
            ),
            (
                ADMISSION,
                "MutatingAdmissionPolicyBinding",
                "matchResources",
                json!({"excludeResourceRules": [{}], "matchPolicy": "Exact"}),
                json!({"excludeResourceRules": [{"scope": "*"}], "matchPolicy": "Exact",
                       "objectSelector": {}, "namespaceSelector": {}}),
            ),
            (
                "autoscaling",
                "HorizontalPodAutoscaler",
                "metrics",
                json!([{"type": "Pods", "pods": {"target": {"averageValue": "1000m"}}},
                       {"type": "Object", "object": {"target": {"value": 0.5}}},
                       {"type": "Resource", "resource": {"target": {"averageUtilization": 80}}}]),
                json!([{"type": "Pods", "pods": {"target": {"averageValue": "1"}}},
                       {"type": "Object", "object": {"target": {"value": "500m"}}},
                       {"type": "Resource", "resource": {"target": {"averageUtilization": 80}}}]),
            ),
            (
                "discovery.k8s.io",
                "EndpointSlice",
                "endpoints",
                json!([{"addresses": ["10.0.0.1"]}, {"conditions": {"ready": true}}]),
                json!([{"addresses": ["10.0.0.1"], "conditions": {}}, {"conditions": {"ready": true}}]),
            ),
            (
                "discovery.k8s.io",
                "EndpointSlice",
                "ports",
                json!([{"port": 80}, {"name": "dns", "protocol": "UDP"}]),
                json!([{"port": 80, "name": "", "protocol": "TCP"}, {"name": "dns", "protocol": "UDP"}]),
            ),
            (
                "",
                "LimitRange",
                "limits",
                json!([{"type": "Container", "max": {"cpu": "4000m", "memory": "1Gi"}, "min": {"cpu": 1, "disk": "1.0"},
                        "default": {"cpu": 2}},
                       {"type": "PersistentVolumeClaim", "max": {"storage": "1024Gi"}}]),
                json!([{"type": "Container", "max": {"cpu": "4", "memory": "1Gi"}, "min": {"cpu": "1", "disk": "1"},
                        "default": {"cpu": "2", "memory": "1Gi"},
                        "defaultRequest": {"cpu": "2", "memory": "1Gi", "disk": "1"}},
                       {"type": "PersistentVolumeClaim", "max": {"storage": "1Ti"}}]),
            ),
            (
                RBAC,
                "ClusterRoleBinding",
                "roleRef",
                json!({"name": "a"}),
                json!({"name": "a", "apiGroup": RBAC}),
            ),
        ] {
            assert_eq!(completed(group, kind, field, &given), kept, "{kind} {field}");
        }
    }

    #[test]
    fn a_name_means_something_only_where_it_is_known() {
        let rules = json!([{"resources": ["pods"]}]);
        assert_eq!(completed(RBAC, "Role", "rules", &rules), rules);
        for odd in [json!(1), json!(["a"]), json!({"a": 1}), json!(null)] {
            for field in ["rules", "volumeClaimTemplates", "sources", "ingress", "subjects"] {
                let kept = completed("apps", "StatefulSet", field, &odd);
                assert_eq!(kept, odd, "{field}");
            }
            for (group, kind, field) in [
                ("", "LimitRange", "limits"),
                ("autoscaling", "HorizontalPodAutoscaler", "metrics"),
                ("discovery.k8s.io", "EndpointSlice", "ports"),
            ] {
                assert_eq!(completed(group, kind, field, &odd), odd, "{field}");
            }
        }
    }
}
