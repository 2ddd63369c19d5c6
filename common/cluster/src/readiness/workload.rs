//! What keeps a number of pods running: Deployment, StatefulSet, DaemonSet, ReplicaSet.
//!
//! All four ask the same in this order: has the controller seen the change, are enough pods of the new
//! revision there, are the old ones gone, are the new ones available.

use serde_json::Value;

use super::condition::Condition;
use super::{Readiness, is_observed, number, unobserved};

/// `2 of 3 pods up to date`, as what is waited for.
fn short_of(have: u64, want: u64, what: &str) -> Readiness {
    Readiness::waiting(format!("{have} of {want} pods {what}"))
}

/// What is waited for when there are pods that should be gone.
fn left_over(count: u64) -> Readiness {
    Readiness::waiting(format!("pods that have yet to go: {count}"))
}

/// What is waited for, with the reason why the controller can't make pods (a quota, an admission policy).
fn short_of_pods(object: &Value, have: u64, want: u64, what: &str) -> Readiness {
    let failure = Condition::of(object, "ReplicaFailure").filter(|condition| condition.is_true());
    match (short_of(have, want, what), failure) {
        (Readiness::Waiting { reason }, Some(failure)) => {
            Readiness::waiting(format!("{reason}: {}", failure.words("pods can't be made")))
        }
        (waiting, _) => waiting,
    }
}

/// A Deployment is ready when all its pods are of the new revision and available.
pub(super) fn deployment(object: &Value) -> Readiness {
    let (spec, status) = (&object["spec"], &object["status"]);
    if !is_observed(object) {
        return unobserved();
    }
    if spec["paused"] == true {
        return Readiness::noted("paused: changes of its pods wait until it is resumed");
    }
    let progress = Condition::of(object, "Progressing");
    if let Some(progress) = progress.filter(|progress| progress.reason() == "ProgressDeadlineExceeded") {
        return Readiness::failed(progress.words("it made no progress in time"));
    }
    let want = number(&spec["replicas"], 1);
    let [all, updated, available] =
        ["replicas", "updatedReplicas", "availableReplicas"].map(|key| number(&status[key], 0));
    if updated < want {
        short_of_pods(object, updated, want, "up to date")
    } else if all > updated {
        left_over(all - updated)
    } else if available < want {
        short_of_pods(object, available, want, "available")
    } else {
        Readiness::READY
    }
}

/// A StatefulSet is ready when its pods above the partition are of the new revision, and all are available.
///
/// With `OnDelete` pods get the new revision only when someone deletes them: old ones aren't awaited.
pub(super) fn stateful_set(object: &Value) -> Readiness {
    let (spec, status) = (&object["spec"], &object["status"]);
    if !is_observed(object) {
        return unobserved();
    }
    let want = number(&spec["replicas"], 1);
    let [all, ready, updated] =
        ["replicas", "readyReplicas", "updatedReplicas"].map(|key| number(&status[key], 0));
    let available = number(
        &status["availableReplicas"],
        if number(&spec["minReadySeconds"], 0) == 0 { ready } else { 0 },
    );
    let strategy = &spec["updateStrategy"];
    let one_revision = status["currentRevision"] == status["updateRevision"];
    if strategy["type"] == "OnDelete" && all >= want && !one_revision && updated < want {
        return on_delete(want - updated, want);
    }
    let partition = number(&strategy["rollingUpdate"]["partition"], 0);
    let to_update = want.saturating_sub(partition);
    // Once all have one revision the status counts none of them as updated.
    if updated < to_update && !(one_revision && all >= want) {
        short_of(updated, to_update, "up to date")
    } else if all > want {
        left_over(all - want)
    } else if available < want {
        short_of(available, want, "available")
    } else if partition > 0 && !one_revision {
        Readiness::noted(format!("pods below partition {partition} keep the old revision"))
    } else {
        Readiness::READY
    }
}

/// A DaemonSet is ready when each node that should have its pod has one of the new revision, available.
pub(super) fn daemon_set(object: &Value) -> Readiness {
    let status = &object["status"];
    if !is_observed(object) {
        return unobserved();
    }
    let [want, scheduled, updated, available] =
        ["desiredNumberScheduled", "currentNumberScheduled", "updatedNumberScheduled", "numberAvailable"]
            .map(|key| number(&status[key], 0));
    if want == 0 {
        return Readiness::noted("no node wants its pod");
    }
    if object["spec"]["updateStrategy"]["type"] == "OnDelete" && scheduled >= want && updated < want {
        return on_delete(want - updated, want);
    }
    if updated < want {
        short_of(updated, want, "up to date")
    } else if available < want {
        short_of(available, want, "available")
    } else {
        Readiness::READY
    }
}

fn on_delete(old: u64, all: u64) -> Readiness {
    Readiness::noted(format!("{old} of {all} pods keep the old revision until they are deleted (OnDelete)"))
}

