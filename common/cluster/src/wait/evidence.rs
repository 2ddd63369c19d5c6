//! Why an object isn't ready, beyond its own words: the newest warning and the last log lines.
//!
//! Takes an object with the pods in question, asks the server for their events and one container's log. It is
//! asked for once, when waiting is over: whatever can't be had is left out.

use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

use crate::api::{Api, escaped};
use crate::readiness::pods::{Stuck, Trouble};

use super::relatives::uid_of;

/// How long each request may take; the user waits for the end by now.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many log lines are shown.
const LINES: usize = 10;

/// How much of a log is read: lines may be of any length.
const LOG_BYTES: usize = 16 * 1024;

/// How many pods are asked about; more of one revision have the same to tell.
const PODS: usize = 3;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The newest warning about the object or its pods, where no [`Stuck`] has it.
    pub warning: Option<String>,
    /// The pod and the container whose log it is.
    pub log_of: Option<(String, String)>,
    /// The last lines of the log, as they were written: control characters are the reader's affair.
    pub log_tail: Vec<String>,
}

/// What to ask about.
#[derive(Debug)]
pub(super) struct Question<'a> {
    /// The object that isn't ready.
    pub(super) object: &'a Value,
    /// Its pods that can't start, if that is why.
    pub(super) stuck: &'a [Stuck],
    /// Its pods: those that can't start, else all of the newest revision.
    pub(super) pods: Vec<&'a Value>,
}

