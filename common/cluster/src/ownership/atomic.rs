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
const MAPS: [&str; 29] = [
    "claimRef",
    "configMapKeyRef",
    "controllerExpandSecretRef",
    "controllerPublishSecretRef",
    "dataSource",
    "fieldRef",
    "fileKeyRef",
    "labelSelector",
    "matchConstraints",
    "matchResources",
    "namespaceSelector",
    "nodeExpandSecretRef",
    "nodePublishSecretRef",
    "nodeSelector",
    "nodeStageSecretRef",
    "objectSelector",
    "paramKind",
    "paramRef",
    "podSelector",
    "port",
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
const LISTS: [&str; 53] = [
    "accessModes",
    "add",
    "admissionReviewVersions",
    "allowedTopologies",
    "args",
    "auditAnnotations",
    "categories",
    "clusterIPs",
    "clusterRoleSelectors",
    "command",
    "conversionReviewVersions",
    "drop",
    "egress",
    "envFrom",
    "externalIPs",
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
    "shortNames",
    "sources",
    "subjects",
    "supplementalGroups",
    "sysctls",
    "targetWWNs",
    "tls",
    "tokenRequests",
    "tolerations",
    "validations",
    "versions",
    "volumeClaimTemplates",
    "wwids",
];

/// Lists whose items are known by key fields, but each owned as a whole.
const LISTS_OF_WHOLE_ITEMS: [&str; 3] = ["imagePullSecrets", "ownerReferences", "secrets"];

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
        // A pod's are owned one by one.
        Value::Array(_) if field == "imagePullSecrets" => (group, kind) == ("", "ServiceAccount"),
        Value::Array(_) => is_built_in(group) && LISTS.binary_search(&field).is_ok(),
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
    }

    #[test]
    fn only_known_lists_have_whole_items() {
        assert!(has_whole_items("apps", "imagePullSecrets"));
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
