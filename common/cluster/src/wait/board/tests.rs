//! Stories of waiting.

use super::*;
use serde_json::json;

use codex_common::jsonpath::JsonPath;
use codex_common::stack::model::ReadyRule;

use crate::answer::Transport;
use crate::api::{Answer, NoAnswer};
use crate::discovery::Resource;
use crate::identity::Identity;
use crate::input::{Object, Origin};
use crate::path::Path;
use crate::readiness::pods::Limits;

const START: Duration = Duration::ZERO;

fn denied(message: &str) -> Answer {
    Answer::new(403, json!({"message": message}))
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn options(await_load_balancer: bool) -> WaitOptions<'static> {
    WaitOptions { timeout: Duration::MAX, limits: Limits::default(), await_load_balancer, rules: &[] }
}

fn resource(api_version: &str, kind: &str) -> Resource {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    Resource {
        group: group.into(),
        version: version.into(),
        kind: kind.into(),
        plural: format!("{}s", kind.to_lowercase()),
        is_namespaced: kind != "StorageClass",
        is_deletable: true,
        aliases: Vec::new(),
    }
}

fn kinds() -> Kinds {
    let mut kinds = Kinds::default();
    for (api_version, kind) in [
        ("v1", "Pod"),
        ("v1", "Event"),
        ("apps/v1", "ReplicaSet"),
        ("apps/v1", "ControllerRevision"),
        ("storage.k8s.io/v1", "StorageClass"),
    ] {
        kinds.insert(resource(api_version, kind));
    }
    kinds
}

fn object(api_version: &str, kind: &str, name: &str) -> Value {
    json!({"apiVersion": api_version, "kind": kind,
           "metadata": {"name": name, "namespace": "shop", "uid": name, "generation": 1}})
}

fn target(value: Value) -> Target {
    let (api_version, kind) = (value["apiVersion"].as_str().unwrap(), value["kind"].as_str().unwrap());
    let resource = resource(api_version, kind);
    let identity = Identity::of(&value).unwrap();
    let origin = Origin { file: "a.yaml".into(), line: 1 };
    let object = Object { value, identity, origin, within: Path::default() };
    Target { object, resource, is_served: true, step: 0 }
}

fn deployment(available: u64) -> Value {
    let mut object = object("apps/v1", "Deployment", "web");
    object["metadata"]["annotations"] = json!({"deployment.kubernetes.io/revision": "2"});
    object["status"] =
        json!({"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": available});
    object
}

fn set(name: &str, revision: &str) -> Value {
    let mut set = object("apps/v1", "ReplicaSet", name);
    set["metadata"]["annotations"] = json!({"deployment.kubernetes.io/revision": revision});
    set["metadata"]["labels"] = json!({"pod-template-hash": name});
    set["metadata"]["ownerReferences"] = json!([{"uid": "web", "controller": true}]);
    set
}

fn pod(set: &str, reason: &str) -> Value {
    let mut pod = object("v1", "Pod", &format!("pod-{set}"));
    pod["metadata"]["labels"] = json!({"pod-template-hash": set});
    pod["metadata"]["ownerReferences"] = json!([{"uid": set, "controller": true}]);
    pod["status"] =
        json!({"containerStatuses": [{"name": "main", "state": {"waiting": {"reason": reason}}}]});
    pod
}

fn claim(phase: &str) -> Value {
    let mut claim = object("v1", "PersistentVolumeClaim", "data");
    claim["spec"] = json!({"storageClassName": "late"});
    claim["status"] = json!({ "phase": phase });
    claim
}

/// A board, and the number of each source by its kind.
struct Setup<'a> {
    board: Board<'a>,
    numbers: BTreeMap<String, usize>,
}

impl<'a> Setup<'a> {
    fn new(kinds: &'a Kinds, targets: &'a [Target]) -> Self {
        let board = Board::new(kinds, targets, options(false));
        let mut setup = Self { board, numbers: BTreeMap::new() };
        setup.open();
        setup
    }

