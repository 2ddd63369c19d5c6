//! The namespace of documents that have none.

use crate::render::document::kind;
use crate::stack::Mode;
use crate::yaml::{Mapping, Node};

/// The kinds that codexctl knows to live outside namespaces.
const KNOWN_TO_CODEXCTL: [&str; 6] = [
    "Namespace",
    "ClusterRole",
    "ClusterRoleBinding",
    "PersistentVolume",
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
];

/// The other built-in kinds that do, and the few that most clusters have (B9).
const CLUSTER_SCOPED: [&str; 34] = [
    "APIService",
    "CSIDriver",
    "CSINode",
    "CertificateSigningRequest",
    "ClusterIssuer",
    "ClusterTrustBundle",
    "ComponentStatus",
    "CustomResourceDefinition",
    "DeviceClass",
    "DeviceTaintRule",
    "FlowSchema",
    "GatewayClass",
    "IPAddress",
    "IngressClass",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "Node",
    "PriorityClass",
    "PriorityLevelConfiguration",
    "ResourceSlice",
    "RuntimeClass",
    "SelfSubjectAccessReview",
    "SelfSubjectReview",
    "SelfSubjectRulesReview",
    "ServiceCIDR",
    "StorageClass",
    "StorageVersion",
    "StorageVersionMigration",
    "SubjectAccessReview",
    "TokenReview",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "VolumeAttachment",
    "VolumeAttributesClass",
];

/// Whether objects of this kind live outside namespaces. Kinds are compared as they are written; an
/// `apiVersion` is not looked at.
pub fn is_cluster_scoped(kind: &str) -> bool {
    KNOWN_TO_CODEXCTL.contains(&kind) || CLUSTER_SCOPED.contains(&kind)
}

/// Gives a document `namespace`, if it is of a kind that lives in one and has none.
///
/// Blank, null and anything that is no text count as none.
pub(super) fn put_on(node: &mut Node, namespace: &str, mode: Mode) {
    let lives_in_one = kind(node).is_some_and(|kind| {
        let lives_outside = match mode {
            Mode::Plain => is_cluster_scoped(kind),
            Mode::Codexctl => KNOWN_TO_CODEXCTL.contains(&kind),
        };
        !kind.is_empty() && !lives_outside
    });
    if namespace.is_empty() || !lives_in_one {
        return;
    }
    let Some(entries) = node.as_mapping_mut() else {
        return;
    };
    let metadata = entries.get_or_insert_with("metadata", || Node::from(Mapping::new()));
    if metadata.as_mapping().is_none() {
        *metadata = Node::at(Mapping::new(), metadata.position);
    }
    if let Some(metadata) = metadata.as_mapping_mut() {
        let present = metadata.get("namespace").and_then(Node::as_str);
        if present.is_none_or(|present| present.trim().is_empty()) {
            metadata.insert("namespace", namespace);
        }
    }
}
