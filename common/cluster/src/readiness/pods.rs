//! Pods that can't start: which container, why, and since when.
//!
//! Takes pods of the newest revision (see [`super::revision`]) with their events as they are seen again and
//! again, gives those for which waiting is in vain (`apply.md`, "Waiting"). The clock is the caller's.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::condition::Condition;
use super::warnings::time_of;

/// What keeps a container, or a whole pod, from starting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trouble {
    /// The image's name can't be right, or the image must be there and isn't: no time will mend that.
    Hopeless,
    /// The image can't be pulled.
    ImagePull,
    /// Something that the container refers to is missing or wrong.
    Configuration,
    /// It starts and ends, again and again.
    Crashing,
    /// No node can take the pod.
    Unschedulable,
}

/// How long trouble may last before waiting is in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For images that can't be pulled and configuration that is missing.
    pub stuck: Duration,
    /// How often a crashing container may restart: a service may well do so until its database is up.
    pub restarts: u64,
    /// For pods that no node can take: one may be on its way.
    pub unschedulable: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { stuck: Duration::from_secs(30), restarts: 5, unschedulable: Duration::from_secs(60) }
    }
}

impl Limits {
    /// The default limits stretched or shrunk so that an image may be missing for `fail_after`.
    ///
    /// At least one restart is always allowed for: what never restarted doesn't crash.
    pub fn scaled(fail_after: Duration) -> Self {
        let default = Self::default();
        let (after, reference) = (fail_after.as_millis(), default.stuck.as_millis());
        let scale = |value: u128| u64::try_from((value * after).div_ceil(reference)).unwrap_or(u64::MAX);
        Self {
            stuck: fail_after,
            restarts: scale(u128::from(default.restarts)).max(1),
            unschedulable: Duration::from_millis(scale(default.unschedulable.as_millis())),
        }
    }

    fn patience(&self, trouble: Trouble) -> Duration {
        match trouble {
            Trouble::Hopeless | Trouble::Crashing => Duration::ZERO,
            Trouble::ImagePull | Trouble::Configuration => self.stuck,
            Trouble::Unschedulable => self.unschedulable,
        }
    }
}

/// A pod that can't start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stuck {
    /// The pod's name.
    pub pod: String,
    /// The container; `None` if it is the pod as a whole.
    pub container: Option<String>,
    /// What kind of trouble it is.
    pub trouble: Trouble,
    /// The reason in one word, as the cluster says it: `ImagePullBackOff`, `Unschedulable`.
    pub reason: String,
    /// The cluster's words; may be empty.
    pub message: String,
    /// The words of the newest warning about it, if they say more.
    pub event: Option<String>,
    /// How often the container restarted.
    pub restarts: u64,
}

/// Whose trouble: the pod's uid and the container.
type Place = (String, Option<String>);

/// Remembers since when pods are in trouble.
#[derive(Debug, Clone, Default)]
pub struct Patience {
    limits: Limits,
    since: BTreeMap<(Place, Trouble), Duration>,
}

impl Patience {
    /// Nothing seen yet.
    pub fn new(limits: Limits) -> Self {
        Self { limits, since: BTreeMap::new() }
    }

    /// Looks at the pods as they are `now`, a time on the caller's clock that never goes back. Gives those for
    /// which waiting is in vain; `events` are events about any of them.
    ///
    /// Trouble that is gone is forgotten: should it return, it begins anew.
    pub fn observe(&mut self, now: Duration, pods: &[&Value], events: &[&Value]) -> Vec<Stuck> {
        let mut seen = BTreeMap::new();
        let mut stuck = Vec::new();
        for pod in pods {
            for found in troubles(pod) {
                let uid = pod["metadata"]["uid"].as_str().unwrap_or(&found.pod).to_owned();
                let key = ((uid, found.container.clone()), found.trouble);
                let since = self.since.get(&key).copied().unwrap_or(now);
                seen.insert(key, since);
                let crashed_enough =
                    found.trouble != Trouble::Crashing || found.restarts >= self.limits.restarts;
                if crashed_enough && now.saturating_sub(since) >= self.limits.patience(found.trouble) {
                    stuck.push(Stuck { event: event_of(&found, pod, events), ..found });
                }
            }
        }
        self.since = seen;
        stuck
    }

    /// When to look again though nothing changes: the moment at which the first trouble has lasted too long.
    pub fn deadline(&self) -> Option<Duration> {
        let waiting = self.since.iter().filter(|((_, trouble), _)| !self.limits.patience(*trouble).is_zero());
        waiting.map(|((_, trouble), since)| since.saturating_add(self.limits.patience(*trouble))).min()
    }
}

