//! Measures the shipped `kubectl-codex-slot` on a real control plane with 500 slots taken.
//!
//! `make bench-slot` builds with `--profile dist` and runs this with the binary's path, `KUBECONFIG` an
//! administrator's, and kubectl on the `PATH`. Time is that of the whole process, from its start to its end; the
//! requests are counted by a proxy, in runs of their own that aren't timed.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a benchmark makes files and starts programs, and fails by panicking"
)]

mod project;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, fs};

use codex_tests::FaultProxy;
use project::{Maker, Project};

/// How many slots are taken.
const TAKEN: u32 = 500;

/// How often each command is timed.
const RUNS: usize = 20;

/// Callers at once, two for each issue.
const CALLERS: u32 = 200;

/// What a command may take.
struct Target {
    requests: usize,
    median: Duration,
}

fn main() -> ExitCode {
    let Some(program) = env::args().nth(1) else {
        eprintln!("usage: bench-slot PATH-OF-KUBECTL-CODEX-SLOT");
        return ExitCode::from(2);
    };
    let program = fs::canonicalize(program).expect("the binary to measure");
    // kubectl would take the user's own cluster.
    let kubeconfig = env::var_os("KUBECONFIG").expect("KUBECONFIG says which cluster may be filled");
    let bench = Bench { program: &program, proxy: FaultProxy::start(Path::new(&kubeconfig)) };

    println!("{:<44} {:>8} {:>9} {:>9} {:>9}", "", "requests", "median", "slowest", "target");
    let mut is_met = true;
    for (maker, whose) in [(Maker::Ours, "ours"), (Maker::Codexctl, "codexctl's")] {
        let project = Project::with(TAKEN, maker);
        let ensure = |issue: u32| ["ensure".into(), "--issue".into(), issue.to_string(), "-o=json".into()];
        let reuse = Target { requests: 2, median: Duration::from_millis(60) };
        let new = Target { requests: 5, median: Duration::from_millis(60) };
        let name = format!("reuse, {TAKEN} slots taken, records {whose}");
        is_met &= bench.row(&name, &project, &|run| ensure(run + 1).into(), Some(&reuse));
        let name = format!("new, {TAKEN} slots taken, records {whose}");
        is_met &= bench.row(&name, &project, &|run| ensure(TAKEN * 2 + run).into(), Some(&new));
        let name = format!("list, {TAKEN} slots, records {whose}");
        bench.row(&name, &project, &|_| vec!["list".into()], None);
    }
    is_met &= bench.ready_again();
    is_met &= bench.callers_at_once();
    if is_met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Bench<'a> {
    program: &'a Path,
    proxy: FaultProxy,
}

impl Bench<'_> {
    /// Measures a command and prints a line; says whether the target is met.
    fn row(
        &self,
        name: &str,
        project: &Project,
        arguments: &dyn Fn(u32) -> Vec<String>,
        target: Option<&Target>,
    ) -> bool {
        let kubeconfig = self.proxy.kubeconfig(project.folder());
        let mut next = 0..;
        let mut requests = 0;
        for _ in 0..3 {
            self.proxy.disarm();
            let mut command = project.command(self.program, &arguments(next.next().unwrap()));
            let output = self.proxy.run(command.arg("--kubeconfig").arg(&kubeconfig));
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            requests = requests.max(self.proxy.calls().len());
        }
        let mut times: Vec<Duration> = (0..RUNS)
            .map(|_| {
                let mut command = project.command(self.program, &arguments(next.next().unwrap()));
                let start = Instant::now();
                let output = command.output().unwrap();
                let time = start.elapsed();
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                time
            })
            .collect();
        times.sort();
        let (median, slowest) = (times[RUNS / 2], times[RUNS - 1]);
        let is_met = target.is_none_or(|target| requests <= target.requests && median <= target.median);
        let words = target.map_or_else(String::new, |target| {
            let mark = if is_met { "" } else { " MISSED" };
            format!("≤{}, ≤{} ms{mark}", target.requests, target.median.as_millis())
        });
        println!(
            "{name:<44} {requests:>8} {:>9} {:>9}   {words}",
            milliseconds(median),
            milliseconds(slowest)
        );
        is_met
    }

    /// The shop, made ready again when nothing changed.
    fn ready_again(&self) -> bool {
        let project = Project::shop();
        let arguments = ["ready", "--issue=7", "--apply", "-o=json"].map(str::to_owned);
        let output = project.command(self.program, &arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let target = Target { requests: 20, median: Duration::from_millis(300) };
        self.row("ready, the shop unchanged", &project, &|_| arguments.to_vec(), Some(&target))
    }

    /// Two callers for each issue, all started at once.
    fn callers_at_once(&self) -> bool {
        let project = Project::with(0, Maker::Ours);
        let start = Instant::now();
        let children: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let issue = (caller / 2 + 1).to_string();
                let arguments = ["ensure", "--max=0", "-o=json", "--issue", &issue].map(str::to_owned);
                project.command(self.program, &arguments).spawn().unwrap()
            })
            .collect();
        let outputs: Vec<_> = children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
        let time = start.elapsed();
        let reports: BTreeSet<String> = outputs
            .iter()
            .map(|output| {
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
                report["slot"].to_string()
            })
            .collect();
        let name = format!("{CALLERS} callers for {} issues, all of them", CALLERS / 2);
        println!("{name:<44} {:>8} {:>9}", "", milliseconds(time));
        reports.len() == CALLERS as usize / 2
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
