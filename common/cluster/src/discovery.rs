//! Which kinds the server has, where they live, and what they are called.
//!
//! Two requests for the aggregated documents (Kubernetes 1.30 and later); groups whose own server is down
//! are known as broken and hurt only the objects that need them.

use std::collections::{BTreeMap, BTreeSet};

use codex_common::suggestion::nearest;
use serde_json::Value;

use crate::api::{Answer, Api, NoAnswer};
use crate::refusal;

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

/// Group, kind, name in paths, and whether its objects live in namespaces; all of version v1.
const WORKLOADS: [(&str, &str, &str, bool); 10] = [
    ("apps", "Deployment", "deployments", true),
    ("apps", "StatefulSet", "statefulsets", true),
    ("apps", "DaemonSet", "daemonsets", true),
    ("apps", "ReplicaSet", "replicasets", true),
    ("apps", "ControllerRevision", "controllerrevisions", true),
    ("batch", "Job", "jobs", true),
    ("", "Pod", "pods", true),
    ("", "Event", "events", true),
    ("", "PersistentVolumeClaim", "persistentvolumeclaims", true),
    ("storage.k8s.io", "StorageClass", "storageclasses", false),
];

/// A kind as the server serves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The API group; empty for the core group.
    pub group: String,
    /// The version.
    pub version: String,
    /// The kind.
    pub kind: String,
    /// Its name in paths.
    pub plural: String,
    /// Whether its objects live in namespaces.
    pub is_namespaced: bool,
    /// Whether its objects can be listed and deleted.
    pub is_deletable: bool,
    /// The other names that people call it by: `deployment`, `deploy`.
    pub aliases: Vec<String>,
}

impl Resource {
    /// The path of the objects of this kind, in `namespace` if they live in one.
    pub fn collection(&self, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() {
            format!("/api/{}", self.version)
        } else {
            format!("/apis/{}/{}", self.group, self.version)
        };
        match namespace.filter(|_| self.is_namespaced) {
            Some(namespace) => format!("{root}/namespaces/{}/{}", path_segment(namespace), self.plural),
            None => format!("{root}/{}", self.plural),
        }
    }

    /// The path of one object.
    pub fn object(&self, namespace: Option<&str>, name: &str) -> String {
        format!("{}/{}", self.collection(namespace), path_segment(name))
    }

    /// The kind's objects in words: `deployments.apps`.
    pub fn plural_name(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// The apiVersion of objects of this kind.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// What kubectl calls an object of this kind: `deployment.apps/web`.
    pub fn display(&self, name: &str) -> String {
        let kind = self.kind.to_lowercase();
        if self.group.is_empty() { format!("{kind}/{name}") } else { format!("{kind}.{}/{name}", self.group) }
    }
}

/// The kinds of a cluster.
#[derive(Debug, Clone, Default)]
pub struct Kinds {
    /// In the server's order: what it prefers comes first.
    resources: Vec<Resource>,
    by_kind: BTreeMap<(String, String, String), usize>,
    broken: Vec<(String, String)>,
}

/// What is known of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<'a> {
    /// It is served.
    Served(&'a Resource),
    /// Its group's server does not answer.
    Broken,
    /// Nobody serves it.
    Unknown,
}

impl Kinds {
    /// Asks the server.
    ///
    /// # Errors
    /// No answer came, or one that is no discovery document.
    pub async fn of_server(api: &Api) -> Result<Self, DiscoveryError> {
        let (core, groups) = tokio::join!(api.get_as("/api", AGGREGATED), api.get_as("/apis", AGGREGATED));
        let mut kinds = Self::default();
        for answer in [core?, groups?] {
            if !answer.is_success() {
                return Err(DiscoveryError::Refused(answer));
            }
            match answer.body["kind"].as_str() {
                Some("APIGroupDiscoveryList") => {}
                Some("APIVersions" | "APIGroupList") => return Err(DiscoveryError::TooOld),
                _ => return Err(DiscoveryError::NotKubernetes),
            }
            kinds.add(&answer.body);
        }
        Ok(kinds)
    }

    /// The kinds that pods come from and hang on, which every server serves in this version: enough to wait
    /// for workloads without asking first.
    pub fn of_workloads() -> Self {
        let mut kinds = Self::default();
        for (group, kind, plural, is_namespaced) in WORKLOADS {
            kinds.insert(Resource {
                group: group.to_owned(),
                version: "v1".to_owned(),
                kind: kind.to_owned(),
                plural: plural.to_owned(),
                is_namespaced,
                is_deletable: true,
                aliases: Vec::new(),
            });
        }
        kinds
    }

