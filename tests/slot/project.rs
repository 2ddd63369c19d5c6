//! A small project with slots, on the control plane.
//!
//! Everything that it makes has the scene's name in its own: the namespaces `NAME-ai-N`, the records'
//! namespace `NAME-state`, the cluster-wide objects.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use codex_tests::{ClusterScene, Expectation, Outcome};
use serde_json::Value;

const SERVICES: &str = r#"project: NAME
environments:
  ai: {kubeconfig: ""}
namespace:
  patterns:
    ai: "{{ .Project }}-ai-{{ .Slot }}"
state:
  configmapNamespace: NAME-state
  configmapPrefix: slot-
dataPaths:
  root: '{{ envOr "DATA_ROOT" "" }}'
  envDir: '{{ envOr "DATA_ROOT" "" }}/{{ .Env }}-{{ .Slot }}'
  dirs: [db]
infrastructure:
  - name: base
    manifests:
      - path: base.yaml
services:
  - name: web
    manifests:
      - path: web.yaml
"#;

const BASE: &str = r#"apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: "{{ .Namespace }}"
data:
  greeting: hello
"#;

const WEB: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: nginx:1
"#;

/// A role that every slot means, and one of the slot's own.
pub(super) const ROLES: &str = r#"---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: NAME-everyones
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: NAME-own-{{ .Slot }}
"#;

/// It ended with this code, and standard error holds each part; what it did before it failed is on standard output.
pub(super) fn fails(run: Expectation, code: i32, parts: &[&str]) -> Outcome {
    run.any_stdout().exit(code).stderr_mentions(parts).check()
}

/// The project, its workspaces and its data.
pub(super) struct Project {
    pub(super) scene: ClusterScene,
}

impl Project {
    /// One ConfigMap and one Deployment.
    pub(super) fn new() -> Self {
        Self::on(ClusterScene::new())
    }

    /// The same on our own control plane, where pods do as their labels say.
    pub(super) fn own() -> Option<Self> {
        ClusterScene::own().map(Self::on)
    }

    fn on(scene: ClusterScene) -> Self {
        let scene = scene.file("services.yaml", SERVICES).file("base.yaml", BASE).file("web.yaml", WEB).with(
            |scene| {
                let outside = scene.project().parent().unwrap().to_path_buf();
                // Git, which saves work, is found there; namespaces take their time to go.
                scene
                    .time_limit(Duration::from_secs(180))
                    .env("PATH", "/usr/bin:/bin")
                    .env("DATA_ROOT", outside.join("data"))
                    .env("CODE_ROOT_BASE", outside.join("slots"))
            },
        );
        fs::create_dir(scene.scene().project().parent().unwrap().join("data")).unwrap();
        Self { scene }
    }

    /// Writes a file of the project; `NAME` in it is the story's name.
    pub(super) fn file(self, path: &str, content: &str) -> Self {
        Self { scene: self.scene.file(path, content) }
    }

    /// Replaces something in a file of the project.
    pub(super) fn replace(self, path: &str, from: &str, to: &str) -> Self {
        Self { scene: self.scene.with(|scene| scene.replace(path, from, to)) }
    }

    /// Runs `kubectl-codex-slot`.
    pub(super) fn slot(&self, arguments: &[&str]) -> Expectation {
        self.scene.scene().run("kubectl-codex-slot", arguments)
    }

    /// Runs `ready --apply -o json` with more arguments, which must go well, and gives what it printed.
    pub(super) fn ready(&self, arguments: &[&str]) -> Value {
        self.ready_outcome(arguments).0
    }

    /// The same with all that was said.
    pub(super) fn ready_outcome(&self, arguments: &[&str]) -> (Value, Outcome) {
        let arguments = [&["ready", "--apply", "-o", "json"], arguments].concat();
        let outcome = super::done(self.slot(&arguments));
        (serde_json::from_str(&outcome.stdout).unwrap(), outcome)
    }

    /// The namespace of a slot.
    pub(super) fn namespace(&self, slot: u32) -> String {
        format!("{}-ai-{slot}", self.scene.name())
    }

    /// The namespace of the records.
    pub(super) fn state(&self) -> String {
        format!("{}-state", self.scene.name())
    }

    /// The folder of all workspaces.
    pub(super) fn base(&self) -> PathBuf {
        self.beside("slots")
    }

    /// A slot's data directory.
    pub(super) fn data(&self, slot: u32) -> PathBuf {
        self.beside("data").join(format!("ai-{slot}/db"))
    }

    /// A path beside the project's folder.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.scene.scene().project().parent().unwrap().join(name)
    }

    /// Puts a file into a slot's data directory, as its database would.
    pub(super) fn fill_data(&self, slot: u32) -> PathBuf {
        let file = self.data(slot).join("table");
        fs::create_dir_all(self.data(slot)).unwrap();
        fs::write(&file, "rows").unwrap();
        file
    }

    /// What kubectl prints in a namespace.
    pub(super) fn kubectl_in(&self, namespace: &str, arguments: &[&str]) -> String {
        self.scene.kubectl(&[&["--namespace", namespace], arguments].concat())
    }

    /// Whether a namespaced object is there.
    pub(super) fn finds_in(&self, namespace: &str, object: &str) -> bool {
        !self.kubectl_in(namespace, &["get", object, "--output=name", "--ignore-not-found"]).is_empty()
    }

    /// Whether a namespace is there, on its way out or not.
    pub(super) fn has_namespace(&self, name: &str) -> bool {
        self.scene.finds(&format!("namespace/{name}"))
    }

    /// A slot's record; null if there is none.
    pub(super) fn record(&self, slot: u32) -> Value {
        if !self.has_namespace(&self.state()) {
            return Value::Null;
        }
        let name = format!("configmap/slot-{slot}");
        let found = self.kubectl_in(&self.state(), &["get", &name, "--output=json", "--ignore-not-found"]);
        if found.is_empty() { Value::Null } else { serde_json::from_str(&found).unwrap() }
    }

    /// Changes the data of a slot's record; null removes a key.
    pub(super) fn patch_record(&self, slot: u32, data: &Value) {
        let patch = serde_json::json!({ "data": data }).to_string();
        let name = format!("configmap/slot-{slot}");
        self.kubectl_in(&self.state(), &["patch", &name, "--type=merge", "--patch", &patch]);
    }

    /// Deletes a namespace by hand, and waits until it is gone.
    pub(super) fn delete_namespace(&self, name: &str) {
        self.scene.kubectl(&["delete", "namespace", name, "--timeout=60s"]);
    }
}
