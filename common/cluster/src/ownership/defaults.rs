//! What the server fills in within values that are owned as a whole.
//!
//! A field that is owned as a whole is ours with all that the server filled in, so what is applied isn't what is there:
//! a `fieldRef` gets its `apiVersion`. Here stand those defaults of Kubernetes' own kinds that are the same in every
//! version that is supported. What is applied, completed by them, must be exactly what is there; whatever else differs
//! is not the same, and the server is asked.

use serde_json::{Map, Value, json};

use super::quantity::{canonical, holds_quantities};

const RBAC: &str = "rbac.authorization.k8s.io";

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
        (
            "admissionregistration.k8s.io",
            "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration",
            "rules",
        ) => {
            each(&mut value, |rule| fill(rule, "scope", &json!("*")));
        }
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
        }
    }
}