    fn add(&mut self, list: &Value) {
        for group in list["items"].as_array().into_iter().flatten() {
            let name = group["metadata"]["name"].as_str().unwrap_or_default();
            for version in group["versions"].as_array().into_iter().flatten() {
                let label = version["version"].as_str().unwrap_or_default();
                if version["freshness"] == "Stale" {
                    self.broken.push((name.to_owned(), label.to_owned()));
                }
                for resource in version["resources"].as_array().into_iter().flatten() {
                    self.insert(read(name, label, resource));
                }
            }
        }
    }

    /// Adds a kind, one that comes with a CustomResourceDefinition of the same stream for instance.
    pub fn insert(&mut self, resource: Resource) {
        let key = (resource.group.clone(), resource.version.clone(), resource.kind.clone());
        self.by_kind.entry(key).or_insert(self.resources.len());
        self.resources.push(resource);
    }

    /// The kind of an `apiVersion`.
    pub fn find(&self, api_version: &str, kind: &str) -> Found<'_> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        match self.by_kind.get(&(group.to_owned(), version.to_owned(), kind.to_owned())) {
            Some(at) => Found::Served(&self.resources[*at]),
            None if self.broken.contains(&(group.to_owned(), version.to_owned())) => Found::Broken,
            None => Found::Unknown,
        }
    }

    /// Whether anything of an `apiVersion` is served.
    pub fn serves(&self, api_version: &str) -> bool {
        self.resources.iter().any(|resource| resource.api_version() == api_version)
    }

    /// The kind that a person means: its kind, plural, singular or short name in any case, as kubectl takes
    /// them, with `.GROUP` or `.VERSION.GROUP` behind it where the name alone is not enough.
    pub fn named(&self, text: &str) -> Option<&Resource> {
        let text = text.to_lowercase();
        let (name, place) = text.split_once('.').unwrap_or((text.as_str(), ""));
        let is_called = |resource: &&Resource| {
            resource.kind.to_lowercase() == name
                || resource.plural == name
                || resource.aliases.iter().any(|alias| alias == name)
        };
        let is_there = |resource: &&Resource| {
            place.is_empty()
                || place == resource.group
                || place
                    .split_once('.')
                    .is_some_and(|(version, group)| version == resource.version && group == resource.group)
        };
        self.resources.iter().filter(is_called).find(is_there)
    }

    /// The kinds whose objects can be listed and deleted, each once, in the version that the server prefers.
    pub fn deletable(&self) -> impl Iterator<Item = &Resource> {
        let mut seen = BTreeSet::new();
        let listed = self.resources.iter().filter(|resource| resource.is_deletable);
        listed.filter(move |resource| seen.insert((resource.group.as_str(), resource.kind.as_str())))
    }

    /// What an unknown kind was probably meant to be: the apiVersion that serves it, or the name of the nearest
    /// kind, of the same group if there is one.
    pub fn meant(&self, api_version: &str, kind: &str) -> Option<String> {
        let group = crate::identity::group_of(api_version);
        let served = self.resources.iter().filter(|resource| resource.kind == kind);
        if let Some(resource) = served.min_by_key(|resource| resource.group != group) {
            return Some(resource.api_version());
        }
        let of_group = self.resources.iter().filter(|resource| resource.group == group);
        let near = |kinds: &mut dyn Iterator<Item = &str>| nearest(kind, kinds).map(str::to_owned);
        near(&mut of_group.map(|resource| resource.kind.as_str())).or_else(|| near(&mut self.names()))
    }

    /// The names of all kinds, for suggestions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.resources.iter().map(|resource| resource.kind.as_str())
    }
}

/// The path of a collection or an object in words: `deployments.apps in namespace x`.
pub fn path_words(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let steps: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let (group, rest) = match steps.as_slice() {
        ["api", _, rest @ ..] => ("", rest),
        ["apis", group, _, rest @ ..] => (*group, rest),
        _ => return path.to_owned(),
    };
    let (place, rest) = match rest {
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => {
            (format!(" in namespace {namespace}"), rest)
        }
        rest => (String::new(), rest),
    };
    let [plural, name @ ..] = rest else { return path.to_owned() };
    let group = if group.is_empty() { String::new() } else { format!(".{group}") };
    let name = name.first().map(|name| format!("/{name}")).unwrap_or_default();
    format!("{plural}{group}{name}{place}")
}

/// A name as one segment of a path: RBAC allows nearly any character in it.
pub fn path_segment(name: &str) -> String {
    let mut segment = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b':' | b'@' => {
                segment.push(byte.into());
            }
            _ => segment.push_str(&format!("%{byte:02X}")),
        }
    }
    segment
}

