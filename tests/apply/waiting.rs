//! `--wait`: ready by each kind's rule, early failures with their cause, and time-outs.

use std::time::{Duration, Instant};

use codex_tests::{ClusterScene, Outcome};

use super::{behaving, done, done_with, fails, value, web};

/// The same with last words.
fn talking(behaviour: &str) -> String {
    let log = "      annotations: {kubectl-codex.test/log: \"starting\\npanic: no database\"}\n    spec:\n      containers";
    behaving(behaviour).replace("    spec:\n      containers", log)
}

/// The pods of this behaviour fail the wait long before its time is over.
fn fails_early(behaviour: &str, flags: &[&str], parts: &[&str]) {
    ClusterScene::tell_in_namespace(|scene| {
        let start = Instant::now();
        let flags = [&["--wait", "--wait-timeout", "50s"], flags].concat();
        let parts = [&["deployment.apps/web"], parts].concat();
        let outcome = fails(scene.apply_text(&talking(behaviour), &flags), 4, &parts);
        assert_eq!(outcome.stdout, "deployment.apps/web created\n", "it is applied all the same");
        let took = start.elapsed();
        assert!(took < Duration::from_secs(40), "{}", outcome.report(&format!("{took:?}")));
    });
}

#[test]
fn a_crashing_pod_fails_with_its_event_and_its_last_words() {
    fails_early(
        "crash",
        &[],
        &["CrashLoopBackOff", "Back-off restarting failed container", "panic: no database"],
    );
}

#[test]
fn an_image_that_cannot_be_pulled() {
    fails_early("pull-error", &["--fail-after", "2s"], &["Failed to pull image \"registry.test/app:1\""]);
}

#[test]
fn an_image_name_that_is_none_fails_at_once() {
    fails_early("invalid-image", &[], &["InvalidImageName", "couldn't parse image name"]);
}

#[test]
fn an_image_that_may_not_be_pulled_fails_at_once() {
    fails_early("never-pull", &[], &["ErrImageNeverPull", "not present with pull policy of Never"]);
}

#[test]
fn a_missing_secret() {
    fails_early(
        "config-error",
        &["--fail-after", "2s"],
        &["CreateContainerConfigError", "secret \"missing\" not found"],
    );
}

#[test]
fn a_pod_that_finds_no_node() {
    ClusterScene::tell_in_namespace(|scene| {
        let nowhere = web("nginx").replace("    spec:\n", "    spec:\n      nodeSelector: {no: such-node}\n");
        let flags = ["--wait", "--fail-after", "2s"];
        fails(scene.apply_text(&nowhere, &flags), 4, &["deployment.apps/web", "0/1 nodes are available"]);
    });
}

#[test]
fn a_failed_job() {
    ClusterScene::tell_in_namespace(|scene| {
        fails(
            scene.apply_text(&job("fail", "backoffLimit: 0"), &["--wait"]),
            4,
            &["job.batch/migrate", "BackoffLimitExceeded"],
        );
    });
}

fn job(behaviour: &str, more: &str) -> String {
    format!(
        "apiVersion: batch/v1
kind: Job
metadata: {{name: migrate}}
spec:
  {more}
  template:
    metadata: {{labels: {{kubectl-codex.test/behaviour: {behaviour}}}}}
    spec: {{restartPolicy: Never, containers: [{{name: main, image: app}}]}}
"
    )
}

fn hangs(scene: &ClusterScene, flags: &[&str], code: i32) -> Outcome {
    let flags = [&["--wait", "--wait-timeout", "2s"], flags].concat();
    fails(scene.apply_text(&behaving("hang"), &flags), code, &["deployment.apps/web", "0 of 1"])
}

#[test]
fn what_is_not_ready_in_time_is_named_and_awaited_again() {
    ClusterScene::tell_in_namespace(|scene| {
        let outcome = hangs(&scene, &[], 4);
        assert_eq!(outcome.stdout, "deployment.apps/web created\n");
        let outcome = hangs(&scene, &[], 4);
        assert_eq!(outcome.stdout, "deployment.apps/web unchanged\n", "what is unchanged is awaited too");
    });
}

#[test]
fn soft_fail_only_warns() {
    ClusterScene::tell_in_namespace(|scene| {
        let outcome = hangs(&scene, &["--wait-soft-fail"], 0);
        assert!(outcome.stderr.contains("warning"), "{}", outcome.report("a warning"));
    });
}

#[test]
fn a_slow_pod_is_awaited() {
    ClusterScene::tell_in_namespace(|scene| {
        done_with(scene.apply_text(&behaving("slow-ready"), &["--wait"]), &["deployment.apps/web created"]);
        assert_eq!(value(&scene, "deployment/web", "/status/readyReplicas"), "1");
    });
}

#[test]
fn only_pods_of_the_newest_revision_count() {
    ClusterScene::tell_in_namespace(|scene| {
        done(scene.apply_text(&behaving("invalid-image"), &[]));
        scene.wait_until("there is a pod", || !scene.kubectl(&["get", "pods", "--output=name"]).is_empty());
        done(scene.apply_text(&behaving("slow-ready"), &["--wait"]));
        assert_eq!(value(&scene, "deployment/web", "/status/updatedReplicas"), "1");
    });
}

#[test]
fn each_kind_is_awaited_by_its_rule() {
    ClusterScene::tell_in_namespace(|scene| {
        let text = format!(
        "{}---
{}---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: data}}
spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: db}}
spec:
  serviceName: db
  replicas: 2
  selector: {{matchLabels: {{app: db}}}}
  template:
    metadata: {{labels: {{app: db, kubectl-codex.test/behaviour: slow-ready}}, annotations: {{kubectl-codex.test/delay: 500ms}}}}
    spec: {{containers: [{{name: db, image: postgres}}]}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: agent}}
