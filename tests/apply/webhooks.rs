//! Admission webhooks: one that isn't up yet is waited for, one that says no is believed.

use std::thread;

use codex_tests::{Answer, Calls, ClusterScene, ControlPlane, FaultProxy, ScriptedServer};

use super::{done, fails, map};

/// A webhook for the ConfigMaps of the story's namespace, at that address.
fn webhook(url: &str) -> String {
    format!(
        "apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {{name: NAME}}
webhooks:
  - name: guard.example.org
    admissionReviewVersions: [v1]
    sideEffects: None
    timeoutSeconds: 2
    clientConfig: {{url: '{url}'}}
    namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: NAME}}}}
    rules: [{{apiGroups: [''], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [configmaps], scope: '*'}}]
---
"
    )
}

fn is_called(scene: &ClusterScene) -> bool {
    let line = "kubectl create configmap probe -n NAME --dry-run=server >/dev/null 2>&1 && echo through || echo stopped";
    scene.shell(line).any_stdout().unchecked().stdout == "stopped\n"
}

#[test]
fn a_webhook_that_is_not_up_is_waited_for() {
    let scene = ClusterScene::new().with_namespace();
    scene.kubectl_with(&["create", "-f", "-"], &webhook("https://127.0.0.1:1/"));
    scene.wait_until("the webhook counts", || is_called(&scene));
    let proxy = FaultProxy::start(ControlPlane::shared().kubeconfig());
    let kubeconfig = proxy.kubeconfig(&scene.scene().project());
    // Retries of other errors are another matter: there are none here.
    let flags = ["--apply-retries", "0", "--kubeconfig", kubeconfig.to_str().unwrap()];
    let patches = || proxy.calls().iter().filter(|call| call.method == "PATCH").count();
    thread::scope(|threads| {
        let apply = threads.spawn(|| done(scene.apply_text(&map("settings", "1"), &flags)));
        scene.wait_until("it is tried again", || patches() >= 2);
        scene.kubectl(&["delete", "validatingwebhookconfiguration", scene.name()]);
        assert_eq!(apply.join().unwrap().stdout, "configmap/settings created\n");
    });
}

#[test]
fn a_webhook_that_is_down_is_said_at_once_and_given_up_in_time() {
    let scene = ClusterScene::new().with_namespace();
    scene.kubectl_with(&["create", "-f", "-"], &webhook("https://127.0.0.1:1/"));
    scene.wait_until("the webhook counts", || is_called(&scene));
    let text = format!("{}{}", map("one", "1"), map("two", "1"));
    let outcome = fails(
        scene.apply_text(&text, &["--webhook-timeout", "5s"]),
        1,
        &["cannot apply configmap/", "webhook `guard.example.org` is not up", "connection refused"],
    );
    let told = outcome.stderr.lines().filter(|line| line.starts_with("info: configmap/"));
    let [line] = told.collect::<Vec<_>>()[..] else { panic!("{}", outcome.report("one line for both")) };
    assert!(line.contains(": webhook `guard.example.org` is not up: "), "{line}");
    assert!(line.ends_with("it is tried again for 5s"), "{line}");
}

#[test]
fn what_mends_a_webhook_goes_ahead_of_what_it_blocks() {
    let scene = ClusterScene::new().with_namespace();
    let with = |policy: &str| {
        let policy = format!("sideEffects: None\n    failurePolicy: {policy}");
        webhook("https://127.0.0.1:1/").replace("sideEffects: None", &policy)
    };
    let configuration =
        format!("validatingwebhookconfiguration.admissionregistration.k8s.io/{} configured\n", scene.name());
    for (number, verb) in [("1", "created"), ("2", "configured")] {
        done(scene.apply_text(&with("Fail"), &[]));
        scene.wait_until("the webhook counts", || is_called(&scene));
        let repair = format!("{}{}", map("settings", number), with("Ignore"));
        let plan = done(scene.apply_text(&repair, &["--dry-run=server"]));
        let line = "configmap/settings not checked (server dry run)\n";
        assert!(plan.stdout.contains(line), "{}", plan.report(line));
        assert!(!plan.stderr.contains("cannot apply"), "{}", plan.report("no error"));
        let plan = fails(scene.apply_text(&repair, &["--diff", "--exit-code"]), 3, &["1 not checked"]);
        let line = format!("+++ planned {}/configmap/settings (not checked)\n", scene.name());
        assert!(plan.stdout.contains(&line), "{}", plan.report(&line));
        // Without what mends it, it is an error.
        let words = "webhook `guard.example.org` is not up";
        fails(scene.apply_text(&map("settings", number), &["--dry-run=server"]), 1, &[words]);
        let outcome = done(scene.apply_text(&repair, &[]));
        assert_eq!(outcome.stdout, format!("{configuration}configmap/settings {verb}\n"));
        assert!(outcome.stderr.contains("goes ahead"), "{}", outcome.report("it says so"));
    }
}

#[test]
fn a_webhook_that_comes_with_the_stream_goes_last() {
    let scene = ClusterScene::new().with_namespace();
    let text = format!("{}{}", webhook("https://127.0.0.1:1/"), map("settings", "1"));
    let outcome = done(scene.apply_text(&text, &[]));
    let expected = format!(
        "configmap/settings created\nvalidatingwebhookconfiguration.admissionregistration.k8s.io/{} created\n",
        scene.name()
    );
    assert_eq!(outcome.stdout, expected);
}

#[test]
fn a_policy_that_says_no_is_not_asked_again() {
    let server = ScriptedServer::start();
    server.on(
        Calls::patch("configmaps"),
        ..,
        Answer::status(
            400,
            "BadRequest",
            "admission webhook \"guard.example.org\" denied the request: no latest tags",
        ),
    );
    let scene = super::faults::scene(&server).stdin(map("settings", "1"));
    let run = scene.run("kubectl-codex-apply", &["-n", "shop", "-f", "-", "--apply-backoff", "10ms"]);
    fails(run, 1, &["guard.example.org", "no latest tags"]);
    assert_eq!(server.count(&Calls::patch("configmaps").dry_run(false)), 1);
}
