//! A scene on the real control plane.
//!
//! Adds to [`Scene`] a name of the story's own, for its namespaces and whatever else it makes,
//! kubectl, and the cleaning up. Separate because most stories need no cluster.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::control_plane::ControlPlane;
use crate::outcome::{Expectation, Outcome};
use crate::scene::Scene;

/// How long a story waits for what the cluster does by itself.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What stories make outside of namespaces, and namespaces.
const CLUSTER_SCOPED: &str = "namespaces,customresourcedefinitions,clusterroles,clusterrolebindings,\
     validatingwebhookconfigurations,mutatingwebhookconfigurations,priorityclasses,storageclasses,persistentvolumes,\
     apiservices,csidrivers,ingressclasses,validatingadmissionpolicies,validatingadmissionpolicybindings";

/// A scene, a cluster, and a name on it.
pub struct ClusterScene {
    scene: Scene,
    cluster: &'static ControlPlane,
    name: String,
}

impl ClusterScene {
    /// On any cluster.
    pub fn new() -> Self {
        Self::on(ControlPlane::shared())
    }

    /// On our own control plane, where pods do as their labels say; on another one the story
    /// is listed as not run.
    pub fn own() -> Option<Self> {
        ControlPlane::own().map(Self::on)
    }

    /// Tells a story that needs our own control plane.
    pub fn tell_on_own(story: impl FnOnce(Self)) {
        if let Some(scene) = Self::own() {
            story(scene);
        }
    }

    /// Tells a story that needs our own control plane, in a namespace of its name.
    pub fn tell_in_namespace(story: impl FnOnce(Self)) {
        Self::tell_on_own(|scene| story(scene.with_namespace()));
    }

    fn on(cluster: &'static ControlPlane) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = cluster.kubectl().parent().unwrap();
        Self {
            scene: Scene::new().env("KUBECONFIG", cluster.kubeconfig()).programs(folder),
            cluster,
            name: format!("codex-{}-{number}", std::process::id()),
        }
    }

    /// The story's own name. Whatever it makes outside of a namespace of that name has the name
    /// in its own, and is removed with the value.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The scene, changed by one of its methods.
    pub fn with(self, change: impl FnOnce(Scene) -> Scene) -> Self {
        let (scene, cluster, name) = self.taken_apart();
        Self { scene: change(scene), cluster, name }
    }

    /// Writes a file of the project; `NAME` in it is the story's name.
    pub fn file(self, path: &str, content: &str) -> Self {
        let content = content.replace("NAME", &self.name);
        self.with(|scene| scene.file(path, content))
    }

    /// Makes the namespace of the story's name, and waits until pods can be made in it.
    pub fn with_namespace(self) -> Self {
        self.kubectl(&["create", "namespace", &self.name]);
        self.wait_until("the default service account is there", || self.finds("serviceaccount/default"));
        self
    }

    /// The scene itself.
    pub fn scene(&self) -> &Scene {
        &self.scene
    }

    /// Runs `kubectl-codex-apply`.
    pub fn apply(&self, arguments: &[&str]) -> Expectation {
        self.scene.run("kubectl-codex-apply", arguments)
    }

    /// Runs `kubectl-codex-apply -n NAME -f -` with this input; `NAME` in it is the story's name.
    pub fn apply_text(&self, manifests: &str, arguments: &[&str]) -> Expectation {
        let manifests = manifests.replace("NAME", &self.name);
        let arguments = [&["-n", self.name.as_str(), "-f", "-"], arguments].concat();
        self.scene.run_with("kubectl-codex-apply", &arguments, manifests)
    }

    /// Runs a line of shell with kubectl and the suite's binaries; `NAME` is the story's name.
    pub fn shell(&self, script: &str) -> Expectation {
        self.scene.shell(&script.replace("NAME", &self.name))
    }

    /// What kubectl prints, in the namespace of the story's name unless the arguments name
    /// another.
    ///
    /// # Panics
    ///
    /// When it fails.
    pub fn kubectl(&self, arguments: &[&str]) -> String {
        self.kubectl_with(arguments, "")
    }

