//! Ctrl-C and other ways to ask for an end.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Child;

use codex_tests::{ClusterScene, binary};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{behaving, map};

/// Starts an apply of these manifests to the story's namespace.
fn start(scene: &ClusterScene, manifests: &str, flags: &[&str]) -> Child {
    let flags = [&["-n", scene.name(), "-f", "-"], flags].concat();
    let mut child = scene.scene().start(&binary("kubectl-codex-apply"), &flags);
    child.stdin.take().unwrap().write_all(manifests.replace("NAME", scene.name()).as_bytes()).unwrap();
    child
}

/// Sends the signal when a line of standard error has this part; gives everything that was said by then and after.
fn interrupted(mut child: Child, part: &str, signal: Signal) -> (Option<i32>, String, String) {
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains(part) {
        assert!(stderr.read_line(&mut said).unwrap() > 0, "it ended before it said {part:?}: {said}");
    }
    kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
    std::io::Read::read_to_string(&mut stderr, &mut said).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap(), said)
}

#[test]
fn while_waiting() {
    ClusterScene::tell_in_namespace(|scene| {
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
            let child = start(&scene, &behaving("hang"), &["--wait"]);
            let (code, _, said) = interrupted(child, "0 of 1 pods", signal);
            assert_eq!(code, Some(130), "{signal}: {said}");
            assert!(said.contains("stopped while waiting; everything is applied"), "{said}");
            assert!(said.contains("deployment.apps/web: 0 of 1 pods"), "what wasn't ready: {said}");
        }
    });
}

#[test]
fn between_two_waits() {
    ClusterScene::tell_in_namespace(|scene| {
        let flags = ["--wait", "--wait-timeout", "1s", "--wait-retries", "3", "--wait-backoff", "600s"];
        let child = start(&scene, &behaving("hang"), &flags);
        let (code, _, said) = interrupted(child, "waiting again in", Signal::SIGINT);
        assert_eq!(code, Some(130), "{said}");
        assert!(said.contains("stopped while waiting; everything is applied"), "{said}");
    });
}

#[test]
fn while_a_webhook_is_waited_for() {
    let scene = ClusterScene::new().with_namespace();
    let webhook = "apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: NAME}
webhooks:
  - name: guard.example.org
    admissionReviewVersions: [v1]
    sideEffects: None
    timeoutSeconds: 2
    clientConfig: {url: 'https://127.0.0.1:1/'}
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAME}}
    rules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments], scope: '*'}]
";
    scene.kubectl_with(&["create", "-f", "-"], webhook);
    scene.wait_until("the webhook counts", || {
        let line = "kubectl create deployment probe --image=a -n NAME --dry-run=server >/dev/null 2>&1 || echo stopped";
        scene.shell(line).any_stdout().unchecked().stdout == "stopped\n"
    });
    let mut child = start(&scene, &(map("settings", "1") + &super::web("nginx")), &[]);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "configmap/settings created\n");
    let (code, _, said) = interrupted(child, "plan: 2 to create", Signal::SIGINT);
    assert_eq!(code, Some(130), "{said}");
    assert!(said.contains("stopped: 1 applied, 0 failed, 1 not tried"), "{said}");
    assert!(scene.finds("configmap/settings") && !scene.finds("deployment/web"));
}
