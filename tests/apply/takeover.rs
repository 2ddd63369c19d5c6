//! Taking over what client-side `kubectl apply` made: no conflict, and what is dropped goes.

use codex_tests::ClusterScene;

use super::{done, done_with, fails, map, value, web};

const LAST_APPLIED: &str = "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration";

fn managers(scene: &ClusterScene, object: &str) -> Vec<String> {
    let object = scene.object(object);
    let entries = object["metadata"]["managedFields"].as_array().unwrap();
    let own = |entry: &&serde_json::Value| entry["subresource"].is_null();
    let names = entries.iter().filter(own);
    names
        .map(|entry| {
            format!("{}/{}", entry["manager"].as_str().unwrap(), entry["operation"].as_str().unwrap())
        })
        .collect()
}

#[test]
fn env_labels_and_replicas_that_are_dropped_go_and_no_pod_starts_anew() {
    let scene = ClusterScene::new().with_namespace();
    let labelled = web("nginx").replace("  name: web\nspec", "  name: web\n  labels: {team: shop}\nspec");
    scene.kubectl_with(&["apply", "-f", "-"], &labelled);
    scene.wait_until("there is a ReplicaSet", || {
        !scene.kubectl(&["get", "replicasets", "--output=name"]).is_empty()
    });
    let before = scene.kubectl(&["get", "replicasets", "--output=name"]);
    done_with(scene.apply_text(&web("nginx"), &[]), &["deployment.apps/web configured"]);
    assert_eq!(value(&scene, "deployment/web", "/metadata/labels/team"), "");
    assert_eq!(value(&scene, "deployment/web", LAST_APPLIED), "");
    assert_eq!(scene.kubectl(&["get", "replicasets", "--output=name"]), before);
    assert_eq!(managers(&scene, "deployment/web"), ["kubectl-codex/Apply"]);
    done_with(scene.apply_text(&web("nginx"), &[]), &["deployment.apps/web unchanged"]);
}

#[test]
fn an_environment_variable_that_is_dropped_goes() {
    let scene = ClusterScene::new().with_namespace();
    let with_env =
        format!("{}          env: [{{name: A, value: one}}, {{name: B, value: two}}]\n", web("nginx"));
    scene.kubectl_with(&["apply", "-f", "-"], &with_env);
    let less = format!("{}          env: [{{name: B, value: two}}]\n", web("nginx"));
    done_with(scene.apply_text(&less, &[]), &["deployment.apps/web configured"]);
    let env = value(&scene, "deployment/web", "/spec/template/spec/containers/0/env");
    assert_eq!(env, r#"[{"name":"B","value":"two"}]"#);
}

#[test]
fn a_secrets_key_that_is_dropped_goes() {
    let scene = ClusterScene::new().with_namespace();
    let secret = |data: &str| {
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: keys}}\nstringData: {{{data}}}\n")
    };
    scene.kubectl_with(&["apply", "-f", "-"], &secret("a: one, b: two"));
    done_with(scene.apply_text(&secret("a: one"), &[]), &["secret/keys configured"]);
    assert_eq!(value(&scene, "secret/keys", "/data"), r#"{"a":"b25l"}"#);
}

#[test]
fn another_spelling_of_a_quantity_is_no_conflict() {
    let scene = ClusterScene::new().with_namespace();
    let limited = |cpu: &str| format!("{}          resources: {{requests: {{cpu: {cpu}}}}}\n", web("nginx"));
    scene.kubectl_with(&["apply", "-f", "-"], &limited("\"0.5\""));
    done_with(scene.apply_text(&limited("500m"), &[]), &["deployment.apps/web unchanged"]);
}

#[test]
fn kubectl_apply_in_between_is_taken_over_again() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&map("settings", "1"), &[]));
    let two = format!("{}  b: two\n", map("settings", "2").trim_end_matches("---\n"));
    scene.kubectl_with(&["apply", "-f", "-"], &two);
    done_with(scene.apply_text(&map("settings", "1"), &[]), &["configmap/settings configured"]);
    assert_eq!(value(&scene, "configmap/settings", "/data"), r#"{"a":"1"}"#);
    assert_eq!(managers(&scene, "configmap/settings"), ["kubectl-codex/Apply"]);
}

#[test]
fn showing_the_plan_takes_nothing_over() {
    let scene = ClusterScene::new().with_namespace();
    let two = format!("{}  b: two\n", map("settings", "1").trim_end_matches("---\n"));
    scene.kubectl_with(&["apply", "-f", "-"], &two);
    let before = scene.object("configmap/settings");
    let outcome = done(scene.apply_text(&map("settings", "1"), &["--diff"]));
    assert!(outcome.stdout.contains("-  b: two"), "{}", outcome.report("the field that goes"));
    done_with(
        scene.apply_text(&map("settings", "1"), &["--dry-run=server"]),
        &["configmap/settings configured (server dry run)"],
    );
    assert_eq!(scene.object("configmap/settings"), before);
}

