//! Limited rights: enough is enough, and what lacks is named.

use codex_tests::ClusterScene;

use super::{behaving, done, done_with, fails, map, web};

/// A scene with a service account that may do these things with ConfigMaps, and its flag.
fn limited(verbs: &str) -> (ClusterScene, String) {
    with_rules(
        ClusterScene::new(),
        &format!("{{apiGroups: [''], resources: [configmaps], verbs: [{verbs}]}}"),
    )
}

/// A scene with a service account with these rights, at least to see ConfigMaps, and its flag.
fn with_rules(scene: ClusterScene, rules: &str) -> (ClusterScene, String) {
    let scene = scene.with_namespace();
    let rights = format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: limited}}\nrules: [{rules}]\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: limited}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: limited}}\nsubjects: [{{kind: ServiceAccount, name: limited, namespace: NAME}}]\n"
    );
    scene.kubectl_with(&["create", "-f", "-"], &rights);
    let user = format!("--as=system:serviceaccount:{}:limited", scene.name());
    scene.wait_until("the rights count", || {
        let can = ["auth", "can-i", "get", "configmaps", user.as_str()];
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

/// What a deployer needs to do with kubectl, and no more.
const DEPLOYER: &str = "{apiGroups: ['', apps], resources: [configmaps, persistentvolumeclaims, deployments], verbs: [get, create, patch]}";

#[test]
fn without_lists_each_object_is_looked_at() {
    let (scene, user) = with_rules(ClusterScene::new(), DEPLOYER);
    let text = map("settings", "1") + &map("more", "1");
    done_with(scene.apply_text(&text, &[&user]), &["configmap/settings created", "configmap/more created"]);
    done_with(
        scene.apply_text(&text, &[&user]),
        &["configmap/settings unchanged", "configmap/more unchanged"],
    );
}

#[test]
fn who_may_see_no_pods_waits_all_the_same() {
    ClusterScene::tell_on_own(|scene| {
        let (scene, user) = with_rules(scene, DEPLOYER);
        let slow = behaving("slow-ready");
        let claim = "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {storageClassName: first-consumer, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n";
        let outcome = done(scene.apply_text(&(slow + claim), &[&user, "--wait", "--wait-timeout", "40s"]));
        for part in ["deployment.apps/web ready", "persistentvolumeclaim/data: ready, but it isn't bound"] {
            assert!(outcome.stderr.contains(part), "{}", outcome.report(part));
        }
    });
}

#[test]
fn a_pod_that_may_not_be_seen_is_blamed_for_nothing() {
    ClusterScene::tell_on_own(|scene| {
        let (scene, user) = with_rules(scene, DEPLOYER);
        let crash = behaving("invalid-image");
        let flags = [&user, "--wait", "--wait-timeout", "8s"];
        let outcome = fails(scene.apply_text(&crash, &flags), 4, &["is not ready after 8s", "0 of 1"]);
        let who = user.trim_start_matches("--as=");
        let warning = outcome.stderr.lines().find(|line| line.starts_with("warning: a pod that can't start"));
        assert!(warning.is_some_and(|line| line.contains(who)), "{}", outcome.report("what isn't allowed"));
        assert_eq!(outcome.stderr.matches("warning:").count(), 1, "{}", outcome.report("one warning"));
    });
}

#[test]
fn who_may_not_watch_asks_again_and_says_so_once() {
    ClusterScene::tell_on_own(|scene| {
        let rules = "{apiGroups: ['', apps], resources: [configmaps, deployments, replicasets, pods], verbs: [get, list, create, patch]}";
        let (scene, user) = with_rules(scene, rules);
        let slow = behaving("slow-ready");
        let outcome = done(scene.apply_text(&slow, &[&user, "--wait"]));
        assert_eq!(
            outcome.stderr.matches("watching isn't allowed").count(),
            1,
            "{}",
            outcome.report("what isn't allowed")
        );
    });
}

#[test]
fn a_prune_says_which_kinds_it_may_not_look_at() {
    let (scene, user) = limited("get, list, create, patch, delete");
    let stream = |text: &str| {
        format!(
            "# kubectl-codex: {{\"project\":\"NAME\",\"env\":\"dev\",\"slot\":0,\"namespace\":\"NAME\"}}\n{text}"
        )
    };
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\n---\n";
    done(scene.apply_text(&stream(&format!("{}{}{secret}", map("a", "1"), map("b", "1"))), &[]));
    let less = stream(&map("a", "1"));
    for flags in [&["--prune", "--dry-run=server"][..], &["--prune"]] {
        let outcome = fails(
            scene.apply_text(&less, &[flags, &[&user]].concat()),
            1,
            &["cannot look for what to prune among", "secrets"],
        );
        assert!(outcome.stdout.contains("configmap/b pruned"), "{}", outcome.report("what may be seen"));
        assert_eq!(outcome.stderr.matches("listing is not allowed").count(), 1, "{}", outcome.report("once"));
    }
    assert!(!scene.finds("configmap/b") && scene.finds("secret/keys"));
}
