//! A kind and its objects in one stream.

use codex_tests::ClusterScene;

use super::{done, done_with, fails};

pub(super) const DEFINITION: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: toys.NAME.example.org}
spec:
  group: NAME.example.org
  scope: Namespaced
  names: {kind: Toy, plural: toys, singular: toy}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {colour: {type: string}}}}}}
---
";

pub(super) const TOY: &str = "apiVersion: NAME.example.org/v1
kind: Toy
metadata: {name: ball}
spec: {colour: red}
---
";

#[test]
fn a_definition_and_its_object_in_any_order() {
    let scene = ClusterScene::new().with_namespace();
    let text = format!("{TOY}{DEFINITION}");
    let lines = |verb: &str| {
        [
            format!("customresourcedefinition.apiextensions.k8s.io/toys.{}.example.org {verb}", scene.name()),
            format!("toy.{}.example.org/ball {verb}", scene.name()),
        ]
    };
    done_with(scene.apply_text(&text, &["--wait"]), &lines("created").each_ref().map(String::as_str));
    done_with(scene.apply_text(&text, &["--wait"]), &lines("unchanged").each_ref().map(String::as_str));
    done_with(scene.apply_text(TOY, &[]), &[&lines("unchanged")[1]]);
}

#[test]
fn the_plan_says_what_it_could_not_check() {
    let scene = ClusterScene::new().with_namespace();
    let outcome = done(scene.apply_text(&format!("{DEFINITION}{TOY}"), &["--dry-run=server"]));
    let line = format!("toy.{}.example.org/ball created (not checked)", scene.name());
    assert!(outcome.stdout.contains(&line), "{}", outcome.report("not checked"));
    let definition = format!("customresourcedefinition/toys.{}.example.org", scene.name());
    assert!(!scene.finds(&definition));
}

#[test]
fn an_object_whose_definition_is_nowhere() {
    let scene = ClusterScene::new().with_namespace();
    let group = format!("{}.example.org", scene.name());
    fails(scene.apply_text(TOY, &[]), 2, &["`Toy`", &group]);
}

/// A kind whose objects have a status.
pub(super) fn with_status() -> String {
    DEFINITION.replace("storage: true", "storage: true\n      subresources: {status: {}}").replace(
        "properties: {spec:",
        "properties: {status: {type: object, x-kubernetes-preserve-unknown-fields: true}, spec:",
    )
}

#[test]
fn a_kind_of_no_rule_is_awaited_by_its_conditions() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&with_status(), &["--wait"]));
    done(scene.apply_text(TOY, &[]));
    let status = |ready: &str| {
        let patch = format!(
            "{{\"status\":{{\"conditions\":[{{\"type\":\"Ready\",\"status\":\"{ready}\",\"reason\":\"Painting\",\"message\":\"the paint dries\"}}]}}}}"
        );
        let toy = format!("toys.{}.example.org/ball", scene.name());
        scene.kubectl(&["patch", &toy, "--subresource=status", "--type=merge", "--patch", &patch]);
    };
    status("False");
    let flags = ["--wait", "--wait-timeout", "2s"];
    fails(scene.apply_text(TOY, &flags), 4, &["/ball is not ready after 2s", "the paint dries"]);
    status("True");
    done(scene.apply_text(TOY, &flags));
}

#[test]
fn one_that_shows_no_condition_is_ready_after_a_moment() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&with_status(), &["--wait"]));
    let start = std::time::Instant::now();
    done(scene.apply_text(TOY, &["--wait"]));
    assert!(start.elapsed().as_secs() >= 5, "{:?}", start.elapsed());
}
