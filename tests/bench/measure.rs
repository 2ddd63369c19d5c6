//! One run of the program: how long it took and how much memory it held at its peak.
//!
//! The kernel reports the peak of *all* children that were waited for, so each run gets a
//! small process of its own, this program again with `--measure`, to be the parent.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

use crate::inputs::Input;

/// What one run took and printed.
pub(crate) struct Run {
    /// From the start of the process to its end.
    pub(crate) time: Duration,
    /// The largest resident set, in bytes.
    pub(crate) peak: u64,
    /// Documents on standard output.
    pub(crate) documents: usize,
}

/// Renders the input once.
pub(crate) fn measure(program: &Path, input: &Input) -> Run {
    let output = Command::new(std::env::current_exe().unwrap())
        .arg("--measure")
        .args([&input.folder, program])
        .args(&input.arguments)
        .env_clear()
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "{} failed", input.name);
    let text = String::from_utf8(output.stdout).unwrap();
    let mut numbers = text.split_whitespace().map(|word| word.parse::<u64>().unwrap());
    let mut next = || numbers.next().unwrap();
    Run { time: Duration::from_nanos(next()), peak: next(), documents: usize::try_from(next()).unwrap() }
}

/// The measuring process: runs the program and prints nanoseconds, bytes and documents.
pub(crate) fn print_measurement(folder: &str, program: &str, arguments: &[String]) {
    let path = Path::new(folder).join(".output");
    let output = File::create(&path).unwrap();
    let start = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(output)
        .status()
        .unwrap();
    let time = start.elapsed();
    assert!(status.success(), "{program} ended with {status}");
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    // Linux counts in KiB, macOS in bytes.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    let text = std::fs::read_to_string(&path).unwrap();
    let documents = text.lines().filter(|line| line.starts_with("kind: ")).count();
    println!("{} {} {documents}", time.as_nanos(), usage.max_rss() * unit);
}
