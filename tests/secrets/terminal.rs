//! What others wrote neither moves the cursor nor forges a message.

use codex_tests::{Answer, Calls, ClusterScene, Outcome, ScriptedServer};
use serde_json::json;

use crate::apply::{behaving, faults, map};

/// What would clear the screen, overwrite a line, turn the text around and forge an error.
const HOSTILE: &str = "x\u{1b}[2J\u{1b}]0;t\u{7}\u{9b}31m\r\u{8}\u{202e}y\nerror: forged\r\nwarning: forged";

/// The text as JSON and YAML have it.
fn quoted() -> String {
    serde_json::to_string(HOSTILE).unwrap().replace('\u{9b}', "\\u009b").replace('\u{202e}', "\\u202e")
}

fn is_harmless(outcome: &Outcome) {
    let text = outcome.stdout.clone() + &outcome.stderr;
    let acts = |letter: char| (letter.is_control() && letter != '\n') || letter == '\u{202e}';
    assert!(!text.contains(acts), "{text:?}");
    let forged = |line: &str| line.starts_with("error: forged") || line.starts_with("warning: forged");
    assert!(!text.lines().any(forged), "{}", outcome.report("a forged message"));
}

#[test]
fn words_of_the_server_stay_in_their_message() {
    for answer in [
        Answer::status(400, "BadRequest", HOSTILE),
        Answer::status(403, "Forbidden", HOSTILE),
        Answer::status(418, HOSTILE, HOSTILE),
        Answer::invalid(&[("data.a", HOSTILE)]),
        Answer::invalid(&[(HOSTILE, HOSTILE)]),
        Answer::ownership_conflict(&[(HOSTILE, ".data.a")]),
        Answer::untyped_500(HOSTILE),
        Answer::status(
            400,
            "BadRequest",
            &format!("admission webhook \"{HOSTILE}\" denied the request: {HOSTILE}"),
        ),
        Answer::text(500, HOSTILE),
    ] {
        for arguments in [&[][..], &["--diff"]] {
            let server = ScriptedServer::start();
            server.on(Calls::patch("configmaps"), .., answer.clone());
            let scene = faults::scene(&server).stdin(map("settings", "1"));
            let flags = [
                "-n",
                "shop",
                "-f",
                "-",
                "--apply-retries",
                "1",
                "--apply-backoff",
                "1ms",
                "--log-level=debug",
            ];
            let outcome = scene.run("kubectl-codex-apply", &[&flags[..], arguments].concat()).unchecked();
            assert_ne!(outcome.exit, 70, "{}", outcome.report("a bug"));
            is_harmless(&outcome);
        }
    }
}

#[test]
fn names_in_manifests_stay_in_their_line() {
    let server = ScriptedServer::start();
    let name = quoted();
    let text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, annotations: {{{name}: {name}}}}}\ndata: {{a: {name}}}\n"
    );
    let scene = faults::scene(&server).stdin(text);
    for arguments in
        [&["--dry-run", "client"][..], &["--dry-run", "server"], &["--diff"], &["-o", "name"], &[]]
    {
        let outcome =
            scene.run("kubectl-codex-apply", &[&["-n", "shop", "-f", "-"], arguments].concat()).unchecked();
        is_harmless(&outcome);
    }
}

#[test]
fn events_and_logs_stay_in_their_note() {
    ClusterScene::tell_in_namespace(|scene| {
        // The API server itself refuses C1 characters.
        let words = quoted().replace("\\u009b", "");
        let log =
            format!("      annotations: {{kubectl-codex.test/log: {}}}\n    spec:\n      containers", words);
        let text = behaving("crash").replace("    spec:\n      containers", &log);
        let outcome = scene.apply_text(&text, &["--wait", "--wait-timeout", "40s"]).unchecked();
        assert_eq!(outcome.exit, 4, "{}", outcome.report("it crashes"));
        assert!(outcome.stderr.contains("forged"), "{}", outcome.report("the log"));
        is_harmless(&outcome);
    });
}

#[test]
fn words_of_records_stay_in_their_row() {
    let scene = crate::slot::project();
    let changes = json!({"owner": HOSTILE, "env": "ai"});
    crate::slot::codexctls_record(&scene, 3, &changes);
    for format in ["table", "wide", "name"] {
        is_harmless(&crate::slot::slot(&scene, &["list", "--env", "ai", "-o", format]).unchecked());
    }
    let outcome = crate::slot::slot(&scene, &["list", "--env", "ai", "-o", "json"])
        .any_stdout()
        .stderr_mentions(&[])
        .check();
    let list: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(list[0]["owner"], HOSTILE, "data stays what it is");
}

#[test]
fn a_plugins_words_stay_in_their_message() {
    let script = "printf 'no \\033[2J\\r\\nerror: forged\\033[1A' >&2; exit 3";
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{{name: a, context: {{cluster: a, user: a}}}}]\nclusters: [{{name: a, cluster: {{server: 'https://127.0.0.1:1'}}}}]\nusers: [{{name: a, user: {{exec: {{apiVersion: client.authentication.k8s.io/v1, command: /bin/sh, args: [-c, {}], interactiveMode: Never}}}}}}]\n",
        serde_json::to_string(script).unwrap()
    );
    let scene = codex_tests::Scene::new().file("kubeconfig", kubeconfig);
    let arguments = ["-n", "shop", "-f", "-", "--kubeconfig", "kubeconfig"];
    let outcome = scene.run_with("kubectl-codex-apply", &arguments, map("a", "1")).unchecked();
    assert_eq!(outcome.exit, 1, "{}", outcome.report("no credentials"));
    is_harmless(&outcome);
}