impl<'a> Question<'a> {
    /// The pods that are to blame, as far as one can tell.
    fn suspects(&self) -> Vec<&'a Value> {
        let is_stuck =
            |pod: &&&Value| self.stuck.iter().any(|stuck| pod["metadata"]["name"] == stuck.pod.as_str());
        let is_failed = |pod: &&&Value| pod["status"]["phase"] == "Failed";
        let is_unready = |pod: &&&Value| pod["status"]["phase"] != "Succeeded" && !is_ready(pod);
        let mut found: Vec<&Value> = self.pods.iter().filter(is_stuck).copied().collect();
        if found.is_empty() {
            found = self.pods.iter().filter(is_failed).copied().collect();
            // The last attempt of a Job is the one that people ask about.
            found.sort_by_key(|pod| {
                std::cmp::Reverse(pod["metadata"]["creationTimestamp"].as_str().unwrap_or(""))
            });
        }
        if found.is_empty() {
            found = self.pods.iter().filter(is_unready).copied().collect();
        }
        found.truncate(PODS);
        found
    }

    /// The pod and the container whose log may tell why.
    fn witness(&self, suspects: &[&'a Value]) -> Option<(&'a Value, &'a str)> {
        if self.stuck.is_empty() {
            let pod = *suspects.first()?;
            return Some((pod, talking_container(pod)?));
        }
        // What never ran has no log.
        let has_run = |stuck: &&Stuck| stuck.trouble == Trouble::Crashing || stuck.restarts > 0;
        let stuck = self.stuck.iter().find(has_run)?;
        let pod = suspects.iter().find(|pod| pod["metadata"]["name"] == stuck.pod.as_str())?;
        Some((pod, stuck.container.as_deref()?))
    }

    /// Whose events to ask for: the pods to blame, or else the object itself.
    fn subjects(&self, suspects: &[&'a Value]) -> Vec<&'a Value> {
        if suspects.is_empty() { vec![self.object] } else { suspects.to_vec() }
    }
}

/// Asks. Gives the events too, for those who know better what to do with them.
pub(super) async fn gather(api: &Api, question: &Question<'_>) -> (Evidence, Vec<Value>) {
    let suspects = question.suspects();
    let subjects = question.subjects(&suspects);
    let events = async {
        let lists = subjects.iter().map(|subject| events_of(api, subject));
        futures::future::join_all(lists).await.concat()
    };
    let witness = question.witness(&suspects);
    let log = async {
        match witness {
            Some((pod, container)) => log_tail(api, pod, container).await,
            None => Vec::new(),
        }
    };
    let (events, log_tail) = tokio::join!(events, log);
    let log_of = witness.filter(|_| !log_tail.is_empty());
    let log_of = log_of.map(|(pod, container)| (name_of(pod).to_owned(), container.to_owned()));
    let warning = if question.stuck.is_empty() { newest_warning(&events) } else { None };
    (Evidence { warning, log_of, log_tail }, events)
}

/// The events about one object. Those of cluster-scoped objects are in the namespace `default`.
async fn events_of(api: &Api, object: &Value) -> Vec<Value> {
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or("default");
    let selector = escaped(&format!("involvedObject.uid={}", uid_of(object)));
    let path = format!("/api/v1/namespaces/{namespace}/events?limit=100&fieldSelector={selector}");
    match timeout(PATIENCE, api.get(&path)).await {
        Ok(Ok(answer)) if answer.is_success() => answer.into_objects(),
        _ => Vec::new(),
    }
}

/// The words of the newest warning. Times of one format sort as texts.
fn newest_warning(events: &[Value]) -> Option<String> {
    let time = |event: &&Value| {
        let times = [&event["series"]["lastObservedTime"], &event["lastTimestamp"], &event["eventTime"]];
        times.into_iter().find_map(Value::as_str).unwrap_or_default().to_owned()
    };
    let newest = events.iter().filter(|event| event["type"] == "Warning").max_by_key(time)?;
    let words = [&newest["reason"], &newest["message"]].map(|text| text.as_str().unwrap_or_default().trim());
    let words: Vec<&str> = words.into_iter().filter(|text| !text.is_empty()).collect();
    Some(words.join(": "))
}

/// The last lines of a container's log: of the run before, since that is the one that ended, or of this one.
async fn log_tail(api: &Api, pod: &Value, container: &str) -> Vec<String> {
    let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default();
    let path = format!(
        "/api/v1/namespaces/{namespace}/pods/{}/log?container={}&tailLines={LINES}&limitBytes={LOG_BYTES}",
        name_of(pod),
        escaped(container)
    );
    for path in [format!("{path}&previous=true"), path] {
        let text = timeout(PATIENCE, api.text(&path, LOG_BYTES)).await;
        let text = text.ok().and_then(Result::ok).flatten();
        let lines = text.map(|text| last_lines(&text)).unwrap_or_default();
        if !lines.is_empty() {
            return lines;
        }
    }
    Vec::new()
}

fn last_lines(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let first = lines.len().saturating_sub(LINES);
    lines[first..].iter().map(|line| (*line).to_owned()).collect()
}

fn name_of(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or("")
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array();
    conditions
        .into_iter()
        .flatten()
        .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

/// The container of a pod that isn't well: one that ended badly, else one that runs and isn't ready.
fn talking_container(pod: &Value) -> Option<&str> {
    let statuses = || {
        let lists = ["initContainerStatuses", "containerStatuses"].map(|list| pod["status"][list].as_array());
        lists.into_iter().flatten().flatten()
    };
    let ended_badly = |status: &&Value| {
        ["state", "lastState"]
            .into_iter()
            .any(|state| status[state]["terminated"]["exitCode"].as_i64().is_some_and(|code| code != 0))
    };
    let runs_unready = |status: &&Value| status["ready"] != true && !status["state"]["running"].is_null();
    let found = statuses().find(ended_badly).or_else(|| statuses().find(runs_unready))?;
    found["name"].as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(name: &str, phase: &str, statuses: Value) -> Value {
        json!({"metadata": {"name": name}, "status": {"phase": phase, "containerStatuses": statuses}})
    }

    fn stuck(pod: &str, trouble: Trouble, restarts: u64) -> Stuck {
        let (reason, message) = ("R".to_owned(), String::new());
        Stuck {
            pod: pod.into(),
            container: Some("web".into()),
            trouble,
            reason,
            message,
            event: None,
            restarts,
        }
    }

    #[test]
    fn the_log_is_that_of_the_container_that_ended() {
        let (good, bad) = (pod("a", "Running", json!([])), pod("b", "Running", json!([])));
        let object = json!({});
        let mut question = Question { object: &object, stuck: &[], pods: vec![&good, &bad] };
        let pulls = [stuck("b", Trouble::ImagePull, 0)];
        question.stuck = &pulls;
        assert_eq!(question.suspects(), [&bad]);
        assert_eq!(question.witness(&[&bad]), None, "what never ran has no log");
        let crashes = [stuck("b", Trouble::Crashing, 5)];
        question.stuck = &crashes;
        assert_eq!(question.witness(&[&bad]), Some((&bad, "web")));
    }

    #[test]
    fn without_a_stuck_pod_the_last_failed_one_tells() {
        let ended = |code| {
            json!([
                {"name": "side", "ready": true, "state": {"running": {}}},
                {"name": "web", "ready": false, "state": {"terminated": {"exitCode": code}}}
            ])
        };
        let (mut first, mut last) = (pod("a", "Failed", ended(1)), pod("b", "Failed", ended(2)));
        first["metadata"]["creationTimestamp"] = json!("2026-01-01T00:00:00Z");
        last["metadata"]["creationTimestamp"] = json!("2026-01-01T00:00:05Z");
        let (running, object) = (pod("c", "Running", json!([])), json!({}));
        let question = Question { object: &object, stuck: &[], pods: vec![&first, &running, &last] };
        let suspects = question.suspects();
        assert_eq!(suspects, [&last, &first]);
        assert_eq!(question.witness(&suspects), Some((&last, "web")));
    }

    #[test]
    fn an_unready_container_is_heard_and_an_object_without_pods_speaks_for_itself() {
        let unready = json!([
            {"name": "side", "ready": true, "state": {"running": {}}},
            {"name": "web", "ready": false, "state": {"running": {}}}
        ]);
        let (hanging, object) = (pod("a", "Running", unready), json!({"metadata": {"uid": "1"}}));
        let mut question = Question { object: &object, stuck: &[], pods: vec![&hanging] };
        let suspects = question.suspects();
        assert_eq!(question.witness(&suspects), Some((&hanging, "web")));
        assert_eq!(question.subjects(&suspects), [&hanging]);
        question.pods.clear();
        assert_eq!(question.subjects(&question.suspects()), [&object]);
    }

    #[test]
    fn the_newest_warning_counts() {
        let event = |kind: &str, at: &str, message: &str| json!({"type": kind, "lastTimestamp": at, "reason": "R", "message": message});
        let events =
            [event("Warning", "2", "new"), event("Warning", "1", "old"), event("Normal", "3", "fine")];
        assert_eq!(newest_warning(&events), Some("R: new".into()));
        assert_eq!(newest_warning(&events[2..]), None);
    }

    #[test]
    fn a_tail_is_short() {
        let text: String = (0..30).map(|line| format!("line {line}\r\n")).collect();
        let lines = last_lines(&text);
        assert_eq!((lines.len(), lines[0].as_str()), (LINES, "line 20"));
    }
}
