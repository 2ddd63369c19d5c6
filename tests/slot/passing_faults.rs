//! Faults that pass, at any call of `ready`, `cleanup` and `gc` on the real control plane: the very run that meets
//! them ends well. Several slots' lives go on side by side, since most of a life is waiting for a namespace to go.

use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use codex_tests::{ControlPlane, Fault, FaultProxy, binary};
use serde_json::{Value, json};

use super::project::Project;

/// How many lives go on side by side.
const AT_ONCE: usize = 10;

/// The verbs whose calls go wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Verb {
    Ready,
    Cleanup,
    Gc,
}

impl Verb {
    const ALL: [Self; 3] = [Self::Ready, Self::Cleanup, Self::Gc];

    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Ready => &["ready", "--issue", "7", "--apply", "-o", "json"],
            Self::Cleanup => &["cleanup", "--issue", "7", "--with-configmap"],
            Self::Gc => &["gc", "--max-age", "24h"],
        }
    }
}

/// Which calls of a run go wrong.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    Single(usize, Fault),
    Random(u64),
}

/// A slot that comes and goes.
struct Life {
    project: Project,
    proxy: FaultProxy,
}

impl Life {
    fn new() -> Self {
        // Without pods a life is quick; what is waited for is as well watched.
        let project = Project::new().file("web.yaml", "# nothing\n");
        let proxy = FaultProxy::start(ControlPlane::shared().kubeconfig());
        Self { project, proxy }
    }

    fn command(&self, verb: Verb) -> Command {
        let mut command = Command::new(binary("kubectl-codex-slot"));
        command.current_dir(self.project.scene.scene().project()).env_clear();
        command.env("HOME", self.project.beside("home")).env("PATH", "/usr/bin:/bin");
        command.env("DATA_ROOT", self.project.beside("data")).env("CODE_ROOT_BASE", self.project.base());
        command.args(verb.arguments()).arg("--kubeconfig");
        command.arg(self.proxy.kubeconfig(&self.project.beside("")));
        command
    }

    /// Runs a verb, perhaps with trouble, which must end well; gives how many calls went wrong.
    fn run(&self, verb: Verb, trouble: Option<Trouble>) -> usize {
        match trouble {
            None => self.proxy.disarm(),
            Some(Trouble::Single(number, fault)) => self.proxy.arm(number, fault),
            Some(Trouble::Random(seed)) => self.proxy.arm_randomly(seed, 8),
        }
        let output = self.proxy.run(&mut self.command(verb));
        let calls = self.proxy.calls();
        let faults: Vec<_> = calls.iter().filter(|call| call.fault.is_some()).collect();
        self.proxy.disarm();
        let after = format!("{verb:?} with {trouble:?}, {faults:?}: {}", words(&output));
        assert!(output.status.success(), "{after}");
        match verb {
            Verb::Ready => {
                let facts: Value = serde_json::from_slice(&output.stdout).unwrap();
                assert_eq!((&facts["slot"], &facts["infraReady"]), (&json!(1), &json!(true)), "{after}");
                let data = &self.project.record(1)["data"];
                assert_eq!(data["issue"], "7", "{after}");
                for key in ["claim", "fresh", "cleaning"] {
                    assert!(data[key].is_null(), "{data}: {after}");
                }
                assert!(self.project.finds_in(&self.project.namespace(1), "configmap/settings"), "{after}");
            }
            Verb::Cleanup | Verb::Gc => {
                assert!(!self.project.has_namespace(&self.project.namespace(1)), "{after}");
                assert_eq!(self.project.record(1), Value::Null, "{after}");
            }
        }
        faults.len()
    }

    /// One life, with trouble in one of its verbs.
    fn live(&self, verb: Verb, trouble: Trouble) -> usize {
        let of = |this: Verb| (this == verb).then_some(trouble);
        let mut met = self.run(Verb::Ready, of(Verb::Ready));
        let end = if verb == Verb::Gc { Verb::Gc } else { Verb::Cleanup };
        if end == Verb::Gc {
            let old = json!({"createdAt": "2020-01-01T00:00:00Z", "lastUsed": "2020-01-01T00:00:00Z"});
            self.project.patch_record(1, &old);
        }
        met += self.run(end, of(end));
        met
    }
}

fn words(output: &Output) -> String {
    format!("{:?}\n{}", output.status, String::from_utf8_lossy(&output.stderr))
}

/// How many calls the verbs make without any trouble.
fn calls() -> [(Verb, usize); 3] {
    let life = Life::new();
    Verb::ALL.map(|verb| {
        if verb == Verb::Gc {
            life.run(Verb::Ready, None);
            life.project.patch_record(1, &json!({"createdAt": "2020-01-01T00:00:00Z", "lastUsed": null}));
        }
        life.proxy.disarm();
        let output = life.proxy.run(&mut life.command(verb));
        assert!(output.status.success(), "{}", words(&output));
        (verb, life.proxy.calls().len())
    })
}

/// Lives all of these, several side by side; gives how many calls went wrong.
fn live_all(troubles: &[(Verb, Trouble)]) -> usize {
    let (next, met) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(troubles.len()) {
            scope.spawn(|| {
                let life = Life::new();
                while let Some((verb, trouble)) = troubles.get(next.fetch_add(1, Ordering::Relaxed)) {
                    met.fetch_add(life.live(*verb, *trouble), Ordering::Relaxed);
                }
            });
        }
    });
    met.into_inner()
}

/// Every call of the verbs with each fault; of these every `step`th.
fn single(step: usize) -> Vec<(Verb, Trouble)> {
    let mut points = Vec::new();
    for (verb, calls) in calls() {
        for number in 1..=calls {
            points.extend(Fault::PASSING.map(|fault| (verb, Trouble::Single(number, fault))));
        }
    }
    points.into_iter().step_by(step).collect()
}

fn random(runs: u64) -> Vec<(Verb, Trouble)> {
    let of = |verb| (0..runs).map(move |seed| (verb, Trouble::Random(seed)));
    Verb::ALL.into_iter().flat_map(of).collect()
}

#[test]
fn a_fault_that_passes_ends_no_verb() {
    // A prime, so that each fault meets each part of a verb.
    let points = single(53);
    let met = live_all(&points);
    let runs = random(2);
    let faults = live_all(&runs);
    println!(
        "ready, cleanup, gc: {met} of {} single faults, {faults} random ones in {} runs",
        points.len(),
        runs.len()
    );
    assert!(met * 10 >= points.len() * 8, "only {met} of {} points were met", points.len());
}

#[test]
#[ignore = "long: make check-all"]
fn long_no_single_fault_ends_a_verb() {
    let points = single(1);
    let met = live_all(&points);
    println!("ready, cleanup, gc: {met} of {} single faults", points.len());
    assert!(met * 10 >= points.len() * 8, "only {met} of {} points were met", points.len());
}

#[test]
#[ignore = "long: make check-all"]
fn long_two_hundred_runs_of_each_verb_come_through_random_faults() {
    let met = live_all(&random(200));
    println!("ready, cleanup, gc: {met} random faults in 600 runs");
    assert!(met >= 500, "only {met} faults");
}
