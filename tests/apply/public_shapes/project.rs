//! A project's manifests, and a copy of them on the cluster.
//!
//! Gives each copy names of its own, and runs kubectl and ours on it. Separate from the stories, which say what
//! must come of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use codex_tests::{ClusterScene, ControlPlane, FaultProxy, Outcome, ProxiedCall, ScriptedServer, repository};
use serde_json::{Value, json};

/// What stands in the manifests for the name of a copy.
const PLACEHOLDER: &str = "trial";

/// What stands in the manifests for the port of an aggregated API's server.
const PORT: &str = "10443";

/// Ends lines that only client-side apply reads as we do: kubectl's server-side apply refuses doubled entries, and
/// refuses or keeps the nulls of custom resources.
const CLIENT_SIDE: &str = "# client-side only";

/// One file of `public/`.
pub(super) struct Project {
    pub(super) name: &'static str,
    /// Whether client-side apply can't note one of its objects in an annotation.
    pub(super) is_large: bool,
    /// Whether its lines end as on Windows.
    has_crlf: bool,
}

const fn project(name: &'static str) -> Project {
    Project { name, is_large: false, has_crlf: false }
}

pub(super) const PROJECTS: [Project; 10] = [
    project("certificates"),
    Project { is_large: true, ..project("monitoring") },
    Project { has_crlf: true, ..project("ingress") },
    project("gitops"),
    project("metrics"),
    project("database"),
    project("network"),
    project("storage"),
    project("policies"),
    project("forum"),
];

impl Project {
    pub(super) fn copy(&self) -> Copy {
        Copy::new(self, |_| true)
    }

    /// Without the lines that only client-side apply takes.
    pub(super) fn copy_for_server_side(&self) -> Copy {
        Copy::new(self, |line| !line.ends_with(CLIENT_SIDE))
    }
}

/// A project's manifests with a name of their own, and where they are applied.
pub(super) struct Copy {
    scene: ClusterScene,
    file: String,
    kubeconfig: PathBuf,
    /// The server behind its APIService, if it has one.
    extension: Option<ScriptedServer>,
}

impl Copy {
    fn new(project: &Project, keep: impl Fn(&&str) -> bool) -> Self {
        let path = repository().join("tests/apply/public").join(format!("{}.yaml", project.name));
        let text = fs::read_to_string(path).unwrap();
        let line_end = if project.has_crlf { "\r\n" } else { "\n" };
        let mut text: String = text.lines().filter(keep).flat_map(|line| [line, line_end]).collect();
        // Where `kubectl diff` finds `diff`.
        let path = std::env::var_os("PATH").unwrap();
        let scene = ClusterScene::new().with(|scene| scene.env("PATH", path));
        let scene = match text.contains("kind: Namespace\n") || text.contains("kind: Namespace\r\n") {
            true => scene,
            false => scene.with_namespace(),
        };
        let extension = text.contains("kind: APIService\n").then(|| extension(&scene, &mut text));
        let text = text.replace(PLACEHOLDER, scene.name());
        let file = format!("{}.yaml", project.name);
        let scene = scene.with(|scene| scene.file(&file, text));
        let kubeconfig = kubeconfig(&scene);
        Self { scene, file, kubeconfig, extension }
    }

    /// Runs `kubectl-codex-apply` on it, which must go well.
    pub(super) fn apply(&self, flags: &[&str]) -> Outcome {
        let flags = [&["-n", self.scene.name(), "-f", &self.file], flags].concat();
        self.scene.apply(&flags).any_stdout().stderr_mentions(&[]).check()
    }

    /// `kubectl diff` ends with 0. It merges doubled entries by the first, so it gets the text without them.
    pub(super) fn assert_no_difference_for_kubectl(&self) {
        let path = self.scene.scene().path(&self.file);
        let whole = fs::read_to_string(&path).unwrap();
        let lines = whole.split_inclusive('\n').filter(|line| !line.trim_end().ends_with(CLIENT_SIDE));
        fs::write(&path, lines.collect::<String>()).unwrap();
        let diff = self.try_kubectl(&["diff"]);
        fs::write(&path, whole).unwrap();
        assert_eq!(diff.exit, 0, "{}", diff.report("kubectl sees a difference"));
    }