/// All that keeps a pod from starting, the containers that run first first.
fn troubles(pod: &Value) -> Vec<Stuck> {
    let name = pod["metadata"]["name"].as_str().unwrap_or("");
    let being_deleted = !pod["metadata"]["deletionTimestamp"].is_null();
    if being_deleted || matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed")) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let unscheduled = Condition::of(pod, "PodScheduled").filter(|condition| condition.is_false());
    if let Some(condition) = unscheduled.filter(|condition| condition.reason() == "Unschedulable") {
        found.push(Stuck {
            pod: name.to_owned(),
            container: None,
            trouble: Trouble::Unschedulable,
            reason: condition.reason().to_owned(),
            message: condition.message().to_owned(),
            event: None,
            restarts: 0,
        });
    }
    for list in ["initContainerStatuses", "containerStatuses"] {
        let statuses = pod["status"][list].as_array();
        found.extend(statuses.into_iter().flatten().filter_map(|status| container_trouble(name, status)));
    }
    found
}

fn container_trouble(pod: &str, status: &Value) -> Option<Stuck> {
    let waiting = &status["state"]["waiting"];
    let reason = waiting["reason"].as_str()?;
    let trouble = match reason {
        "InvalidImageName" | "ErrImageNeverPull" => Trouble::Hopeless,
        // The two take turns: they are one state.
        "ErrImagePull" | "ImagePullBackOff" => Trouble::ImagePull,
        "CreateContainerConfigError" | "CreateContainerError" => Trouble::Configuration,
        "CrashLoopBackOff" => Trouble::Crashing,
        _ => return None,
    };
    Some(Stuck {
        pod: pod.to_owned(),
        container: status["name"].as_str().map(str::to_owned),
        trouble,
        reason: reason.to_owned(),
        message: waiting["message"].as_str().unwrap_or("").to_owned(),
        event: None,
        restarts: status["restartCount"].as_u64().unwrap_or(0),
    })
}

