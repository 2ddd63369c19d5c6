//! What events say of pods that don't come up: volumes that can't be mounted, sandboxes that can't be made,
//! pods that a quota forbids, probes that fail.
//!
//! Takes an object and the warnings about it, gives the newest that still counts. An event is history: one about
//! a step that the pod has passed since says nothing any more. What a container's own state says better (a failed
//! pull, a crash) is left to [`super::pods`].

use serde_json::Value;

use super::condition::Condition;

/// How much of a message is shown.
const SHOWN: usize = 300;

/// Reasons that a container's own state tells as well.
const OF_CONTAINERS: [&str; 5] = ["BackOff", "Failed", "InspectFailed", "ErrImageNeverPull", "FailedSync"];

/// Reasons that count while a container runs and isn't ready.
const OF_RUNNING: [&str; 3] = ["Unhealthy", "ProbeError", "FailedPostStartHook"];

/// Why a pod isn't up, as `Reason: message`.
pub(crate) fn of_pod<'a>(pod: &Value, warnings: impl Iterator<Item = &'a Value>) -> Option<String> {
    let holds = |name| Condition::of(pod, name).is_some_and(Condition::is_true);
    let is_over = matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    if is_over || holds("Ready") || !pod["metadata"]["deletionTimestamp"].is_null() {
        return None;
    }
    let is_scheduled = holds("PodScheduled");
    let has_begun = has_begun(pod);
    let counts = |warning: &&Value| match reason(warning) {
        reason if OF_CONTAINERS.contains(&reason) => false,
        reason if has_begun => OF_RUNNING.contains(&reason),
        "FailedScheduling" => !is_scheduled,
        _ => true,
    };
    words(warnings.filter(counts).max_by_key(|warning| time_of(warning))?)
}

/// Why an object has no pods, or not all: warnings about itself that are younger than its `youngest` pod.
pub(crate) fn of_owner<'a>(
    youngest: Option<&str>,
    warnings: impl Iterator<Item = &'a Value>,
) -> Option<String> {
    let newest = warnings.max_by_key(|warning| time_of(warning))?;
    let counts = youngest.is_none_or(|youngest| time_of(newest) > youngest);
    if counts { words(newest) } else { None }
}

/// When an event happened last. Times of one format sort as texts; sub-second ones only break ties.
pub(super) fn time_of(event: &Value) -> &str {
    let times = ["lastTimestamp", "eventTime", "firstTimestamp"].map(|key| event[key].as_str());
    let series = event["series"]["lastObservedTime"].as_str();
    series
        .or(times.into_iter().flatten().next())
        .or(event["metadata"]["creationTimestamp"].as_str())
        .unwrap_or("")
}

/// Whether a container has run, so that volumes are mounted and the sandbox is made.
fn has_begun(pod: &Value) -> bool {
    let statuses = ["initContainerStatuses", "containerStatuses"].map(|list| pod["status"][list].as_array());
    statuses.into_iter().flatten().flatten().any(|status| {
        ["running", "terminated"].iter().any(|state| !status["state"][state].is_null())
            || !status["lastState"]["terminated"].is_null()
    })
}

fn reason(warning: &Value) -> &str {
    warning["reason"].as_str().unwrap_or("")
}

fn words(warning: &Value) -> Option<String> {
    let message = warning["message"].as_str().unwrap_or("").split_whitespace().collect::<Vec<_>>().join(" ");
    let message = match message.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message,
    };
    match (reason(warning), message.as_str()) {
        ("", "") => None,
        ("", message) => Some(message.to_owned()),
        (reason, "") => Some(reason.to_owned()),
        (reason, message) => Some(format!("{reason}: {message}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn warning(reason: &str, at: u32, message: &str) -> Value {
        json!({"reason": reason, "message": message, "lastTimestamp": format!("2026-01-01T00:00:{at:02}Z")})
    }

    fn pod(scheduled: bool, statuses: Value) -> Value {
        let scheduled = if scheduled { "True" } else { "False" };
        json!({"status": {
            "phase": "Pending",
            "conditions": [{"type": "PodScheduled", "status": scheduled}],
            "containerStatuses": statuses
        }})
    }

    fn creating() -> Value {
        pod(true, json!([{"name": "till", "state": {"waiting": {"reason": "ContainerCreating"}}}]))
    }

    fn running() -> Value {
        pod(true, json!([{"name": "till", "ready": false, "state": {"running": {}}}]))
    }

    fn told(pod: &Value, warnings: &[Value]) -> Option<String> {
        of_pod(pod, warnings.iter())
    }

    #[test]
    fn a_pod_that_cannot_begin_tells_the_newest_reason() {
        let mount = warning(
            "FailedMount",
            5,
            "MountVolume.SetUp failed for volume \"cfg\" :\n configmap \"cfg\" not found",
        );
        let expected =
            "FailedMount: MountVolume.SetUp failed for volume \"cfg\" : configmap \"cfg\" not found";
        assert_eq!(told(&creating(), std::slice::from_ref(&mount)).as_deref(), Some(expected));
        for reason in ["FailedAttachVolume", "FailedCreatePodSandBox", "NetworkNotReady"] {
            let newer = [mount.clone(), warning(reason, 6, "m")];
            assert_eq!(told(&creating(), &newer), Some(format!("{reason}: m")));
        }
    }

    #[test]
    fn a_step_that_is_passed_tells_nothing() {
        let all = [warning("FailedScheduling", 1, "0/3 nodes"), warning("FailedMount", 2, "m")];
        assert_eq!(told(&pod(false, json!([])), &all[..1]).as_deref(), Some("FailedScheduling: 0/3 nodes"));
        assert_eq!(told(&creating(), &all[..1]), None);
        assert_eq!(told(&running(), &all), None);
        let probe = warning("Unhealthy", 3, "Readiness probe failed: 503");
        assert_eq!(told(&running(), &[probe]).as_deref(), Some("Unhealthy: Readiness probe failed: 503"));
    }

    #[test]
    fn what_containers_say_themselves_is_left_to_them() {
        let all = [warning("Failed", 9, "Error: ErrImagePull"), warning("BackOff", 9, "Back-off")];
        assert_eq!(told(&creating(), &all), None);
    }

    #[test]
    fn pods_that_are_up_over_or_going_have_no_trouble() {
        let mount = [warning("FailedMount", 1, "m")];
        let mut ready = creating();
        ready["status"]["conditions"] = json!([{"type": "Ready", "status": "True"}]);
        assert_eq!(told(&ready, &mount), None);
        let mut failed = creating();
        failed["status"]["phase"] = json!("Failed");
        assert_eq!(told(&failed, &mount), None);
        let mut going = creating();
        going["metadata"] = json!({"deletionTimestamp": "2026-01-01T00:00:00Z"});
        assert_eq!(told(&going, &mount), None);
    }

    #[test]
    fn an_owner_tells_why_it_has_no_further_pod() {
        let quota = [warning("FailedCreate", 5, "exceeded quota"), warning("FailedCreate", 3, "older")];
        let told = |youngest| of_owner(youngest, quota.iter());
        assert_eq!(told(None).as_deref(), Some("FailedCreate: exceeded quota"));
        assert_eq!(told(Some("2026-01-01T00:00:04Z")).as_deref(), Some("FailedCreate: exceeded quota"));
        assert_eq!(told(Some("2026-01-01T00:00:05Z")), None, "a pod could be made since");
    }

    #[test]
    fn long_messages_are_cut() {
        let long = told(&creating(), &[warning("FailedMount", 1, &"ü".repeat(900))]).unwrap();
        assert_eq!(long.chars().count(), "FailedMount: ".len() + 301);
    }
}