    /// Runs a verb of kubectl on it.
    fn try_kubectl(&self, verb: &[&str]) -> Outcome {
        let kubeconfig = self.kubeconfig.to_str().unwrap();
        let arguments = [&["--kubeconfig", kubeconfig], verb, &["--filename", &self.file]].concat();
        let kubectl = ControlPlane::shared().kubectl();
        self.scene.scene().run_program_with(kubectl, &arguments, "").unchecked()
    }

    /// Runs `kubectl apply` on it until all is applied: it doesn't wait for definitions.
    pub(super) fn kubectl_apply(&self, flags: &[&str]) {
        let verb = [&["apply"], flags].concat();
        self.scene.wait_until("kubectl has applied all", || {
            let outcome = self.try_kubectl(&verb);
            let early = outcome.stderr.contains("no matches for kind")
                || outcome.stderr.contains("the server could not find the requested resource");
            assert!(outcome.exit == 0 || early, "{}", outcome.report("kubectl apply"));
            outcome.exit == 0
        });
    }

    /// The live objects in the manifests' order, with the placeholder for the copy's name.
    pub(super) fn objects(&self) -> Vec<Value> {
        let outcome = self.try_kubectl(&["get", "--output=json"]);
        assert_eq!(outcome.exit, 0, "{}", outcome.report("kubectl get"));
        let mut text = outcome.stdout.replace(self.scene.name(), PLACEHOLDER);
        if let Some(extension) = &self.extension {
            text = text.replace(&port(extension), PORT);
        }
        let mut list: Value = serde_json::from_str(&text).unwrap();
        serde_json::from_value(list["items"].take()).unwrap()
    }

    /// Applies it again, which must write nothing, and gives the number of objects and those that the server was asked
    /// about.
    pub(super) fn apply_again(&self) -> (usize, Vec<String>) {
        let proxy = FaultProxy::start(ControlPlane::shared().kubeconfig());
        let kubeconfig = proxy.kubeconfig(&self.scene.scene().project());
        let outcome = self.apply(&["--kubeconfig", kubeconfig.to_str().unwrap()]);
        let mut unchanged = 0;
        for line in outcome.stdout.lines() {
            assert!(line.ends_with(" unchanged"), "{}", outcome.report(line));
            unchanged += 1;
        }
        let calls = proxy.calls();
        let is_read = |call: &&ProxiedCall| call.method == "GET" || call.target.contains("dryRun=All");
        let written: Vec<&ProxiedCall> = calls.iter().filter(|call| !is_read(call)).collect();
        assert!(written.is_empty(), "{written:#?}");
        let patched = calls.into_iter().filter(|call| call.method == "PATCH");
        let targets: BTreeSet<String> = patched
            .map(|call| call.target.split('?').next().unwrap().replace(self.scene.name(), PLACEHOLDER))
            .collect();
        (unchanged, targets.into_iter().collect())
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // What is in namespaces of others; the rest goes with the scene.
        let name = format!("{}-gauge-auth-reader", self.scene.name());
        if self.extension.is_some() {
            let flags = ["--namespace", "kube-system", "delete", "rolebinding", "--ignore-not-found", &name];
            self.scene.try_kubectl_with(&flags, "");
        }
    }
}

/// A server for the aggregated API of the text, which then leads to it.
fn extension(scene: &ClusterScene, text: &mut String) -> ScriptedServer {
    let server = ScriptedServer::start();
    *text = text.replace(PORT, &port(&server));
    let group = format!("gauge.{}.example.org", scene.name());
    server.put(json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("readings.{group}") },
        "spec": {
            "group": group, "scope": "Namespaced", "names": { "kind": "Reading", "plural": "readings" },
            "versions": [{ "name": "v1beta1", "served": true, "storage": true }],
        },
    }));
    server
}

/// A kubeconfig whose namespace is the scene's: with a flag kubectl would refuse objects of other namespaces.
fn kubeconfig(scene: &ClusterScene) -> PathBuf {
    static SHARED: OnceLock<Value> = OnceLock::new();
    let shared = SHARED.get_or_init(|| {
        let view = scene.kubectl(&["config", "view", "--raw", "--flatten", "--output=json"]);
        serde_json::from_str(&view).unwrap()
    });
    let mut config = shared.clone();
    for context in config["contexts"].as_array_mut().unwrap() {
        context["context"]["namespace"] = scene.name().into();
    }
    let path = scene.scene().project().join("kubeconfig");
    fs::write(&path, config.to_string()).unwrap();
    path
}

fn port(server: &ScriptedServer) -> String {
    server.url().rsplit(':').next().unwrap().to_owned()
}