    /// As [`kubectl`](Self::kubectl), with this standard input; `NAME` in it is the story's name.
    ///
    /// # Panics
    ///
    /// When it fails.
    pub fn kubectl_with(&self, arguments: &[&str], input: &str) -> String {
        let outcome = self.try_kubectl_with(arguments, input);
        assert_eq!(outcome.exit, 0, "{}", outcome.report("kubectl failed"));
        outcome.stdout
    }

    /// Runs kubectl with text on its standard input, which may fail.
    pub fn try_kubectl_with(&self, arguments: &[&str], input: &str) -> Outcome {
        let input = input.replace("NAME", &self.name);
        let own = ["--namespace", self.name.as_str()];
        let arguments = match arguments.contains(&"--namespace") {
            true => arguments.to_vec(),
            false => [&own, arguments].concat(),
        };
        self.scene.run_program_with(self.cluster.kubectl(), &arguments, input).unchecked()
    }

    /// An object as it is now, with managedFields.
    ///
    /// # Panics
    ///
    /// When it isn't there.
    pub fn object(&self, name: &str) -> Value {
        let text = self.kubectl(&["get", name, "--output=json", "--show-managed-fields"]);
        serde_json::from_str(&text).unwrap()
    }

    /// Whether an object is there.
    pub fn finds(&self, name: &str) -> bool {
        !self.kubectl(&["get", name, "--output=name", "--ignore-not-found"]).is_empty()
    }

    /// Waits for what the cluster does by itself.
    ///
    /// # Panics
    ///
    /// When it takes half a minute.
    pub fn wait_until(&self, what: &str, is_so: impl Fn() -> bool) {
        let end = Instant::now() + LONGEST_WAIT;
        while !is_so() {
            assert!(Instant::now() < end, "waited {LONGEST_WAIT:?} until {what}");
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn taken_apart(mut self) -> (Scene, &'static ControlPlane, String) {
        let scene = std::mem::take(&mut self.scene);
        // Without a name there is nothing to clean up.
        let name = std::mem::take(&mut self.name);
        (scene, self.cluster, name)
    }

    fn kubectl_in_peace(&self, arguments: &[&str]) -> String {
        let output = Command::new(self.cluster.kubectl())
            .arg("--kubeconfig")
            .arg(self.cluster.kubeconfig())
            .args(arguments)
            .stdin(Stdio::null())
            .output();
        output.map_or(String::new(), |output| String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Default for ClusterScene {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for ClusterScene {
    fn drop(&mut self) {
        if self.name.is_empty() || std::env::var_os("KEEP_SCENES").is_some() {
            return;
        }
        let found = self.kubectl_in_peace(&["get", CLUSTER_SCOPED, "--output=name"]);
        let ours: Vec<&str> = found.lines().filter(|line| is_of(line, &self.name)).collect();
        if !ours.is_empty() {
            // Namespaces take seconds to go, and nobody needs their names again.
            let arguments = [&["delete", "--wait=false", "--ignore-not-found"], &ours[..]].concat();
            self.kubectl_in_peace(&arguments);
        }
    }
}

/// Whether a story's name is in a name, and not only the beginning of another story's.
fn is_of(name: &str, story: &str) -> bool {
    name.match_indices(story).any(|(at, _)| {
        let rest = &name[at + story.len()..];
        !rest.starts_with(|c: char| c.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::is_of;

    #[test]
    fn a_storys_things_are_told_from_anothers() {
        assert!(is_of("namespace/codex-7-1", "codex-7-1"));
        assert!(is_of("namespace/codex-7-1-ai-1", "codex-7-1"));
        assert!(is_of("customresourcedefinition/toys.codex-7-1.example.org", "codex-7-1"));
        assert!(!is_of("namespace/codex-7-12", "codex-7-1"));
        assert!(!is_of("namespace/codex-7", "codex-7-1"));
    }
}
