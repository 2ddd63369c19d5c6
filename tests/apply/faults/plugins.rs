//! Credential plugins: what they say, what they print, and what they leave behind.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Command;
use std::time::{Duration, Instant};

use codex_tests::{Calls, Scene, ScriptedServer, binary};
use serde_json::{Value, json};

use super::super::{done_with, fails, map};
use super::{apply, scene};

/// A scene whose user has a plugin: this script.
fn with_plugin(server: &ScriptedServer, script: &str) -> Scene {
    let scene = scene(server).stdin(map("settings", "1")).env("PATH", "/usr/bin:/bin");
    let path = scene.path("kubeconfigs/kubeconfig");
    let mut kubeconfig: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    kubeconfig["users"][0]["user"] = json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/sh", "args": ["-c", script],
        "interactiveMode": "IfAvailable",
    }});
    fs::write(&path, kubeconfig.to_string()).unwrap();
    scene
}

/// A command that prints a credential with this status.
fn printing(status: &str) -> String {
    format!(
        r#"printf '%s' '{{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{status}}}'"#
    )
}

#[test]
fn what_a_plugin_says_is_shown_while_it_waits() {
    let server = ScriptedServer::start();
    let wait = "printf '\\033[1mopen https://login.test and enter XY-34\\033[0m\\n' >&2; until test -e signed-in; do sleep 0.05; done";
    let scene = with_plugin(&server, &format!("{wait}; {}", printing(r#"{"token":"token-1"}"#)));
    let mut child = scene.start(&binary("kubectl-codex-apply"), &["-n", "shop", "-f", "-"]);
    child.stdin.take().unwrap().write_all(map("settings", "1").as_bytes()).unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().as_deref(), Some("sh: open https://login.test and enter XY-34"));
    fs::write(scene.path("signed-in"), "").unwrap();
    lines.for_each(drop);
    assert!(child.wait().unwrap().success());
    assert!(server.count(&Calls::patch("configmaps")) > 0);
}

#[test]
fn a_plugins_token_may_have_white_space_around_it_but_none_within() {
    let server = ScriptedServer::start();
    let scene = with_plugin(&server, &printing(r#"{"token":"token-1\n"}"#));
    done_with(apply(&scene, &[]), &["configmap/settings created"]);
    let scene = with_plugin(&server, &printing(r#"{"token":"s3cr3t\nmore"}"#));
    let outcome =
        fails(apply(&scene, &[]), 1, &["credential plugin `/bin/sh`", "token contains a line break"]);
    assert!(!outcome.stderr.contains("s3cr3t"), "{}", outcome.report("shows a token"));
}

#[test]
fn credentials_that_are_none_are_named_as_such() {
    let server = ScriptedServer::start();
    for (status, words) in [
        ("{}", "neither a token nor a client certificate"),
        (r#"{"token":""}"#, "neither a token nor a client certificate"),
        (r#"{"token":[1]}"#, "neither a token nor a client certificate"),
        ("[]", "no status"),
        ("7", "no status"),
        (r#"{"clientKeyData":"x"}"#, "without the other"),
        (r#"{"clientCertificateData":"x","clientKeyData":"x"}"#, "no certificate in its client certificate"),
    ] {
        fails(apply(&with_plugin(&server, &printing(status)), &[]), 1, &[words]);
    }
    for printed in
        ["[]", "[[1]]", "null", "\"x\"", "{\"kind\":[]}", "{\"kind\":\"ExecCredential\"}", "{", "\\0"]
    {
        let scene = with_plugin(&server, &format!("printf '%b' '{printed}'"));
        fails(apply(&scene, &[]), 1, &["credential plugin `/bin/sh`"]);
    }
    fails(apply(&with_plugin(&server, "exec cat /dev/zero"), &[]), 1, &["it printed more than 1 MiB"]);
}

#[test]
fn what_a_plugin_says_without_end_is_shown_up_to_a_limit() {
    let server = ScriptedServer::start();
    let scene = with_plugin(&server, "yes 'endless words' >&2");
    let mut child = scene.start(&binary("kubectl-codex-apply"), &["-n", "shop", "-f", "-"]);
    child.stdin.take().unwrap().write_all(map("settings", "1").as_bytes()).unwrap();
    let shown = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let shown: Vec<String> =
        shown.take_while(|line| !line.contains("says more, which isn't shown")).collect();
    let bytes: usize = shown.iter().filter_map(|line| line.strip_prefix("sh: ")).map(str::len).sum();
    assert!((60 << 10..65 << 10).contains(&bytes), "{bytes}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn an_interrupt_ends_a_plugin_and_what_it_started() {
    let server = ScriptedServer::start();
    let scene = with_plugin(&server, "sleep 1000 & echo $! >&2; wait");
    let mut child = scene.start(&binary("kubectl-codex-apply"), &["-n", "shop", "-f", "-"]);
    child.stdin.take().unwrap().write_all(map("settings", "1").as_bytes()).unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let about = format!("/proc/{}/stat", lines.next().unwrap().trim_start_matches("sh: "));
    let is_there = || fs::read_to_string(&about).is_ok_and(|stat| !stat.contains(") Z "));
    assert!(is_there(), "{about}");
    let interrupt = ["-INT".to_owned(), child.id().to_string()];
    assert!(Command::new("kill").args(interrupt).status().unwrap().success());
    child.wait().unwrap();
    let end = Instant::now() + Duration::from_secs(30);
    while is_there() {
        assert!(Instant::now() < end, "{about} is still there");
        std::thread::sleep(Duration::from_millis(20));
    }
}
