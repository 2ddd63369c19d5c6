//! The projects that are measured, written anew for each benchmark.
//!
//! Sizes follow projects in the field and one step beyond: a small project, one with
//! hundreds of services, and one that keeps thousands of objects in one file.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use codex_tests::{copy_folder, repository};

use crate::MIB;

/// A project, how it is rendered, and what that may cost.
pub(crate) struct Input {
    pub(crate) name: &'static str,
    pub(crate) folder: PathBuf,
    pub(crate) arguments: Vec<&'static str>,
    /// Files and bytes that are read: `services.yaml`, env files, manifests.
    pub(crate) files: usize,
    pub(crate) bytes: u64,
    /// Documents that must come out.
    pub(crate) documents: usize,
    /// The longest time, the largest memory.
    pub(crate) time: Duration,
    pub(crate) peak: u64,
}

/// Writes all inputs below `folder`.
pub(crate) fn inputs(folder: &Path) -> Vec<Input> {
    let shop = folder.join("shop");
    copy_folder(&repository().join("examples/shop"), &shop);
    let dev = vec!["--env", "dev"];
    let slot = vec!["--env", "ai", "--slot", "1"];
    vec![
        input("the example project", shop, slot.clone(), 16, (3, 8)),
        input("300 services x 3 manifests", services(folder), slot, 1060, (50, 30)),
        input("900 small manifests", small_manifests(folder), dev.clone(), 900, (24, 30)),
        input("3,000 documents", documents(folder, "documents", 4), dev.clone(), 3000, (50, 60)),
        input("3,000 documents, 1.0 MB", documents(folder, "megabyte", 12), dev, 3000, (65, 60)),
    ]
}

fn input(
    name: &'static str,
    folder: PathBuf,
    arguments: Vec<&'static str>,
    documents: usize,
    (milliseconds, mebibytes): (u64, u64),
) -> Input {
    let (files, bytes) = size(&folder);
    Input {
        name,
        folder,
        arguments,
        files,
        bytes,
        documents,
        time: Duration::from_millis(milliseconds),
        peak: mebibytes * MIB,
    }
}

fn size(folder: &Path) -> (usize, u64) {
    let mut total = (0, 0);
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.to_string_lossy();
        if path.is_dir() {
            let (files, bytes) = size(&path);
            total = (total.0 + files, total.1 + bytes);
        } else if name.ends_with(".yaml") || name.ends_with(".env") {
            total = (total.0 + 1, total.1 + fs::metadata(&path).unwrap().len());
        }
    }
    total
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Services as projects have them: a ConfigMap, a Deployment, and a Service with an Ingress,
/// with images, mounts and dropped kinds, and 40 blocks of infrastructure before them.
fn services(folder: &Path) -> PathBuf {
    let folder = folder.join("services");
    let mut stack = String::from(
        "# {{- $sources := envOr \"SOURCES\" \"/srv/sources\" -}}\n\n# A large project.\nproject: large\n\
         baseDomain: {dev: dev.example.org, ai: ai.example.org}\nversions:\n",
    );
    for number in 0..300 {
        let _ = writeln!(stack, "  service-{number:03}: \"{}.{}\"", number / 100, number % 100);
    }
    stack += "infrastructure:\n";
    for number in 0..40 {
        let _ = writeln!(stack, "  - name: infra-{number:02}\n    when: '{{{{ ne .Env \"staging\" }}}}'");
        let _ = writeln!(stack, "    manifests: [{{path: infra/{number:02}.yaml}}]");
        write(&folder, &format!("infra/{number:02}.yaml"), CONFIG_OF_INFRA);
    }
    stack += "services:\n";
    for number in 0..300 {
        let name = format!("service-{number:03}");
        stack += &SERVICE_ENTRY.replace("NAME", &name);
        if number % 5 > 1 {
            stack += "        dropKinds: [Ingress]\n";
        }
        for (file, template) in [("config", CONFIG), ("deploy", DEPLOYMENT), ("net", NETWORK)] {
            let port = (8000 + number).to_string();
            let text = template.replace("NAME", &name).replace("PORT", &port);
            write(&folder, &format!("services/{name}/{file}.yaml"), &text);
        }
    }
    write(&folder, "services.yaml", &stack);
    folder
}

