//! Stories of values that aren't there, and of the lint for the traps around them.

use super::{greeted, greeting};

#[test]
fn printing_a_missing_value_is_an_error_that_names_it() {
    greeting("'{{ .Versions.nope }}'")
        .render(&["--env", "dev"])
        .fails(2, &["web.yaml:6:", ".Versions.nope", "^"]);
}

#[test]
fn printf_of_a_missing_value_is_an_error_too() {
    greeting("'{{ printf \"%s\" .Versions.nope }}'")
        .render(&["--env", "dev"])
        .fails(2, &["web.yaml:6:", "nope"]);
}

#[test]
fn codexctls_text_can_be_asked_for() {
    greeting("'{{ .Versions.nope }}'")
        .render(&["--env", "dev", "--missing", "print"])
        .stdout(greeted("<no value>"))
        .check();
    greeting("'{{ .Versions.nope }}'")
        .render(&["--env", "dev", "--missing=print"])
        .stdout(greeted("<no value>"))
        .check();
}

#[test]
fn asking_whether_a_value_is_there_is_no_error() {
    for template in [
        "{{ if .Versions.nope }}yes{{ else }}absent{{ end }}",
        "{{ with .Versions.nope }}{{ . }}{{ else }}absent{{ end }}",
        "{{ default .Versions.nope \"absent\" }}",
        "{{ or .Versions.nope \"absent\" }}",
        "{{ index .Versions \"nope\" }}absent",
    ] {
        greeting(&format!("'{template}'")).render(&["--env", "dev"]).stdout(greeted("absent")).check();
    }
}

#[test]
fn a_condition_with_a_missing_value_is_an_error() {
    greeting("hello")
        .replace("services.yaml", "  - name: web\n", "  - name: web\n    when: '{{ .UserVars.nope }}'\n")
        .render(&["--env", "dev"])
        .fails(2, &["services.yaml:5:", ".UserVars.nope"]);
}

#[test]
fn helms_order_of_default_gets_a_warning() {
    let scene = greeting("'{{ .Versions.web | default \"x\" }}'");
    scene
        .render(&["--env", "dev"])
        .stdout(greeted("x"))
        .stderr_mentions(&["warning", "web.yaml:6:", "default"])
        .check();
    scene.render(&["--env", "dev", "--no-lint"]).stdout(greeted("x")).check();
}

#[test]
fn helms_order_of_trim_prefix_gets_a_warning() {
    greeting("'{{ \"v1\" | trimPrefix \"v\" }}'")
        .render(&["--env", "dev"])
        .any_stdout()
        .stderr_mentions(&["warning", "web.yaml:6:", "trimPrefix"])
        .check();
}

#[test]
fn each_place_is_warned_about_once() {
    let outcome = greeting("'{{ range $i := until 5 }}{{ \"a\" | default \"b\" }}{{ end }}'")
        .render(&["--env", "dev"])
        .any_stdout()
        .stderr_mentions(&["warning"])
        .check();
    assert_eq!(outcome.stderr.matches("warning").count(), 1, "{}", outcome.stderr);
}

#[test]
fn the_right_order_gets_no_warning() {
    greeting("'{{ default .Versions.web \"x\" }}'")
        .render(&["--env", "dev"])
        .stdout(greeted("\"1.10\""))
        .check();
}
