//! Stories of `kubectl-codex-apply`, one file per thing it does.
//!
//! Most run against the real control plane, in a namespace of their own; those of `faults/`
//! against a scripted API server, for what a healthy one won't do.

mod agreement;
mod authorities;
mod bad_input;
mod conflicts;
mod connection;
mod custom_resources;
mod diff;
mod doubled;
mod dry_run;
pub(crate) mod faults;
mod hooks;
mod images;
mod immutable;
mod input;
mod interrupts;
mod labels;
mod live;
mod messages;
mod namespaces;
mod order;
mod projects;
mod prune;
mod prune_filters;
mod public_shapes;
mod readiness;
mod rights;
mod same;
mod shim;
mod shop;
mod takeover;
mod unchanged;
mod unions;
mod unserved;
mod waiting;
mod warnings;
mod webhooks;

use codex_tests::{ClusterScene, Expectation, Outcome};

/// A Deployment `web` of one pod whose container has this image.
fn web(image: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  selector:
    matchLabels: {{app: web}}
  template:
    metadata:
      labels: {{app: web}}
    spec:
      containers:
        - name: web
          image: {image}
"
    )
}

/// The Deployment [`web`] whose pods do as the test cluster's label says.
pub(crate) fn behaving(behaviour: &str) -> String {
    let label = format!("labels: {{app: web, kubectl-codex.test/behaviour: {behaviour}}}\n    spec");
    web("registry.test/app:1").replace("labels: {app: web}\n    spec", &label)
}

/// A ConfigMap with one entry, `a`.
pub(crate) fn map(name: &str, value: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  a: \"{value}\"\n---\n")
}

/// A stream as render writes it for slot 1 of an environment `ai` of a project that has the
/// story's name, as has the namespace.
fn stream(manifests: &str) -> String {
    slot_stream(1, manifests)
}

fn slot_stream(slot: u32, manifests: &str) -> String {
    format!(
        "# kubectl-codex: {{\"project\":\"NAME\",\"env\":\"ai\",\"slot\":{slot},\"namespace\":\"NAME\"}}\n{manifests}"
    )
}

/// It went well; what it said is looked at elsewhere.
fn done(run: Expectation) -> Outcome {
    run.any_stdout().stderr_mentions(&[]).check()
}

/// It went well and printed these lines on standard output, in any order: within a wave objects
/// are done as they come.
fn done_with(run: Expectation, lines: &[&str]) -> Outcome {
    let outcome = done(run);
    let mut found: Vec<&str> = outcome.stdout.lines().collect();
    let mut expected = lines.to_vec();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected, "{}", outcome.report("other lines"));
    outcome
}

/// It ended with this code, and standard error holds each part; what it printed before is looked
/// at elsewhere.
fn fails(run: Expectation, code: i32, parts: &[&str]) -> Outcome {
    run.any_stdout().exit(code).stderr_mentions(parts).check()
}

/// One value of an object, as text.
fn value(scene: &ClusterScene, object: &str, pointer: &str) -> String {
    let object = scene.object(object);
    match object.pointer(pointer) {
        None => String::new(),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
