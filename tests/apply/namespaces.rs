//! Where objects go: namespaces that are given, made, missing, or not wanted.

use codex_tests::ClusterScene;

use super::{done_with, fails, map, stream, value};

#[test]
fn the_environments_namespace_is_made_with_its_labels() {
    let scene = ClusterScene::new();
    done_with(scene.apply_text(&stream(&map("settings", "1")), &[]), &["configmap/settings created"]);
    let namespace = format!("namespace/{}", scene.name());
    let label = |key: &str| value(&scene, &namespace, &format!("/metadata/labels/kubectl-codex.dev~1{key}"));
    assert_eq!(label("project"), scene.name());
    assert_eq!([label("environment"), label("slot")], ["ai", "1"]);
}

#[test]
fn a_namespace_of_the_stream_comes_first() {
    let scene = ClusterScene::new();
    let text = format!("{}apiVersion: v1\nkind: Namespace\nmetadata: {{name: NAME}}\n", map("settings", "1"));
    let namespace = format!("namespace/{} created", scene.name());
    done_with(scene.apply_text(&text, &[]), &[&namespace, "configmap/settings created"]);
}

#[test]
fn another_missing_namespace_is_an_error_before_anything_is_done() {
    let scene = ClusterScene::new().with_namespace();
    let elsewhere = map("elsewhere", "1").replace("  name:", "  namespace: NAME-missing\n  name:");
    let missing = format!("{}-missing", scene.name());
    fails(scene.apply_text(&format!("{}{elsewhere}", map("here", "1")), &[]), 2, &[&missing]);
    assert!(!scene.finds("configmap/here"));
}

#[test]
fn objects_with_a_namespace_keep_it() {
    let scene = ClusterScene::new().with_namespace();
    let scene_name = scene.name().to_owned();
    scene.kubectl(&["create", "namespace", &format!("{scene_name}-2")]);
    let elsewhere = map("elsewhere", "1").replace("  name:", "  namespace: NAME-2\n  name:");
    done_with(
        scene.apply_text(&format!("{}{elsewhere}", map("here", "1")), &[]),
        &["configmap/elsewhere created", "configmap/here created"],
    );
    assert!(scene.finds("configmap/here") && !scene.finds("configmap/elsewhere"));
    let found = scene.kubectl(&[
        "--namespace",
        &format!("{scene_name}-2"),
        "get",
        "configmap/elsewhere",
        "--output=name",
    ]);
    assert_eq!(found, "configmap/elsewhere\n");
}

#[test]
fn cluster_scoped_objects_get_no_namespace() {
    let scene = ClusterScene::new().with_namespace();
    let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: NAME, namespace: nonsense}\nrules: []\n";
    let line = format!("clusterrole.rbac.authorization.k8s.io/{} created", scene.name());
    done_with(scene.apply_text(role, &[]), &[&line]);
    let role = format!("clusterrole/{}", scene.name());
    assert_eq!(value(&scene, &role, "/metadata/namespace"), "");
}

#[test]
fn an_object_without_a_namespace_where_nothing_gives_one_is_an_error() {
    let scene = ClusterScene::new().file("map.yaml", &map("settings", "1"));
    fails(scene.apply(&["-f", "map.yaml"]), 2, &["configmap/settings", "namespace", "map.yaml:2:1", "-n"]);
}

#[test]
fn the_contexts_namespace_counts() {
    let scene = ClusterScene::new().with_namespace().file("map.yaml", &map("settings", "1"));
    let copy = scene.scene().path("kubeconfig");
    std::fs::copy(codex_tests::ControlPlane::shared().kubeconfig(), &copy).unwrap();
    let kubeconfig = copy.to_str().unwrap();
    scene.kubectl(&[
        "config",
        "set-context",
        "--current",
        "--namespace",
        scene.name(),
        "--kubeconfig",
        kubeconfig,
    ]);
    done_with(scene.apply(&["-f", "map.yaml", "--kubeconfig", kubeconfig]), &["configmap/settings created"]);
    assert!(scene.finds("configmap/settings"));
}

#[test]
fn a_namespace_on_its_way_out_is_an_error() {
    let scene = ClusterScene::new().with_namespace();
    let held = map("held", "1").replace("  name:", "  finalizers: [test.example.org/held]\n  name:");
    scene.kubectl_with(&["create", "-f", "-"], &held);
    scene.kubectl(&["delete", "namespace", scene.name(), "--wait=false"]);
    let outcome =
        fails(scene.apply_text(&stream(&map("settings", "1")), &[]), 1, &[scene.name(), "being deleted"]);
    scene.kubectl(&[
        "patch",
        "configmap/held",
        "--type=merge",
        "--patch",
        "{\"metadata\": {\"finalizers\": null}}",
    ]);
    assert_eq!(outcome.stdout, "");
}
