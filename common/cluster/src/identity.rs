//! Which object of the cluster a document means.
//!
//! Takes an object, gives group, kind, namespace and name: two documents with the same four are one object,
//! whatever version they are written in.

use std::fmt;

use serde_json::Value;

/// What makes an object the same object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind, as it is written.
    pub kind: String,
    /// The namespace; `None` for objects that have or state none.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

impl Identity {
    /// The identity of an object, if it states kind, apiVersion and name as texts.
    pub fn of(object: &Value) -> Option<Self> {
        let metadata = object.get("metadata")?;
        Some(Self {
            group: group_of(object.get("apiVersion")?.as_str()?).to_owned(),
            kind: object.get("kind")?.as_str()?.to_owned(),
            namespace: metadata
                .get("namespace")
                .and_then(Value::as_str)
                .filter(|namespace| !namespace.is_empty())
                .map(str::to_owned),
            name: metadata.get("name")?.as_str()?.to_owned(),
        })
    }

    /// Whether the object is of this group and kind.
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.group == group && self.kind == kind
    }
}

impl fmt::Display for Identity {
    /// `deployment.apps/web`, as kubectl writes it, with the kind for want of the resource's singular name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind.to_lowercase())?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        write!(f, "/{}", self.name)
    }
}

/// The group of an apiVersion: `apps` of `apps/v1`, nothing of `v1`.
pub fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// The group of an object; empty where it states none.
pub(crate) fn group(object: &Value) -> &str {
    group_of(object.get("apiVersion").and_then(Value::as_str).unwrap_or(""))
}

/// The kind of an object; empty where it states none.
pub(crate) fn kind(object: &Value) -> &str {
    object.get("kind").and_then(Value::as_str).unwrap_or("")
}

/// Whether Kubernetes itself serves all kinds of a group.
///
/// Groups of others end in `.k8s.io` too (`gateway.networking.k8s.io`), so they are named one by one.
pub fn is_built_in(group: &str) -> bool {
    matches!(
        group,
        "" | "admissionregistration.k8s.io"
            | "apiextensions.k8s.io"
            | "apiregistration.k8s.io"
            | "apps"
            | "autoscaling"
            | "batch"
            | "coordination.k8s.io"
            | "discovery.k8s.io"
            | "events.k8s.io"
            | "flowcontrol.apiserver.k8s.io"
            | "networking.k8s.io"
            | "node.k8s.io"
            | "policy"
            | "rbac.authorization.k8s.io"
            | "scheduling.k8s.io"
            | "storage.k8s.io"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_object_is_the_same_in_any_version_of_its_group() {
        let of = |version| {
            Identity::of(&json!({
                "apiVersion": version, "kind": "Ingress", "metadata": {"name": "web", "namespace": "shop"}
            }))
        };
        assert_eq!(of("networking.k8s.io/v1"), of("networking.k8s.io/v1beta1"));
        assert_ne!(of("networking.k8s.io/v1"), of("extensions/v1beta1"));
    }

    #[test]
    fn it_is_written_as_kubectl_writes_it() {
        let written = |version, kind| {
            Identity::of(&json!({"apiVersion": version, "kind": kind, "metadata": {"name": "web"}}))
                .expect("complete")
                .to_string()
        };
        assert_eq!(written("apps/v1", "Deployment"), "deployment.apps/web");
        assert_eq!(written("v1", "ConfigMap"), "configmap/web");
    }

    #[test]
    fn an_empty_namespace_is_none() {
        let object = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": ""}});
        assert_eq!(Identity::of(&object).expect("complete").namespace, None);
        assert_eq!(Identity::of(&json!({"kind": "Pod"})), None);
    }
}