    /// Opens what is needed; gives the kinds.
    fn open(&mut self) -> Vec<String> {
        let new = self.board.new_sources();
        let kinds = new.iter().map(|(_, source)| source.resource.kind.clone()).collect();
        self.numbers.extend(new.into_iter().map(|(number, source)| (source.resource.kind, number)));
        kinds
    }

    fn present(&mut self, object: Value, now: Duration) {
        let number = self.numbers[object["kind"].as_str().unwrap()];
        assert_eq!(self.board.take(number, News::Present(object), now), None);
    }

    fn tell(&mut self, kind: &str, news: News, now: Duration) -> Option<String> {
        self.board.take(self.numbers[kind], news, now)
    }

    fn reason(&self, at: usize) -> &str {
        match self.board.state(at).0 {
            Readiness::Waiting { reason } | Readiness::Failed { reason } => reason,
            Readiness::Ready { note } => note.as_deref().unwrap_or("ready"),
        }
    }
}

/// A Deployment that waits for its pod, its revisions known.
fn rollout<'a>(kinds: &'a Kinds, targets: &'a [Target]) -> Setup<'a> {
    let mut setup = Setup::new(kinds, targets);
    setup.present(deployment(0), START);
    setup.open();
    setup.present(set("old", "1"), START);
    setup.present(set("new", "2"), START);
    setup
}

#[test]
fn sources_are_opened_once_and_only_when_needed() {
    let (kinds, mut other) = (kinds(), deployment(1));
    other["metadata"]["name"] = json!("api");
    let targets = [deployment(1), other, object("v1", "ConfigMap", "a")].map(target);
    let mut setup = Setup { board: Board::new(&kinds, &targets, options(false)), numbers: BTreeMap::new() };
    assert_eq!(setup.open(), ["Deployment", "ConfigMap"]);
    setup.present(deployment(1), START);
    assert!(setup.open().is_empty(), "it is ready");
    let mut late = deployment(0);
    late["metadata"]["name"] = json!("api");
    setup.present(late.clone(), START);
    assert_eq!(setup.open(), ["Pod", "ReplicaSet", "Event"]);
    setup.present(late, START);
    assert!(setup.open().is_empty());
}

#[test]
fn what_was_ready_once_stays_so() {
    let (kinds, targets) = (kinds(), [target(deployment(0))]);
    let mut setup = Setup::new(&kinds, &targets);
    assert!(!setup.board.is_seen());
    setup.present(deployment(1), START);
    assert_eq!(setup.board.changes(), BTreeSet::from([0]));
    setup.present(deployment(0), seconds(1));
    assert!(setup.board.changes().is_empty());
    assert!(setup.board.is_done() && setup.board.is_seen() && !setup.board.has_failed());
}

#[test]
fn pods_of_the_newest_revision_fail_the_wait_when_their_time_is_over() {
    let (kinds, targets) = (kinds(), [target(deployment(0))]);
    let mut setup = rollout(&kinds, &targets);
    setup.present(pod("old", "InvalidImageName"), START);
    assert_eq!((setup.reason(0), setup.board.next_look()), ("0 of 1 pods available", None));
    setup.present(pod("new", "ErrImagePull"), seconds(2));
    assert_eq!(setup.reason(0), "0 of 1 pods available; container main: ImagePullBackOff");
    assert_eq!(setup.board.next_look(), Some(seconds(32)));
    setup.board.tick(seconds(31));
    assert!(!setup.board.has_failed());
    setup.board.tick(seconds(32));
    assert_eq!(setup.reason(0), "pod pod-new can't start; container main: ImagePullBackOff");
    assert_eq!(setup.board.next_look(), None);
    let event = json!({"type": "Warning", "message": "no such host",
                       "involvedObject": {"kind": "Pod", "name": "pod-new"}});
    let stuck = setup.board.stuck(0, &[event]);
    assert_eq!(stuck.len(), 1);
    assert_eq!(stuck[0].event.as_deref(), Some("no such host"));
    assert_eq!(setup.board.question(0).unwrap().pods.len(), 1);
}

