//! `--prune` of some items of a project only.

use codex_tests::ClusterScene;

use super::{done, map};

#[test]
fn what_is_shared_is_named_with_filters_too() {
    let scene = ClusterScene::new().with_namespace();
    let role = |name: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: NAME-{name}}}\nrules: []\n---\n"
        )
    };
    let scene = scene
        .file("services.yaml", "project: NAME\nnamespace: {patterns: {dev: NAME}}\nenvironments: {dev: {}}\nservices:\n  - name: web\n    manifests: [{path: web.yaml}]\n  - name: api\n    manifests: [{path: api.yaml}]\n")
        .file("web.yaml", &format!("{}{}", map("web", "1"), role("gone")))
        .file("api.yaml", &format!("{}{}", map("api", "1"), role("kept")));
    done(scene.apply(&["--env", "dev"]));
    let scene = scene.file("web.yaml", &map("web", "1"));
    for filter in [&["--skip-services", "api"][..], &["--only-services", "web"]] {
        let outcome = done(scene.apply(&[&["--env", "dev", "--prune"], filter].concat()));
        let line = outcome.stderr.lines().find(|line| line.contains("no longer in the manifests, but left"));
        let line = line.unwrap_or_else(|| panic!("{}", outcome.report("one line")));
        assert!(line.contains(&format!("/{}-gone (", scene.name())), "{line}");
        assert!(!line.contains("-kept"), "what filters leave out isn't gone: {line}");
    }
    let name = scene.name();
    scene.kubectl(&["delete", "clusterrole", &format!("{name}-gone"), &format!("{name}-kept")]);
}
