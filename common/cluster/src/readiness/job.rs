//! What runs to an end: Job, CronJob, and single Pods, which may or may not.

use serde_json::Value;

use super::condition::Condition;
use super::{Readiness, number};

/// A Job is ready when it is complete. A suspended one is as ready as it gets.
pub(super) fn job(object: &Value) -> Readiness {
    let (spec, status) = (&object["spec"], &object["status"]);
    let holds = |name| Condition::of(object, name).filter(|condition| condition.is_true());
    if holds("Complete").is_some() {
        return Readiness::READY;
    }
    if let Some(failed) = holds("Failed").or_else(|| holds("FailureTarget")) {
        return Readiness::failed(failed.words("the job failed"));
    }
    if spec["suspend"] == true {
        return Readiness::noted("suspended");
    }
    let want = number(&spec["completions"], number(&spec["parallelism"], 1));
    let [done, active, failed] = ["succeeded", "active", "failed"].map(|key| number(&status[key], 0));
    let mut reason = format!("{done} of {want} completions, {active} running");
    if failed > 0 {
        reason += &format!(", {failed} failed");
    }
    Readiness::waiting(reason)
}

/// A CronJob is ready when it is accepted: its next run may be a year away.
pub(super) fn cron_job(object: &Value) -> Readiness {
    if object["spec"]["suspend"] == true { Readiness::noted("suspended") } else { Readiness::READY }
}

/// A Pod is ready when its condition says so or when it has run to a good end.
pub(super) fn pod(object: &Value) -> Readiness {
    let status = &object["status"];
    match status["phase"].as_str() {
        Some("Succeeded") => return Readiness::noted("completed"),
        Some("Failed") => return Readiness::failed(failure(status)),
        _ => {}
    }
    match Condition::of(object, "Ready") {
        Some(ready) if ready.is_true() => Readiness::READY,
        _ => Readiness::waiting(waiting_container(status).unwrap_or_else(|| unscheduled(object))),
    }
}

/// Why a pod failed: its own reason, or the exit codes of its containers.
fn failure(status: &Value) -> String {
    let text = |key: &str| status[key].as_str().filter(|text| !text.is_empty());
    if let Some(reason) = text("reason") {
        return text("message").map_or_else(|| reason.to_owned(), |message| format!("{reason}: {message}"));
    }
    let ends = containers(status).filter_map(|container| {
        let code = container["state"]["terminated"]["exitCode"].as_i64().filter(|code| *code != 0)?;
        Some(format!("container {} ended with exit code {code}", container["name"].as_str().unwrap_or("?")))
    });
    let ends: Vec<String> = ends.collect();
    if ends.is_empty() { "the pod failed".to_owned() } else { ends.join(", ") }
}

/// The first container that waits, and for what.
fn waiting_container(status: &Value) -> Option<String> {
    containers(status).find_map(|container| {
        let reason = container["state"]["waiting"]["reason"].as_str()?;
        Some(format!("container {}: {reason}", container["name"].as_str().unwrap_or("?")))
    })
}

fn unscheduled(pod: &Value) -> String {
    match Condition::of(pod, "PodScheduled").filter(|condition| condition.is_false()) {
        Some(condition) => condition.words("not scheduled"),
        None => "its containers aren't ready".to_owned(),
    }
}

/// The statuses of a pod's containers, those that run first first.
fn containers(status: &Value) -> impl Iterator<Item = &Value> {
    ["initContainerStatuses", "containerStatuses"]
        .into_iter()
        .filter_map(|list| status[list].as_array())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with_condition(name: &str) -> Value {
        json!({"conditions": [{"type": name, "status": "True", "reason": "R", "message": "m"}]})
    }

    #[test]
    fn a_job_runs_to_its_end() {
        let of = |status| job(&json!({"spec": {"completions": 3}, "status": status}));
        assert_eq!(
            of(json!({"succeeded": 1, "active": 2})),
            Readiness::waiting("1 of 3 completions, 2 running")
        );
        assert_eq!(of(json!({"failed": 1})), Readiness::waiting("0 of 3 completions, 0 running, 1 failed"));
        assert_eq!(
            of(with_condition("SuccessCriteriaMet")),
            Readiness::waiting("0 of 3 completions, 0 running")
        );
        assert_eq!(of(with_condition("Complete")), Readiness::READY);
        assert_eq!(of(with_condition("Failed")), Readiness::failed("R: m"));
        assert_eq!(of(with_condition("FailureTarget")), Readiness::failed("R: m"));
    }

    #[test]
    fn what_is_suspended_is_ready_with_a_note() {
        for rule in [job, cron_job] {
            assert_eq!(rule(&json!({"spec": {"suspend": true}})), Readiness::noted("suspended"));
        }
        assert_eq!(cron_job(&json!({"spec": {}})), Readiness::READY);
        assert_eq!(
            job(&json!({"spec": {"suspend": true}, "status": with_condition("Complete")})),
            Readiness::READY
        );
    }

    #[test]
    fn a_pod_is_ready_or_done_or_failed() {
        let of = |status| pod(&json!({"status": status}));
        assert_eq!(of(with_condition("Ready")), Readiness::READY);
        assert_eq!(of(json!({"phase": "Succeeded"})), Readiness::noted("completed"));
        assert_eq!(
            of(json!({"phase": "Failed", "reason": "Evicted", "message": "disk"})),
            Readiness::failed("Evicted: disk")
        );
        let ended = json!([{"name": "web", "state": {"terminated": {"exitCode": 3}}}]);
        assert_eq!(
            of(json!({"phase": "Failed", "containerStatuses": ended})),
            Readiness::failed("container web ended with exit code 3")
        );
    }

    #[test]
    fn what_a_pod_waits_for_is_said() {
        let of = |status| pod(&json!({"status": status}));
        let waiting = json!([{"name": "web", "state": {"waiting": {"reason": "ContainerCreating"}}}]);
        assert_eq!(
            of(json!({"containerStatuses": waiting})),
            Readiness::waiting("container web: ContainerCreating")
        );
        let unscheduled = json!([{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}]);
        assert_eq!(of(json!({"conditions": unscheduled})), Readiness::waiting("Unschedulable: 0/1 nodes"));
        assert_eq!(of(json!({})), Readiness::waiting("its containers aren't ready"));
    }
}
