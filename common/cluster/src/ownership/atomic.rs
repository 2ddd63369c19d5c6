//! Which fields of Kubernetes' own kinds are owned as a whole.
//!
//! `fieldsV1` can't tell a map or list that is owned as a whole (a selector, a container's args) from one
//! whose parts are owned one by one and of which nothing but the empty rest is ours: both are `{}`. The second
//! comes about when `{}` or `[]` is applied over what others or the server's defaults have put there. Taking
//! it for the first would call a manifest same though applying it makes those parts ours (tried: a claim's
//! `resources`).
//!
//! The names are those that Kubernetes 1.36's OpenAPI document marks as atomic (`x-kubernetes-map-type`,
//! `x-kubernetes-list-type`; lists without a mark are) in every kind that has them and nothing atomic around
//! them. A name that is missing here, of a newer version or in a kind of someone's own, costs a needless
//! request.

use serde_json::Value;

use crate::identity::is_built_in;

/// Maps, sorted.
const MAPS: [&str; 33] = [
    "claimRef",
    "configMapKeyRef",
    "controllerExpandSecretRef",
    "controllerPublishSecretRef",
    "dataSource",
    "fieldRef",
    "fileKeyRef",
    "involvedObject",
    "labelSelector",
    "matchConstraints",
    "matchResources",
    "namespaceSelector",
    "nodeExpandSecretRef",
    "nodePublishSecretRef",
    "nodeSelector",
    "nodeStageSecretRef",
    "nodeTopology",
    "objectSelector",
    "paramKind",
    "paramRef",
    "podSelector",
    "port",
    "regarding",
    "related",
    "required",
    "requiredDuringSchedulingIgnoredDuringExecution",
    "resource",
    "resourceFieldRef",
    "roleRef",
    "scopeSelector",
    "secretKeyRef",
    "secretRef",
    "selector",
];

/// Lists, sorted.
const LISTS: [&str; 65] = [
    "accessModes",
    "add",
    "admissionReviewVersions",
    "allowedTopologies",
    "args",
    "auditAnnotations",
    "categories",
    "cidrs",
    "clusterIPs",
    "clusterRoleSelectors",
    "command",
    "config",
    "constraints",
    "conversionReviewVersions",
    "devices",
    "drop",
    "egress",
    "endpoints",
    "envFrom",
    "externalIPs",
    "groups",
    "hostnames",
    "httpHeaders",
    "ingress",
    "ipFamilies",
    "items",
    "limits",
    "loadBalancerSourceRanges",
    "matchLabelKeys",
    "metrics",
    "monitors",
    "mountOptions",
    "mutations",
    "nameservers",
    "options",
    "policies",
    "policyTypes",
    "portals",
    "preferredDuringSchedulingIgnoredDuringExecution",
    "readinessGates",
    "requiredDuringSchedulingIgnoredDuringExecution",
    "resizePolicy",
    "restartPolicyRules",
    "rules",
    "scopes",
    "searches",
    "selectors",
    "sharedCounters",
    "shortNames",
    "sources",
    "subjects",
    "subsets",
    "supplementalGroups",
    "sysctls",
    "taints",
    "targetWWNs",
    "tls",
    "tokenRequests",
    "tolerations",
    "topologyKeys",
    "usages",
    "validations",
    "versions",
    "volumeClaimTemplates",
    "wwids",
];

/// Lists that are owned as a whole in one kind, while others own the items of theirs one by one.
const LISTS_OF_KINDS: [(&str, &str, &str); 3] = [
    ("", "ServiceAccount", "imagePullSecrets"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy", "variables"),
    ("discovery.k8s.io", "EndpointSlice", "ports"),
];

/// Lists whose items are known by key fields, but each owned as a whole.
const LISTS_OF_WHOLE_ITEMS: [&str; 4] = ["imagePullSecrets", "ownerReferences", "secrets", "variables"];

/// Whether the items of a list are known by key fields, but each owned as a whole.
pub(super) fn has_whole_items(group: &str, field: &str) -> bool {
    is_built_in(group) && LISTS_OF_WHOLE_ITEMS.contains(&field)
}

/// Whether a field that has this value is known to be owned as a whole, or holds nothing that could be owned
/// apart.
pub(super) fn is_atomic(group: &str, kind: &str, field: &str, value: &Value) -> bool {
    match value {
        Value::Object(map) => map.is_empty() || (is_built_in(group) && MAPS.binary_search(&field).is_ok()),
        Value::Array(items) if items.is_empty() => true,
        Value::Array(_) => {
            LISTS_OF_KINDS.contains(&(group, kind, field))
                || (is_built_in(group) && LISTS.binary_search(&field).is_ok())
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_tables_are_sorted() {
        assert!(MAPS.is_sorted() && LISTS.is_sorted());
    }

    #[test]
    fn only_known_maps_and_lists_are_owned_as_a_whole() {
        let of = |group, kind, field, value| is_atomic(group, kind, field, &value);
        assert!(of("apps", "Deployment", "selector", json!({"a": "b"})));
        assert!(!of("", "PersistentVolumeClaim", "resources", json!({"requests": {}})));
        assert!(!of("example.org", "Thing", "selector", json!({"a": "b"})));
        assert!(of("", "Pod", "args", json!(["a"])));
        assert!(!of("", "Pod", "containers", json!([{}])));
        assert!(!of("example.org", "Thing", "args", json!(["a"])));
        assert!(of("", "ServiceAccount", "imagePullSecrets", json!([{"name": "a"}])));
        assert!(!of("", "Pod", "imagePullSecrets", json!([{"name": "a"}])));
        assert!(of("discovery.k8s.io", "EndpointSlice", "ports", json!([{}])));
        assert!(!of("", "Service", "ports", json!([{}])));
    }

    #[test]
    fn only_known_lists_have_whole_items() {
        assert!(has_whole_items("apps", "imagePullSecrets"));
        assert!(has_whole_items("admissionregistration.k8s.io", "variables"));
        assert!(!has_whole_items("apps", "containers"));
        assert!(!has_whole_items("example.org", "imagePullSecrets"));
    }

    #[test]
    fn what_holds_nothing_is_whole() {
        for value in [json!({}), json!([]), json!(null), json!(1), json!("a")] {
            assert!(is_atomic("example.org", "Thing", "any", &value));
        }
    }
}