/// A ReplicaSet or ReplicationController is ready when all its pods available.
pub(super) fn replica_set(object: &Value) -> Readiness {
    let status = &object["status"];
    if !is_observed(object) {
        return unobserved();
    }
    let want = number(&object["spec"]["replicas"], 1);
    let [all, available] = ["replicas", "availableReplicas"].map(|key| number(&status[key], 0));
    if all > want {
        left_over(all - want)
    } else if available < want {
        short_of_pods(object, available, want, "available")
    } else {
        Readiness::READY
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(spec: Value, mut status: Value) -> Value {
        status["observedGeneration"] = json!(2);
        json!({"metadata": {"generation": 2}, "spec": spec, "status": status})
    }

    fn counts(all: u64, updated: u64, available: u64) -> Value {
        json!({"replicas": all, "updatedReplicas": updated, "readyReplicas": available, "availableReplicas": available})
    }

    #[test]
    fn what_the_controller_has_not_seen_is_waited_for() {
        let mut unseen = object(json!({"replicas": 0}), json!({}));
        unseen["metadata"]["generation"] = json!(3);
        for rule in [deployment, stateful_set, daemon_set, replica_set] {
            assert_eq!(rule(&unseen), unobserved());
        }
        assert_eq!(deployment(&json!({"metadata": {"generation": 1}})), unobserved());
    }

    #[test]
    fn a_rollout_is_followed_to_its_end() {
        let of = |all, updated, available| {
            deployment(&object(json!({"replicas": 3}), counts(all, updated, available)))
        };
        assert_eq!(of(3, 1, 3), Readiness::waiting("1 of 3 pods up to date"));
        assert_eq!(of(4, 3, 3), Readiness::waiting("pods that have yet to go: 1"));
        assert_eq!(of(3, 3, 2), Readiness::waiting("2 of 3 pods available"));
        assert_eq!(of(3, 3, 3), Readiness::READY);
    }

    #[test]
    fn replicas_that_are_not_given_are_one() {
        assert_eq!(deployment(&object(json!({}), json!({}))), Readiness::waiting("0 of 1 pods up to date"));
        assert_eq!(deployment(&object(json!({"replicas": 0}), json!({}))), Readiness::READY);
    }

    #[test]
    fn a_deployment_that_makes_no_progress_failed() {
        let mut status = counts(1, 1, 0);
        status["conditions"] = json!([{
            "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "timed out"
        }]);
        let stuck = object(json!({"replicas": 1}), status);
        assert_eq!(deployment(&stuck), Readiness::failed("ProgressDeadlineExceeded: timed out"));
    }

    #[test]
    fn a_paused_deployment_is_ready_with_a_note() {
        let paused = deployment(&object(json!({"replicas": 3, "paused": true}), json!({})));
        assert!(matches!(paused, Readiness::Ready { note: Some(_) }));
    }

    #[test]
    fn why_pods_cannot_be_made_is_said() {
        let mut status = json!({});
        status["conditions"] = json!([{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota"}]);
        let stuck = object(json!({}), status);
        let expected = "0 of 1 pods up to date: FailedCreate: exceeded quota";
        assert_eq!(deployment(&stuck), Readiness::waiting(expected));
    }

    #[test]
    fn a_stateful_set_counts_above_its_partition() {
        let spec = |partition: u64| json!({"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": partition}}});
        let of = |partition, updated, available| {
            let mut status = counts(3, updated, available);
            status["currentRevision"] = json!("a");
            status["updateRevision"] = json!("b");
            stateful_set(&object(spec(partition), status))
        };
        assert_eq!(of(0, 1, 3), Readiness::waiting("1 of 3 pods up to date"));
        assert_eq!(of(2, 0, 3), Readiness::waiting("0 of 1 pods up to date"));
        assert_eq!(of(2, 1, 2), Readiness::waiting("2 of 3 pods available"));
        assert!(matches!(of(2, 1, 3), Readiness::Ready { note: Some(_) }));
        assert_eq!(of(0, 3, 3), Readiness::READY);
    }

    #[test]
    fn a_stateful_set_of_one_revision_is_ready_though_none_counts_as_updated() {
        let mut status = counts(2, 0, 2);
        status["currentRevision"] = json!("a");
        status["updateRevision"] = json!("a");
        assert_eq!(stateful_set(&object(json!({"replicas": 2}), status)), Readiness::READY);
    }

    #[test]
    fn with_on_delete_old_pods_are_not_awaited() {
        let spec = json!({"replicas": 2, "updateStrategy": {"type": "OnDelete"}});
        let mut status = counts(2, 0, 2);
        status["currentRevision"] = json!("a");
        status["updateRevision"] = json!("b");
        assert!(matches!(stateful_set(&object(spec.clone(), status)), Readiness::Ready { note: Some(_) }));
        let mut fresh = counts(1, 1, 1);
        fresh["currentRevision"] = json!("a");
        fresh["updateRevision"] = json!("a");
        assert_eq!(stateful_set(&object(spec, fresh)), Readiness::waiting("1 of 2 pods up to date"));
        let daemons =
            json!({"desiredNumberScheduled": 2, "currentNumberScheduled": 2, "updatedNumberScheduled": 1});
        let daemons = object(json!({"updateStrategy": {"type": "OnDelete"}}), daemons);
        assert!(matches!(daemon_set(&daemons), Readiness::Ready { note: Some(_) }));
    }

    #[test]
    fn a_daemon_set_counts_nodes() {
        let of = |want: u64, updated: u64, available: u64| {
            daemon_set(&object(
                json!({}),
                json!({"desiredNumberScheduled": want, "currentNumberScheduled": want,
                       "updatedNumberScheduled": updated, "numberAvailable": available}),
            ))
        };
        assert_eq!(of(2, 1, 2), Readiness::waiting("1 of 2 pods up to date"));
        assert_eq!(of(2, 2, 1), Readiness::waiting("1 of 2 pods available"));
        assert_eq!(of(2, 2, 2), Readiness::READY);
        assert!(matches!(of(0, 0, 0), Readiness::Ready { note: Some(_) }));
    }

    #[test]
    fn a_replica_set_counts_available_pods() {
        let of = |all, available| replica_set(&object(json!({"replicas": 2}), counts(all, 0, available)));
        assert_eq!(of(3, 3), Readiness::waiting("pods that have yet to go: 1"));
        assert_eq!(of(2, 1), Readiness::waiting("1 of 2 pods available"));
        assert_eq!(of(2, 2), Readiness::READY);
    }
}
