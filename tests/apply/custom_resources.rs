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

/// A definition that serves these versions, the last of which is stored.
fn serving(versions: &[&str]) -> String {
    let schema = "{openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}, colour: {type: string}}}}}}";
    let of = |(at, version): (usize, &&str)| {
        let storage = at + 1 == versions.len();
        format!("    - {{name: {version}, served: true, storage: {storage}, schema: {schema}}}\n")
    };
    let versions: String = versions.iter().enumerate().map(of).collect();
    format!(
        "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: wheels.NAME.example.org}}
spec:
  group: NAME.example.org
  scope: Namespaced
  names: {{kind: Wheel, plural: wheels, singular: wheel}}
  versions:
{versions}---
"
    )
}

fn wheel(version: &str, spec: &str) -> String {
    format!(
        "apiVersion: NAME.example.org/{version}\nkind: Wheel\nmetadata: {{name: front}}\nspec: {spec}\n---\n"
    )
}

#[test]
fn an_object_moves_on_from_a_version_that_is_gone() {
    let scene = ClusterScene::new().with_namespace();
    let name = format!("wheel.{}.example.org/front", scene.name());
    done(scene.apply_text(
        &(serving(&["v1beta1", "v1"]) + &wheel("v1beta1", "{size: 1, colour: red}")),
        &["--wait"],
    ));
    // Its storage never was v1beta1, so the definition may drop it.
    let release = serving(&["v1"]) + &wheel("v1", "{size: 2}");
    done(scene.apply_text(&serving(&["v1"]), &["--wait"]));
    scene.wait_until("the version is gone", || {
        let discovery = scene.kubectl(&["get", "--raw", &format!("/apis/{}.example.org", scene.name())]);
        !discovery.contains("v1beta1")
    });
    let plan = done(scene.apply_text(&release, &["--diff"]));
    for part in ["-  size: 1\n", "+  size: 2\n", "-  colour: red\n"] {
        assert!(plan.stdout.contains(part), "{}", plan.report(part));
    }
    let outcome = done(scene.apply_text(&release, &[]));
    assert!(outcome.stdout.ends_with(&format!("{name} configured\n")), "{}", outcome.report("configured"));
    let object = scene.object(&format!("wheel.{}.example.org/front", scene.name()));
    assert_eq!(object["spec"], serde_json::json!({"size": 2}));
    let outcome = done(scene.apply_text(&release, &[]));
    assert!(outcome.stdout.ends_with(&format!("{name} unchanged\n")), "{}", outcome.report("unchanged"));
}

#[test]
fn a_kind_that_cannot_be_listed_fails_alone() {
    let scene = ClusterScene::new().with_namespace();
    done(scene.apply_text(&(serving(&["v1beta1", "v1"]) + &wheel("v1", "{size: 1}")), &["--wait"]));
    let conversion = r#"{"spec": {"conversion": {"strategy": "Webhook", "webhook": {"conversionReviewVersions": ["v1"], "clientConfig": {"url": "https://127.0.0.1:1/"}}}}}"#;
    let definition = format!("customresourcedefinition/wheels.{}.example.org", scene.name());
    scene.kubectl(&["patch", &definition, "--type=merge", "--patch", conversion]);
    let path = format!("/apis/{0}.example.org/v1beta1/namespaces/{0}/wheels", scene.name());
    let listed = format!("kubectl get --raw {path} >/dev/null 2>&1 && echo listed || echo broken");
    scene.wait_until("it can't be listed", || {
        scene.shell(&listed).any_stdout().unchecked().stdout == "broken\n"
    });
    let admission = "apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: NAME}
webhooks: []
---
";
    let text = format!("{}{admission}{}", wheel("v1beta1", "{size: 2}"), super::map("settings", "1"));
    let name = format!("wheel.{}.example.org/front", scene.name());
    let outcome = fails(
        scene.apply_text(&text, &["--webhook-timeout", "3s"]),
        1,
        &[
            &format!("cannot apply {name}"),
            "conversion of ",
            "connection refused",
            "2 applied, 1 failed, 0 not tried",
        ],
    );
    let lines = format!(
        "configmap/settings created\nvalidatingwebhookconfiguration.admissionregistration.k8s.io/{} created\n",
        scene.name()
    );
    assert_eq!(outcome.stdout, lines);
    scene.kubectl(&[
        "patch",
        &definition,
        "--type=json",
        "--patch",
        r#"[{"op": "replace", "path": "/spec/conversion", "value": {"strategy": "None"}}]"#,
    ]);
}
