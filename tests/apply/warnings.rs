//! What the API server warns of is shown, each text once, with the object.

use codex_tests::ClusterScene;

use super::done;

fn endpoints(name: &str) -> String {
    format!("apiVersion: v1\nkind: Endpoints\nmetadata: {{name: {name}}}\nsubsets: []\n---\n")
}

const PRIVILEGED: &str = "apiVersion: v1
kind: Pod
metadata: {name: strong}
spec: {containers: [{name: c, image: nginx, securityContext: {privileged: true}}]}
---
";

#[test]
fn each_text_is_shown_once_with_the_object() {
    let scene = ClusterScene::new().with_namespace();
    scene.kubectl(&["label", "namespace", scene.name(), "pod-security.kubernetes.io/warn=restricted"]);
    let text = format!("{}{}{PRIVILEGED}", endpoints("one"), endpoints("two"));
    let outcome = done(scene.apply_text(&text, &[]));
    let warnings: Vec<&str> = outcome.stderr.lines().filter(|line| line.starts_with("warning: ")).collect();
    let [deprecated, security] = &warnings[..] else { panic!("{}", outcome.report("two warnings")) };
    let (deprecated, security) = match deprecated.starts_with("warning: endpoints/") {
        true => (deprecated, security),
        false => (security, deprecated),
    };
    assert!(deprecated.contains(": v1 Endpoints is deprecated in v1.33+"), "{deprecated}");
    assert!(security.starts_with("warning: pod/strong: would violate PodSecurity"), "{security}");
}

#[test]
fn a_dry_run_shows_them_too() {
    let scene = ClusterScene::new().with_namespace();
    let outcome = done(scene.apply_text(&endpoints("one"), &["--dry-run=server"]));
    let warning = "warning: endpoints/one: v1 Endpoints is deprecated";
    assert!(outcome.stderr.contains(warning), "{}", outcome.report("warning"));
}
