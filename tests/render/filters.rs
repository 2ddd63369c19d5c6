//! Stories of the four filters and of `when`.

use codex_tests::Scene;

/// Two infra blocks and three services, one ConfigMap each; `worker` is off in dev.
fn project() -> Scene {
    let scene = Scene::new().file(
        "services.yaml",
        "project: demo\n\
         infrastructure:\n\
         \x20 - {name: base, manifests: [{path: base.yaml}]}\n\
         \x20 - {name: data, manifests: [{path: data.yaml}]}\n\
         services:\n\
         \x20 - {name: api, manifests: [{path: api.yaml}]}\n\
         \x20 - {name: web, manifests: [{path: web.yaml}]}\n\
         \x20 - {name: worker, when: '{{ ne .Env \"dev\" }}', manifests: [{path: worker.yaml}]}\n",
    );
    ["base", "data", "api", "web", "worker"].iter().fold(scene, |scene, name| {
        scene.file(
            &format!("{name}.yaml"),
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n"),
        )
    })
}

fn names(stdout: &str) -> Vec<&str> {
    stdout.lines().filter_map(|line| line.strip_prefix("  name: ")).collect()
}

fn selected(arguments: &[&str]) -> Vec<String> {
    let arguments = [&["--env", "dev"], arguments].concat();
    let outcome = project().render(&arguments).any_stdout().check();
    names(&outcome.stdout).into_iter().map(str::to_owned).collect()
}

#[test]
fn everything_that_is_on_comes_in_order() {
    assert_eq!(selected(&[]), ["base", "data", "api", "web"]);
}

#[test]
fn only_services_leaves_infrastructure_in() {
    assert_eq!(selected(&["--only-services", "web"]), ["base", "data", "web"]);
}

#[test]
fn only_infra_leaves_services_in() {
    assert_eq!(selected(&["--only-infra", "data"]), ["data", "api", "web"]);
}

#[test]
fn skip_wins_over_only() {
    let flags = ["--only-services", "api,web", "--skip-services", "web", "--skip-infra", "base,data"];
    assert_eq!(selected(&flags), ["api"]);
}

#[test]
fn names_are_compared_without_case_and_blanks() {
    assert_eq!(selected(&["--only-services", " WEB , api", "--skip-infra", "BASE"]), ["data", "api", "web"]);
}

#[test]
fn a_filter_doesnt_switch_on_what_when_switches_off() {
    assert_eq!(selected(&["--only-services", "worker"]), ["base", "data"]);
}

#[test]
fn what_is_left_out_is_not_read() {
    let scene = project().file("web.yaml", "{{ broken").file("worker.yaml", "a: b: c");
    let outcome = scene.render(&["--env", "dev", "--skip-services", "web"]).any_stdout().check();
    assert_eq!(names(&outcome.stdout), ["base", "data", "api"]);
}

#[test]
fn an_unknown_name_in_only_is_an_error_with_a_suggestion() {
    project()
        .render(&["--env", "dev", "--only-services", "wbe"])
        .fails(2, &["--only-services", "`wbe`", "did you mean `web`"]);
    project()
        .render(&["--env", "dev", "--only-infra", "dta"])
        .fails(2, &["--only-infra", "`dta`", "did you mean `data`"]);
}

#[test]
fn an_unknown_name_in_skip_is_a_warning() {
    let outcome = project()
        .render(&["--env", "dev", "--skip-services", "wbe,web"])
        .any_stdout()
        .stderr_mentions(&["warning", "--skip-services", "`wbe`"])
        .check();
    assert_eq!(names(&outcome.stdout), ["base", "data", "api"]);
}

#[test]
fn nothing_selected_prints_nothing_and_says_so() {
    let outcome = project()
        .render(&["--env", "dev", "--skip-infra", "base,data", "--skip-services", "api,web,worker"])
        .stderr_mentions(&["nothing"])
        .check();
    assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
}

#[test]
fn only_three_words_switch_off() {
    for (when, on) in
        [("false", false), (" NO ", false), ("0", false), ("off", true), ("", true), ("0.0", true)]
    {
        let scene = project().replace("services.yaml", "'{{ ne .Env \"dev\" }}'", &format!("'{when}'"));
        let outcome = scene.render(&["--env", "dev"]).any_stdout().check();
        assert_eq!(names(&outcome.stdout).contains(&"worker"), on, "when: {when:?}");
    }
}
