//! Every API call and every file step of `ready` and `cleanup`, met by every fault: the next run of the same
//! command ends as if nothing had happened.
//!
//! One round makes a slot ready and removes it again, with a fault in one or both. A cleanup that met its fault
//! before it deleted anything leaves the slot as it found it, so the next point is tried at once. Several
//! rounds run side by side, each in a project of its own, since most of a round is waiting for a namespace to go.
//! `make test` tries every fourth point of each kind, so that each call meets one fault or two; `make test-long` tries all.

use std::fs;
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use codex_tests::{ControlPlane, Fault, FaultProxy, binary};
use serde_json::Value;

use super::project::{Project, ROLES};

/// How many rounds run side by side.
const ROUNDS_AT_ONCE: usize = 10;

/// What goes wrong in a run.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// A call to the API server.
    Call(Fault),
    /// The process dies before a step that changes a file.
    Step,
}

/// The points of one command that are yet to be tried.
struct Points {
    kinds: Vec<(Kind, AtomicUsize, AtomicBool)>,
    stride: usize,
    tried: AtomicUsize,
}

/// One point.
#[derive(Clone, Copy, Debug)]
struct Point {
    at: usize,
    kind: Kind,
    number: usize,
}

impl Points {
    /// Each so many calls and steps, beginning at another one for each kind of fault.
    fn each(stride: usize) -> Self {
        let kinds = Fault::ALL.map(Kind::Call).into_iter().chain([Kind::Step]).enumerate();
        let from = |at: usize| AtomicUsize::new(1 + at % stride);
        Self {
            kinds: kinds.map(|(at, kind)| (kind, from(at), AtomicBool::new(false))).collect(),
            stride,
            tried: AtomicUsize::new(0),
        }
    }

    fn take(&self) -> Option<Point> {
        let (at, (kind, next, _)) =
            self.kinds.iter().enumerate().find(|(_, (_, _, is_over))| !is_over.load(Ordering::Relaxed))?;
        Some(Point { at, kind: *kind, number: next.fetch_add(self.stride, Ordering::Relaxed) })
    }

    /// Notes whether the command came as far as the point.
    fn done(&self, point: Point, was_met: bool) {
        if was_met {
            self.tried.fetch_add(1, Ordering::Relaxed);
        } else {
            self.kinds[point.at].2.store(true, Ordering::Relaxed);
        }
    }

    fn tried(&self) -> usize {
        self.tried.load(Ordering::Relaxed)
    }
}

/// What came of a run with a fault.
struct Meeting {
    /// Whether the command came as far as the point.
    was_met: bool,
    /// Whether it deleted anything.
    has_deleted: bool,
}

/// A project whose commands go through a proxy of its own.
struct Round {
    project: Project,
    proxy: FaultProxy,
    kubeconfig: PathBuf,
    neighbour: PathBuf,
}

