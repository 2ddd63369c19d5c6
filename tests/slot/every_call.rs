//! Every call of `ensure` and `set`, met by every fault: the same command, run again, ends as if nothing had
//! happened.

use std::process::{Command, Output};

use codex_tests::{ClusterScene, ControlPlane, Fault, FaultProxy, Step, binary};
use serde_json::{Value, json};

use super::{codexctls_record_in, project};

/// A command whose calls go through a proxy.
struct Stage {
    scene: ClusterScene,
    proxy: FaultProxy,
    arguments: Vec<&'static str>,
}

impl Stage {
    fn new(arguments: &[&'static str]) -> Self {
        let proxy = FaultProxy::start(ControlPlane::shared().kubeconfig());
        Self { scene: project(), proxy, arguments: arguments.to_vec() }
    }

    /// The command, with a state namespace of the point's own.
    fn command(&self, state: &str) -> Command {
        let folder = self.scene.scene().project();
        let kubeconfig = self.proxy.kubeconfig(&folder);
        let mut command = Command::new(binary("kubectl-codex-slot"));
        command.current_dir(&folder).env_clear().env("HOME", &folder).env("STATE", state);
        command.args(&self.arguments).args(["--request-timeout", "3s", "--kubeconfig"]).arg(kubeconfig);
        command
    }

    /// Goes through all points. `before` makes what is there before the command.
    fn run(self, before: impl Fn(&ClusterScene, &str)) {
        let name = self.scene.name().to_owned();
        let variable = "'{{ envOr \"STATE\" \"\" }}'";
        let Self { scene, proxy, arguments } = self;
        let scene = scene.with(|scene| scene.replace("services.yaml", &format!("{name}-state"), variable));
        let stage = Self { scene, proxy, arguments };
        let state = |number: usize| format!("{name}-state-{number}");

        before(&stage.scene, &state(0));
        stage.proxy.disarm();
        let clean = stage.proxy.run(&mut stage.command(&state(0)));
        assert!(clean.status.success(), "{}", message(&clean));
        let expected = stage.end(&state(0), &clean);

        let mut number = 0;
        let points = stage.proxy.every_call(&Fault::ALL, |step: &Step| {
            number += 1;
            let state = state(number);
            before(&stage.scene, &state);
            let faulty = step.run(&mut stage.command(&state));
            assert_ne!(faulty.status.code(), Some(70), "{step}: {}", message(&faulty));
            let again = stage.proxy.run(&mut stage.command(&state));
            assert!(again.status.success(), "after {step}: {}", message(&again));
            assert_eq!(stage.end(&state, &again), expected, "after {step}");
        });
        println!("{}: {points} points tried", stage.arguments.join(" "));
        assert!(points >= 15, "only {points} points");
    }

    /// What is left: the slot that was reported, and the records without what differs from run to run.
    fn end(&self, state: &str, output: &Output) -> (Value, Value) {
        let mut report: Value = serde_json::from_slice(&output.stdout).unwrap();
        // Whether this very call made the slot is no part of the end.
        report["created"].take();
        let list = self.scene.kubectl(&["get", "configmaps", "--namespace", state, "--output=json"]);
        let list: Value = serde_json::from_str(&list).unwrap();
        let records: Vec<Value> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|item| item["metadata"]["name"] != "kube-root-ca.crt")
            .map(|item| {
                let mut data = item["data"].clone();
                for time in ["createdAt", "lastUsed"] {
                    data.as_object_mut().unwrap().remove(time);
                }
                json!({"name": item["metadata"]["name"], "labels": item["metadata"]["labels"], "data": data})
            })
            .collect();
        (report, records.into())
    }
}

fn message(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_first_slot_of_all() {
    Stage::new(&["ensure", "-o", "json", "--issue", "7"]).run(|_, _| {});
}

#[test]
fn a_slot_beside_others() {
    Stage::new(&["ensure", "-o", "json", "--issue", "7", "--pr", "9"]).run(|scene, state| {
        codexctls_record_in(scene, state, 1, &json!({"issue": "6"}));
    });
}

#[test]
fn a_slot_that_is_there() {
    Stage::new(&["ensure", "-o", "json", "--issue", "7", "--pr", "9"]).run(|scene, state| {
        codexctls_record_in(scene, state, 2, &json!({"issue": "7"}));
    });
}

#[test]
fn a_number() {
    Stage::new(&["ensure", "-o", "json", "--slot", "3", "--issue", "7"]).run(|scene, state| {
        codexctls_record_in(scene, state, 3, &json!({}));
    });
}

#[test]
fn a_link() {
    Stage::new(&["set", "-o", "json", "--slot", "2", "--pr", "9"]).run(|scene, state| {
        codexctls_record_in(scene, state, 2, &json!({"issue": "7", "pr": "8"}));
    });
}
