//! `codexctl apply` and `codexctl ci apply`: workflows written for codexctl go on working.

use codex_tests::ClusterScene;

use super::{fails, map, value};

/// A project of one ConfigMap, `web`, in the story's own namespace.
fn project() -> ClusterScene {
    ClusterScene::new()
        .file(
            "services.yaml",
            "project: NAME\nnamespace: {patterns: {dev: NAME}}\nenvironments: {dev: {}}\nservices:\n  - name: web\n    manifests: [{path: web.yaml}]\n",
        )
        .file("web.yaml", &map("web", "1"))
}

fn codexctl(scene: &ClusterScene, arguments: &[&str]) -> codex_tests::Outcome {
    let run = scene.scene().run("codexctl", arguments);
    run.any_stdout().stderr_mentions(&[]).check()
}

#[test]
fn apply_and_ci_apply_do_what_the_plugin_does() {
    let scene = project();
    let ci = [
        "ci",
        "apply",
        "--env",
        "dev",
        "--preflight",
        "--wait",
        "--apply-retries",
        "2",
        "--wait-retries",
        "2",
        "--apply-backoff",
        "1s",
        "--wait-backoff",
        "1s",
        "--wait-timeout",
        "50s",
        "--request-timeout",
        "1m",
        "--vars",
        "A=1,B=2",
    ];
    assert_eq!(codexctl(&scene, &ci).stdout, "configmap/web created\n");
    assert_eq!(codexctl(&scene, &["apply", "--env", "dev", "--wait"]).stdout, "configmap/web unchanged\n");
    assert_eq!(codexctl(&scene, &["--env", "dev", "apply"]).stdout, "configmap/web unchanged\n");
}

#[test]
fn conflicts_are_won_and_listed_as_codexctl_overwrote_everything() {
    let scene = project().with_namespace();
    scene.kubectl_with(&["create", "-f", "-"], &map("web", "theirs"));
    let outcome = codexctl(&scene, &["apply", "--env", "dev"]);
    for part in ["kubectl-create", ".data.a"] {
        assert!(outcome.stderr.contains(part), "{}", outcome.report(part));
    }
    assert_eq!(value(&scene, "configmap/web", "/data/a"), "1");
}

#[test]
fn what_codexctl_made_with_kubectl_is_taken_over() {
    let scene = project().with_namespace();
    scene.kubectl_with(
        &["apply", "-f", "-"],
        &format!("{}  b: two\n", map("web", "0").trim_end_matches("---\n")),
    );
    assert_eq!(codexctl(&scene, &["apply", "--env", "dev"]).stdout, "configmap/web configured\n");
    assert_eq!(value(&scene, "configmap/web", "/data"), r#"{"a":"1"}"#);
}

#[test]
fn the_environment_is_required() {
    let scene = project();
    fails(scene.scene().run("codexctl", &["apply"]), 2, &["--env"]);
}