#[test]
fn states_that_take_turns_are_told_once() {
    let (kinds, targets) = (kinds(), [target(deployment(0))]);
    let mut setup = rollout(&kinds, &targets);
    setup.board.changes();
    let mut told = 0;
    for now in 0..20 {
        let reason = if now % 2 == 0 { "ErrImagePull" } else { "ImagePullBackOff" };
        setup.present(pod("new", reason), seconds(now));
        told += setup.board.changes().len();
    }
    assert_eq!(told, 1);
}

#[test]
fn a_pod_by_itself_is_its_own_pod() {
    let (kinds, alone) = (kinds(), pod("none", "ErrImagePull"));
    let targets = [target(alone.clone())];
    let mut setup = Setup::new(&kinds, &targets);
    setup.present(alone, START);
    assert_eq!(setup.reason(0), "container main: ImagePullBackOff");
    setup.board.tick(seconds(30));
    assert!(setup.board.has_failed());
}

#[test]
fn a_failure_is_done_when_what_hangs_on_it_is_known() {
    let kinds = kinds();
    let mut job = object("batch/v1", "Job", "once");
    job["status"] = json!({"conditions": [{"type": "Failed", "status": "True", "message": "m"}]});
    let targets = [target(job.clone())];
    let mut setup = Setup::new(&kinds, &targets);
    setup.present(job, START);
    setup.tell("Job", News::Listed, START);
    assert_eq!(setup.open(), ["Pod"]);
    assert!(setup.board.has_failed() && !setup.board.is_done());
    let mut pod = pod("once", "");
    pod["status"] = json!({"phase": "Failed"});
    setup.present(pod, START);
    setup.tell("Pod", News::Listed, START);
    assert!(setup.board.is_done());
    assert_eq!(setup.board.question(0).unwrap().pods.len(), 1);
}

#[test]
fn what_shows_no_condition_is_ready_after_five_seconds() {
    let (kinds, thing) = (kinds(), object("example.org/v1", "Thing", "a"));
    let targets = [target(thing.clone())];
    let mut setup = Setup::new(&kinds, &targets);
    setup.present(thing, seconds(3));
    assert_eq!(setup.board.next_look(), Some(seconds(8)));
    setup.board.tick(seconds(8));
    assert_eq!((setup.reason(0), setup.board.next_look()), ("ready", None));
}

#[test]
fn an_unmet_condition_is_not_looked_at_again_and_again() {
    let (kinds, mut thing) = (kinds(), object("example.org/v1", "Thing", "a"));
    thing["status"] = json!({"conditions": [{"type": "Ready", "status": "False", "message": "m"}]});
    let targets = [target(thing.clone())];
    let mut setup = Setup::new(&kinds, &targets);
    setup.present(thing, START);
    setup.board.tick(seconds(5));
    assert_eq!((setup.reason(0), setup.board.next_look()), ("m", None));
}

#[test]
fn a_claim_without_a_pod_is_ready_once_no_pod_is_to_come() {
    let kinds = kinds();
    let targets = [target(claim("Pending")), target(deployment(0))];
    let mut setup = Setup::new(&kinds, &targets);
    setup.present(claim("Pending"), START);
    assert_eq!(setup.open(), ["Pod", "StorageClass", "Event"]);
    setup.present(json!({"kind": "StorageClass", "metadata": {"name": "late"}, "volumeBindingMode": "WaitForFirstConsumer"}), START);
    setup.tell("StorageClass", News::Listed, START);
    setup.tell("Pod", News::Listed, START);
    assert_eq!(setup.reason(0), "it isn't bound", "the Deployment's pod may use it");
    setup.present(deployment(1), START);
    assert_eq!(setup.reason(0), "it is bound when a pod uses it");
}

