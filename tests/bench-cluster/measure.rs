//! One run of a program: how long it took, what it took of the machine, and what it printed.
//!
//! The kernel reports the peak of *all* children that were waited for, so each run gets a
//! small process of its own, this program again with `--measure`, to be the parent.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// What one run took and printed.
#[derive(Debug)]
pub(crate) struct Run {
    /// From the start of the process to its end.
    pub(crate) time: Duration,
    /// The time that processors worked for it, in the program and in the kernel.
    pub(crate) work: Duration,
    /// The largest resident set, in bytes.
    pub(crate) peak: u64,
    /// Standard output.
    pub(crate) output: String,
}

/// Runs a command in `folder`, on the cluster of `kubeconfig`, with a kubectl cache of its own.
pub(crate) fn measure(folder: &Path, kubeconfig: &Path, command: &[String]) -> Run {
    let measured = Command::new(std::env::current_exe().unwrap())
        .arg("--measure")
        .arg(folder)
        .args(command)
        .env("KUBECONFIG", kubeconfig)
        .env("KUBECACHEDIR", folder.join("kubectl-cache"))
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(measured.status.success(), "{command:?} failed");
    let text = String::from_utf8(measured.stdout).unwrap();
    let mut numbers = text.split_whitespace().map(|word| word.parse().unwrap());
    let mut next = || numbers.next().unwrap();
    Run {
        time: Duration::from_micros(next()),
        work: Duration::from_micros(next()),
        peak: next(),
        output: fs::read_to_string(folder.join("output")).unwrap(),
    }
}

/// The measuring process: runs the program and prints time, work and peak.
pub(crate) fn print_measurement(folder: &str, program: &str, arguments: &[String]) {
    let folder = Path::new(folder);
    let messages = folder.join("messages");
    let start = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(File::create(folder.join("output")).unwrap())
        .stderr(File::create(&messages).unwrap())
        .status()
        .unwrap();
    let time = start.elapsed();
    assert!(status.success(), "{program} ended with {status}: {}", fs::read_to_string(&messages).unwrap());
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let work = microseconds(usage.user_time()) + microseconds(usage.system_time());
    // Linux counts in KiB, macOS in bytes.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    println!("{} {work} {}", time.as_micros(), usage.max_rss() * unit);
}

fn microseconds(time: TimeVal) -> i64 {
    time.tv_sec() * 1_000_000 + time.tv_usec()
}
