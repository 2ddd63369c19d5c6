//! Pods by themselves.
//!
//! A pod's status may speak of what it was: after a change of its image the old container is ready until the
//! kubelet has replaced it. Kubernetes 1.34 and later say which generation a status is about; the containers'
//! images tell the rest.

use serde_json::Value;

use super::condition::Condition;
use super::image::{Reference, Sameness};
use super::{Readiness, generation};

/// A Pod is ready when its condition says so of the pod as it is, or when it has run to a good end.
pub(super) fn pod(object: &Value) -> Readiness {
    let status = &object["status"];
    match status["phase"].as_str() {
        Some("Succeeded") => return Readiness::noted("completed"),
        Some("Failed") => return Readiness::failed(failure(status)),
        _ => {}
    }
    if !Condition::of(object, "Ready").is_some_and(Condition::is_true) {
        return Readiness::waiting(waiting_container(status).unwrap_or_else(|| unscheduled(object)));
    }
    match currency(object) {
        Currency::Current => resized(object),
        Currency::Old(reason) => Readiness::Waiting { reason },
        Currency::Unknown(container) => {
            Readiness::noted(format!("whether container {container} runs the new image can't be told"))
        }
    }
}

/// Whether a status is about the pod as it is.
enum Currency {
    /// It is.
    Current,
    /// It isn't; how that shows.
    Old(String),
    /// Nothing tells of the image of this container.
    Unknown(String),
}

fn currency(pod: &Value) -> Currency {
    let seen = generation(&pod["status"]["observedGeneration"]);
    let wanted = generation(&pod["metadata"]["generation"]);
    let is_behind = seen.is_some_and(|seen| wanted.is_some_and(|wanted| seen < wanted));
    if is_behind || Condition::of(pod, "Ready").is_some_and(|ready| !ready.is_current(pod)) {
        return Currency::Old("its kubelet hasn't seen the change yet".to_owned());
    }
    if !has_changed(pod) {
        return Currency::Current;
    }
    let changed_at = changed_at(pod);
    let mut unknown = None;
    for (name, image, status) in long_running(pod) {
        let state = &status["state"]["running"];
        // Times have seconds: what began in the second of the change may have begun before it.
        let is_younger = changed_at.is_some_and(|change| state["startedAt"].as_str() > Some(change));
        if state.is_null() || is_younger {
            continue;
        }
        let runs = status["image"].as_str().unwrap_or("");
        let wanted = Reference::of(image);
        match wanted.compare(&Reference::of(runs)) {
            Sameness::Same => {}
            // The digest that it was pulled by; another one may be that of one platform.
            Sameness::Unknown if wanted.compare(&Reference::of(pulled(status))) == Sameness::Same => {}
            Sameness::Different => {
                return Currency::Old(format!("container {name} still runs {runs}, not {image}"));
            }
            Sameness::Unknown => unknown = unknown.or(Some(name)),
        }
    }
    // The kubelet that tells which generation it has seen has seen the image too.
    match unknown.filter(|_| seen.is_none()) {
        Some(container) => Currency::Unknown(container.to_owned()),
        None => Currency::Current,
    }
}

fn pulled(status: &Value) -> &str {
    status["imageID"].as_str().unwrap_or("")
}

/// Whether somebody changed the pod since it was made. Servers before 1.33 give pods no generation.
fn has_changed(pod: &Value) -> bool {
    let metadata = &pod["metadata"];
    match generation(&metadata["generation"]) {
        Some(generation) => generation > 1,
        None => changed_at(pod).is_some_and(|last| metadata["creationTimestamp"] != last),
    }
}

/// When somebody changed the pod last, or made it.
fn changed_at(pod: &Value) -> Option<&str> {
    let managers = pod["metadata"]["managedFields"].as_array().into_iter().flatten();
    // What kubelet and scheduler write are subresources.
    let times = managers.filter(|entry| entry["subresource"].is_null());
    times.filter_map(|entry| entry["time"].as_str()).max()
}

/// The containers that run as long as the pod does, sidecars too: name, image and status of each. Other init
/// containers don't run again when their image changes.
fn long_running(pod: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    [("initContainers", "initContainerStatuses"), ("containers", "containerStatuses")]
        .into_iter()
        .flat_map(|(list, statuses)| {
            let containers = pod["spec"][list].as_array().into_iter().flatten();
            let lasting =
                move |container: &&Value| list == "containers" || container["restartPolicy"] == "Always";
            containers.filter(lasting).map(move |container| (container, statuses))
        })
        .filter_map(|(container, statuses)| {
            let name = container["name"].as_str()?;
            let mut all = pod["status"][statuses].as_array()?.iter();
            let status = all.find(|status| status["name"] == name)?;
            Some((name, container["image"].as_str()?, status))
        })
}

