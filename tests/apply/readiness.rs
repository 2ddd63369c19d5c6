//! `--wait`: what objects say of themselves, what is said of them, and what the project says of their kinds.

use std::time::{Duration, Instant};

use codex_tests::{ClusterScene, Outcome};

use super::custom_resources::{TOY, with_status};
use super::{behaving, done, done_with, fails, value};

const SOON: [&str; 3] = ["--wait", "--wait-timeout", "2s"];

/// A kind whose objects have a status, and one of its objects.
fn toy() -> ClusterScene {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&with_status(), &["--wait"]));
    done(scene.apply_text(TOY, &[]));
    scene
}

/// Writes the status of the object as its controller would.
fn status(scene: &ClusterScene, status: &str) {
    let object = format!("toys.{}.example.org/ball", scene.name());
    let patch = format!("{{\"status\":{status}}}");
    scene.kubectl(&["patch", &object, "--subresource=status", "--type=merge", "--patch", &patch]);
}

fn condition(name: &str, value: &str, message: &str) -> String {
    format!("{{\"type\":\"{name}\",\"status\":\"{value}\",\"reason\":\"Why\",\"message\":\"{message}\"}}")
}

/// Waits, and gives the outcome with how long it took.
fn timed(run: impl FnOnce() -> Outcome) -> (Outcome, Duration) {
    let start = Instant::now();
    (run(), start.elapsed())
}

#[test]
fn a_generation_written_as_a_text_leaves_it_to_the_conditions() {
    let scene = toy();
    let with = |ready: &str| {
        format!("{{\"observedGeneration\":\"0\",\"conditions\":[{}]}}", condition("Ready", ready, "it dries"))
    };
    status(&scene, &with("False"));
    fails(scene.apply_text(TOY, &SOON), 4, &["Why: it dries"]);
    status(&scene, &with("True"));
    done(scene.apply_text(TOY, &SOON));
}

#[test]
fn a_generation_that_its_controller_has_not_seen_is_waited_for() {
    let scene = toy();
    status(
        &scene,
        &format!("{{\"observedGeneration\":0,\"conditions\":[{}]}}", condition("Ready", "True", "")),
    );
    fails(scene.apply_text(TOY, &SOON), 4, &["/ball is not ready after 2s: its controller hasn't seen"]);
}

#[test]
fn a_stalled_controller_ends_the_wait_at_once() {
    let scene = toy();
    status(
        &scene,
        &format!(
            "{{\"conditions\":[{},{}]}}",
            condition("Ready", "False", "not yet"),
            condition("Stalled", "True", "the colour is unknown")
        ),
    );
    let (_, took) = timed(|| {
        let flags = ["--wait", "--wait-timeout", "50s"];
        fails(scene.apply_text(TOY, &flags), 4, &["/ball won't get ready: Why: the colour is unknown"])
    });
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn a_reconciliation_that_goes_on_or_failed_is_not_ready() {
    let scene = toy();
    for name in ["Reconciling", "ReconcileFailed"] {
        let both = [condition("Ready", "True", ""), condition(name, "True", "mixing paint")].join(",");
        status(&scene, &format!("{{\"conditions\":[{both}]}}"));
        fails(scene.apply_text(TOY, &SOON), 4, &[&format!("{name}: Why: mixing paint")]);
    }
    let over = [condition("Ready", "True", ""), condition("Reconciling", "False", "")].join(",");
    status(&scene, &format!("{{\"conditions\":[{over}]}}"));
    done(scene.apply_text(TOY, &SOON));
}

fn pod(image: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: till}}\nspec: {{containers: [{{name: main, image: {image}}}]}}\n"
    )
}

/// Writes the status of the pod's container as a kubelet would.
fn kubelet_says(scene: &ClusterScene, ready: &str, container: &str) {
    let patch = format!(
        "{{\"status\":{{\"conditions\":[{{\"type\":\"Ready\",\"status\":\"{ready}\"}}],\"containerStatuses\":[{container}]}}}}"
    );
    scene.kubectl(&["patch", "pod/till", "--subresource=status", "--type=merge", "--patch", &patch]);
}

fn container(image: &str, state: &str) -> String {
    format!(
        "{{\"name\":\"main\",\"image\":\"{image}\",\"imageID\":\"\",\"ready\":false,\"restartCount\":1,\"state\":{state}}}"
    )
}

