//! Stories of `--list`: what would be rendered, and why the rest isn't.

use codex_tests::Scene;
use serde_json::{Value, json};

fn list(scene: &Scene, arguments: &[&str]) -> Vec<Value> {
    let arguments = [&["--list", "-o", "json"], arguments].concat();
    let outcome = scene.render(&arguments).any_stdout().check();
    serde_json::from_str(&outcome.stdout).unwrap()
}

fn entry<'a>(list: &'a [Value], name: &str) -> &'a Value {
    list.iter().find(|entry| entry["name"] == name).unwrap()
}

#[test]
fn json_says_what_is_selected_and_why_not() {
    let entries = list(&Scene::shop(), &["--env", "staging", "--skip-services", "api"]);
    let names: Vec<&str> = entries.iter().filter_map(|entry| entry["name"].as_str()).collect();
    assert_eq!(names, ["namespace", "config", "data", "api", "web", "codex"]);

    let namespace = entry(&entries, "namespace");
    assert_eq!(namespace["kind"], "infra");
    assert_eq!(namespace["selected"], true);
    assert_eq!(namespace["manifests"], json!(["deploy/namespace.yaml"]));

    let api = entry(&entries, "api");
    assert_eq!(api["kind"], "service");
    assert_eq!(api["selected"], false);
    assert_eq!(api["reason"], "filter");

    let codex = entry(&entries, "codex");
    assert_eq!(codex["selected"], false);
    assert_eq!(codex["reason"], "when");
}

#[test]
fn the_table_has_a_line_for_each() {
    let outcome = Scene::shop().render(&["--list", "--env", "staging"]).any_stdout().check();
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert_eq!(lines.len(), 7, "a heading and six items:\n{}", outcome.stdout);
    assert!(lines[0].contains("NAME"), "{}", lines[0]);
    assert!(lines.iter().all(|line| *line == line.trim_end()), "blanks at line ends");
}

#[test]
fn manifests_are_not_read() {
    let scene = Scene::shop().file("services/api/deploy.yaml", "{{ broken");
    assert_eq!(list(&scene, &["--env", "dev"]).len(), 6);
}

#[test]
fn a_condition_that_fails_is_an_error() {
    Scene::shop()
        .replace("services.yaml", "when: '{{ $isSlot }}'", "when: '{{ \"{{ nope }}\" }}'")
        .render(&["--env", "dev", "--list"])
        .fails(2, &["nope"]);
}

#[test]
fn an_unknown_format_is_a_usage_error() {
    Scene::shop().render(&["--env", "dev", "--list", "-o", "xml"]).fails(2, &["xml"]);
}