impl Round {
    fn new() -> Self {
        let project = Project::new();
        let base = fs::read_to_string(project.scene.scene().path("base.yaml")).unwrap();
        // Without pods a round is quick; what is waited for is as well watched.
        let project = project.file("base.yaml", &format!("{base}{ROLES}")).file("web.yaml", "# nothing\n");
        let neighbour = project.fill_data(2);
        let proxy = FaultProxy::start(ControlPlane::shared().kubeconfig());
        let kubeconfig = proxy.kubeconfig(&project.beside(""));
        Self { project, proxy, kubeconfig, neighbour }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary("kubectl-codex-slot"));
        command.current_dir(self.project.scene.scene().project()).env_clear();
        command.env("HOME", self.project.beside("home")).env("PATH", "/usr/bin:/bin");
        command.env("DATA_ROOT", self.project.beside("data")).env("CODE_ROOT_BASE", self.project.base());
        command.args(arguments).arg("--kubeconfig").arg(&self.kubeconfig);
        command
    }

    /// Runs a command with a point's fault.
    fn meet(&self, arguments: &[&str], point: Point) -> Meeting {
        let mut command = self.command(arguments);
        let (output, was_met) = match point.kind {
            Kind::Call(fault) => {
                match (fault, arguments[0]) {
                    (Fault::TimeOut, _) => command.args(["--request-timeout", "5s"]),
                    // A server that is away may come back: that is waited for, here in vain.
                    (Fault::Refused, "ready") => command.args(["--wait-timeout", "20s"]),
                    (Fault::Refused, _) => command.args(["--timeout", "60s"]),
                    _ => &mut command,
                };
                self.proxy.arm(point.number, fault);
                let output = self.proxy.run(&mut command);
                (output, self.proxy.fired())
            }
            Kind::Step => {
                self.proxy.disarm();
                let output = command.env("CODEX_FAULT_STEP", point.number.to_string()).output().unwrap();
                let was_killed = output.status.signal() == Some(9);
                (output, was_killed)
            }
        };
        assert_ne!(output.status.code(), Some(70), "{point:?}: {}", words(&output));
        assert!(was_met || output.status.success(), "{point:?} isn't there: {}", words(&output));
        let has_deleted = self.proxy.calls().iter().any(|call| call.method == "DELETE");
        self.proxy.disarm();
        Meeting { was_met, has_deleted }
    }

    fn goes_well(&self, arguments: &[&str], after: &str) -> Output {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "after {after}: {}", words(&output));
        output
    }

    fn ready(&self, points: &Points) {
        let arguments = ["ready", "--issue", "7", "--apply", "-o", "json"];
        let point = points.take();
        let after = format!("ready with {point:?}");
        if let Some(point) = point {
            points.done(point, self.meet(&arguments, point).was_met);
        }
        let output = self.goes_well(&arguments, &after);
        let facts: Value = serde_json::from_slice(&output.stdout).unwrap();
        let project = &self.project;
        assert_eq!(
            (&facts["slot"], &facts["infraReady"]),
            (&1.into(), &true.into()),
            "after {after}: {facts}"
        );
        assert_eq!(facts["namespace"], project.namespace(1), "after {after}");

        // No slot is doubled or half taken, and all is there that is to be.
        let records = project.kubectl_in(&project.state(), &["get", "configmaps", "--output=json"]);
        let records: Value = serde_json::from_str(&records).unwrap();
        let ours = |record: &&Value| record["data"]["slot"].is_string();
        let records: Vec<&Value> = records["items"].as_array().unwrap().iter().filter(ours).collect();
        assert_eq!(records.len(), 1, "after {after}: {records:#?}");
        let data = &records[0]["data"];
        assert_eq!((&data["slot"], &data["issue"]), (&"1".into(), &"7".into()), "after {after}");
        for key in ["claim", "fresh", "cleaning"] {
            assert!(data[key].is_null(), "after {after}: {data}");
        }
        assert!(data["applied"].is_string(), "after {after}: {data}");
        assert!(project.finds_in(&project.namespace(1), "configmap/settings"), "after {after}");
        assert!(project.scene.finds(&format!("clusterrole/{}-own-1", project.scene.name())), "after {after}");
        assert!(project.data(1).is_dir(), "after {after}");
        same_files(&project.scene.scene().project(), &project.base().join("1/src"), &after);
        self.assert_neighbour(&after);
    }

    fn cleanup(&self, points: &Points) {
        let arguments = ["cleanup", "--issue", "7", "--with-configmap"];
        self.project.fill_data(1);
        let mut after = "cleanup without a fault".to_owned();
        while let Some(point) = points.take() {
            after = format!("cleanup with {point:?}");
            let meeting = self.meet(&arguments, point);
            points.done(point, meeting.was_met);
            if !meeting.was_met || meeting.has_deleted {
                break;
            }
        }
        self.goes_well(&arguments, &after);
        let project = &self.project;
        assert!(!project.has_namespace(&project.namespace(1)), "after {after}");
        assert_eq!(project.record(1), Value::Null, "after {after}");
        assert!(!project.data(1).exists(), "after {after}");
        let role = |which: &str| format!("clusterrole/{}-{which}", project.scene.name());
        assert!(!project.scene.finds(&role("own-1")), "after {after}");
        assert!(project.scene.finds(&role("everyones")), "after {after}");
        self.assert_neighbour(&after);
    }

    fn assert_neighbour(&self, after: &str) {
        assert_eq!(fs::read_to_string(&self.neighbour).unwrap(), "rows", "after {after}");
    }
}

fn words(output: &Output) -> String {
    format!("{:?}\n{}", output.status, String::from_utf8_lossy(&output.stderr))
}

/// The files of the project are in the workspace, and nothing else is.
fn same_files(source: &Path, workspace: &Path, after: &str) {
    let names = |folder: &Path| {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(workspace), names(source), "after {after}");
    for name in names(source) {
        let text = |folder: &Path| fs::read(folder.join(&name)).unwrap();
        assert_eq!(text(workspace), text(source), "{} after {after}", name.display());
    }
}

/// Lets the other rounds end when one has failed.
struct Watch<'a> {
    has_failed: &'a AtomicBool,
    is_done: bool,
}

impl Watch<'_> {
    fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            self.has_failed.store(true, Ordering::Relaxed);
        }
    }
}

#[test]
fn the_next_run_mends_what_a_fault_left() {
    let (ready, cleanup) = sweep(4);
    assert!(ready >= 25 && cleanup >= 60, "only {ready} and {cleanup}");
}

#[test]
#[ignore = "ten minutes: make test-long runs it"]
fn long_the_next_run_mends_what_any_fault_left() {
    let (ready, cleanup) = sweep(1);
    assert!(ready >= 100 && cleanup >= 250, "only {ready} and {cleanup}");
}

/// Tries each so many points of both commands; gives how many that were.
fn sweep(stride: usize) -> (usize, usize) {
    let (ready, cleanup) = (Points::each(stride), Points::each(stride));
    let has_failed = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..ROUNDS_AT_ONCE {
            scope.spawn(|| {
                let round = Round::new();
                let is_over =
                    |points: &Points| points.kinds.iter().all(|(_, _, over)| over.load(Ordering::Relaxed));
                let mut watch = Watch { has_failed: &has_failed, is_done: false };
                while !watch.has_failed() && (!is_over(&ready) || !is_over(&cleanup)) {
                    round.ready(&ready);
                    round.cleanup(&cleanup);
                }
                watch.is_done = true;
            });
        }
    });
    // Past the capture of output: how much was tried is part of the result.
    let _ = writeln!(
        std::io::stderr(),
        "faults: {} points of ready, {} points of cleanup",
        ready.tried(),
        cleanup.tried()
    );
    (ready.tried(), cleanup.tried())
}
