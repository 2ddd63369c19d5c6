//! The labels that say whose an object is, and where they must not stand.

use codex_tests::ClusterScene;
use serde_json::json;

use super::{done, map, stream, web};

#[test]
fn labels_stand_on_the_object_and_nowhere_else() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&stream(&web("nginx")), &[]));
    let object = scene.object("deployment/web");
    assert_eq!(
        object["metadata"]["labels"],
        json!({
            "kubectl-codex.dev/project": scene.name(),
            "kubectl-codex.dev/environment": "ai",
            "kubectl-codex.dev/slot": "1",
        })
    );
    assert_eq!(object["spec"]["template"]["metadata"]["labels"], json!({"app": "web"}));
    assert_eq!(object["spec"]["selector"]["matchLabels"], json!({"app": "web"}));
}

#[test]
fn manifests_of_nobody_in_particular_get_none() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&map("settings", "1"), &[]));
    assert!(scene.object("configmap/settings")["metadata"]["labels"].is_null());
}

#[test]
fn manifests_of_nobody_in_particular_disown_nothing() {
    let scene = ClusterScene::new().with_namespace();
    let scene = scene
        .file("services.yaml", "project: NAME\nnamespace: {patterns: {dev: NAME}}\nenvironments: {dev: {}}\nservices:\n  - name: web\n    manifests: [{path: web.yaml}]\n")
        .file("web.yaml", &map("web", "1"));
    done(scene.apply(&["--env", "dev"]));
    let labels = scene.object("configmap/web")["metadata"]["labels"].clone();
    assert_eq!(labels["kubectl-codex.dev/project"], scene.name());
    let outcome = done(scene.apply_text(&map("web", "2"), &[]));
    assert_eq!(outcome.stdout, "configmap/web configured\n");
    assert_eq!(scene.object("configmap/web")["metadata"]["labels"], labels);
    assert_eq!(done(scene.apply_text(&map("web", "2"), &[])).stdout, "configmap/web unchanged\n");
}

#[test]
fn the_item_is_named_and_what_slots_share_belongs_to_the_project() {
    let scene = ClusterScene::new().with_namespace();
    let role = |name: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: {name}}}\nrules: []\n---\n"
        )
    };
    let scene = scene
        .file("services.yaml", "project: NAME\nnamespace: {patterns: {ai: \"NAME-{{ .Slot }}\"}}\nenvironments: {ai: {}}\ninfrastructure:\n  - name: base\n    manifests: [{path: base.yaml}]\nservices:\n  - name: web\n    manifests: [{path: web.yaml}]\n")
        .file("base.yaml", &format!("{}{}", role("NAME-shared"), role("NAME-slot-{{ .Slot }}")))
        .file("web.yaml", &map("web", "1"));
    done(scene.apply(&["--env", "ai", "--slot", "3"]));
    let labels = |object: &str| {
        let namespace = format!("{}-3", scene.name());
        let text = scene.kubectl(&[
            "--namespace",
            &namespace,
            "get",
            object,
            "--output=jsonpath={.metadata.labels}",
        ]);
        serde_json::from_str::<serde_json::Value>(&text).unwrap()
    };
    let own = |item: &str| {
        json!({
            "kubectl-codex.dev/project": scene.name(),
            "kubectl-codex.dev/environment": "ai",
            "kubectl-codex.dev/slot": "3",
            "kubectl-codex.dev/item": item,
        })
    };
    assert_eq!(labels("configmap/web"), own("service.web"));
    assert_eq!(labels(&format!("clusterrole/{}-slot-3", scene.name())), own("infra.base"));
    let shared = json!({"kubectl-codex.dev/project": scene.name()});
    assert_eq!(labels(&format!("clusterrole/{}-shared", scene.name())), shared);
}

#[test]
fn env_and_slot_say_whose_manifests_without_a_header_are() {
    let scene = ClusterScene::new().with_namespace();
    let scene = scene.file(
        "services.yaml",
        "project: NAME\nnamespace: {patterns: {ai: 'NAME{{ if ne .Slot 2 }}-{{ .Slot }}{{ end }}'}}\nenvironments: {ai: {}}\nservices: []\n",
    );
    let run = scene.scene().run_with(
        "kubectl-codex-apply",
        &["-f", "-", "--env", "ai", "--slot", "2"],
        map("settings", "1"),
    );
    done(run);
    let labels = json!({
        "kubectl-codex.dev/project": scene.name(),
        "kubectl-codex.dev/environment": "ai",
        "kubectl-codex.dev/slot": "2",
    });
    assert_eq!(scene.object("configmap/settings")["metadata"]["labels"], labels);
}
