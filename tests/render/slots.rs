//! `--slot` where the environment has slots, and where it has none.

use codex_tests::Scene;

fn project(pattern: &str) -> Scene {
    let services = format!(
        "project: demo
namespace: {{patterns: {{preview: '{pattern}', dev: demo-dev}}}}
environments: {{preview: {{}}, dev: {{}}, ai: {{}}}}
services:
  - name: web
    manifests: [{{path: web.yaml}}]
"
    );
    Scene::new()
        .file("services.yaml", services)
        .file("web.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n")
}

#[test]
fn an_environment_with_slots_needs_one() {
    for pattern in ["pre-{{ .Slot }}", "pre-{{ printf \"%03d\" .Slot }}"] {
        let scene = project(pattern);
        for env in ["preview", "ai"] {
            let said = format!("environment `{env}` has slots, and none is named");
            scene.render(&["--env", env]).fails(2, &[&said, "`--slot N`", "kubectl codex slot ensure"]);
            scene.render(&["--env", env, "--slot", "0"]).fails(2, &[&said]);
        }
        let outcome = scene.render(&["--env", "preview", "--slot", "12"]).any_stdout().check();
        assert!(outcome.stdout.contains("\"slot\":12"), "{}", outcome.report("slot 12"));
    }
}

#[test]
fn who_names_the_namespace_needs_no_slot() {
    let scene = project("pre-{{ .Slot }}");
    scene.render(&["--env", "preview", "-n", "mine"]).stdout_mentions(&["namespace: mine"]).check();
}

#[test]
fn an_environment_without_slots_takes_none() {
    let scene = project("pre-{{ .Slot }}");
    scene
        .render(&["--env", "dev", "--slot", "3"])
        .fails(2, &["environment `dev` has no slots, but `--slot` is 3", "namespace.patterns.dev"]);
    scene.render(&["--env", "dev", "--slot", "0"]).stdout_mentions(&["demo-dev"]).check();
}

#[test]
fn codexctls_command_lines_go_on_working() {
    let scene = project("pre-{{ .Slot }}");
    for (arguments, said) in [
        (["--env", "preview", "--slot", "0"], "warning: environment `preview` has slots"),
        (["--env", "dev", "--slot", "3"], "warning: environment `dev` has no slots"),
    ] {
        let arguments = [&arguments[..], &["--compat", "codexctl"]].concat();
        scene.render(&arguments).any_stdout().stderr_mentions(&[said]).check();
    }
}
