//! A server that doesn't answer, and a user who doesn't wait.

use std::process::Child;
use std::time::{Duration, Instant};

use codex_tests::{Answer, Calls, ScriptedServer, binary};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::super::{done_with, fails, map};
use super::{apply, scene};

#[test]
fn a_call_that_hangs_ends_with_the_request_timeout() {
    let server = ScriptedServer::start();
    let scene = scene(&server).stdin(map("settings", "1"));
    server.on(Calls::patch("configmaps").dry_run(false), .., Answer::Hang);
    let start = Instant::now();
    fails(apply(&scene, &["--request-timeout", "300ms", "--apply-retries", "1"]), 1, &["configmap/settings"]);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert_eq!(server.count(&Calls::patch("configmaps").dry_run(false)), 2);
}

#[test]
fn a_call_that_hung_and_was_done_all_the_same_is_found_done() {
    let server = ScriptedServer::start();
    let scene = scene(&server).stdin(map("settings", "1"));
    server.on(Calls::patch("configmaps").dry_run(false), 1..=1, Answer::HangAfter);
    super::super::done(apply(&scene, &["--request-timeout", "300ms"]));
    assert_eq!(server.names("", "configmaps"), ["shop/settings"]);
    done_with(apply(&scene, &[]), &["configmap/settings unchanged"]);
}

#[test]
fn a_server_that_never_answers() {
    let server = ScriptedServer::start();
    let scene = scene(&server).stdin(map("settings", "1"));
    server.on(Calls::all(), .., Answer::Hang);
    fails(apply(&scene, &["--request-timeout", "300ms"]), 1, &[&server.url()]);
}

fn interrupt(child: &Child) {
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
}

#[test]
fn ctrl_c_does_not_wait_for_a_server_that_hangs() {
    for hanging in [Calls::all(), Calls::list("configmaps")] {
        let server = ScriptedServer::start();
        let scene = scene(&server).file("settings.yaml", map("settings", "1"));
        server.on(hanging.clone(), .., Answer::Hang);
        let arguments = ["-n", "shop", "-f", "settings.yaml"];
        let child = scene.start(&binary("kubectl-codex-apply"), &arguments);
        server.wait_for(1, &hanging);
        let start = Instant::now();
        interrupt(&child);
        let output = child.wait_with_output().unwrap();
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(130), "{message}");
        assert!(message.contains("stopped; nothing is applied"), "{message}");
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    }
}

#[test]
fn ctrl_c_does_not_wait_for_a_credential_plugin() {
    let server = ScriptedServer::start();
    let plugin = "#!/bin/sh\necho $$ >asked.new\nmv asked.new asked\nexec sleep 100\n";
    let scene = scene(&server).file("settings.yaml", map("settings", "1")).file("plugin", plugin);
    let kubeconfig = "apiVersion: v1
kind: Config
current-context: a
clusters: [{name: a, cluster: {server: 'https://127.0.0.1:1'}}]
users: [{name: a, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: /bin/sh, args: [plugin]}}}]
contexts: [{name: a, context: {cluster: a, user: a}}]
";
    let scene = scene.file("config", kubeconfig).env("PATH", "/usr/bin:/bin");
    let arguments = ["-n", "shop", "-f", "settings.yaml", "--kubeconfig", "config"];
    let child = scene.start(&binary("kubectl-codex-apply"), &arguments);
    let start = Instant::now();
    while !scene.path("asked").exists() {
        assert!(start.elapsed() < Duration::from_secs(20), "the plugin isn't asked");
        std::thread::yield_now();
    }
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(start.elapsed() < Duration::from_secs(40), "{:?}", start.elapsed());
    let id = std::fs::read_to_string(scene.path("asked")).unwrap();
    let stat = format!("/proc/{}/stat", id.trim());
    let is_there = || std::fs::read_to_string(&stat).is_ok_and(|text| !text.contains(") Z "));
    while is_there() {
        assert!(start.elapsed() < Duration::from_secs(60), "the plugin goes on");
        std::thread::yield_now();
    }
}

#[test]
fn ctrl_c_says_what_was_done() {
    let server = ScriptedServer::start();
    let scene =
        scene(&server).file("all.yaml", format!("{}{}", map("settings", "1"), super::super::web("nginx")));
    server.on(Calls::patch("deployments").dry_run(false), .., Answer::Hang);
    let arguments = ["-n", "shop", "-f", "all.yaml"];
    let child = scene.start(&binary("kubectl-codex-apply"), &arguments);
    server.wait_for(1, &Calls::patch("deployments").dry_run(false));
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{message}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "configmap/settings created\n");
    assert!(message.contains("1 applied") && message.contains("1 not tried"), "{message}");
}
