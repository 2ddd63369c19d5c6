//! One story per exit code that render can end with.

use codex_tests::{Scene, binary};

use super::{greeted, greeting};

#[test]
fn zero_when_done() {
    greeting("hello").render(&["--env", "dev"]).stdout(greeted("hello")).exit(0).check();
}

#[test]
fn one_when_a_file_cannot_be_read() {
    Scene::new().render(&["--env", "dev"]).fails(1, &["error:", "services.yaml"]);
}

#[test]
fn two_for_a_wrong_command_line() {
    greeting("hello").render(&[]).fails(2, &["--env"]);
    greeting("hello").render(&["--env", "dev", "--slot", "-1"]).fails(2, &["--slot"]);
    greeting("hello").render(&["--env", "dev", "--slot", "many"]).fails(2, &["--slot"]);
    greeting("hello").render(&["--env", ""]).fails(2, &["--env"]);
}

#[test]
fn two_for_a_wrong_services_yaml() {
    Scene::new().file("services.yaml", "project: [").render(&["--env", "dev"]).fails(2, &["services.yaml:"]);
}

#[test]
fn two_for_a_wrong_manifest() {
    greeting("[").render(&["--env", "dev"]).fails(2, &["web.yaml:"]);
}

#[test]
fn two_for_a_wrong_variable_file() {
    greeting("hello")
        .file("v.env", "nothing of this kind\n")
        .render(&["--env", "dev", "--var-file", "v.env"])
        .fails(2, &["v.env, line 1"]);
}

#[test]
fn a_hundred_and_forty_one_for_a_closed_pipe() {
    let scene = greeting(&format!("'{}'", "x".repeat(1_000_000)));
    let mut child = scene.start(&binary("kubectl-codex-render"), &["--env", "dev"]);
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(141));
}

#[test]
fn the_shim_uses_the_same() {
    let scene = greeting("[");
    scene.run("codexctl", &["render", "--env", "dev"]).fails(2, &["web.yaml"]);
    scene.run("codexctl", &["render"]).fails(2, &["--env"]);
    Scene::new().run("codexctl", &["render", "--env", "dev"]).fails(1, &["services.yaml"]);
}