#[test]
fn a_claim_that_a_pod_uses_is_awaited() {
    let kinds = kinds();
    let targets = [target(claim("Pending"))];
    let mut setup = Setup::new(&kinds, &targets);
    setup.present(claim("Pending"), START);
    setup.open();
    setup.present(json!({"kind": "StorageClass", "metadata": {"name": "late"}, "volumeBindingMode": "WaitForFirstConsumer"}), START);
    let mut user = pod("any", "ContainerCreating");
    user["spec"] = json!({"volumes": [{"persistentVolumeClaim": {"claimName": "data"}}]});
    setup.present(user, START);
    setup.tell("Pod", News::Listed, START);
    assert_eq!(setup.reason(0), "it isn't bound");
    setup.present(claim("Bound"), START);
    assert_eq!(setup.reason(0), "ready");
}

#[test]
fn what_is_gone_was_deleted_unless_its_time_was_over() {
    let (kinds, mut job) = (kinds(), object("batch/v1", "Job", "once"));
    job["spec"] = json!({"ttlSecondsAfterFinished": 0});
    let targets = [target(job), target(object("v1", "ConfigMap", "a"))];
    let mut setup = Setup::new(&kinds, &targets);
    setup.tell("Job", News::Gone("once".into()), START);
    setup.tell("ConfigMap", News::Gone("a".into()), START);
    assert_eq!(setup.reason(0), "complete, and gone by its time to live");
    assert_eq!(setup.reason(1), "was deleted");
}

#[test]
fn a_disturbance_is_told_once_until_it_is_over() {
    let (kinds, targets) = (kinds(), [target(deployment(0))]);
    let mut setup = Setup::new(&kinds, &targets);
    let refused = || News::Disturbed {
        error: NoAnswer::new(Transport::Connect, "connection refused").into(),
        words: "connection refused".to_owned(),
    };
    let told = setup.tell("Deployment", refused(), START);
    assert_eq!(
        told.as_deref(),
        Some("cannot watch deployments in namespace shop, trying again: connection refused")
    );
    assert_eq!(setup.reason(0), "it can't be looked at: connection refused");
    assert_eq!(setup.tell("Deployment", refused(), START), None);
    setup.present(deployment(0), START);
    setup.open();
    assert!(setup.tell("Deployment", refused(), START).is_some());
    assert_eq!(setup.tell("Pod", refused(), START), None, "it is the server that is away, not one kind");
    assert_eq!(setup.reason(0), "0 of 1 pods available", "what was seen stays known");
}

#[test]
fn who_may_not_see_pods_is_told_once_and_waits_on() {
    let kinds = kinds();
    let targets = [target(deployment(0))];
    let mut board = Board::new(&kinds, &targets, options(true));
    board.take(0, News::Present(deployment(0)), START);
    let sources = board.new_sources();
    let number = |kind: &str| sources.iter().find(|(_, source)| source.resource.kind == kind).unwrap().0;
    let message = board.take(number("Pod"), News::Denied(denied("no pods")), START).unwrap();
    assert!(message.contains("no pods"), "{message}");
    assert_eq!(board.take(number("ReplicaSet"), News::Denied(denied("no sets")), START), None);
    assert!(matches!(board.state(0).0, Readiness::Waiting { .. }));
    board.take(0, News::Present(deployment(1)), seconds(1));
    assert_eq!(board.state(0).0, &Readiness::READY);
}

#[test]
fn a_claim_of_a_class_that_may_not_be_seen_holds_nobody_up() {
    let kinds = kinds();
    let claim = object("v1", "PersistentVolumeClaim", "data");
    let targets = [target(claim.clone())];
    let mut board = Board::new(&kinds, &targets, options(true));
    board.take(0, News::Present(claim), START);
    for (number, source) in board.new_sources() {
        if source.resource.kind == "StorageClass" {
            board.take(number, News::Denied(denied("no classes")), START);
        }
    }
    assert!(matches!(board.state(0).0, Readiness::Waiting { .. }));
    assert_eq!(board.next_look(), Some(seconds(5)));
    board.tick(seconds(5));
    assert!(matches!(board.state(0).0, Readiness::Ready { note: Some(_) }));
}

