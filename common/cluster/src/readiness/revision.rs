//! Which pods are of a workload's newest revision.
//!
//! Takes a workload and what keeps its revisions (ReplicaSets, ControllerRevisions), gives what to look for on
//! pods. Pods of an older revision may well be broken: the apply may be what mends them.

use serde_json::Value;

use crate::identity::{group, kind};

/// The label that a Deployment's pods carry.
const TEMPLATE_HASH: &str = "pod-template-hash";
/// The label that the pods of StatefulSets and DaemonSets carry.
const REVISION_HASH: &str = "controller-revision-hash";
/// The annotation that counts a Deployment's revisions, on it and on its ReplicaSets.
const DEPLOYMENT_REVISION: &str = "deployment.kubernetes.io/revision";

/// What makes a pod one of the newest revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revision {
    /// This label has this value.
    Labelled(&'static str, String),
    /// There are no revisions: every pod of the workload counts.
    Any,
}

/// The newest revision of a workload; `None` while its controller hasn't made it yet.
///
/// `dependents` are the ReplicaSets of a Deployment or the ControllerRevisions of a DaemonSet, whoever owns
/// them; other kinds need none.
pub fn newest(owner: &Value, dependents: &[Value]) -> Option<Revision> {
    let own = || dependents.iter().filter(|dependent| is_owned(dependent, owner));
    match (group(owner), kind(owner)) {
        ("apps", "Deployment") => {
            let counted = |object: &Value| {
                object["metadata"]["annotations"][DEPLOYMENT_REVISION].as_str()?.parse::<u64>().ok()
            };
            let newest = own().filter(|set| counted(set).is_some()).max_by_key(|set| counted(set))?;
            // A revision that isn't the Deployment's own yet is the one before the change.
            let current = super::is_observed(owner) && counted(newest) >= counted(owner);
            current.then(|| labelled(newest, TEMPLATE_HASH)).flatten()
        }
        ("apps", "DaemonSet") if super::is_observed(owner) => {
            labelled(own().max_by_key(|revision| revision["revision"].as_u64())?, REVISION_HASH)
        }
        ("apps", "StatefulSet") if super::is_observed(owner) => {
            let hash = owner["status"]["updateRevision"].as_str().filter(|hash| !hash.is_empty())?;
            Some(Revision::Labelled(REVISION_HASH, hash.to_owned()))
        }
        ("apps", "DaemonSet" | "StatefulSet") => None,
        _ => Some(Revision::Any),
    }
}

fn labelled(object: &Value, label: &'static str) -> Option<Revision> {
    let hash = object["metadata"]["labels"][label].as_str()?;
    Some(Revision::Labelled(label, hash.to_owned()))
}

impl Revision {
    /// Whether a pod is of this revision. Whose pod it is, is another question.
    pub fn has(&self, pod: &Value) -> bool {
        match self {
            Self::Any => true,
            Self::Labelled(label, hash) => pod["metadata"]["labels"][*label] == hash.as_str(),
        }
    }
}

/// Whether an object's controller is this owner.
pub fn is_owned(object: &Value, owner: &Value) -> bool {
    let references = object["metadata"]["ownerReferences"].as_array();
    let uid = &owner["metadata"]["uid"];
    references
        .into_iter()
        .flatten()
        .any(|reference| reference["controller"] == true && reference["uid"] == *uid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn owned(by: &str, mut metadata: Value) -> Value {
        metadata["ownerReferences"] = json!([{"uid": by, "controller": true}]);
        json!({"metadata": metadata})
    }

    fn set(by: &str, revision: &str, hash: &str) -> Value {
        owned(by, json!({"annotations": {DEPLOYMENT_REVISION: revision}, "labels": {TEMPLATE_HASH: hash}}))
    }

    fn owner(kind: &str, observed: u64) -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": kind,
            "metadata": {"uid": "1", "generation": 2, "annotations": {DEPLOYMENT_REVISION: "10"}},
            "status": {"observedGeneration": observed, "updateRevision": "web-b"}
        })
    }

    fn pod(label: &str, hash: &str) -> Value {
        json!({"metadata": {"labels": {label: hash}}})
    }

    #[test]
    fn a_deployments_newest_set_has_the_highest_number() {
        let sets = [set("1", "9", "old"), set("1", "10", "new"), set("2", "11", "foreign")];
        let revision = newest(&owner("Deployment", 2), &sets).expect("there is one");
        assert!(revision.has(&pod(TEMPLATE_HASH, "new")));
        assert!(!revision.has(&pod(TEMPLATE_HASH, "old")));
        assert!(!revision.has(&json!({})));
    }

    #[test]
    fn a_revision_that_is_not_made_yet_is_none() {
        let sets = [set("1", "10", "old")];
        assert_eq!(newest(&owner("Deployment", 1), &sets), None);
        assert_eq!(newest(&owner("Deployment", 2), &sets[..0]), None);
        assert_eq!(newest(&owner("Deployment", 2), &[set("1", "9", "old")]), None);
        assert_eq!(newest(&owner("StatefulSet", 1), &[]), None);
        assert_eq!(newest(&owner("DaemonSet", 1), &[]), None);
    }

    #[test]
    fn stateful_and_daemon_sets_have_revisions_of_their_own() {
        let revision = newest(&owner("StatefulSet", 2), &[]).expect("there is one");
        assert!(revision.has(&pod(REVISION_HASH, "web-b")) && !revision.has(&pod(REVISION_HASH, "web-a")));
        let revisions = [(3, "new"), (2, "old")].map(|(number, hash)| {
            let mut revision = owned("1", json!({"labels": {REVISION_HASH: hash}}));
            revision["revision"] = json!(number);
            revision
        });
        let revision = newest(&owner("DaemonSet", 2), &revisions).expect("there is one");
        assert!(revision.has(&pod(REVISION_HASH, "new")));
    }

    #[test]
    fn all_pods_of_other_kinds_count() {
        let job = json!({"apiVersion": "batch/v1", "kind": "Job"});
        assert_eq!(newest(&job, &[]), Some(Revision::Any));
        assert!(Revision::Any.has(&json!({})));
    }
}
