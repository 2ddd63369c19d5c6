//! `--diff`: what would change, object by object, and nothing is done.

use codex_tests::ClusterScene;

use super::{done, fails, map, value};

#[test]
fn a_change_is_shown_and_not_made() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&map("settings", "one"), &[]));
    let outcome = done(scene.apply_text(&map("settings", "two"), &["--diff"]));
    for line in ["-  a: one\n", "+  a: two\n", "configmap/settings"] {
        assert!(outcome.stdout.contains(line), "{}", outcome.report(line));
    }
    assert!(!outcome.stdout.contains("managedFields"), "{}", outcome.report("noise"));
    assert_eq!(value(&scene, "configmap/settings", "/data/a"), "one");
}

#[test]
fn a_new_object_is_all_plus_and_not_made() {
    let scene = ClusterScene::new().with_namespace();
    let outcome = done(scene.apply_text(&map("settings", "one"), &["--diff"]));
    assert!(outcome.stdout.contains("+  a: one\n"), "{}", outcome.report("its data"));
    assert!(!outcome.stdout.contains("\n-  "), "{}", outcome.report("nothing goes"));
    assert!(!scene.finds("configmap/settings"));
}

#[test]
fn the_exit_code_says_whether_there_are_differences() {
    let scene = ClusterScene::new().with_namespace();
    let diff = ["--diff", "--exit-code"];
    fails(scene.apply_text(&map("settings", "one"), &diff), 3, &[]);
    done(scene.apply_text(&map("settings", "one"), &[]));
    let outcome = done(scene.apply_text(&map("settings", "one"), &diff));
    assert_eq!(outcome.stdout, "");
    fails(scene.apply_text(&map("settings", "two"), &diff), 3, &[]);
}

#[test]
fn data_of_secrets_is_hidden_unless_asked_for() {
    let scene = ClusterScene::new().with_namespace();
    let secret = |password: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: keys}}\nstringData: {{password: {password}}}\n"
        )
    };
    done(scene.apply_text(&secret("hunter1"), &[]));
    let outcome = done(scene.apply_text(&secret("hunter2"), &["--diff"]));
    for shown in ["hunter", "aHVudGVyMQ==", "aHVudGVyMg=="] {
        assert!(!outcome.stdout.contains(shown), "{}", outcome.report("shows a secret"));
    }
    assert!(outcome.stdout.contains("password"), "{}", outcome.report("that it changes is shown"));
    let outcome = done(scene.apply_text(&secret("hunter2"), &["--diff", "--show-secrets"]));
    assert!(outcome.stdout.contains("aHVudGVyMg=="), "{}", outcome.report("asked for"));
}

#[test]
fn a_conflict_is_an_error_with_its_line() {
    let scene = ClusterScene::new().with_namespace();
    scene.kubectl_with(&["create", "-f", "-"], &map("settings", "one"));
    fails(
        scene.apply_text(&map("settings", "two"), &["--diff"]),
        1,
        &["kubectl-create", ".data.a", "standard input:6:"],
    );
}

#[test]
fn what_the_server_refuses_is_an_error_with_its_line() {
    let scene = ClusterScene::new().with_namespace();
    let wrong = map("settings", "one").replace("\ndata:", "\ndota:");
    fails(scene.apply_text(&wrong, &["--diff"]), 1, &["configmap/settings", ".dota", "standard input:5:"]);
}

#[test]
fn no_hook_runs() {
    let scene = ClusterScene::new().with_namespace();
    let scene = scene
        .file("services.yaml", "project: NAME\nnamespace: {patterns: {dev: NAME}}\nenvironments: {dev: {}}\nhooks: {beforeAll: [{name: loud, run: touch ran}]}\nservices:\n  - name: web\n    manifests: [{path: web.yaml}]\n")
        .file("web.yaml", &map("web", "1"))
        .with(|scene| scene.env("PATH", "/usr/bin:/bin"));
    done(scene.apply(&["--env", "dev", "--diff"]));
    assert!(!scene.scene().path("ran").exists());
    assert!(!scene.finds("configmap/web"));
    done(scene.apply(&["--env", "dev"]));
    assert!(scene.scene().path("ran").exists());
    assert!(scene.finds("configmap/web"));
}

#[test]
fn a_closed_pipe_is_no_crash() {
    let scene = ClusterScene::new().with_namespace();
    let many: String = (0..50).map(|number| map(&format!("map-{number}"), "1")).collect();
    let scene = scene.file("many.yaml", &many);
    let run = scene.shell("kubectl-codex-apply -n NAME -f many.yaml --diff | head -n 1 >/dev/null");
    let outcome = done(run);
    assert!(!outcome.stderr.contains("panic"), "{}", outcome.report("panicked"));
}