/// 300 services, each with three manifests of a few lines.
fn small_manifests(folder: &Path) -> PathBuf {
    let folder = folder.join("small");
    let mut stack = String::from("project: small\nservices:\n");
    for number in 0..300 {
        let _ = writeln!(stack, "  - name: service-{number:03}\n    manifests:");
        for part in ["a", "b", "c"] {
            let path = format!("m/{number:03}-{part}.yaml");
            let _ = writeln!(stack, "      - path: {path}");
            let text = SMALL.replace("NAME", &format!("service-{number:03}-{part}"));
            write(&folder, &path, &text);
        }
    }
    write(&folder, "services.yaml", &stack);
    folder
}

/// One manifest of 3,000 ConfigMaps with so many lines of data each.
fn documents(folder: &Path, name: &str, lines: usize) -> PathBuf {
    let folder = folder.join(name);
    write(
        &folder,
        "services.yaml",
        "project: wide\nservices:\n  - {name: wide, manifests: [{path: wide.yaml}]}\n",
    );
    let mut text = String::new();
    for number in 0..3000 {
        let _ =
            writeln!(text, "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: wide-{number}\ndata:");
        for line in 0..lines {
            let _ = writeln!(text, "  key-{line}: value {}", number * lines + line);
        }
        let _ = writeln!(text, "  environment: {{{{ .Env }}}}");
    }
    write(&folder, "wide.yaml", &text);
    folder
}

const SMALL: &str = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: NAME
  labels: {app: NAME, environment: '{{ .Env }}'}
data:
  enabled: \"yes\"
  level: '{{ ternary (eq .Env \"dev\") \"debug\" \"info\" }}'
";

const CONFIG_OF_INFRA: &str = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: base
  namespace: {{ .Namespace }}
data:
{{- range $name, $domain := .BaseDomain }}
  {{ $name }}: {{ $domain }}
{{- end }}
  script: |
    #!/bin/sh
    for word in a b c; do
      echo \"$word in {{ .Env }}\"
    done
";

const SERVICE_ENTRY: &str = r#"  - name: NAME
    manifests:
      - path: services/NAME/config.yaml
      - path: services/NAME/deploy.yaml
      - path: services/NAME/net.yaml
    image:
      repository: registry.example.org/large/NAME
      tagTemplate: '{{ printf "%s-%s" .Env (index .Versions "NAME") }}'
    overlays:
      ai:
        hostMounts:
          - {name: source, hostPath: '{{ printf "%s/%d/NAME" $sources .Slot }}', mountPath: /app}
"#;

const CONFIG: &str = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: NAME
data:
  HOST: '{{ ternary (eq .Env \"ai\") (printf \"slot-%d.%s\" .Slot (index .BaseDomain \"ai\")) (index .BaseDomain .Env) }}'
  PORT: \"PORT\"
  FLAG: \"yes\"
  NOTE: |
    NAME, one of many
      indented line
";

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: NAME
  labels: &labels {app: NAME, tier: backend}
spec:
  replicas: 2
  selector: {matchLabels: *labels}
  template:
    metadata: {labels: *labels}
    spec:
      initContainers:
        - name: wait
          image: busybox:1.37
          command: [sh, -c, \"until nc -z postgres 5432; do sleep 1; done\"]
      containers:
        - name: main
          image: NAME
          ports: [{name: http, containerPort: PORT}]
          envFrom: [{configMapRef: {name: NAME}}]
          env:
            - {name: VERSION, value: '{{ index .Versions \"NAME\" }}'}
            - {name: SLOT, value: '{{ .Slot }}'}
          readinessProbe: {httpGet: {path: /healthz, port: http}}
          resources: {requests: {cpu: 50m, memory: 64Mi}, limits: {memory: 256Mi}}
          volumeMounts: [{name: data, mountPath: /data}]
      volumes: [{name: data, emptyDir: {}}]
";

const NETWORK: &str = "\
apiVersion: v1
kind: Service
metadata: {name: NAME}
spec: {selector: {app: NAME}, ports: [{name: http, port: 80, targetPort: http}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: NAME}
spec:
  rules:
    - host: NAME.{{ index .BaseDomain .Env }}
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: NAME, port: {name: http}}}}]}
";
