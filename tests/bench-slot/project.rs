//! A project whose slots are taken already.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs};

use codex_tests::{TemporaryFolder, copy_folder, repository};
use serde_json::{Value, json};

/// Who made the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Maker {
    Ours,
    /// Without the project's name and without labels: whose they are must be told by their namespaces.
    Codexctl,
}

/// The project; its records go with the value.
pub(crate) struct Project {
    folder: TemporaryFolder,
    name: String,
}

impl Project {
    /// A project with so many slots taken, each for the issue of its own number.
    pub(crate) fn with(taken: u32, maker: Maker) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("bench-slot-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = TemporaryFolder::new();
        let text = format!(
            "project: {name}
namespace: {{patterns: {{ai: '{{{{ .Project }}}}-ai-{{{{ .Slot }}}}'}}}}
environments: {{ai: {{}}}}
state: {{configmapNamespace: {name}, configmapPrefix: slot-}}
"
        );
        fs::write(folder.path().join("services.yaml"), text).unwrap();
        let project = Self { folder, name };
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": project.name}});
        project.create(&namespace);
        let records: Vec<Value> = (1..=taken).map(|slot| project.record(slot, maker)).collect();
        if !records.is_empty() {
            project.create(&json!({"apiVersion": "v1", "kind": "List", "items": records}));
        }
        project
    }

    /// The example project, with its sources, in the slot that it is about to get.
    pub(crate) fn shop() -> Self {
        let project = Self::with(0, Maker::Ours);
        copy_folder(&repository().join("examples/shop"), project.folder());
        let file = project.folder().join("services.yaml");
        let text = fs::read_to_string(&file).unwrap();
        let text = text.replace("project: shop\n", &format!("project: {}\n", project.name));
        fs::write(&file, text.replace("codex-system", &project.name)).unwrap();
        project
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A command of the program in the project.
    pub(crate) fn command(&self, program: &Path, arguments: &[String]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.folder()).env_clear().env("HOME", self.folder());
        command.env("KUBECONFIG", env::var_os("KUBECONFIG").unwrap());
        // The shop's hooks are lines of shell; its workspaces may not lie in it.
        command.env("PATH", "/usr/bin:/bin").env("CODE_ROOT_BASE", self.folder().with_extension("slots"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn record(&self, slot: u32, maker: Maker) -> Value {
        let text = slot.to_string();
        let mut record = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": format!("slot-{slot}"), "namespace": self.name},
            "data": {
                "slot": text, "env": "ai", "namespace": format!("{}-ai-{slot}", self.name), "owner": "manual",
                "issue": text, "pr": "0", "createdAt": "2026-01-02T15:04:05Z",
            },
        });
        if maker == Maker::Ours {
            record["data"]["project"] = self.name.as_str().into();
            record["metadata"]["labels"] = json!({
                "kubectl-codex.dev/project": self.name, "kubectl-codex.dev/environment": "ai",
                "kubectl-codex.dev/slot": text, "kubectl-codex.dev/issue": text,
            });
        }
        record
    }

    fn create(&self, objects: &Value) {
        let mut kubectl = Command::new("kubectl")
            .args(["create", "-f", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        kubectl.stdin.take().unwrap().write_all(objects.to_string().as_bytes()).unwrap();
        assert!(kubectl.wait().unwrap().success());
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let slot = format!("{}-ai-1", self.name);
        let arguments = ["delete", "namespace", "--wait=false", "--ignore-not-found", &self.name, &slot];
        let _ = fs::remove_dir_all(self.folder().with_extension("slots"));
        let _ = Command::new("kubectl").args(arguments).stdout(Stdio::null()).status();
    }
}
