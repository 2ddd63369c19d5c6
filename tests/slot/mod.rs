//! Stories of `kubectl-codex-slot`, one file per thing it does.
//!
//! Most run against the real control plane, with a state namespace of their own; those of `rights`
//! against a scripted API server, for what a healthy one won't do.

mod bootstrap;
mod cleanup;
mod comment;
mod concurrency;
mod ensure;
mod environments;
mod every_call;
mod gc;
mod lifecycle;
mod list;
mod lost;
mod passing_faults;
mod project;
mod ready;
mod records;
mod rights;
mod safety;
mod set;
mod shim;
mod workspaces;

use codex_tests::{ClusterScene, Expectation, Outcome};
use serde_json::{Value, json};

/// A project whose environments `ai` and `ai-repair` have slots, with one object and records of its own.
pub(crate) fn project() -> ClusterScene {
    on(ClusterScene::new())
}

fn on(scene: ClusterScene) -> ClusterScene {
    scene
        .file(
            "services.yaml",
            "project: NAME
namespace: {patterns: {ai: 'NAME-ai-{{ .Slot }}', dev: NAME-dev}}
environments: {ai: {}, ai-repair: {}, dev: {}}
state: {configmapNamespace: NAME-state, configmapPrefix: slot-}
baseDomain: {ai: ai.example.org}
services:
  - name: web
    manifests: [{path: web.yaml}]
",
        )
        .file("web.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {a: one}\n")
}

/// Runs a verb.
pub(crate) fn slot(scene: &ClusterScene, arguments: &[&str]) -> Expectation {
    scene.scene().run("kubectl-codex-slot", arguments)
}

/// It went well; what it said is looked at elsewhere.
fn done(run: Expectation) -> Outcome {
    run.any_stdout().stderr_mentions(&[]).check()
}

/// It ended with this code, printed nothing, and said each part.
fn fails(run: Expectation, code: i32, parts: &[&str]) -> Outcome {
    run.exit(code).stderr_mentions(parts).check()
}

/// What `ensure` reports as JSON.
fn ensure(scene: &ClusterScene, arguments: &[&str]) -> Value {
    let outcome = done(slot(scene, &[&["ensure", "-o", "json"], arguments].concat()));
    serde_json::from_str(&outcome.stdout).unwrap()
}

/// The number that `ensure` gives.
fn ensured(scene: &ClusterScene, arguments: &[&str]) -> u64 {
    ensure(scene, arguments)["slot"].as_u64().unwrap()
}

/// The records, by name.
fn records(scene: &ClusterScene) -> Vec<Value> {
    let namespace = format!("{}-state", scene.name());
    let list = scene.kubectl(&["get", "configmaps", "--namespace", &namespace, "--output=json"]);
    let mut list: Value = serde_json::from_str(&list).unwrap();
    let Value::Array(mut items) = list["items"].take() else { panic!("{list}") };
    // Kubernetes puts one of its own into every namespace.
    items.retain(|item| item["metadata"]["name"] != "kube-root-ca.crt");
    items
}

/// The data of the record of a slot.
fn record(scene: &ClusterScene, slot: u64) -> Value {
    let name = format!("slot-{slot}");
    let found = records(scene).into_iter().find(|record| record["metadata"]["name"] == name.as_str());
    found.unwrap_or_else(|| panic!("no record {name}"))["data"].clone()
}

/// Puts a record there with exactly the keys that codexctl writes.
pub(crate) fn codexctls_record(scene: &ClusterScene, slot: u64, changes: &Value) {
    codexctls_record_in(scene, &format!("{}-state", scene.name()), slot, changes);
}

/// The same in another state namespace.
fn codexctls_record_in(scene: &ClusterScene, namespace: &str, slot: u64, changes: &Value) {
    if !scene.finds(&format!("namespace/{namespace}")) {
        scene.kubectl(&["create", "namespace", namespace]);
    }
    let mut data = json!({
        "slot": slot.to_string(), "env": "ai", "namespace": format!("{}-ai-{slot}", scene.name()),
        "owner": "manual", "issue": "0", "pr": "0", "createdAt": "2026-01-02T15:04:05Z",
    });
    for (key, value) in changes.as_object().unwrap() {
        data[key] = value.clone();
    }
    let object = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": format!("slot-{slot}"), "namespace": namespace}, "data": data,
    });
    scene.kubectl_with(&["create", "--namespace", namespace, "-f", "-"], &object.to_string());
}