/// A pod that is ready, perhaps with resources that it was given and doesn't have.
fn resized(pod: &Value) -> Readiness {
    let unmet = ["PodResizePending", "PodResizeInProgress"]
        .into_iter()
        .find_map(|name| Condition::of(pod, name).filter(|condition| condition.is_true()));
    unmet.map_or(Readiness::READY, |condition| {
        Readiness::noted(format!(
            "it doesn't have its new resources: {}",
            condition.words("the resize goes on")
        ))
    })
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

    /// A ready pod whose container got another image after it was made.
    fn changed(wanted: &str, runs: &str) -> Value {
        json!({
            "metadata": {
                "generation": 2,
                "creationTimestamp": "2026-01-01T00:00:00Z",
                "managedFields": [
                    {"manager": "kubectl-codex", "time": "2026-01-01T00:01:00Z"},
                    {"manager": "kubelet", "time": "2026-01-01T00:05:00Z", "subresource": "status"}
                ]
            },
            "spec": {"containers": [{"name": "till", "image": wanted}]},
            "status": {
                "phase": "Running",
                "conditions": [{"type": "Ready", "status": "True"}],
                "containerStatuses": [{"name": "till", "image": runs, "state": {"running": {"startedAt": "2026-01-01T00:00:01Z"}}}]
            }
        })
    }

    #[test]
    fn a_pod_whose_image_changed_waits_for_the_new_container() {
        let old = changed("shop/till:2", "docker.io/shop/till:1");
        let still = "container till still runs docker.io/shop/till:1, not shop/till:2";
        assert_eq!(pod(&old), Readiness::waiting(still));
        assert_eq!(pod(&changed("shop/till:2", "docker.io/shop/till:2")), Readiness::READY);
        let mut untracked = old.clone();
        untracked["metadata"]["generation"].take();
        assert_eq!(pod(&untracked), Readiness::waiting(still), "servers before 1.33 count no generations");
    }

    #[test]
    fn which_generation_the_kubelet_has_seen_counts_first() {
        let mut seen = changed("shop/till:2", "docker.io/shop/till:2");
        seen["status"]["observedGeneration"] = json!(1);
        let unseen = Readiness::waiting("its kubelet hasn't seen the change yet");
        assert_eq!(pod(&seen), unseen);
        seen["status"]["observedGeneration"] = json!(2);
        assert_eq!(pod(&seen), Readiness::READY);
        seen["status"]["conditions"][0]["observedGeneration"] = json!(1);
        assert_eq!(pod(&seen), unseen);
        let mut running = changed("shop/till:2", "docker.io/shop/till:1");
        running["status"]["observedGeneration"] = json!(2);
        assert!(matches!(pod(&running), Readiness::Waiting { .. }), "it is seen, and not done yet");
        let mut nameless = changed("shop/till:2", "sha256:abc");
        nameless["status"]["observedGeneration"] = json!(2);
        assert_eq!(pod(&nameless), Readiness::READY);
    }

    #[test]
    fn where_nothing_tells_a_note_says_so() {
        let note = "whether container till runs the new image can't be told";
        assert_eq!(pod(&changed("shop/till:2", "sha256:abc")), Readiness::noted(note));
    }

    #[test]
    fn a_digest_is_known_again_by_what_was_pulled() {
        let mut pinned = changed("shop/till@sha256:aa", "docker.io/shop/till:1");
        assert!(matches!(pod(&pinned), Readiness::Ready { note: Some(_) }));
        pinned["status"]["containerStatuses"][0]["imageID"] = json!("docker.io/shop/till@sha256:aa");
        assert_eq!(pod(&pinned), Readiness::READY);
        pinned["status"]["containerStatuses"][0]["image"] = json!("docker.io/shop/till@sha256:bb");
        assert!(matches!(pod(&pinned), Readiness::Waiting { .. }));
    }

    #[test]
    fn a_container_that_began_after_the_change_is_the_new_one() {
        let mut restarted = changed("shop/till:2", "docker.io/shop/till:latest");
        let start = |at: &str| json!({"running": {"startedAt": at}});
        restarted["status"]["containerStatuses"][0]["state"] = start("2026-01-01T00:01:01Z");
        assert_eq!(pod(&restarted), Readiness::READY, "one image may have several names");
        restarted["status"]["containerStatuses"][0]["state"] = start("2026-01-01T00:01:00Z");
        assert!(matches!(pod(&restarted), Readiness::Waiting { .. }), "the same second tells nothing");
    }

    #[test]
    fn managed_fields_that_were_cleared_hide_no_change() {
        let mut cleared = changed("shop/till:2", "docker.io/shop/till:1");
        cleared["metadata"]["managedFields"].take();
        assert!(matches!(pod(&cleared), Readiness::Waiting { .. }));
    }

    #[test]
    fn a_pod_that_never_changed_runs_what_it_was_made_with() {
        let mut fresh = changed("shop/till:2", "docker.io/shop/till:stable");
        fresh["metadata"]["generation"] = json!(1);
        assert_eq!(pod(&fresh), Readiness::READY);
        fresh["metadata"]["generation"].take();
        fresh["metadata"]["managedFields"][0]["time"] = json!("2026-01-01T00:00:00Z");
        assert_eq!(pod(&fresh), Readiness::READY);
    }

    #[test]
    fn of_init_containers_only_sidecars_count() {
        let mut init = changed("shop/till:2", "shop/till:1");
        init["spec"]["initContainers"] = init["spec"]["containers"].take();
        init["status"]["initContainerStatuses"] = init["status"]["containerStatuses"].take();
        assert_eq!(pod(&init), Readiness::READY);
        init["spec"]["initContainers"][0]["restartPolicy"] = json!("Always");
        assert!(matches!(pod(&init), Readiness::Waiting { .. }));
    }

    #[test]
    fn resources_that_a_pod_does_not_have_yet_are_noted() {
        let mut resized = changed("a", "a");
        resized["status"]["conditions"] = json!([
            {"type": "Ready", "status": "True"},
            {"type": "PodResizePending", "status": "True", "reason": "Deferred", "message": "node is full"}
        ]);
        let note = "it doesn't have its new resources: Deferred: node is full";
        assert_eq!(pod(&resized), Readiness::noted(note));
    }
}
