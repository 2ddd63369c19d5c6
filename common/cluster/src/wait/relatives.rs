//! What hangs on awaited objects: their pods and revisions, and the classes of their volumes.
//!
//! Takes these as they come and go, gives the pods of a workload's newest revision, and whether a pod uses a
//! claim. Separate because it knows nothing of who waits. Everything is found by its controller's uid, so that
//! a change costs no more in a namespace of thousands of pods.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::identity::kind;
use crate::readiness::{revision, warnings};

/// What part a kind plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Pods.
    Pod,
    /// What keeps a workload's revisions: ReplicaSets and ControllerRevisions.
    Revision,
    /// StorageClasses.
    Class,
    /// Warnings among the events.
    Warning,
}

impl Role {
    /// The part that a kind plays, if any.
    pub(super) fn of(group: &str, kind: &str) -> Option<Self> {
        match (group, kind) {
            ("", "Pod") => Some(Self::Pod),
            ("apps", "ReplicaSet" | "ControllerRevision") => Some(Self::Revision),
            ("storage.k8s.io", "StorageClass") => Some(Self::Class),
            ("", "Event") => Some(Self::Warning),
            _ => None,
        }
    }
}

/// The number of the source that told of an object, and the object's name.
pub(super) type Place = (usize, String);

/// All that is known.
#[derive(Debug, Default)]
pub(super) struct Relatives {
    pods: Children,
    revisions: Children,
    /// Of each StorageClass, whether it binds only when a pod uses the claim.
    binds_late: BTreeMap<String, bool>,
    /// The last warning of each reason, by the uid of what it is about.
    warnings: BTreeMap<String, BTreeMap<String, Value>>,
}

/// Objects by their controller.
#[derive(Debug, Default)]
struct Children {
    /// Those without a controller are under the empty uid.
    by_controller: BTreeMap<String, Vec<Value>>,
    controllers: BTreeMap<Place, String>,
    /// From an object's uid to its controller's.
    parents: BTreeMap<String, String>,
}

impl Relatives {
    /// Remembers an object as it is now. Gives the uids of those whose state may hang on it.
    pub(super) fn put(&mut self, role: Role, place: Place, object: &Value) -> Vec<String> {
        match role {
            Role::Pod => {
                let controller = self.pods.put(place, essence_of_pod(object));
                self.upwards(controller)
            }
            Role::Revision => vec![self.revisions.put(place, essence_of_revision(object))],
            Role::Class => {
                let late = object["volumeBindingMode"] == "WaitForFirstConsumer";
                self.binds_late.insert(place.1, late);
                Vec::new()
            }
            Role::Warning => self.warn(object),
        }
    }

    /// Forgets an object. Gives the uids of those whose state may hang on that.
    pub(super) fn remove(&mut self, role: Role, place: &Place) -> Vec<String> {
        match role {
            Role::Pod => self.pods.remove(place).map_or_else(Vec::new, |controller| self.upwards(controller)),
            Role::Revision => self.revisions.remove(place).into_iter().collect(),
            Role::Class => {
                self.binds_late.remove(&place.1);
                Vec::new()
            }
            // The server forgets events after a while; that is no news.
            Role::Warning => Vec::new(),
        }
    }

    /// Remembers a warning. Gives the uids of what it is about, and of those above.
    fn warn(&mut self, event: &Value) -> Vec<String> {
        let (about, reason) = (uid_of_reference(&event["involvedObject"]), event["reason"].as_str());
        let keys = ["reason", "message", "lastTimestamp", "eventTime", "firstTimestamp", "series"];
        let essence: serde_json::Map<String, Value> =
            keys.iter().map(|key| ((*key).to_owned(), event[key].clone())).collect();
        let known = self.warnings.entry(about.to_owned()).or_default();
        known.insert(reason.unwrap_or_default().to_owned(), Value::Object(essence));
        let controller = self.pods.parents.get(about).or_else(|| self.revisions.parents.get(about));
        let above = controller.cloned().map(|controller| self.upwards(controller));
        std::iter::once(about.to_owned()).chain(above.into_iter().flatten()).collect()
    }