#[test]
fn what_may_not_be_looked_at_is_said_to_be_so() {
    let kinds = kinds();
    let targets = [target(object("v1", "Pod", "tool"))];
    let mut board = Board::new(&kinds, &targets, options(true));
    board.take(0, News::Denied(denied("no pods")), START);
    assert!(board.is_done());
    let (Readiness::Failed { reason }, _) = board.state(0) else { panic!("{:?}", board.state(0)) };
    assert!(reason.contains("no pods"), "{reason}");
}

#[test]
fn polling_is_said_once() {
    let kinds = kinds();
    let targets = [target(deployment(0)), target(object("v1", "ConfigMap", "settings"))];
    let mut board = Board::new(&kinds, &targets, options(true));
    assert!(board.take(0, News::Unwatched("no".into()), START).unwrap().contains("no"));
    assert_eq!(board.take(1, News::Unwatched("no".into()), START), None);
}

/// A warning about an object, `second` seconds after midnight.
fn warning(about: &str, reason: &str, second: u32) -> Value {
    let mut event = object("v1", "Event", &format!("{about}.{reason}"));
    event["type"] = json!("Warning");
    event["reason"] = json!(reason);
    event["message"] = json!("m");
    event["lastTimestamp"] = json!(format!("2026-01-01T00:00:{second:02}Z"));
    event["involvedObject"] = json!({"uid": about});
    event
}

#[test]
fn an_event_about_a_pod_of_the_newest_revision_is_told_as_it_comes() {
    let (kinds, targets) = (kinds(), [target(deployment(0))]);
    let mut setup = Setup::new(&kinds, &targets);
    setup.present(deployment(0), START);
    assert!(setup.open().contains(&"Event".to_owned()));
    setup.present(set("old", "1"), START);
    setup.present(set("new", "2"), START);
    setup.present(pod("new", "ContainerCreating"), START);
    setup.present(pod("old", "ContainerCreating"), START);
    setup.present(warning("pod-old", "FailedMount", 1), START);
    assert_eq!(setup.reason(0), "0 of 1 pods available");
    setup.present(warning("pod-new", "FailedMount", 2), seconds(1));
    let expected = "0 of 1 pods available; pod pod-new: FailedMount: m";
    assert_eq!(setup.reason(0), expected);
    setup.present(warning("pod-new", "FailedAttachVolume", 3), seconds(2));
    assert_eq!(setup.reason(0), expected, "what takes turns is said once");
    setup.present(pod("new", "ImagePullBackOff"), seconds(3));
    assert_eq!(setup.reason(0), "0 of 1 pods available; container main: ImagePullBackOff");
}

#[test]
fn an_event_may_come_before_its_pod() {
    let (kinds, targets) = (kinds(), [target(deployment(0))]);
    let mut setup = Setup::new(&kinds, &targets);
    setup.present(deployment(0), START);
    setup.open();
    setup.present(set("new", "2"), START);
    setup.present(warning("pod-new", "FailedCreatePodSandBox", 2), START);
    setup.present(pod("new", "ContainerCreating"), START);
    assert_eq!(setup.reason(0), "0 of 1 pods available; pod pod-new: FailedCreatePodSandBox: m");
}

