//! `--dry-run`: what would be done, asked of the server or not.

use codex_tests::{ClusterScene, Scene};

use super::{done, done_with, fails, map, value};

#[test]
fn client_needs_no_cluster() {
    let scene = Scene::new().stdin(map("settings", "1"));
    let run = scene.run("kubectl-codex-apply", &["-n", "shop", "-f", "-", "--dry-run=client"]);
    run.stdout("configmap/settings created (dry run)\n").check();
}

#[test]
fn client_says_what_is_wrong_with_the_input() {
    let scene = Scene::new().stdin("apiVersion: v1\nmetadata: {name: x}\n");
    scene.run("kubectl-codex-apply", &["-n", "shop", "-f", "-", "--dry-run=client"]).fails(2, &["no `kind`"]);
}

#[test]
fn server_says_what_would_become_of_each_object() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&format!("{}{}", map("same", "1"), map("other", "1")), &[]));
    let manifests = format!("{}{}{}", map("same", "1"), map("other", "2"), map("new", "1"));
    done_with(
        scene.apply_text(&manifests, &["--dry-run=server"]),
        &[
            "configmap/same unchanged (server dry run)",
            "configmap/other configured (server dry run)",
            "configmap/new created (server dry run)",
        ],
    );
    assert!(!scene.finds("configmap/new"));
    assert_eq!(value(&scene, "configmap/other", "/data/a"), "1");
    fails(scene.apply_text(&manifests, &["--dry-run=server", "--exit-code"]), 3, &[]);
}

#[test]
fn server_refuses_what_it_would_refuse() {
    let scene = ClusterScene::new().with_namespace();
    let wrong = map("settings", "1").replace("\ndata:", "\ndota:");
    fails(
        scene.apply_text(&wrong, &["--dry-run=server"]),
        1,
        &["configmap/settings", ".dota", "standard input:5:"],
    );
}

#[test]
fn what_cannot_be_asked_yet_is_said_not_to_be_checked() {
    let scene = ClusterScene::new();
    let text =
        format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: NAME}}\n---\n{}", map("settings", "1"));
    let outcome = done(scene.apply_text(&text, &["--dry-run=server"]));
    assert!(
        outcome.stdout.contains("configmap/settings created (not checked)"),
        "{}",
        outcome.report("not checked")
    );
    assert!(scene.kubectl(&["get", "namespace", scene.name(), "--ignore-not-found"]).is_empty());
}

#[test]
fn another_word_is_a_usage_error() {
    let scene = Scene::new().stdin(map("settings", "1"));
    scene
        .run("kubectl-codex-apply", &["-n", "shop", "-f", "-", "--dry-run=maybe"])
        .fails(2, &["maybe", "client", "server"]);
}
