//! The cluster as the benchmark needs it: a user of its own, namespaces, counted requests, calm.
//!
//! Takes the administrator's `KUBECONFIG`, gives a kubeconfig that acts as a user for whom the
//! API server keeps a count: a FlowSchema of its own makes it count this user's requests apart
//! from those of the controllers. The schema's priority level is the administrator's, which
//! holds nothing back, and all that are measured go through it alike.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

/// Below this many requests in [`CALM_FOR`] nobody but the usual heartbeats is at work.
const CALM_REQUESTS: u64 = 8;
const CALM_FOR: Duration = Duration::from_millis(400);

/// How often calm is looked for before the benchmark gives up on it.
const CALM_TRIES: usize = 150;

/// The cluster, for one benchmark; what was made there goes with the value.
pub(crate) struct Cluster {
    name: String,
    kubeconfig: PathBuf,
    namespaces: Vec<String>,
}

impl Cluster {
    /// Makes the user and writes its kubeconfig to `folder`.
    pub(crate) fn prepare(folder: &Path) -> Self {
        let name = format!("bench-{}", std::process::id());
        let cluster = Self { kubeconfig: folder.join("kubeconfig"), name, namespaces: Vec::new() };
        for object in cluster.user() {
            feed(&["apply", "-f", "-"], &object.to_string());
        }
        let text = kubectl(&["config", "view", "--raw", "--minify", "--flatten", "-o=json"]);
        let mut config: Value = serde_json::from_str(&text).unwrap();
        config["users"][0]["user"]["as"] = cluster.name.as_str().into();
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600);
        let mut file = file.open(&cluster.kubeconfig).unwrap();
        file.write_all(config.to_string().as_bytes()).unwrap();
        cluster
    }

    /// The user's rights, and the schema that counts what it does.
    fn user(&self) -> [Value; 2] {
        let subject = json!({"kind": "User", "name": self.name, "apiGroup": "rbac.authorization.k8s.io"});
        let role =
            json!({"kind": "ClusterRole", "name": "cluster-admin", "apiGroup": "rbac.authorization.k8s.io"});
        let all = json!(["*"]);
        [
            json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
                "metadata": {"name": self.name}, "roleRef": role, "subjects": [subject],
            }),
            json!({
                "apiVersion": "flowcontrol.apiserver.k8s.io/v1", "kind": "FlowSchema",
                "metadata": {"name": self.name},
                "spec": {
                    "matchingPrecedence": 10, "priorityLevelConfiguration": {"name": "exempt"},
                    "rules": [{
                        "subjects": [{"kind": "User", "user": {"name": self.name}}],
                        "nonResourceRules": [{"verbs": all, "nonResourceURLs": all}],
                        "resourceRules": [{"verbs": all, "apiGroups": all, "resources": all,
                                           "namespaces": all, "clusterScope": true}],
                    }],
                },
            }),
        ]
    }

    /// The kubeconfig of the user whose requests are counted.
    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Makes a namespace. Those of earlier rounds stay until the end: deleting them would keep
    /// the server busy while the next round is measured.
    pub(crate) fn namespace(&mut self) -> String {
        let name = format!("{}-{}", self.name, self.namespaces.len());
        kubectl(&["create", "namespace", &name]);
        self.namespaces.push(name.clone());
        name
    }

    /// How many requests of the user the server has let through so far.
    pub(crate) fn requests(&self) -> u64 {
        let label = format!("flow_schema=\"{}\"", self.name);
        count(|line| {
            line.starts_with("apiserver_flowcontrol_dispatched_requests_total{") && line.contains(&label)
        })
    }

    /// Waits until the controllers have dealt with what was just made or changed.
    pub(crate) fn settle(&self) {
        let all = || count(|line| line.starts_with("apiserver_request_total{"));
        let mut before = all();
        for _ in 0..CALM_TRIES {
            sleep(CALM_FOR);
            let now = all();
            if now - before <= CALM_REQUESTS {
                return;
            }
            before = now;
        }
        panic!("the cluster doesn't come to rest: is someone else at work there?");
    }

    /// The versions of kubectl and of the server.
    pub(crate) fn versions() -> [String; 2] {
        let text = kubectl(&["version", "-o=json"]);
        let versions: Value = serde_json::from_str(&text).unwrap();
        ["clientVersion", "serverVersion"].map(|whose| {
            let version = versions[whose]["gitVersion"].as_str();
            version.unwrap_or("unknown").to_owned()
        })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let name = self.name.as_str();
        let mut made = vec![format!("clusterrolebinding/{name}"), format!("flowschema/{name}")];
        made.extend(self.namespaces.iter().map(|name| format!("namespace/{name}")));
        let _ = Command::new("kubectl")
            .args(["delete", "--ignore-not-found", "--wait=false"])
            .args(made)
            .stdout(Stdio::null())
            .status();
    }
}

/// The sum of the wanted lines of the API server's metrics.
fn count(is_wanted: impl Fn(&str) -> bool) -> u64 {
    let text = kubectl(&["get", "--raw", "/metrics"]);
    let lines = text.lines().filter(|line| is_wanted(line));
    lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

/// Runs kubectl as the administrator.
fn kubectl(arguments: &[&str]) -> String {
    feed(arguments, "")
}

fn feed(arguments: &[&str], input: &str) -> String {
    let mut child = Command::new("kubectl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("kubectl on the PATH");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "kubectl {arguments:?} failed");
    String::from_utf8(output.stdout).unwrap()
}
