//! Measures the shipped `kubectl-codex-render`: time, memory and size against their targets.
//!
//! `make bench` builds with `--profile dist` and runs this with the binary's path. Every
//! input is rendered often, the inputs in turn, so that a slow moment of the machine hits
//! all of them. The table shows medians; a target of time is missed when even the
//! quickest quarter of the runs lies above it, because what disturbs a run only ever
//! makes it slower. Memory and size don't vary: they count as they are.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a benchmark makes files and starts programs, and fails by panicking"
)]

mod inputs;
mod measure;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use std::{env, fs};

use codex_tests::TemporaryFolder;
use inputs::{Input, inputs};
use measure::{Run, measure, print_measurement};

const RUNS: usize = 31;
const MIB: u64 = 1024 * 1024;
/// What the release page may ask people to download and keep.
const LARGEST_BINARY: u64 = 2_000_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.as_slice() {
        [flag, folder, program, rest @ ..] if flag == "--measure" => {
            print_measurement(folder, program, rest);
            ExitCode::SUCCESS
        }
        [program] => benchmark(&fs::canonicalize(program).expect("the binary to measure")),
        _ => {
            eprintln!("usage: bench PATH-OF-KUBECTL-CODEX-RENDER");
            ExitCode::from(2)
        }
    }
}

fn benchmark(program: &PathBuf) -> ExitCode {
    let folder = TemporaryFolder::new();
    let inputs = inputs(folder.path());
    let mut runs: Vec<Vec<Run>> = inputs.iter().map(|_| Vec::new()).collect();
    for round in 0..=RUNS {
        for (input, runs) in inputs.iter().zip(&mut runs) {
            let run = measure(program, input);
            assert_eq!(run.documents, input.documents, "{}: wrong output", input.name);
            // The first round warms the page cache.
            if round > 0 {
                runs.push(run);
            }
        }
    }

    println!(
        "{:<26} {:>6} {:>9} {:>9} {:>9} {:>9} {:>10} {:>10}",
        "input", "files", "bytes", "documents", "median", "target", "peak", "target"
    );
    let mut missed = 0;
    for (input, runs) in inputs.iter().zip(runs) {
        missed += usize::from(!row(input, runs));
    }
    let size = fs::metadata(program).unwrap().len();
    let fits = size <= LARGEST_BINARY;
    println!("\nbinary: {size} bytes, target {LARGEST_BINARY}{}", mark(fits));
    missed += usize::from(!fits);
    println!("{RUNS} runs each on {} cores; missed: {missed}", cores());
    if let Some(load) = load().filter(|load| *load > cores_as_load()) {
        println!("the machine was busy (load {load:.1}): measure again when it isn't");
    }
    ExitCode::from(u8::from(missed > 0))
}

/// Prints one input's line; false when one of its targets is missed.
fn row(input: &Input, mut runs: Vec<Run>) -> bool {
    runs.sort_by_key(|run| run.time);
    let median = runs[runs.len() / 2].time;
    let quick = runs[runs.len() / 4].time;
    let peak = runs.iter().map(|run| run.peak).max().unwrap_or_default();
    let in_time = quick <= input.time;
    let in_memory = peak <= input.peak;
    println!(
        "{:<26} {:>6} {:>9} {:>9} {:>9} {:>9} {:>10} {:>10}{}",
        input.name,
        input.files,
        input.bytes,
        input.documents,
        milliseconds(median),
        milliseconds(input.time),
        mebibytes(peak),
        mebibytes(input.peak),
        mark(in_time && in_memory)
    );
    in_time && in_memory
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

#[allow(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / MIB as f64)
}

fn mark(met: bool) -> &'static str {
    if met { "" } else { "  MISSED" }
}

/// How many processes wanted to run in the last minute, where the system says it.
fn load() -> Option<f64> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split(' ').next()?.parse().ok()
}

fn cores_as_load() -> f64 {
    u32::try_from(cores()).map_or(f64::MAX, f64::from)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