#[test]
fn a_pod_is_ready_when_it_runs_the_image_that_it_was_given() {
    ClusterScene::tell_in_namespace(|scene| {
        done(scene.apply_text(&pod("acme/till:1"), &["--wait"]));
        let still = "container main still runs acme/till:1, not acme/till:2";
        fails(
            scene.apply_text(&pod("acme/till:2"), &SOON),
            4,
            &[&format!("pod/till is not ready after 2s: {still}")],
        );
        let running = "{\"running\":{\"startedAt\":\"2026-01-01T00:00:00Z\"}}";
        kubelet_says(&scene, "True", &container("docker.io/acme/till:2", running));
        done(scene.apply_text(&pod("acme/till:2"), &SOON));
    });
}

#[test]
fn a_pod_whose_new_image_cannot_be_pulled_fails() {
    ClusterScene::tell_in_namespace(|scene| {
        done(scene.apply_text(&pod("acme/till:1"), &["--wait"]));
        done(scene.apply_text(&pod("acme/till:none"), &[]));
        let waiting = "{\"waiting\":{\"reason\":\"ImagePullBackOff\",\"message\":\"no such tag\"}}";
        kubelet_says(&scene, "False", &container("acme/till:none", waiting));
        let flags = ["--wait", "--wait-timeout", "50s", "--fail-after", "1s"];
        fails(
            scene.apply_text(&pod("acme/till:none"), &flags),
            4,
            &["pod/till won't get ready", "no such tag"],
        );
    });
}

#[test]
fn a_volume_that_cannot_be_mounted_is_said_while_it_is_waited_for() {
    ClusterScene::tell_in_namespace(|scene| {
        // No kubelet takes a pod of this label, so none begins.
        done(scene.apply_text(&behaving("untaken"), &[]));
        scene.wait_until("there is a pod", || !scene.kubectl(&["get", "pods", "--output=name"]).is_empty());
        let pod = scene.kubectl(&["get", "pods", "--output=name"]).trim().to_owned();
        let (name, uid) = (pod.replace("pod/", ""), value(&scene, &pod, "/metadata/uid"));
        let event = format!(
            "apiVersion: v1
kind: Event
metadata: {{name: mount}}
type: Warning
reason: FailedMount
message: 'MountVolume.SetUp failed for volume \"conf\" : configmap \"till\" not found'
lastTimestamp: '2026-01-01T00:00:00Z'
involvedObject: {{kind: Pod, name: {name}, namespace: NAME, uid: {uid}}}
"
        );
        let wait =
            || fails(scene.apply_text(&behaving("untaken"), &["--wait", "--wait-timeout", "4s"]), 4, &[]);
        let outcome = std::thread::scope(|threads| {
            let waiting = threads.spawn(wait);
            scene.kubectl_with(&["create", "--filename=-"], &event);
            waiting.join().unwrap()
        });
        let line = format!(
            "info: deployment.apps/web waiting: 0 of 1 pods available; pod {name}: FailedMount: MountVolume.SetUp failed for volume \"conf\" : configmap \"till\" not found ("
        );
        assert!(outcome.stderr.contains(&line), "{}", outcome.report("not said as it happens"));
    });
}

#[test]
fn a_probe_that_fails_is_said_while_it_is_waited_for() {
    ClusterScene::tell_in_namespace(|scene| {
        let outcome = fails(scene.apply_text(&behaving("hang"), &["--wait", "--wait-timeout", "5s"]), 4, &[]);
        let line = "info: deployment.apps/web waiting: 0 of 1 pods available; pod web-";
        let said = outcome.stderr.lines().find(|words| words.starts_with(line));
        let is_probe = said.is_some_and(|words| words.contains(": Unhealthy: Readiness probe failed"));
        assert!(is_probe, "{}", outcome.report("not said as it happens"));
    });
}