#[test]
fn pods_that_may_not_be_made_are_told_of_by_who_makes_them() {
    let mut job = object("batch/v1", "Job", "move");
    job["spec"] = json!({"completions": 1});
    let (kinds, targets) = (kinds(), [target(job.clone()), target(deployment(0)), target(claim("Pending"))]);
    let mut setup = Setup::new(&kinds, &targets);
    for object in [job, deployment(0), claim("Pending")] {
        setup.present(object, START);
    }
    setup.open();
    setup.present(set("new", "2"), START);
    for (about, reason) in [("move", "FailedCreate"), ("new", "FailedCreate"), ("data", "ProvisioningFailed")]
    {
        setup.present(warning(about, reason, 1), START);
    }
    assert_eq!(setup.reason(0), "0 of 1 completions, 0 running; FailedCreate: m");
    assert_eq!(setup.reason(1), "0 of 1 pods available; FailedCreate: m");
    assert_eq!(setup.reason(2), "it isn't bound; ProvisioningFailed: m");
}

#[test]
fn a_pod_tells_its_own_events() {
    let mut lone = pod("none", "ContainerCreating");
    lone["metadata"]["ownerReferences"].take();
    let (kinds, targets) = (kinds(), [target(lone.clone())]);
    let mut setup = Setup::new(&kinds, &targets);
    setup.present(lone, START);
    setup.open();
    setup.present(warning("pod-none", "FailedMount", 1), START);
    assert_eq!(setup.reason(0), "container main: ContainerCreating; FailedMount: m");
}

#[test]
fn who_may_not_look_at_events_waits_without_a_word() {
    let (kinds, targets) = (kinds(), [target(deployment(0))]);
    let mut setup = Setup::new(&kinds, &targets);
    setup.present(deployment(0), START);
    setup.open();
    assert_eq!(setup.tell("Event", News::Denied(denied("forbidden")), START), None);
    assert_eq!(setup.reason(0), "0 of 1 pods available");
}

#[test]
fn a_definition_is_ready_when_it_is_served() {
    let mut definition =
        object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "topics.queue.example");
    definition["spec"] = json!({"group": "queue.example", "names": {"kind": "Topic"}, "versions": [{"name": "v1", "served": true}]});
    definition["status"] = json!({"conditions": [{"type": "Established", "status": "True"}]});
    let (mut kinds, targets) = (kinds(), [target(definition.clone())]);
    let before = kinds.clone();
    let mut setup = Setup::new(&before, &targets);
    setup.present(definition.clone(), START);
    assert_eq!(setup.reason(0), "the server doesn't serve it yet");
    assert!(setup.board.awaits_discovery());
    setup.board.discovered(Some(&kinds), seconds(1));
    assert!(setup.board.awaits_discovery(), "it still isn't among them");
    kinds.insert(resource("queue.example/v1", "Topic"));
    setup.board.discovered(Some(&kinds), seconds(2));
    assert!(!setup.board.awaits_discovery() && setup.board.is_done());

    let mut setup = Setup::new(&kinds, &targets);
    setup.present(definition.clone(), START);
    assert!(setup.board.is_done(), "what was served before needs no further look");

    let mut setup = Setup::new(&before, &targets);
    setup.present(definition, START);
    setup.board.discovered(None, seconds(1));
    assert!(setup.board.is_done(), "who may not look takes it to be served");
}

#[test]
fn a_projects_rule_is_looked_at_again_when_its_moment_is_over() {
    let rules = [ReadyRule {
        kind: "Ingress".into(),
        jsonpath: JsonPath::parse("{.status.phase}").unwrap(),
        failed: vec!["Lost".into()],
        ..ReadyRule::default()
    }];
    let mut ingress = object("networking.k8s.io/v1", "Ingress", "web");
    ingress["metadata"]["generation"] = json!(2);
    ingress["status"] = json!({"phase": "Lost"});
    let (kinds, targets) = (kinds(), [target(ingress.clone())]);
    let mut setup = Setup::new(&kinds, &targets);
    setup.board = Board::new(&kinds, &targets, WaitOptions { rules: &rules, ..options(true) });
    setup.open();
    setup.present(ingress, START);
    assert_eq!(setup.reason(0), "`{.status.phase}` is `Lost`");
    assert_eq!(setup.board.next_look(), Some(seconds(5)));
    setup.board.tick(seconds(5));
    assert!(setup.board.has_failed());
}
