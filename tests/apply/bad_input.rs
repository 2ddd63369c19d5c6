//! What is wrong is said with its place, and nothing is applied.

use codex_tests::{ClusterScene, Scene};

use super::{fails, map, web};

/// Input that is refused before anybody is asked: there is no cluster here.
fn refused(text: &str, code: i32, parts: &[&str]) {
    let scene = Scene::new().stdin(text);
    let run = scene.run("kubectl-codex-apply", &["-n", "shop", "-f", "-"]);
    let outcome = run.fails(code, parts);
    assert!(!outcome.stderr.contains("kubeconfig"), "{}", outcome.report("before connecting"));
}

#[test]
fn an_empty_stream_is_an_error_in_kubectls_words() {
    for text in ["", "---\n", "# nothing\n---\n---\n", "apiVersion: v1\nkind: List\nitems: []\n"] {
        refused(text, 1, &["error: no objects passed to apply"]);
    }
}

#[test]
fn text_that_is_not_yaml() {
    refused("apiVersion: v1\nkind: [ConfigMap\n", 2, &["standard input:"]);
}

#[test]
fn a_bare_sequence() {
    refused("- apiVersion: v1\n  kind: ConfigMap\n", 2, &["standard input:1:", "list"]);
}

#[test]
fn a_document_without_kind() {
    refused(
        &format!("{}apiVersion: v1\nmetadata: {{name: x}}\n", map("a", "1")),
        2,
        &["standard input:8:", "no `kind`"],
    );
}

#[test]
fn an_object_without_a_name() {
    refused(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {labels: {a: b}}\n",
        2,
        &["standard input:3:", "metadata.name is missing"],
    );
}

#[test]
fn two_objects_of_one_identity() {
    let text = format!("{}{}", map("a", "1"), map("a", "2"));
    refused(&text, 2, &["configmap/a", "twice", "standard input:8:"]);
}

#[test]
fn doubled_ports() {
    let service = "apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  ports:
    - {name: http, port: 80}
    - {name: other, port: 80}
";
    refused(service, 2, &["80", "TCP", "standard input:8:", "7"]);
}

#[test]
fn nesting_without_end() {
    let deep = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\ndata: {}1{}\n",
        "{a: ".repeat(500),
        "}".repeat(500)
    );
    refused(&deep, 2, &["deep"]);
}

#[test]
fn a_file_that_is_not_there() {
    Scene::new()
        .run("kubectl-codex-apply", &["-n", "shop", "-f", "missing.yaml"])
        .fails(1, &["missing.yaml", "no such file"]);
}

#[test]
fn nothing_is_applied_when_one_object_is_wrong() {
    let scene = ClusterScene::new().with_namespace();
    let text = format!("{}apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: [x]}}\n", map("a", "1"));
    fails(scene.apply_text(&text, &[]), 2, &["metadata.name", "standard input:10:"]);
    assert!(!scene.finds("configmap/a"));
}

#[test]
fn an_unknown_kind_is_named_with_the_group_that_lacks_it() {
    let scene = ClusterScene::new().with_namespace();
    fails(
        scene.apply_text("apiVersion: apps/v1\nkind: Deploymint\nmetadata: {name: x}\n", &[]),
        2,
        &["`Deploymint`", "`apps/v1`", "standard input:2:"],
    );
    fails(
        scene.apply_text("apiVersion: toys.example.org/v1\nkind: Toy\nmetadata: {name: x}\n", &[]),
        2,
        &["`Toy`", "toys.example.org"],
    );
}

#[test]
fn two_of_one_identity_by_the_namespace_that_is_filled_in() {
    let scene = ClusterScene::new().with_namespace();
    let explicit = map("a", "2").replace("  name:", "  namespace: NAME\n  name:");
    fails(scene.apply_text(&format!("{}{explicit}", map("a", "1")), &[]), 2, &["configmap/a", "twice"]);
    assert!(!scene.finds("configmap/a"));
}

#[test]
fn an_unknown_field_is_the_manifests_error_and_not_tried_again() {
    let scene = ClusterScene::new().with_namespace();
    let wrong = web("nginx").replace("replicas: 1", "replcas: 1");
    fails(scene.apply_text(&wrong, &[]), 1, &["deployment.apps/web", ".spec.replcas", "standard input:6:"]);
    let wrong = web("nginx").replace("replicas: 1", "replicas: many");
    fails(scene.apply_text(&wrong, &[]), 1, &["deployment.apps/web", "replicas"]);
}

#[test]
fn every_invalid_field_is_named_without_its_value() {
    let scene = ClusterScene::new().with_namespace();
    let wrong = web("nginx")
        .replace("replicas: 1", "replicas: -7")
        .replace("          image: nginx", "          image: nginx\n          imagePullPolicy: Perhaps");
    let outcome = fails(
        scene.apply_text(&wrong, &[]),
        1,
        &["spec.replicas", "standard input:6:", "imagePullPolicy", "standard input:16:"],
    );
    assert!(!outcome.stderr.contains("Invalid value"), "{}", outcome.report("values"));
}

#[test]
fn usage_errors() {
    for (arguments, parts) in [
        (&["-f", "-", "--only-services", "web"][..], &["--only-services", "-f"][..]),
        (&["-f", "-", "--exit-code"], &["--exit-code", "--diff"]),
        (&["-f", "-", "--show-secrets"], &["--diff"]),
        (&["-R"], &["--filename"]),
        (&["-f", "-", "--wait", "--wait-timeout", "soon"], &["soon"]),
        (&["-f", "-", "-o", "xml"], &["xml", "json"]),
    ] {
        Scene::new().run("kubectl-codex-apply", arguments).fails(2, parts);
    }
}
