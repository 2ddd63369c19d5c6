//! The first five minutes: render, change a value, break a template, read the message.

use codex_tests::Scene;

use super::{greeted, greeting};

#[test]
fn the_simplest_project() {
    greeting("hello").render(&["--env", "dev"]).stdout(greeted("hello")).check();
}

#[test]
fn the_example_renders_everywhere_with_no_variables_set() {
    for (arguments, documents, namespace) in [
        (&["--env", "dev"][..], 13, "shop-dev"),
        (&["--env", "staging"], 13, "shop-staging"),
        (&["--env", "ai", "--slot", "1"], 16, "shop-ai-1"),
        (&["--env", "ai-repair", "--slot", "2"], 7, "shop-ai-repair-2"),
    ] {
        let outcome = Scene::shop().render(arguments).any_stdout().check();
        let kinds = outcome.stdout.lines().filter(|line| line.starts_with("kind: "));
        assert_eq!(kinds.count(), documents, "{arguments:?}");
        assert!(outcome.stdout.contains(&format!("namespace: {namespace}\n")));
    }
}

#[test]
fn a_changed_value_shows() {
    let scene = Scene::shop();
    let before = scene.render(&["--env", "staging"]).any_stdout().check().stdout;
    let scene = scene.replace("services.yaml", "api: \"0.3.0\"", "api: \"0.4.0\"");
    let after = scene.render(&["--env", "staging"]).any_stdout().check().stdout;
    assert_eq!(after, before.replace("0.3.0", "0.4.0"));
    assert_ne!(after, before);
}

#[test]
fn a_broken_template_shows_its_line() {
    Scene::shop()
        .replace("services/api/deploy.yaml", "{{ if eq .Env \"staging\" }}", "{{ fi eq .Env \"staging\" }}")
        .render(&["--env", "staging"])
        .fails(
            2,
            &[
                "services/api/deploy.yaml:20:16",
                "20 |   replicas: {{ fi eq .Env \"staging\" }}2{{ else }}1{{ end }}",
                "function `fi` is not defined",
            ],
        );
}

#[test]
fn ingresses_are_dropped_in_slots_only() {
    let kinds = |arguments: &[&str]| Scene::shop().render(arguments).any_stdout().check().stdout;
    assert!(kinds(&["--env", "staging"]).contains("\nkind: Ingress\n"));
    assert!(!kinds(&["--env", "ai", "--slot", "1"]).contains("\nkind: Ingress\n"));
}

#[test]
fn sources_are_mounted_from_the_slots_folder() {
    Scene::shop()
        .env("CODE_ROOT_BASE", "/srv/slots")
        .render(&["--env", "ai", "--slot", "4"])
        .stdout_mentions(&["path: /srv/slots/4/src/services/api\n", "mountPath: /app\n"])
        .check();
}

#[test]
fn the_configuration_may_lie_elsewhere() {
    let scene = Scene::shop();
    let here = scene.render(&["--env", "staging"]).any_stdout().check().stdout;
    let file = scene.path("services.yaml");
    let elsewhere =
        Scene::new().render(&["--env", "staging", "-c", file.to_str().unwrap()]).any_stdout().check();
    assert_eq!(elsewhere.stdout, here);
}

#[test]
fn rendering_twice_gives_the_same_bytes() {
    let scene = Scene::shop();
    let first = scene.render(&["--env", "ai", "--slot", "3"]).any_stdout().check().stdout;
    for _ in 0..5 {
        scene.render(&["--env", "ai", "--slot", "3"]).stdout(first.as_str()).check();
    }
}