#[test]
fn what_kubectl_create_made_is_a_conflict_like_any_other() {
    let scene = ClusterScene::new().with_namespace();
    scene.kubectl_with(&["create", "-f", "-"], &map("settings", "1"));
    fails(
        scene.apply_text(&map("settings", "2"), &[]),
        1,
        &["kubectl-create", ".data.a", "standard input:6"],
    );
    assert_eq!(value(&scene, "configmap/settings", "/data/a"), "1");
}

#[test]
fn what_kubectl_create_made_with_save_config_is_taken_over() {
    let scene = ClusterScene::new().with_namespace();
    scene.kubectl_with(&["create", "--save-config", "-f", "-"], &map("settings", "1"));
    done_with(scene.apply_text(&map("settings", "2"), &[]), &["configmap/settings configured"]);
    assert_eq!(value(&scene, "configmap/settings", "/data/a"), "2");
}

#[test]
fn where_nothing_else_changes_the_diff_says_whose_it_was() {
    let scene = ClusterScene::new().with_namespace();
    scene.kubectl_with(&["apply", "-f", "-"], &map("settings", "1"));
    // A look for drift after a `kubectl apply` of the same file finds none.
    let outcome = done(scene.apply_text(&map("settings", "1"), &["--diff", "--exit-code"]));
    assert!(outcome.stderr.contains("plan: 1 unchanged\n"), "{}", outcome.report("the plan"));
    let line = "/configmap/settings: nothing differs; taken over from kubectl apply\n";
    assert_eq!(outcome.stdout, format!("{}{line}", scene.name()));
    let words = "info: configmap/settings: taken over from kubectl apply\n";
    for round in 0..2 {
        let unchanged = ["configmap/settings unchanged (server dry run)"];
        done_with(scene.apply_text(&map("settings", "1"), &["--dry-run=server", "--exit-code"]), &unchanged);
        let unchanged = ["configmap/settings unchanged"];
        let outcome = done_with(scene.apply_text(&map("settings", "1"), &[]), &unchanged);
        assert!(outcome.stderr.contains(words), "{}", outcome.report("words"));
        let outcome = done_with(scene.apply_text(&map("settings", "1"), &[]), &unchanged);
        assert!(!outcome.stderr.contains("taken over"), "{}", outcome.report("once"));
        assert_eq!(managers(&scene, "configmap/settings"), ["kubectl-codex/Apply"], "round {round}");
        scene.kubectl_with(&["apply", "-f", "-"], &map("settings", "1"));
    }
    // A value that changes with it is a difference.
    let next = map("settings", "2");
    let outcome = fails(scene.apply_text(&next, &["--diff", "--exit-code"]), 3, &["plan: 1 to change"]);
    assert!(outcome.stdout.contains("+  a: \"2\"\n"), "{}", outcome.report("the value"));
    done_with(scene.apply_text(&next, &[]), &["configmap/settings configured"]);
}

const CLEARED: &str = r#"{"metadata": {"managedFields": [{}]}}"#;

#[test]
fn an_object_whose_owners_were_cleared_is_taken_over_too() {
    let scene = ClusterScene::new().with_namespace();
    let two = format!("{}  b: two\n", map("settings", "1").trim_end_matches("---\n"));
    scene.kubectl_with(&["apply", "-f", "-"], &two);
    scene.kubectl(&["label", "configmap/settings", "team=shop"]);
    scene.kubectl(&["patch", "configmap/settings", "--type=merge", "--patch", CLEARED]);
    let before = scene.object("configmap/settings");
    let plan = done(scene.apply_text(&map("settings", "3"), &["--diff"]));
    for part in ["-  a: \"1\"\n", "+  a: \"3\"\n", "-  b: two\n"] {
        assert!(plan.stdout.contains(part), "{}", plan.report(part));
    }
    assert_eq!(scene.object("configmap/settings"), before, "a plan writes nothing");
    done_with(scene.apply_text(&map("settings", "3"), &[]), &["configmap/settings configured"]);
    assert_eq!(value(&scene, "configmap/settings", "/data"), r#"{"a":"3"}"#);
    assert_eq!(value(&scene, "configmap/settings", "/metadata/labels/team"), "shop", "nobody applied it");
    assert_eq!(managers(&scene, "configmap/settings"), ["kubectl-codex/Apply"]);
    done_with(scene.apply_text(&map("settings", "3"), &[]), &["configmap/settings unchanged"]);
}

#[test]
fn what_others_set_stays_where_nobody_knows_what_was_applied() {
    let scene = ClusterScene::new().with_namespace();
    let bare = web("nginx").replace("  replicas: 1\n", "");
    done(scene.apply_text(&bare, &[]));
    scene.kubectl(&["scale", "deployment/web", "--replicas=3"]);
    scene.kubectl(&["patch", "deployment/web", "--type=merge", "--patch", CLEARED]);
    done_with(scene.apply_text(&bare.replace("nginx", "other"), &[]), &["deployment.apps/web configured"]);
    assert_eq!(value(&scene, "deployment/web", "/spec/replicas"), "3");
    assert_eq!(value(&scene, "deployment/web", "/spec/template/spec/containers/0/image"), "other");
}
