//! Faults that pass, at any call of an apply on the real control plane: the very run that meets them ends well.

use std::process::{Command, Output};

use codex_tests::{ClusterScene, ControlPlane, Fault, FaultProxy, binary};

use super::super::{map, stream, value};

/// An apply that changes one object, makes one and prunes one.
struct Stage {
    scene: ClusterScene,
    proxy: FaultProxy,
}

impl Stage {
    fn new() -> Self {
        let scene = ClusterScene::new().with_namespace();
        let manifests = stream(&format!("{}{}", map("changed", "2"), map("new", "2")));
        let scene = scene.file("manifests.yaml", &manifests);
        Self { scene, proxy: FaultProxy::start(ControlPlane::shared().kubeconfig()) }
    }

    fn apply(&self) -> Command {
        let folder = self.scene.scene().project();
        let mut command = Command::new(binary("kubectl-codex-apply"));
        command.current_dir(&folder).env_clear().env("HOME", &folder);
        command.args([
            "-f",
            "manifests.yaml",
            "--prune",
            "--wait",
            "--apply-backoff",
            "100ms",
            "--kubeconfig",
        ]);
        command.arg(self.proxy.kubeconfig(&folder));
        command
    }

    /// What an earlier apply left.
    fn prepare(&self) {
        self.scene.kubectl(&["delete", "configmap/new", "--ignore-not-found"]);
        let earlier = stream(&format!("{}{}", map("changed", "1"), map("old", "1")));
        self.scene.apply_text(&earlier, &[]).any_stdout().stderr_mentions(&[]).check();
    }

    fn check(&self, output: &Output, after: &str) {
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{after}: {:?}: {words}", output.status);
        for name in ["changed", "new"] {
            assert_eq!(value(&self.scene, &format!("configmap/{name}"), "/data/a"), "2", "{after}: {words}");
        }
        assert!(!self.scene.finds("configmap/old"), "{after}: {words}");
    }

    /// Each call with each of the faults.
    fn single(&self, faults: &[Fault]) -> usize {
        self.proxy.every_call(faults, |step| {
            self.prepare();
            let output = step.run(&mut self.apply());
            self.check(&output, &step.to_string());
        })
    }

    /// So many applies, of whose calls eight of a hundred go wrong.
    fn random(&self, runs: u64) -> usize {
        let mut met = 0;
        for seed in 0..runs {
            self.prepare();
            self.proxy.arm_randomly(seed, 8);
            let output = self.proxy.run(&mut self.apply());
            let calls = self.proxy.calls();
            let faults: Vec<_> = calls.iter().filter(|call| call.fault.is_some()).collect();
            met += faults.len();
            self.proxy.disarm();
            self.check(&output, &format!("seed {seed}: {faults:?}"));
        }
        met
    }
}

#[test]
fn a_fault_that_passes_ends_no_apply() {
    let stage = Stage::new();
    let points = stage.single(&[Fault::LostAfter, Fault::Unavailable]);
    let met = stage.random(5);
    println!("apply: {points} single faults, {met} random ones in 5 runs");
    assert!(points >= 40, "only {points} points");
}

#[test]
#[ignore = "long: make check-all"]
fn long_no_single_fault_ends_an_apply() {
    let points = Stage::new().single(&Fault::PASSING);
    println!("apply: {points} single faults");
    assert!(points >= 120, "only {points} points");
}

#[test]
#[ignore = "long: make check-all"]
fn long_two_hundred_applies_come_through_random_faults() {
    let met = Stage::new().random(200);
    println!("apply: {met} random faults in 200 runs");
    assert!(met >= 100, "only {met} faults");
}
