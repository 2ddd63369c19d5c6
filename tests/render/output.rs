//! Stories of standard output: data and nothing else, whoever reads it.

use codex_tests::{Scene, binary};
use serde_json::Value;

use super::{greeted, greeted_without_header, greeting};

const DEV: [&str; 2] = ["--env", "dev"];

#[test]
fn the_header_says_what_the_stream_belongs_to() {
    let outcome = Scene::shop().render(&["--env", "ai", "--slot", "1"]).any_stdout().check();
    assert_eq!(
        outcome.stdout.lines().next(),
        Some(r##"# kubectl-codex: {"project":"shop","env":"ai","slot":1,"namespace":"shop-ai-1"}"##)
    );
}

#[test]
fn the_header_can_be_left_out() {
    greeting("hello")
        .render(&["--env", "dev", "--no-header"])
        .stdout(greeted_without_header("hello"))
        .check();
}

#[test]
fn codexctls_mode_has_no_header() {
    greeting("hello")
        .render(&["--env", "dev", "--compat", "codexctl"])
        .stdout(greeted_without_header("hello"))
        .check();
}

#[test]
fn json_is_one_list() {
    let outcome = Scene::shop().render(&["--env", "staging", "-o", "json"]).any_stdout().check();
    let list: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(list["apiVersion"], "v1");
    assert_eq!(list["kind"], "List");
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 13);
    assert_eq!(items[0]["kind"], "Namespace");
    assert_eq!(items[4]["spec"]["template"]["spec"]["containers"][0]["ports"][0]["containerPort"], 5432);
}

#[test]
fn json_keeps_types_and_texts() {
    for (typed, value) in [
        ("0644", "420"),
        ("yes", "\"yes\""),
        ("'1.10'", "\"1.10\""),
        ("1e3", "1000"),
        ("2024-01-01", "\"2024-01-01\""),
        ("\"\\u2028\\\"é\"", "\"\\u2028\\\"é\""),
    ] {
        let outcome = greeting(typed).render(&["--env", "dev", "-o", "json"]).any_stdout().check();
        let list: Value = serde_json::from_str(&outcome.stdout).unwrap();
        let expected: Value = serde_json::from_str(value).unwrap();
        let found = &list["items"][0]["data"]["greeting"];
        assert_eq!(found.as_f64(), expected.as_f64(), "{typed}");
        assert_eq!(found.as_str(), expected.as_str(), "{typed}");
    }
}

#[test]
fn nothing_is_printed_when_the_last_manifest_fails() {
    Scene::shop()
        .file("services/codex/deploy.yaml", "kind: {{ .Nope }}\n")
        .render(&["--env", "ai", "--slot", "1"])
        .fails(2, &["services/codex/deploy.yaml:1:"]);
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let scene = greeting(&format!("'{}'", "x".repeat(1_000_000)));
    let mut child = scene.start(&binary("kubectl-codex-render"), &DEV);
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(141));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_full_disk_is_an_error() {
    greeting("hello").shell("kubectl-codex-render --env dev >/dev/full").fails(1, &["standard output"]);
}

#[test]
fn colour_is_for_terminals_unless_asked_for() {
    let scene = greeting("'{{ .Nope }}'");
    let coloured = |scene: &Scene, arguments: &[&str]| {
        let outcome = scene.render(&[&DEV, arguments].concat()).unchecked();
        outcome.stderr.contains('\u{1b}')
    };
    assert!(!coloured(&scene, &[]));
    assert!(!coloured(&scene, &["--color", "never"]));
    assert!(coloured(&scene, &["--color", "always"]));
    let scene = scene.env("CLICOLOR_FORCE", "1");
    assert!(coloured(&scene, &[]));
    let scene = scene.env("NO_COLOR", "1");
    assert!(!coloured(&scene, &["--color", "never"]));
}

#[test]
fn empty_documents_are_left_out() {
    greeting("hello")
        .file("web.yaml", "---\n---\n# only a comment\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n  greeting: hello\n---\nnull\n")
        .render(&DEV)
        .stdout(greeted("hello"))
        .check();
}

#[test]
fn rendered_text_can_be_rendered_again_as_data() {
    let scene = Scene::shop();
    let first = scene.render(&["--env", "staging"]).any_stdout().check().stdout;
    let again = scene.stdin(first.as_str()).render(&["--env", "staging", "-f", "-"]).any_stdout().check();
    assert_eq!(again.stdout, first);
}