/// The words of the newest warning about a pod, its container's own before others, unless the pod's status
/// says the same.
fn event_of(stuck: &Stuck, pod: &Value, events: &[&Value]) -> Option<String> {
    let about_pod = |event: &&&Value| {
        let about = &event["involvedObject"];
        let same_uid = about["uid"].is_null() || about["uid"] == pod["metadata"]["uid"];
        about["kind"] == "Pod" && about["name"] == pod["metadata"]["name"] && same_uid
    };
    let warnings = events.iter().filter(about_pod).filter(|event| event["type"] == "Warning");
    let about_container = |event: &Value| {
        let field = event["involvedObject"]["fieldPath"].as_str().unwrap_or("");
        let container = stuck.container.as_deref().unwrap_or("");
        !container.is_empty() && field.ends_with(&format!("{{{container}}}"))
    };
    let newest = warnings.max_by_key(|event| (about_container(event), time_of(event)))?;
    let message = newest["message"].as_str().filter(|message| !message.trim().is_empty())?;
    (message != stuck.message).then(|| message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn pod(reason: &str, restarts: u64) -> Value {
        json!({
            "metadata": {"name": "web-1", "uid": "u1"},
            "status": {"phase": "Pending", "containerStatuses": [
                {"name": "side", "state": {"running": {}}},
                {"name": "web", "restartCount": restarts, "state": {"waiting": {"reason": reason, "message": "m"}}}
            ]}
        })
    }

    fn unschedulable() -> Value {
        json!({"metadata": {"name": "web-1", "uid": "u1"}, "status": {"conditions": [
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}
        ]}})
    }

    /// When the pod, seen each second without a change, is given up.
    fn given_up(pod: &Value, limits: Limits) -> Option<u64> {
        let mut patience = Patience::new(limits);
        (0..200).find(|now| !patience.observe(seconds(*now), &[pod], &[]).is_empty())
    }

    #[test]
    fn each_trouble_has_its_time() {
        for (reason, restarts, expected) in [
            ("InvalidImageName", 0, Some(0)),
            ("ErrImageNeverPull", 0, Some(0)),
            ("ImagePullBackOff", 0, Some(30)),
            ("ErrImagePull", 0, Some(30)),
            ("CreateContainerConfigError", 0, Some(30)),
            ("CrashLoopBackOff", 4, None),
            ("CrashLoopBackOff", 5, Some(0)),
            ("ContainerCreating", 0, None),
            ("PodInitializing", 0, None),
        ] {
            assert_eq!(given_up(&pod(reason, restarts), Limits::default()), expected, "{reason} {restarts}");
        }
        assert_eq!(given_up(&unschedulable(), Limits::default()), Some(60));
    }

    #[test]
    fn fail_after_scales_them_all() {
        assert_eq!(Limits::scaled(seconds(30)), Limits::default());
        let twice = Limits::scaled(seconds(60));
        assert_eq!((twice.restarts, twice.unschedulable), (10, seconds(120)));
        let soon = Limits::scaled(Duration::ZERO);
        assert_eq!(given_up(&pod("ImagePullBackOff", 0), soon), Some(0));
        assert_eq!(given_up(&pod("CrashLoopBackOff", 1), soon), Some(0));
        assert_eq!(given_up(&pod("CrashLoopBackOff", 0), soon), None);
    }

    #[test]
    fn failing_and_backing_off_to_pull_are_one_state() {
        let mut patience = Patience::new(Limits::default());
        for now in 0..30 {
            let reason = if now % 2 == 0 { "ErrImagePull" } else { "ImagePullBackOff" };
            assert_eq!(patience.observe(seconds(now), &[&pod(reason, 0)], &[]), []);
        }
        assert_eq!(patience.observe(seconds(30), &[&pod("ErrImagePull", 0)], &[]).len(), 1);
    }

    #[test]
    fn trouble_that_returns_begins_anew() {
        let mut patience = Patience::new(Limits::default());
        patience.observe(seconds(0), &[&pod("ErrImagePull", 0)], &[]);
        patience.observe(seconds(20), &[&pod("ContainerCreating", 0)], &[]);
        assert_eq!(patience.deadline(), None);
        assert_eq!(patience.observe(seconds(40), &[&pod("ErrImagePull", 0)], &[]), []);
        assert_eq!(patience.deadline(), Some(seconds(70)));
        assert_eq!(patience.observe(seconds(70), &[&pod("ErrImagePull", 0)], &[]).len(), 1);
    }

    #[test]
    fn what_is_found_says_which_container_and_why() {
        let event = |at: &str, container: &str, message: &str| {
            json!({"type": "Warning", "message": message, "lastTimestamp": at, "involvedObject":
                {"kind": "Pod", "name": "web-1", "uid": "u1", "fieldPath": format!("spec.containers{{{container}}}")}})
        };
        let old = event("2026-01-01T00:00:00Z", "web", "older");
        let new = event("2026-01-01T00:00:05Z", "web", "no such host");
        let other = event("2026-01-01T00:00:09Z", "side", "of another container");
        let mut foreign = event("2026-01-01T00:00:09Z", "web", "of a pod of that name that was");
        foreign["involvedObject"]["uid"] = json!("u0");
        let mut patience = Patience::new(Limits::default());
        let found =
            patience.observe(seconds(0), &[&pod("InvalidImageName", 0)], &[&new, &old, &other, &foreign]);
        let expected = Stuck {
            pod: "web-1".into(),
            container: Some("web".into()),
            trouble: Trouble::Hopeless,
            reason: "InvalidImageName".into(),
            message: "m".into(),
            event: Some("no such host".into()),
            restarts: 0,
        };
        assert_eq!(found, [expected]);
    }

    #[test]
    fn containers_that_run_first_count_too() {
        let mut init = pod("InvalidImageName", 0);
        init["status"]["initContainerStatuses"] = init["status"]["containerStatuses"].take();
        assert_eq!(given_up(&init, Limits::default()), Some(0));
    }

    #[test]
    fn pods_that_are_done_or_going_are_left_alone() {
        for (at, value) in [("/status/phase", json!("Failed")), ("/status/phase", json!("Succeeded"))] {
            let mut pod = pod("InvalidImageName", 0);
            *pod.pointer_mut(at).expect("there") = value;
            assert_eq!(given_up(&pod, Limits::default()), None);
        }
        let mut going = pod("InvalidImageName", 0);
        going["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        assert_eq!(given_up(&going, Limits::default()), None);
    }

    proptest! {
        #[test]
        fn limits_of_any_length_are_scaled(millis in any::<u64>()) {
            let limits = Limits::scaled(Duration::from_millis(millis));
            prop_assert!(limits.restarts >= 1 && limits.unschedulable >= limits.stuck.min(limits.unschedulable));
        }

        #[test]
        fn patience_ends_exactly_at_the_deadline(start in 0u64..1000) {
            let mut patience = Patience::new(Limits::default());
            patience.observe(seconds(start), &[&unschedulable()], &[]);
            let deadline = patience.deadline().expect("trouble was seen");
            prop_assert!(patience.clone().observe(deadline - Duration::from_nanos(1), &[&unschedulable()], &[]).is_empty());
            prop_assert_eq!(patience.observe(deadline, &[&unschedulable()], &[]).len(), 1);
        }
    }
}
