//! What is applied before what.
//!
//! Takes objects, gives them in waves: all of a wave may be sent at once, and a wave waits for the one
//! before it (`apply.md`, "Order of one apply"). Within a wave objects keep the order of the input.

use crate::identity::Identity;

/// The waves, in the order in which they are applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Wave {
    /// Namespaces: all else may live in them.
    Namespaces,
    /// CustomResourceDefinitions. The next wave waits until they are established.
    Definitions,
    /// Classes and volumes that namespaced objects name.
    Classes,
    /// Who may do what. A limited user's binding before its role is refused as "not found".
    Roles,
    /// What workloads read or are held to when they start.
    Surroundings,
    /// What makes pods.
    Workloads,
    /// Everything else.
    Rest,
    /// What stands between the API and all other objects: it comes last, when its service is there.
    Admission,
}

impl Wave {
    /// The wave of an object of this group and kind.
    pub fn of(group: &str, kind: &str) -> Self {
        match (group, kind) {
            ("", "Namespace") => Self::Namespaces,
            ("apiextensions.k8s.io", "CustomResourceDefinition") => Self::Definitions,
            ("scheduling.k8s.io", "PriorityClass")
            | ("storage.k8s.io", "StorageClass")
            | ("networking.k8s.io", "IngressClass")
            | ("node.k8s.io", "RuntimeClass")
            | ("", "PersistentVolume") => Self::Classes,
            ("", "ServiceAccount") | ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => Self::Roles,
            ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding")
            | (
                "",
                "ResourceQuota" | "LimitRange" | "ConfigMap" | "Secret" | "PersistentVolumeClaim" | "Service",
            )
            | ("networking.k8s.io", "NetworkPolicy") => Self::Surroundings,
            ("", "Pod" | "ReplicationController")
            | ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
            | ("batch", "Job" | "CronJob") => Self::Workloads,
            (
                "admissionregistration.k8s.io",
                "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration",
            )
            | ("apiregistration.k8s.io", "APIService") => Self::Admission,
            _ => Self::Rest,
        }
    }
}

/// Sorts objects into waves; waves without an object are left out.
pub fn arrange<T>(objects: Vec<T>, identity: impl Fn(&T) -> &Identity) -> Vec<(Wave, Vec<T>)> {
    let mut waves = std::collections::BTreeMap::<Wave, Vec<T>>::new();
    for object in objects {
        let Identity { group, kind, .. } = identity(&object);
        waves.entry(Wave::of(group, kind)).or_default().push(object);
    }
    waves.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(group: &str, kind: &str, name: &str) -> Identity {
        Identity { group: group.into(), kind: kind.into(), namespace: None, name: name.into() }
    }

    fn order(objects: Vec<Identity>) -> Vec<String> {
        let waves = arrange(objects, |identity| identity);
        waves.into_iter().flat_map(|(_, wave)| wave).map(|identity| identity.to_string()).collect()
    }

    #[test]
    fn what_others_need_goes_first() {
        let rbac = "rbac.authorization.k8s.io";
        let admission = "admissionregistration.k8s.io";
        let given = vec![
            object(admission, "ValidatingWebhookConfiguration", "guard"),
            object("example.org", "Database", "db"),
            object("networking.k8s.io", "Ingress", "web"),
            object("apps", "Deployment", "web"),
            object("", "Service", "web"),
            object(rbac, "RoleBinding", "web"),
            object(rbac, "Role", "web"),
            object("storage.k8s.io", "StorageClass", "fast"),
            object("apiextensions.k8s.io", "CustomResourceDefinition", "databases.example.org"),
            object("", "Namespace", "shop"),
        ];
        assert_eq!(
            order(given),
            [
                "namespace/shop",
                "customresourcedefinition.apiextensions.k8s.io/databases.example.org",
                "storageclass.storage.k8s.io/fast",
                "role.rbac.authorization.k8s.io/web",
                "service/web",
                "rolebinding.rbac.authorization.k8s.io/web",
                "deployment.apps/web",
                "database.example.org/db",
                "ingress.networking.k8s.io/web",
                "validatingwebhookconfiguration.admissionregistration.k8s.io/guard",
            ]
        );
    }

    #[test]
    fn within_a_wave_the_order_of_the_input_stays() {
        let given = vec![object("", "Secret", "z"), object("", "ConfigMap", "y"), object("", "Secret", "x")];
        assert_eq!(order(given), ["secret/z", "configmap/y", "secret/x"]);
    }

    #[test]
    fn a_kind_counts_only_in_its_own_group() {
        assert_eq!(Wave::of("serving.knative.dev", "Service"), Wave::Rest);
        assert_eq!(Wave::of("", "Service"), Wave::Surroundings);
    }
}
