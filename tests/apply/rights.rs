//! Limited rights: enough is enough, and what lacks is named.

use codex_tests::ClusterScene;

use super::{done, done_with, fails, map, web};

/// A scene with a service account that may do these things with ConfigMaps, and its flag.
fn limited(verbs: &str) -> (ClusterScene, String) {
    let scene = ClusterScene::new().with_namespace();
    let rights = format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: limited}}\nrules: [{{apiGroups: [''], resources: [configmaps], verbs: [{verbs}]}}]\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: limited}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: limited}}\nsubjects: [{{kind: ServiceAccount, name: limited, namespace: NAME}}]\n"
    );
    scene.kubectl_with(&["create", "-f", "-"], &rights);
    let user = format!("--as=system:serviceaccount:{}:limited", scene.name());
    scene.wait_until("the rights count", || {
        let can = ["auth", "can-i", "list", "configmaps", user.as_str()];
        scene
            .shell(&format!("kubectl -n NAME {} || true", can.join(" ")))
            .any_stdout()
            .stderr_mentions(&[])
            .unchecked()
            .stdout
            .starts_with("yes")
    });
    (scene, user)
}

#[test]
fn the_rights_for_what_is_applied_are_enough() {
    let (scene, user) = limited("get, list, create, patch");
    done_with(scene.apply_text(&map("settings", "1"), &[&user]), &["configmap/settings created"]);
    done_with(scene.apply_text(&map("settings", "1"), &[&user]), &["configmap/settings unchanged"]);
    done_with(scene.apply_text(&map("settings", "2"), &[&user]), &["configmap/settings configured"]);
}

#[test]
fn a_missing_right_is_named_with_verb_resource_namespace_and_who() {
    let (scene, user) = limited("get, list");
    let who = user.trim_start_matches("--as=");
    fails(scene.apply_text(&map("settings", "1"), &[&user]), 1, &[who, "patch", "configmaps", scene.name()]);
    fails(scene.apply_text(&web("nginx"), &[&user]), 1, &[who, "list", "deployments", scene.name()]);
}

#[test]
fn preflight_names_all_that_is_missing_before_anything_is_done() {
    let (scene, user) = limited("get, list, create, patch");
    let text = format!("{}{}", map("settings", "1"), web("nginx"));
    fails(scene.apply_text(&text, &["--preflight", &user]), 1, &["fail: ", "deployments"]);
    assert!(!scene.finds("configmap/settings"));
    let outcome = done(scene.apply_text(&map("settings", "1"), &["--preflight", &user]));
    assert_eq!(outcome.stdout, "configmap/settings created\n", "stdout is the apply's own");
}

#[test]
fn groups_can_be_acted_as() {
    let (scene, _) = limited("get, list, create, patch");
    let nobody = ["--as=nobody", "--as-group=system:authenticated"];
    fails(scene.apply_text(&map("settings", "1"), &nobody), 1, &["nobody", "configmaps"]);
    let masters = ["--as=nobody", "--as-group=system:authenticated", "--as-group=system:masters"];
    done_with(scene.apply_text(&map("settings", "1"), &masters), &["configmap/settings created"]);
}