    /// What events say of why an object isn't ready, `pods` being those that it has of its newest revision.
    pub(super) fn warning(&self, object: &Value, pods: &[&Value]) -> Option<String> {
        let about = |uid: &str| self.warnings.get(uid).into_iter().flat_map(BTreeMap::values);
        let of_pods = pods.iter().find_map(|pod| {
            let words = warnings::of_pod(pod, about(uid_of(pod)))?;
            let is_itself = uid_of(pod) == uid_of(object);
            Some(if is_itself { words } else { format!("pod {}: {words}", name_of(pod)) })
        });
        if of_pods.is_some() || kind(object) == "Pod" {
            return of_pods;
        }
        let youngest = pods.iter().filter_map(|pod| pod["metadata"]["creationTimestamp"].as_str()).max();
        // A Deployment's pods are made by its newest set.
        let sets = self.revisions.of(uid_of(object)).iter();
        let newest = sets
            .filter(|set| kind(set) == "ReplicaSet")
            .max_by_key(|set| set["metadata"]["creationTimestamp"].as_str());
        let uids = [Some(uid_of(object)), newest.map(uid_of)];
        warnings::of_owner(youngest, uids.into_iter().flatten().flat_map(about))
    }

    /// A pod's controller, and that one's own: a pod of a Deployment belongs to a ReplicaSet of it.
    fn upwards(&self, controller: String) -> Vec<String> {
        let above = self.revisions.parents.get(&controller).cloned();
        std::iter::once(controller).chain(above).collect()
    }

    /// The pods of a workload that are of its newest revision; none while there is no such revision.
    pub(super) fn newest_pods(&self, owner: &Value) -> Vec<&Value> {
        let uid = uid_of(owner);
        let revisions = self.revisions.of(uid);
        let Some(newest) = revision::newest(owner, revisions) else { return Vec::new() };
        let by_set = revisions.iter().filter(|revision| kind(revision) == "ReplicaSet");
        let direct = self.pods.of(uid).iter();
        let pods = direct.chain(by_set.flat_map(|set| self.pods.of(uid_of(set))));
        pods.filter(|pod| newest.has(pod)).collect()
    }

    /// Whether a class binds its claims only when a pod uses them.
    pub(super) fn binds_late(&self, class: &str) -> bool {
        self.binds_late.get(class).copied().unwrap_or(false)
    }

    /// Whether a pod of the namespace uses the claim.
    pub(super) fn is_used(&self, namespace: &str, claim: &str) -> bool {
        self.pods
            .by_controller
            .values()
            .flatten()
            .any(|pod| pod["metadata"]["namespace"] == namespace && claims_of(pod).any(|used| used == claim))
    }
}

/// The claims that a pod uses.
pub(super) fn claims_of(pod: &Value) -> impl Iterator<Item = &str> {
    let volumes = pod["spec"]["volumes"].as_array();
    volumes.into_iter().flatten().filter_map(|volume| volume["persistentVolumeClaim"]["claimName"].as_str())
}

impl Children {
    fn put(&mut self, place: Place, object: Value) -> String {
        self.remove(&place);
        let references = object["metadata"]["ownerReferences"].as_array();
        let controller = references.into_iter().flatten().find(|reference| reference["controller"] == true);
        let controller = controller.map_or("", uid_of_reference).to_owned();
        self.parents.insert(uid_of(&object).to_owned(), controller.clone());
        self.by_controller.entry(controller.clone()).or_default().push(object);
        self.controllers.insert(place, controller.clone());
        controller
    }

    fn remove(&mut self, place: &Place) -> Option<String> {
        let controller = self.controllers.remove(place)?;
        if let Some(siblings) = self.by_controller.get_mut(&controller) {
            // Siblings are of one namespace, and of one kind where names might be alike.
            if let Some(at) =
                siblings.iter().position(|sibling| sibling["metadata"]["name"] == place.1.as_str())
            {
                self.parents.remove(uid_of(&siblings.swap_remove(at)));
            }
            if siblings.is_empty() {
                self.by_controller.remove(&controller);
            }
        }
        Some(controller)
    }

    fn of(&self, controller: &str) -> &[Value] {
        self.by_controller.get(controller).map_or(&[], Vec::as_slice)
    }
}

/// An object's uid; empty where it has none.
pub(super) fn uid_of(object: &Value) -> &str {
    object["metadata"]["uid"].as_str().unwrap_or("")
}

fn name_of(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or("")
}

