//! Stories of the program's names, its version and its help.

use codex_tests::Scene;

const PROGRAM: &str = "kubectl-codex-render";

#[test]
fn help_shows_the_spelling_it_was_called_by() {
    let scene = Scene::new();
    scene
        .run_as("kubectl-codex-render", PROGRAM, &["--help"])
        .stdout_mentions(&["kubectl codex render "])
        .check();
    scene
        .run_as("kubectl-codex_render", PROGRAM, &["--help"])
        .stdout_mentions(&["kubectl codex-render "])
        .check();
}

#[test]
fn help_has_examples_and_every_flag() {
    let outcome = Scene::new().render(&["--help"]).any_stdout().check();
    for word in [
        "Examples:",
        "--config",
        "--env",
        "--slot",
        "--namespace",
        "--vars",
        "--var",
        "--var-file",
        "--only-services",
        "--skip-services",
        "--only-infra",
        "--skip-infra",
        "--filename",
        "--service",
        "--list",
        "--output",
        "--missing",
        "--compat",
        "--no-header",
        "--no-lint",
        "--log-level",
        "--color",
        "--version",
    ] {
        assert!(outcome.stdout.contains(word), "{word}\n{}", outcome.stdout);
    }
}

#[test]
fn help_fits_a_terminal() {
    let outcome = Scene::new().render(&["--help"]).any_stdout().check();
    for line in outcome.stdout.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn a_short_help_is_shorter() {
    let long = Scene::new().render(&["--help"]).any_stdout().check().stdout;
    let short = Scene::new().render(&["-h"]).any_stdout().check().stdout;
    assert!(short.len() <= long.len());
}

#[test]
fn version_is_the_packages() {
    let version = env!("CARGO_PKG_VERSION");
    Scene::new().render(&["--version"]).stdout_mentions(&[version]).check();
}

#[test]
fn an_unknown_flag_gets_a_suggestion() {
    Scene::new().render(&["--only-service", "web"]).fails(2, &["--only-service", "--only-services"]);
}

#[test]
fn a_stray_argument_is_a_usage_error() {
    Scene::shop().render(&["--env", "dev", "web"]).fails(2, &["web"]);
}

#[test]
fn help_groups_flags_under_the_right_heading() {
    let outcome = Scene::new().render(&["--help"]).any_stdout().check();
    let section = |heading: &str| {
        let start = outcome.stdout.find(&format!("\n{heading}:\n")).unwrap();
        let section = &outcome.stdout[start + 1..];
        section
            .split("\n\n")
            .take_while(|part| part.starts_with(heading) || part.starts_with(' '))
            .collect::<String>()
    };
    assert!(section("Variables").contains("--var-file"));
    assert!(!section("Variables").contains("--list"), "--list is no variable");
    assert!(section("Filters").contains("--skip-infra"));
}