fn read(group: &str, version: &str, resource: &Value) -> Resource {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let short = resource["shortNames"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let singular = resource["singularResource"].as_str();
    Resource {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: text(&resource["responseKind"]["kind"]),
        plural: text(&resource["resource"]),
        is_namespaced: resource["scope"] == "Namespaced",
        is_deletable: ["list", "delete"].iter().all(|verb| {
            resource["verbs"].as_array().is_some_and(|verbs| verbs.iter().any(|known| known == verb))
        }),
        aliases: short.chain(singular).filter(|name| !name.is_empty()).map(str::to_owned).collect(),
    }
}

/// Why the kinds of a cluster aren't known.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    /// No answer came.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// The server says no.
    #[error("{}", refusal::reason(.0))]
    Refused(Answer),
    /// What answers isn't an API server.
    #[error("what answers there is no Kubernetes API server")]
    NotKubernetes,
    /// The server has no aggregated discovery.
    #[error("the server is older than Kubernetes 1.30")]
    TooOld,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kinds() -> Kinds {
        let resource = |plural: &str, kind: &str, short: &[&str]| {
            json!({"resource": plural, "responseKind": {"kind": kind}, "scope": "Namespaced",
                   "singularResource": kind.to_lowercase(), "shortNames": short})
        };
        let group = |name: &str, versions: Value| json!({"metadata": {"name": name}, "versions": versions});
        let version = |name: &str, resources: Value| json!({"version": name, "resources": resources});
        let mut kinds = Kinds::default();
        kinds.add(&json!({"items": [
            group("", json!([version("v1", json!([resource("services", "Service", &["svc"])]))])),
            group("apps", json!([
                version("v1", json!([resource("deployments", "Deployment", &["deploy"])])),
                version("v1beta1", json!([resource("deployments", "Deployment", &["deploy"])])),
            ])),
            group("serving.example.org", json!([version("v2", json!([resource("services", "Service", &[])]))])),
            group("broken.example.org", json!([{"version": "v1", "freshness": "Stale"}])),
        ]}));
        kinds
    }

    #[test]
    fn people_call_kinds_by_many_names() {
        let kinds = kinds();
        let place =
            |name: &str| kinds.named(name).map(|found| (found.group.as_str(), found.version.as_str()));
        for name in
            ["Deployment", "deployment", "deployments", "deploy", "deployments.apps", "Deployment.v1.apps"]
        {
            assert_eq!(place(name), Some(("apps", "v1")), "{name}");
        }
        assert_eq!(place("deployments.v1beta1.apps"), Some(("apps", "v1beta1")));
        assert_eq!(place("svc"), Some(("", "v1")));
        assert_eq!(place("service.serving.example.org"), Some(("serving.example.org", "v2")));
        assert_eq!(place("deploymint"), None);
        assert_eq!(place("deploy.nope"), None);
    }

    #[test]
    fn what_was_meant_is_the_kinds_version_or_the_nearest_kind() {
        let kinds = kinds();
        let meant = |api_version: &str, kind: &str| kinds.meant(api_version, kind);
        assert_eq!(meant("apps/v1beta2", "Deployment").as_deref(), Some("apps/v1"));
        assert_eq!(meant("extensions/v1beta1", "Deployment").as_deref(), Some("apps/v1"));
        assert_eq!(meant("serving.example.org/v1", "Service").as_deref(), Some("serving.example.org/v2"));
        assert_eq!(meant("apps/v1", "Deploymnt").as_deref(), Some("Deployment"));
        assert_eq!(meant("apps/v1", "deployment").as_deref(), Some("Deployment"));
        assert_eq!(meant("example.org/v1", "Zebra"), None);
    }

    #[test]
    fn paths_are_said_by_kind_and_namespace() {
        for (path, words) in [
            ("/apis/apps/v1/namespaces/shop/deployments?limit=500", "deployments.apps in namespace shop"),
            ("/api/v1/namespaces/shop/pods", "pods in namespace shop"),
            ("/api/v1/namespaces/shop/pods/web", "pods/web in namespace shop"),
            ("/api/v1/namespaces", "namespaces"),
            ("/api/v1/namespaces/shop", "namespaces/shop"),
            ("/apis/rbac.authorization.k8s.io/v1/clusterroles", "clusterroles.rbac.authorization.k8s.io"),
        ] {
            assert_eq!(path_words(path), words);
        }
    }

    #[test]
    fn names_are_one_segment_of_a_path() {
        assert_eq!(path_segment("system:node-1.x_y"), "system:node-1.x_y");
        assert_eq!(path_segment("on call <é>?#"), "on%20call%20%3C%C3%A9%3E%3F%23");
    }

    #[test]
    fn a_group_whose_server_is_down_is_broken_and_others_are_not() {
        let kinds = kinds();
        assert!(matches!(kinds.find("apps/v1", "Deployment"), Found::Served(_)));
        assert_eq!(kinds.find("broken.example.org/v1", "X"), Found::Broken);
        assert_eq!(kinds.find("v1", "Nope"), Found::Unknown);
        assert!(kinds.serves("apps/v1beta1") && !kinds.serves("broken.example.org/v1"));
    }
}
