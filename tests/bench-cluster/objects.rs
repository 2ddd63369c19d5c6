//! The manifests that are applied, and the same as ready-made requests.
//!
//! Takes how many objects are wanted and which of them are edited, gives one YAML stream, or
//! one line of path and JSON per object for [`crate::raw`], which so needs no time to read,
//! check or place anything.

use std::fmt::Write as _;

use codex_cluster::document::value_of;
use codex_common::diagnostic::Source;
use codex_common::render::foreign;

/// A kind's place in paths, and one object of it.
struct Kind {
    root: &'static str,
    plural: &'static str,
    manifest: &'static str,
}

/// Every object has these parts, in the order of the waves that an apply sends.
const KINDS: [Kind; 5] = [
    Kind { root: "/api/v1", plural: "serviceaccounts", manifest: SERVICE_ACCOUNT },
    Kind { root: "/api/v1", plural: "configmaps", manifest: CONFIG_MAP },
    Kind { root: "/api/v1", plural: "secrets", manifest: SECRET },
    Kind { root: "/api/v1", plural: "services", manifest: SERVICE },
    Kind { root: "/apis/apps/v1", plural: "deployments", manifest: DEPLOYMENT },
];

/// How many of each kind an edit touches.
const EDITED: usize = 2;

/// How many objects an edit touches.
pub(crate) const ALL_EDITED: usize = EDITED * KINDS.len();

/// So many objects, of each kind a fifth; with `edited` a few of each kind differ.
pub(crate) fn stream(objects: usize, edited: bool) -> String {
    let each = objects / KINDS.len();
    let mut stream = String::new();
    for kind in &KINDS {
        for number in 0..each {
            // Spread over the stream: an edit seldom touches neighbours.
            let touched = edited && number % (each / EDITED) == 0;
            let revision = if touched { "2" } else { "1" };
            stream += "---\n";
            stream +=
                &kind.manifest.replace("NAME", &format!("bench-{number:04}")).replace("REVISION", revision);
        }
    }
    stream
}

/// A stream's objects as requests: path, tab, JSON.
pub(crate) fn requests(stream: &str, namespace: &str) -> String {
    let source = Source::new("the benchmark's manifests", stream);
    let documents = foreign::read(&source).unwrap();
    let mut requests = String::new();
    for document in documents {
        let object = value_of(&document.node);
        let kind = KINDS.iter().find(|kind| {
            let line = format!("\nkind: {}\n", object["kind"].as_str().unwrap());
            kind.manifest.contains(&line)
        });
        let Kind { root, plural, .. } = kind.unwrap();
        let name = object["metadata"]["name"].as_str().unwrap();
        writeln!(requests, "{root}/namespaces/{namespace}/{plural}/{name}\t{object}").unwrap();
    }
    requests
}

const SERVICE_ACCOUNT: &str = "\
apiVersion: v1
kind: ServiceAccount
metadata:
  name: NAME
  labels: {app: NAME, revision: \"REVISION\"}
automountServiceAccountToken: false
";

const CONFIG_MAP: &str = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: NAME
  labels: {app: NAME}
data:
  HOST: NAME.example.org
  LEVEL: info
  VERSION: \"REVISION\"
  settings.conf: |
    # What the program reads when it starts.
    listen = 8080
    revision = REVISION
";

const SECRET: &str = "\
apiVersion: v1
kind: Secret
metadata:
  name: NAME
  labels: {app: NAME}
type: Opaque
stringData:
  USER: NAME
  PASSWORD: not-a-real-one-REVISION
";

const SERVICE: &str = "\
apiVersion: v1
kind: Service
metadata:
  name: NAME
  labels: {app: NAME}
spec:
  selector: {app: NAME, revision: \"REVISION\"}
  ports: [{name: http, port: 80, protocol: TCP, targetPort: http}]
";

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: NAME
  labels: {app: NAME}
spec:
  replicas: 0
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec:
      serviceAccountName: NAME
      containers:
        - name: main
          image: registry.example.org/bench/NAME:REVISION
          ports: [{name: http, containerPort: 8080, protocol: TCP}]
          envFrom: [{configMapRef: {name: NAME}}, {secretRef: {name: NAME}}]
          env:
            - {name: LEVEL, value: info}
            - {name: REGION, value: here}
          readinessProbe: {httpGet: {path: /healthz, port: http}}
          resources: {requests: {cpu: 50m, memory: 64Mi}, limits: {memory: 256Mi}}
";
