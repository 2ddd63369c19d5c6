//! Stories of slots that are lost while they come up, and of what nobody has a record of.
//!
//! Two machines are two folders of workspaces: their locks aren't each other's.

use std::fs;
use std::path::Path;
use std::process::{Child, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

use codex_tests::binary;
use serde_json::{Value, json};

use super::done;
use super::project::{Project, fails};

/// A project whose apply stops in a hook until it is let go, once the namespace is made.
struct Held {
    project: Project,
    ready: Child,
}

impl Held {
    fn ready(arguments: &[&str]) -> Self {
        let project = Project::new();
        let [here, go] = ["here", "go"].map(|name| project.beside(name).display().to_string());
        let hook = format!(
            "hooks:
  beforeAll:
    - name: hold
      run: if [ \"$CODEX_ACTION\" = apply ]; then touch {here}; until [ -e {go} ]; do sleep 0.1; done; fi
infrastructure:"
        );
        let project = project.replace("services.yaml", "infrastructure:", &hook);
        let arguments = [&["ready", "--apply"], arguments].concat();
        let ready = project.scene.scene().start(&binary("kubectl-codex-slot"), &arguments);
        let held = Self { project, ready };
        held.wait_for(&held.project.beside("here"));
        held
    }

    fn wait_for(&self, path: &Path) {
        let end = Instant::now() + Duration::from_secs(120);
        while !path.exists() {
            assert!(Instant::now() < end, "{} never came", path.display());
            sleep(Duration::from_millis(50));
        }
    }

    /// Runs a verb as another machine would.
    fn elsewhere(&self, arguments: &[&str]) -> String {
        let base = self.project.beside("slots-there").display().to_string();
        let outcome = done(self.project.slot(&[arguments, &["--code-root-base", &base]].concat()));
        outcome.stdout + &outcome.stderr
    }

    fn let_go(self) -> (Project, Output) {
        fs::write(self.project.beside("go"), "").unwrap();
        (self.project, self.ready.wait_with_output().unwrap())
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_slot_that_is_cleaned_up_elsewhere_while_it_comes_up_leaves_nothing() {
    let held = Held::ready(&["--pr", "21"]);
    held.elsewhere(&["cleanup", "--pr", "21", "--with-configmap"]);
    let (project, output) = held.let_go();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("slot 1 was cleaned up while it came up"), "{}", said(&output));
    assert!(!project.has_namespace(&project.namespace(1)));
    assert_eq!(project.record(1), Value::Null);
    assert_eq!(done(project.slot(&["list", "-o", "json"])).stdout, "[]\n");
    assert!(!project.data(1).exists(), "the data directories that it made are gone too");
}

#[test]
fn what_was_made_after_a_cleanup_had_looked_is_taken_back() {
    let held = Held::ready(&["--pr", "21"]);
    // The cleanup found nothing yet when it looked, and the namespace came after that.
    held.project.kubectl_in(&held.project.state(), &["delete", "configmap/slot-1"]);
    let (project, output) = held.let_go();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("removed again"), "{}", said(&output));
    assert!(!project.has_namespace(&project.namespace(1)));
    assert_eq!(project.record(1), Value::Null, "the number is free");
    let again = project.ready(&["--pr", "21"]);
    assert_eq!((&again["slot"], &again["infraReady"]), (&1.into(), &true.into()));
}

#[test]
fn what_is_somebody_elses_by_now_is_left_to_them() {
    let held = Held::ready(&["--pr", "21"]);
    held.project.kubectl_in(&held.project.state(), &["delete", "configmap/slot-1"]);
    done(held.project.slot(&["ensure", "--issue", "8"]));
    let (project, output) = held.let_go();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("somebody else's by now"), "{}", said(&output));
    assert!(project.has_namespace(&project.namespace(1)));
    assert_eq!(project.record(1)["data"]["issue"], "8");
    assert!(!project.finds_in(&project.namespace(1), "deployment/web"), "nothing more was applied");
}

/// A namespace with the labels of a slot of this project.
fn orphan(project: &Project, slot: u32) -> String {
    let name = project.namespace(slot);
    let labels = json!({
        "kubectl-codex.dev/project": project.scene.name(), "kubectl-codex.dev/environment": "ai",
        "kubectl-codex.dev/slot": slot.to_string(),
    });
    let namespace =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}});
    project.scene.kubectl_with(&["create", "-f", "-"], &namespace.to_string());
    name
}

#[test]
fn namespaces_that_nobody_has_a_record_of_are_listed_and_collected() {
    let project = Project::new();
    project.ready(&["--issue", "7"]);
    let lost = orphan(&project, 5);
    let listed = || -> Vec<Value> {
        serde_json::from_str(&done(project.slot(&["list", "-o", "json"])).stdout).unwrap()
    };
    let slots = listed();
    let found: Vec<_> = slots.iter().map(|slot| (slot["slot"].clone(), slot["state"].clone())).collect();
    assert_eq!(found, [(json!(1), json!("active")), (json!(5), json!("orphaned"))]);
    assert_eq!(slots[1]["namespace"], lost.as_str());
    assert_eq!(slots[1]["record"], Value::Null);
    // It isn't old enough yet.
    done(project.slot(&["gc", "--ttl", "1h"]));
    assert!(project.has_namespace(&lost));
    // Nobody's selector means it.
    done(project.slot(&["cleanup", "--issue", "9", "--with-configmap"]));
    assert!(project.has_namespace(&lost));
    let outcome = done(project.slot(&["gc", "--ttl", "0", "--dry-run"]));
    assert!(outcome.stdout.contains(&format!("namespace/{lost} deleted (dry run)")), "{}", outcome.stdout);
    done(project.slot(&["cleanup", "--slot", "5", "--with-configmap"]));
    assert!(!project.has_namespace(&lost));
    assert_eq!(listed().len(), 1);

    let lost = orphan(&project, 6);
    fails(project.slot(&["gc", "--ttl", "0"]), 2, &["`--ttl 0`", "--yes"]);
    let outcome = done(project.slot(&["gc", "--ttl", "0", "--yes"]));
    assert!(outcome.stderr.contains("slot 6: not used for"), "{}", outcome.report("said"));
    assert!(!project.has_namespace(&lost) && !project.has_namespace(&project.namespace(1)));
    assert_eq!(done(project.slot(&["list", "-o", "json"])).stdout, "[]\n");
}

#[test]
fn a_namespace_beside_a_slots_own_is_no_orphan() {
    let project = Project::new();
    project.ready(&["--issue", "7"]);
    let labels = ["kubectl-codex.dev/environment=ai", "kubectl-codex.dev/slot=1"];
    let beside = format!("{}-db", project.namespace(1));
    project.scene.kubectl(&["create", "namespace", &beside]);
    let whose = format!("kubectl-codex.dev/project={}", project.scene.name());
    project.scene.kubectl(&["label", "namespace", &beside, &whose, labels[0], labels[1]]);
    done(project.slot(&["gc", "--max-age", "1000h"]));
    done(project.slot(&["cleanup", "--slot", "2"]));
    assert!(project.has_namespace(&beside));
    project.scene.kubectl(&["delete", "namespace", &beside]);
}