fn uid_of_reference(reference: &Value) -> &str {
    reference["uid"].as_str().unwrap_or("")
}

/// What is looked at of a pod. A namespace may have thousands, and most of each is its spec.
fn essence_of_pod(pod: &Value) -> Value {
    let mut essence = essence_of_revision(pod);
    essence["status"] = pod["status"].clone();
    let claims: Vec<Value> = claims_of(pod)
        .map(|claim| serde_json::json!({"persistentVolumeClaim": {"claimName": claim}}))
        .collect();
    essence["spec"] = serde_json::json!({ "volumes": claims });
    essence
}

/// What is looked at of a revision: it holds a whole template of pods besides.
fn essence_of_revision(object: &Value) -> Value {
    let mut metadata = serde_json::Map::new();
    let keys = [
        "name",
        "namespace",
        "uid",
        "labels",
        "annotations",
        "ownerReferences",
        "deletionTimestamp",
        "creationTimestamp",
    ];
    for key in keys {
        if let Some(value) = object["metadata"].get(key) {
            metadata.insert(key.to_owned(), value.clone());
        }
    }
    serde_json::json!({
        "apiVersion": object["apiVersion"], "kind": object["kind"],
        "metadata": metadata, "revision": object["revision"],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(name: &str, controller: &str, hash: &str) -> Value {
        json!({"kind": "Pod", "metadata": {
            "name": name, "namespace": "shop", "uid": name, "labels": {"pod-template-hash": hash},
            "ownerReferences": [{"uid": controller, "controller": true}]
        }, "spec": {"volumes": [{"persistentVolumeClaim": {"claimName": "data"}}], "containers": []}})
    }

    fn set(name: &str, revision: &str) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {
            "name": name, "uid": name, "labels": {"pod-template-hash": name},
            "annotations": {"deployment.kubernetes.io/revision": revision},
            "ownerReferences": [{"uid": "web", "controller": true}]
        }})
    }

    fn names(pods: Vec<&Value>) -> Vec<&str> {
        pods.iter().map(|pod| pod["metadata"]["name"].as_str().unwrap()).collect()
    }

    fn place(source: usize, name: &str) -> Place {
        (source, name.to_owned())
    }

    #[test]
    fn a_deployments_pods_are_found_through_its_newest_set() {
        let mut known = Relatives::default();
        let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"uid": "web"}});
        assert_eq!(known.put(Role::Pod, place(0, "web-old-1"), &pod("web-old-1", "old", "old")), ["old"]);
        assert_eq!(known.put(Role::Revision, place(1, "old"), &set("old", "1")), ["web"]);
        assert_eq!(names(known.newest_pods(&deployment)), ["web-old-1"]);
        known.put(Role::Revision, place(1, "new"), &set("new", "2"));
        assert_eq!(
            known.put(Role::Pod, place(0, "web-new-1"), &pod("web-new-1", "new", "new")),
            ["new", "web"]
        );
        assert_eq!(names(known.newest_pods(&deployment)), ["web-new-1"]);
        assert_eq!(known.remove(Role::Pod, &place(0, "web-new-1")), ["new", "web"]);
        assert!(known.newest_pods(&deployment).is_empty());
        assert_eq!(known.remove(Role::Pod, &place(0, "web-new-1")), [] as [String; 0]);
    }

    #[test]
    fn an_object_of_the_same_name_takes_the_place_of_the_one_before() {
        let mut known = Relatives::default();
        let job = |uid: &str| json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"uid": uid}});
        known.put(Role::Pod, place(0, "a"), &pod("a", "1", ""));
        known.put(Role::Pod, place(0, "a"), &pod("a", "2", ""));
        assert!(known.newest_pods(&job("1")).is_empty());
        assert_eq!(names(known.newest_pods(&job("2"))), ["a"]);
    }

    #[test]
    fn claims_are_used_by_pods_of_their_namespace() {
        let mut known = Relatives::default();
        known.put(Role::Pod, place(0, "a"), &pod("a", "1", ""));
        assert!(known.is_used("shop", "data"));
        assert!(!known.is_used("shop", "other") && !known.is_used("till", "data"));
        known.put(Role::Class, place(2, "late"), &json!({"volumeBindingMode": "WaitForFirstConsumer"}));
        assert!(known.binds_late("late") && !known.binds_late("unknown"));
    }
}