spec:
  selector: {{matchLabels: {{app: agent}}}}
  template:
    metadata: {{labels: {{app: agent}}}}
    spec: {{containers: [{{name: agent, image: agent}}]}}
",
        web("nginx"),
        job("slow-ready", "backoffLimit: 0"),
    );
        done(scene.apply_text(&text, &["--wait"]));
        assert_eq!(value(&scene, "deployment/web", "/status/readyReplicas"), "1");
        assert_eq!(value(&scene, "job/migrate", "/status/succeeded"), "1");
        assert_eq!(value(&scene, "persistentvolumeclaim/data", "/status/phase"), "Bound");
        assert_eq!(value(&scene, "statefulset/db", "/status/readyReplicas"), "2");
        assert_eq!(value(&scene, "daemonset/agent", "/status/numberReady"), "1");
    });
}

#[test]
fn what_rests_on_purpose_is_ready_with_a_note() {
    ClusterScene::tell_in_namespace(|scene| {
        let text = format!(
        "{}---
{}---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: data}}
spec: {{storageClassName: first-consumer, accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}
",
        behaving("hang").replace("replicas: 1", "replicas: 1\n  paused: true"),
        job("hang", "suspend: true"),
    );
        let outcome = done(scene.apply_text(&text, &["--wait", "--wait-timeout", "20s"]));
        for part in ["paused", "suspended", "persistentvolumeclaim/data"] {
            assert!(outcome.stderr.contains(part), "{}", outcome.report(part));
        }
    });
}

#[test]
fn a_job_that_is_gone_by_its_time_to_live_is_complete() {
    ClusterScene::tell_in_namespace(|scene| {
        done(scene.apply_text(&job("slow-ready", "ttlSecondsAfterFinished: 0"), &["--wait"]));
        scene.wait_until("the job is gone", || !scene.finds("job/migrate"));
    });
}

#[test]
fn the_projects_own_time_counts() {
    ClusterScene::tell_on_own(|scene| {
        let scene = scene
        .with_namespace()
        .file("services.yaml", "project: NAME\nnamespace: {patterns: {dev: NAME}}\nenvironments: {dev: {}}\ncodex: {timeouts: {deployWait: 2s}}\nservices:\n  - name: web\n    manifests: [{path: web.yaml}]\n")
        .file("web.yaml", &behaving("hang"));
        fails(scene.apply(&["--env", "dev", "--wait"]), 4, &["deployment.apps/web", "0 of 1"]);
    });
}

#[test]
fn a_deployment_that_makes_no_progress_fails_at_once() {
    ClusterScene::tell_in_namespace(|scene| {
        let text = behaving("hang").replace("replicas: 1", "replicas: 1\n  progressDeadlineSeconds: 1");
        fails(
            scene.apply_text(&text, &["--wait", "--wait-timeout", "50s"]),
            4,
            &["deployment.apps/web won't get ready", "ProgressDeadlineExceeded"],
        );
    });
}

#[test]
fn a_load_balancer_is_awaited_but_not_by_codexctls_rules() {
    ClusterScene::tell_in_namespace(|scene| {
        let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}\n";
        done(scene.apply_text(service, &["--wait", "--compat", "codexctl"]));
        fails(scene.apply_text(service, &["--wait", "--wait-timeout", "1s"]), 4, &["service/web"]);
        let address = "{\"status\":{\"loadBalancer\":{\"ingress\":[{\"ip\":\"192.0.2.1\"}]}}}";
        scene.kubectl(&["patch", "service/web", "--subresource=status", "--type=merge", "--patch", address]);
        done_with(scene.apply_text(service, &["--wait"]), &["service/web unchanged"]);
    });
}

#[test]
fn an_ingress_is_ready_when_it_is_accepted() {
    let scene = ClusterScene::new().with_namespace();
    let ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\nspec: {defaultBackend: {service: {name: web, port: {number: 80}}}}\n";
    done_with(
        scene.apply_text(ingress, &["--wait", "--wait-timeout", "5s"]),
        &["ingress.networking.k8s.io/web created"],
    );
}

#[test]
fn pods_that_are_replaced_by_hand_are_not_awaited() {
    ClusterScene::tell_in_namespace(|scene| {
        let set = |image: &str| {
            format!(
                "apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: db}}
spec:
  serviceName: db
  updateStrategy: {{type: OnDelete}}
  selector: {{matchLabels: {{app: db}}}}
  template:
    metadata: {{labels: {{app: db}}}}
    spec: {{containers: [{{name: db, image: {image}}}]}}
"
            )
        };
        done(scene.apply_text(&set("postgres:17"), &["--wait"]));
        let outcome = done(scene.apply_text(&set("postgres:18"), &["--wait"]));
        assert!(outcome.stderr.contains("statefulset.apps/db: ready, but"), "{}", outcome.report("a note"));
    });
}

#[test]
fn waiting_goes_on_in_further_tries() {
    ClusterScene::tell_in_namespace(|scene| {
        let flags = ["--wait", "--wait-timeout", "1s", "--wait-retries", "9", "--wait-backoff", "100ms"];
        let outcome = done(scene.apply_text(&behaving("slow-ready"), &flags));
        assert!(outcome.stderr.contains("waiting again in 100ms"), "{}", outcome.report("tries"));
    });
}