#[test]
fn pods_that_a_quota_forbids_are_said_while_they_are_waited_for() {
    ClusterScene::tell_in_namespace(|scene| {
        scene.kubectl(&["create", "quota", "none", "--hard=pods=0"]);
        scene.wait_until("the quota holds", || value(&scene, "quota/none", "/status/hard/pods") == "0");
        let job = "apiVersion: batch/v1
kind: Job
metadata: {name: move}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: app}]}}}
";
        let outcome = fails(scene.apply_text(job, &["--wait", "--wait-timeout", "5s"]), 4, &[]);
        let line = "info: job.batch/move waiting: 0 of 1 completions, 0 running; FailedCreate: Error creating: pods \"move-";
        assert!(outcome.stderr.contains(line), "{}", outcome.report("not said as it happens"));
        assert!(outcome.stderr.contains("exceeded quota: none"), "{}", outcome.report("the quota"));
    });
}

/// A project whose kind is ready by its phase, and its object.
fn project_with_a_rule(scene: ClusterScene) -> ClusterScene {
    scene
        .file(
            "services.yaml",
            "project: NAME
namespace: {patterns: {dev: NAME}}
environments: {dev: {}}
ready:
  - kind: Toy
    group: NAME.example.org
    jsonpath: '{.status.parts[?(@.name==\"skin\")].phase}'
    value: Dry
    failed: [Torn]
services:
  - name: toys
    manifests: [{path: toy.yaml}]
",
        )
        .file("toy.yaml", TOY)
}

fn parts(scene: &ClusterScene, phase: &str) {
    status(
        scene,
        &format!(
            "{{\"parts\":[{{\"name\":\"core\",\"phase\":\"Soft\"}},{{\"name\":\"skin\",\"phase\":\"{phase}\"}}],\"conditions\":[{}]}}",
            condition("Ready", "True", "")
        ),
    );
}

#[test]
fn the_projects_rule_for_a_kind_decides() {
    let scene = project_with_a_rule(toy());
    let apply = |flags: &[&str]| scene.apply(&[&["--env", "dev"], flags].concat());
    let path = "`{.status.parts[?(@.name==\"skin\")].phase}`";
    fails(apply(&SOON), 4, &[&format!("/ball is not ready after 2s: {path} isn't there yet")]);
    parts(&scene, "Wet");
    fails(apply(&SOON), 4, &[&format!("{path} is `Wet`, not `Dry`")]);
    parts(&scene, "Torn");
    let (_, took) = timed(|| {
        fails(
            apply(&["--wait", "--wait-timeout", "50s"]),
            4,
            &[&format!("/ball won't get ready: {path} is `Torn`")],
        )
    });
    assert!(took < Duration::from_secs(20), "{took:?}");
    parts(&scene, "Dry");
    let line = format!("toy.{}.example.org/ball unchanged", scene.name());
    done_with(apply(&SOON), &[&line]);
}

#[test]
fn the_projects_rule_counts_for_its_stream_too() {
    let scene = project_with_a_rule(toy());
    parts(&scene, "Wet");
    let pipe = "kubectl-codex-render --env dev | kubectl-codex-apply -f - --wait --wait-timeout 2s";
    fails(scene.shell(pipe), 4, &["is `Wet`, not `Dry`"]);
    // Without the project the object's conditions are all that is known.
    done(scene.apply_text(TOY, &SOON));
}

#[test]
fn kubectl_waits_for_the_same() {
    let scene = project_with_a_rule(toy());
    let path = "--for=jsonpath={.status.parts[?(@.name==\"skin\")].phase}=Dry";
    let object = format!("toys.{}.example.org/ball", scene.name());
    for (phase, is_ready, patience) in [("Wet", false, "1s"), ("Dry", true, "30s")] {
        parts(&scene, phase);
        let timeout = format!("--timeout={patience}");
        let kubectl = scene.try_kubectl_with(&["wait", path, &timeout, &object], "");
        assert_eq!(kubectl.exit == 0, is_ready, "{}", kubectl.report(phase));
        let ours = scene.apply(&["--env", "dev", "--wait", "--wait-timeout", patience]);
        if is_ready {
            done(ours)
        } else {
            fails(ours, 4, &[])
        };
    }
}

#[test]
fn a_rule_that_is_none_is_an_error_at_its_line() {
    let scene = project_with_a_rule(ClusterScene::new());
    let scene = scene.with(|scene| scene.replace("services.yaml", "phase}'", "phase'"));
    fails(
        scene.apply(&["--env", "dev", "--wait"]),
        2,
        &["services.yaml:7:", "`ready[0].jsonpath`: `{` is never closed"],
    );
}
