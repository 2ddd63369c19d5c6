//! Measures the shipped `kubectl-codex-apply` on a real control plane, against kubectl.
//!
//! `make bench-cluster` builds with `--profile dist` and runs this with the binary's path,
//! `KUBECONFIG` an administrator's, and the control plane's own kubectl on the `PATH`. Each
//! round all take their turn, in another order each time: 500 new objects, the same again, and
//! the same with a few edited, in a namespace of their own. The cluster comes to rest before
//! each run. What counts is the ratio of medians: how long the API server takes depends on
//! the machine.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a benchmark makes files and starts programs, and fails by panicking"
)]

mod cluster;
mod contest;
mod measure;
mod objects;
mod raw;
mod table;

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use cluster::Cluster;
use codex_tests::TemporaryFolder;
use contest::{Contest, Contestant, Lap, Phase};

const ROUNDS: usize = 5;
const OBJECTS: usize = 500;

/// So many objects must fit into so much memory.
const MANY_OBJECTS: usize = 5000;
const MEMORY_OF_MANY: u64 = 100 * 1000 * 1000;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.as_slice() {
        [flag, folder, program, rest @ ..] if flag == "--measure" => {
            measure::print_measurement(folder, program, rest);
            ExitCode::SUCCESS
        }
        [flag, file] if flag == "--raw" => {
            raw::send_all(file);
            ExitCode::SUCCESS
        }
        [program] => benchmark(&fs::canonicalize(program).expect("the binary to measure")),
        _ => {
            eprintln!("usage: bench-cluster PATH-OF-KUBECTL-CODEX-APPLY");
            ExitCode::from(2)
        }
    }
}

fn benchmark(program: &Path) -> ExitCode {
    let folder = TemporaryFolder::new();
    let mut cluster = Cluster::prepare(folder.path());
    let mut contest = Contest { folder: folder.path(), program, objects: OBJECTS };
    let mut laps: Vec<Lap> = Vec::new();
    // The first round warms caches: the page cache, kubectl's of what is served, the server's.
    for round in 0..=ROUNDS {
        let mut order = Contestant::ALL;
        order.rotate_left(round % Contestant::ALL.len());
        for contestant in order {
            let ran = contest.round(&mut cluster, contestant, &Phase::ALL);
            laps.extend(ran.into_iter().filter(|_| round > 0));
        }
        eprintln!("round {round} of {ROUNDS}: load {}", load());
    }
    contest.objects = MANY_OBJECTS;
    let many = contest.round(&mut cluster, Contestant::Ours, &[Phase::New, Phase::Unchanged]);

    table::print_head();
    let phases = Phase::ALL.map(|phase| table::print_phase(&laps, phase));
    let missed = phases.iter().sum::<usize>() + table::print_memory(&many, MANY_OBJECTS, MEMORY_OF_MANY);
    let [kubectl, server] = Cluster::versions();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!(
        "{OBJECTS} objects, {ROUNDS} rounds, {cores} cores, load {}; kubectl {kubectl}, server {server}; missed: {missed}",
        load()
    );
    ExitCode::from(u8::from(missed > 0))
}

/// How many processes wanted to run in the last minute, where the system says it.
fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}
