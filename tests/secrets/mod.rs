//! Stories of secrets: whatever is done and whatever goes wrong, none is seen where it doesn't belong.
//!
//! A [`Scanner`] looks through all that is printed, the command lines of all processes, the files that are left and
//! the objects of the cluster. What a manifest itself puts into an object is the project's own affair: such objects
//! are called `holds-…`.

mod addresses;
mod apply;
mod hooks;
mod slot;
mod terminal;

use std::path::PathBuf;
use std::time::Duration;

use codex_tests::{ClusterScene, ControlPlane, Expectation, Outcome, Scanner};
use serde_json::Value;

/// What has a place for secrets in an object's text is looked through; Secrets are where they belong.
const KINDS: &str = "configmaps,events,deployments,replicasets,pods,leases,serviceaccounts";

/// The story's project, with secrets in the environment, and the scanner that looks for them.
struct Story {
    scene: ClusterScene,
    scanner: Scanner,
}

/// Secrets that every kind of quoting changes, all of them with the mark in every part.
fn values(mark: &str) -> Vec<(&'static str, String)> {
    vec![
        ("API_TOKEN", format!("{mark}-a")),
        ("DB_PASSWORD", format!("{mark}\"w'rd 100% $HOME \\n {mark} `id` #: {{{{&}}}} {mark}")),
        ("TLS_KEY", format!("-----BEGIN {mark}-----\n{mark}/a+b\n  {mark}==\r\n\n-----END {mark}-----\n")),
        ("UNICODE_SECRET", format!("ключ-{mark}-鍵&<>+/?{mark}é")),
        ("LONG_AUTH", format!("{mark}.").repeat(4000)),
    ]
}

/// The values of another day.
fn rotated(mark: &str) -> Vec<(&'static str, String)> {
    let changed = |(name, value): (&'static str, String)| match name {
        "API_TOKEN" => (name, format!("{mark}-b")),
        "DB_PASSWORD" => (name, format!("new {mark} \"'% \\ {mark}")),
        _ => (name, value),
    };
    values(mark).into_iter().map(changed).collect()
}

const SERVICES: &str = r#"project: NAME
namespace: {patterns: {ai: 'NAME-ai-{{ .Slot }}', dev: NAME}}
environments: {ai: {}, dev: {}}
state: {configmapNamespace: NAME-state, configmapPrefix: slot-}
baseDomain: {ai: ai.example.org}
hooks:
  beforeAll:
    - name: use {{ .EnvMap.API_TOKEN }}
      run: {{ printf "set -x; sleep 0.1; : '%s' \"%s\"; echo \"$DB_PASSWORD\"; printf '%%q ' \"$TLS_KEY\"; printf %%s \"$UNICODE_SECRET\" | base64 -w0; echo; printf %%s \"$LONG_AUTH\" >&2" .EnvMap.UNICODE_SECRET .EnvMap.API_TOKEN | toJson }}
services:
  - name: web
    manifests: [{path: web.yaml}]
    hooks: {beforeApply: [], afterApply: []}
"#;

const WEB: &str = r#"apiVersion: v1
kind: ConfigMap
metadata:
  name: holds-settings
  annotations:
    example.org/json: {{ dict "token" .EnvMap.API_TOKEN "password" .EnvMap.DB_PASSWORD | toJson | quote }}
data:
  plain: {{ .EnvMap.DB_PASSWORD | toJson }}
  single: '{{ .EnvMap.DB_PASSWORD | replace "'" "''" }}'
  encoded: {{ .EnvMap.DB_PASSWORD | b64enc }}
  basic: Basic {{ printf "user:%s" .EnvMap.API_TOKEN | b64enc }}
  docker: {{ dict "auth" (printf "user:%s" .EnvMap.DB_PASSWORD | b64enc) | toJson | b64enc }}
  unicode: {{ .EnvMap.UNICODE_SECRET | toJson }}
  long: {{ .EnvMap.LONG_AUTH }}
  config: |
    user: shop
    password: {{ .EnvMap.API_TOKEN }}
    port: 5432
  key: |
{{ .EnvMap.TLS_KEY | replace "\r" "" | indent 4 }}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: holds-web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: registry.test/app:1
          args: ["--token={{ .EnvMap.API_TOKEN }}"]
          env:
            - {name: PASSWORD, value: {{ .EnvMap.DB_PASSWORD | toJson }}}
            - {name: URL, value: "postgres://shop:{{ .EnvMap.API_TOKEN }}@db/shop"}
