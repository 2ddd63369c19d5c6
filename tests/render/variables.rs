//! Stories of variables: process, env files, var file, flags; later wins.

use codex_tests::Scene;

use super::{greeted, greeting};

const DEV: [&str; 2] = ["--env", "dev"];

fn hello_from(scene: Scene) -> Scene {
    scene.replace("web.yaml", "hello", "'{{ envOr \"A\" \"nobody\" }}'")
}

fn project() -> Scene {
    hello_from(greeting("hello"))
        .replace("services.yaml", "project: demo\n", "project: demo\nenvFiles: [one.env, two.env]\n")
        .file("one.env", "A=one\n")
        .file("two.env", "A=two\n")
        .file("v.env", "A=var file\n")
}

#[test]
fn later_sources_win() {
    hello_from(greeting("hello")).render(&DEV).stdout(greeted("nobody")).check();
    hello_from(greeting("hello")).env("A", "process").render(&DEV).stdout(greeted("process")).check();
    let scene = project().env("A", "process");
    scene.render(&DEV).stdout(greeted("two")).check();
    let file = ["--env", "dev", "--var-file", "v.env"];
    scene.render(&file).stdout(greeted("var file")).check();
    let flags = [&file[..], &["--vars", "A=vars"]].concat();
    scene.render(&flags).stdout(greeted("vars")).check();
}

#[test]
fn an_empty_value_hides_an_earlier_one() {
    project().render(&["--env", "dev", "--var", "A="]).stdout(greeted("nobody")).check();
}

#[test]
fn var_takes_any_value_and_may_be_repeated() {
    hello_from(greeting("hello"))
        .render(&["--env", "dev", "--var", "B=x", "--var", "A=1, 2=3, four"])
        .stdout(greeted("1, 2=3, four"))
        .check();
}

#[test]
fn a_var_without_a_name_or_a_value_is_a_usage_error() {
    greeting("hello").render(&["--env", "dev", "--var", "oops"]).fails(2, &["KEY=VALUE"]);
    greeting("hello").render(&["--env", "dev", "--var", "=x"]).fails(2, &["`=x`"]);
}

#[test]
fn var_files_know_both_separators() {
    let file = "\u{feff}# comment\n\nexport B='1'\nA: http://host/?q=1\n";
    hello_from(greeting("hello"))
        .file("v.env", file)
        .render(&["--env", "dev", "--var-file", "v.env"])
        .stdout(greeted("http://host/?q=1"))
        .check();
}

#[test]
fn var_files_are_relative_to_the_working_directory() {
    let scene = hello_from(greeting("hello")).file("elsewhere/v.env", "A=1x\n");
    scene.render(&["--env", "dev", "--var-file", "elsewhere/v.env"]).stdout(greeted("1x")).check();
    scene.render(&["--env", "dev", "--var-file", "v.env"]).fails(1, &["v.env"]);
}

#[test]
fn flags_have_twins_in_the_environment() {
    greeting("hello").env("CODEXCTL_ENV", "dev").render(&[]).stdout(greeted("hello")).check();
    Scene::shop()
        .env("CODEXCTL_ENV", "ai")
        .env("CODEXCTL_SLOT", "7")
        .render(&[])
        .stdout_mentions(&["namespace: shop-ai-7\n"])
        .check();
}

#[test]
fn a_flag_wins_over_its_twin() {
    greeting("hello").env("CODEXCTL_ENV", "staging").render(&DEV).stdout(greeted("hello")).check();
}

#[test]
fn an_empty_twin_is_unset() {
    greeting("hello").env("CODEXCTL_ENV", "").render(&[]).fails(2, &["--env"]);
    greeting("hello").env("CODEXCTL_SLOT", "").render(&DEV).stdout(greeted("hello")).check();
}

#[test]
fn the_clock_can_be_set() {
    greeting("'{{ .Now.Format \"2006-01-02\" }}'")
        .env("SOURCE_DATE_EPOCH", "86400")
        .render(&DEV)
        .stdout(greeted("\"1970-01-02\""))
        .check();
}

#[test]
fn the_namespace_can_be_given() {
    let outcome = greeting("hello").render(&["--env", "dev", "-n", " mine "]).any_stdout().check();
    assert!(outcome.stdout.contains("\"namespace\":\"mine\"}"), "{}", outcome.stdout);
    assert!(outcome.stdout.ends_with("  namespace: mine\n"), "{}", outcome.stdout);
}
