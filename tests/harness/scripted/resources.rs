//! The kinds that the scripted server knows: a table, and what CustomResourceDefinitions add.
//!
//! Gives a [`Resource`] by group, version and plural. Separate because discovery prints what
//! the store serves.

use serde_json::Value;

/// A kind and where it is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resource {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) plural: String,
    pub(crate) namespaced: bool,
    pub(crate) short_names: Vec<String>,
    /// Whether a CustomResourceDefinition made it.
    pub(crate) custom: bool,
}

/// Kinds that exist only as a question: they are created, answered and forgotten.
pub(crate) const REVIEWS: &str = "authorization.k8s.io";

/// Kind and plural; `*` marks kinds without a namespace.
type Kinds = &'static [(&'static str, &'static str)];

/// Plurals and their short names.
const SHORT_NAMES: &[(&str, &str)] = &[
    ("configmaps", "cm"),
    ("customresourcedefinitions", "crd"),
    ("daemonsets", "ds"),
    ("deployments", "deploy"),
    ("events", "ev"),
    ("horizontalpodautoscalers", "hpa"),
    ("ingresses", "ing"),
    ("namespaces", "ns"),
    ("nodes", "no"),
    ("persistentvolumeclaims", "pvc"),
    ("persistentvolumes", "pv"),
    ("pods", "po"),
    ("replicasets", "rs"),
    ("serviceaccounts", "sa"),
    ("services", "svc"),
    ("statefulsets", "sts"),
    ("storageclasses", "sc"),
];

/// Group, version and kinds.
const BUILT_IN: &[(&str, &str, Kinds)] = &[
    (
        "",
        "v1",
        &[
            ("*Namespace", "namespaces"),
            ("*Node", "nodes"),
            ("*PersistentVolume", "persistentvolumes"),
            ("ConfigMap", "configmaps"),
            ("Endpoints", "endpoints"),
            ("Event", "events"),
            ("LimitRange", "limitranges"),
            ("PersistentVolumeClaim", "persistentvolumeclaims"),
            ("Pod", "pods"),
            ("ReplicationController", "replicationcontrollers"),
            ("ResourceQuota", "resourcequotas"),
            ("Secret", "secrets"),
            ("Service", "services"),
            ("ServiceAccount", "serviceaccounts"),
        ],
    ),
    (
        "apps",
        "v1",
        &[
            ("DaemonSet", "daemonsets"),
            ("Deployment", "deployments"),
            ("ReplicaSet", "replicasets"),
            ("StatefulSet", "statefulsets"),
        ],
    ),
    ("batch", "v1", &[("CronJob", "cronjobs"), ("Job", "jobs")]),
    ("autoscaling", "v2", &[("HorizontalPodAutoscaler", "horizontalpodautoscalers")]),
    ("policy", "v1", &[("PodDisruptionBudget", "poddisruptionbudgets")]),
    ("coordination.k8s.io", "v1", &[("Lease", "leases")]),
    ("discovery.k8s.io", "v1", &[("EndpointSlice", "endpointslices")]),
    (
        "networking.k8s.io",
        "v1",
        &[
            ("Ingress", "ingresses"),
            ("*IngressClass", "ingressclasses"),
            ("NetworkPolicy", "networkpolicies"),
        ],
    ),
    ("node.k8s.io", "v1", &[("*RuntimeClass", "runtimeclasses")]),
    ("scheduling.k8s.io", "v1", &[("*PriorityClass", "priorityclasses")]),
    ("storage.k8s.io", "v1", &[("*StorageClass", "storageclasses")]),
    (
        "rbac.authorization.k8s.io",
        "v1",
        &[
            ("*ClusterRole", "clusterroles"),
            ("*ClusterRoleBinding", "clusterrolebindings"),
            ("Role", "roles"),
            ("RoleBinding", "rolebindings"),
        ],
    ),
    (
        REVIEWS,
        "v1",
        &[
            ("*SelfSubjectAccessReview", "selfsubjectaccessreviews"),
            ("*SelfSubjectRulesReview", "selfsubjectrulesreviews"),
        ],
    ),
    (
        "admissionregistration.k8s.io",
        "v1",
        &[
            ("*MutatingWebhookConfiguration", "mutatingwebhookconfigurations"),
            ("*ValidatingWebhookConfiguration", "validatingwebhookconfigurations"),
        ],
    ),
    ("apiextensions.k8s.io", "v1", &[("*CustomResourceDefinition", "customresourcedefinitions")]),
    ("apiregistration.k8s.io", "v1", &[("*APIService", "apiservices")]),
];

/// All kinds that Kubernetes brings itself.
pub(crate) fn built_in() -> Vec<Resource> {
    let resources = |(group, version, kinds): &(&str, &str, Kinds)| {
        let resource = |(kind, plural): &(&str, &str)| Resource {
            group: (*group).into(),
            version: (*version).into(),
            kind: kind.trim_start_matches('*').into(),
            plural: (*plural).into(),
            namespaced: !kind.starts_with('*'),
            short_names: short_names(plural),
            custom: false,
        };
        kinds.iter().map(resource).collect::<Vec<_>>()
    };
    BUILT_IN.iter().flat_map(resources).collect()
}

fn short_names(plural: &str) -> Vec<String> {
    let found = SHORT_NAMES.iter().filter(|(known, _)| *known == plural);
    found.map(|(_, short)| (*short).to_owned()).collect()
}

/// The kinds that a CustomResourceDefinition makes, one for each served version.
pub(crate) fn of_definition(definition: &Value) -> Vec<Resource> {
    let spec = &definition["spec"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let served = spec["versions"].as_array().into_iter().flatten();
    served
        .filter(|version| version["served"] == true)
        .map(|version| Resource {
            group: text(&spec["group"]),
            version: text(&version["name"]),
            kind: text(&spec["names"]["kind"]),
            plural: text(&spec["names"]["plural"]),
            namespaced: spec["scope"] == "Namespaced",
            short_names: Vec::new(),
            custom: true,
        })
        .collect()
}

impl Resource {
    /// `group/version`, or `v1` for the core group.
    pub(crate) fn api_version(&self) -> String {
        match self.group.as_str() {
            "" => self.version.clone(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// The verbs that it is served with.
    pub(crate) fn verbs(&self) -> &'static [&'static str] {
        match self.group.as_str() {
            REVIEWS => &["create"],
            _ => &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
        }
    }
}
