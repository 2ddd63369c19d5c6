//! `--preflight` looks for the manifests' images in the project's own registry, a real one.

use codex_tests::{ClusterScene, Registry};

use super::{done, fails, web};

/// A project with this registry, and a Deployment for each image from it.
fn project(scene: ClusterScene, registry: &str, images: &[&str]) -> ClusterScene {
    let services = format!(
        "project: NAME
registry: {registry}
namespace: {{patterns: {{dev: NAME}}}}
environments: {{dev: {{}}}}
services:
  - name: web
    manifests: [{{path: web.yaml}}]
"
    );
    let deployment = |(number, image): (usize, &&str)| {
        web(&format!("{registry}/{image}")).replacen("name: web", &format!("name: web-{number}"), 1)
    };
    let manifests: Vec<String> = images.iter().enumerate().map(deployment).collect();
    scene.file("services.yaml", &services).file("web.yaml", &manifests.join("---\n"))
}

const FLAGS: [&str; 3] = ["--env", "dev", "--preflight"];

#[test]
fn images_are_found_by_tag_and_by_digest() {
    ClusterScene::tell_in_namespace(|scene| {
        let registry = Registry::start("");
        let address = registry.address();
        let digest = registry.push("shop/web", "1");
        let images = ["shop/web:1", &format!("shop/web@{digest}"), &format!("shop/web:of-old@{digest}")];
        let outcome = done(project(scene, address, &images).apply(&FLAGS));
        let line = format!("preflight: ok: images in {address}: all 2 are there");
        assert!(outcome.stderr.contains(&line), "{}", outcome.report(&line));
    });
}

#[test]
fn a_missing_image_stops_the_apply() {
    ClusterScene::tell_in_namespace(|scene| {
        let registry = Registry::start("");
        let address = registry.address();
        registry.push("shop/web", "1");
        let of_nobody = format!("shop/web@sha256:{}", "0".repeat(64));
        let scene = project(scene, address, &["shop/web:1", "shop/web:2", "shop/api:1", &of_nobody]);
        let line = format!("fail: images in {address}: missing: shop/api:1, shop/web:2, {of_nobody}");
        let outcome = fails(scene.apply(&FLAGS), 1, &["the preflight failed, nothing was changed", &line]);
        assert_eq!(outcome.stdout, "");
        assert!(!scene.finds("deployment/web-0"), "{}", outcome.report("nothing was changed"));
    });
}

#[test]
fn a_registry_that_cannot_be_asked_is_only_a_warning() {
    ClusterScene::tell_in_namespace(|scene| {
        let registry = Registry::start("auth: {silly: {realm: tests, service: tests}}");
        let address = registry.address();
        let outcome = done(project(scene, address, &["shop/web:1"]).apply(&FLAGS));
        let line = format!("preflight: warn: images in {address}: they can't be looked for: ");
        let line = line + "the registry asks for credentials";
        assert!(outcome.stderr.contains(&line), "{}", outcome.report(&line));
    });
}

#[test]
fn where_no_registry_listens_nodes_may_reach_one_all_the_same() {
    ClusterScene::tell_in_namespace(|scene| {
        let address = Registry::start("").address().to_owned();
        let outcome = done(project(scene, &address, &["shop/web:1"]).apply(&FLAGS));
        let line = format!("preflight: warn: images in {address}: they can't be looked for: ");
        assert!(outcome.stderr.contains(&line), "{}", outcome.report(&line));
    });
}