---
apiVersion: v1
kind: Secret
metadata: {name: database}
stringData: {password: {{ .EnvMap.DB_PASSWORD | toJson }}}
"#;

impl Story {
    fn new() -> Self {
        let scene = ClusterScene::new().file("services.yaml", SERVICES).file("web.yaml", WEB);
        let outside = scene.scene().project().parent().unwrap().to_path_buf();
        let folders = ["temporary", "slots", "data"].map(|name| outside.join(name));
        for folder in &folders {
            std::fs::create_dir_all(folder).unwrap();
        }
        let scanner = Scanner::watching(vec![folders[0].clone(), outside.join("home")]);
        let kubectl = ControlPlane::shared().kubectl().parent().unwrap();
        let path = std::env::join_paths([kubectl, "/usr/bin".as_ref(), "/bin".as_ref()]).unwrap();
        let scene = scene.with(|scene| {
            scene
                .time_limit(Duration::from_secs(180))
                .env("PATH", path)
                .env("CODEXCTL_LOG_LEVEL", "debug")
                .env("TMPDIR", &folders[0])
                .env("CODE_ROOT_BASE", &folders[1])
                .env("DATA_ROOT", &folders[2])
        });
        Self { scene, scanner }.with_secrets(values)
    }

    /// Changes the scene.
    fn with(self, change: impl FnOnce(ClusterScene) -> ClusterScene) -> Self {
        Self { scene: change(self.scene), scanner: self.scanner }
    }

    /// Sets the secrets; the later wins.
    fn with_secrets(self, values: fn(&str) -> Vec<(&'static str, String)>) -> Self {
        let values = values(self.scanner.mark());
        self.with(|scene| {
            scene.with(|scene| values.into_iter().fold(scene, |scene, (name, value)| scene.env(name, value)))
        })
    }

    /// Runs a program, which ends with this code, and looks through what it said.
    fn run(&self, code: i32, program: &str, arguments: &[&str]) -> Outcome {
        self.scanned(code, self.scene.scene().run(program, arguments))
    }

    fn apply(&self, code: i32, arguments: &[&str]) -> Outcome {
        self.run(code, "kubectl-codex-apply", &[&["--env", "dev"], arguments].concat())
    }

    fn scanned(&self, code: i32, run: Expectation) -> Outcome {
        let outcome = run.unchecked();
        assert_eq!(outcome.exit, code, "{}", outcome.report("ended otherwise"));
        self.scanner.text(&format!("stdout of {}", outcome.command), &outcome.stdout);
        self.scanner.text(&format!("stderr of {}", outcome.command), &outcome.stderr);
        outcome
    }

    /// Looks through the objects of a namespace, but those that hold secrets because a manifest says so.
    fn scan_objects(&self, namespace: &str) {
        let arguments = ["get", KINDS, "--namespace", namespace, "--output=json", "--show-managed-fields"];
        let list: Value = serde_json::from_str(&self.scene.kubectl(&arguments)).unwrap();
        for object in list["items"].as_array().unwrap() {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            if !name.starts_with("holds-") {
                self.scanner.text(&format!("{} {name} in {namespace}", object["kind"]), &object.to_string());
            }
        }
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.scene.scene().project().parent().unwrap().join(name)
    }

    /// Looks through all files, and fails with all that was found.
    fn ends_clean(self) {
        self.scanner.files(self.scene.scene().project().parent().unwrap());
        let findings = self.scanner.findings();
        assert!(findings.is_empty(), "{} secrets are seen:\n{}", findings.len(), findings.join("\n"));
    }
}
