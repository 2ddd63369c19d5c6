//! What runs to an end: Job and CronJob.

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
}
