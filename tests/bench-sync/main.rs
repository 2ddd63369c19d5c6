//! Measures the source sync against rsync: 50,000 files, 1 GB.
//!
//! `make bench-sync` builds with `--release` and runs this; what is shipped is built for the same speed. Both
//! contestants are programs of their own, this one again with `--sync`, and each has a target of its own on the
//! same file system. They take turns, so that a slow moment of the machine hits both, and the disk is
//! settled before each. The table shows medians; a target is missed when the ratio of the medians lies above it.
//!
//! `bench-sync FOLDER` works in that folder, where 4 GB have to be free; without one, in the temporary folder.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a benchmark makes files and starts programs, and fails by panicking"
)]

mod files;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};
use std::{env, fs};

use codex_tests::TemporaryFolder;
use codex_workspace::sync::{SyncRequest, sync};

/// A phase: its name, how often it is run, and the part of rsync's time that ours may take.
type Phase = (&'static str, usize, f64);

const FIRST: Phase = ("first copy", 5, 0.8);
const UNCHANGED: Phase = ("unchanged", 21, 0.6);

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    match &arguments[..] {
        [flag, source, target] if flag == "--sync" => {
            sync_once(Path::new(source), Path::new(target));
            ExitCode::SUCCESS
        }
        [] => {
            let folder = TemporaryFolder::new();
            benchmark(folder.path())
        }
        [folder] if !folder.as_encoded_bytes().starts_with(b"-") => {
            let folder = PathBuf::from(folder).join("bench-sync");
            fs::create_dir_all(&folder).unwrap();
            let code = benchmark(&folder.canonicalize().unwrap());
            fs::remove_dir_all(&folder).unwrap();
            code
        }
        _ => {
            eprintln!("usage: bench-sync [FOLDER]");
            ExitCode::from(2)
        }
    }
}

/// What is measured of ours.
fn sync_once(source: &Path, target: &Path) {
    let search_path = env::var_os("PATH").unwrap_or_default();
    let request =
        SyncRequest { source, target, excludes: &[], search_path: &search_path, now: 0, listener: &() };
    sync(&request).unwrap();
}

fn benchmark(folder: &Path) -> ExitCode {
    let Ok(version) = Command::new("rsync").arg("--version").output() else {
        eprintln!("error: rsync is missing\nhint: apt-get install rsync");
        return ExitCode::FAILURE;
    };
    let version = String::from_utf8_lossy(&version.stdout).lines().next().unwrap_or_default().to_owned();
    let source = folder.join("source");
    let (count, bytes) = files::make(&source);
    println!("{count} files, {bytes} bytes; {version}; {} cores\n", cores());

    let contestants = [Contestant::Ours, Contestant::Rsync];
    let mut missed = 0;
    println!("{:<12} {:<8} {:>5} {:>10} {:>10} {:>10}", "phase", "by", "runs", "median", "least", "most");
    for phase in [FIRST, UNCHANGED] {
        let mut laps = [Vec::new(), Vec::new()];
        // The first round warms up.
        for round in 0..=phase.1 {
            for at in [round % 2, (round + 1) % 2] {
                let target = folder.join(contestants[at].name());
                if phase == FIRST {
                    let _ = fs::remove_dir_all(&target);
                }
                settle();
                let time = contestants[at].run(&source, &target);
                if round > 0 {
                    laps[at].push(time);
                }
            }
        }
        for contestant in contestants {
            check(&source, &folder.join(contestant.name()));
        }
        missed += usize::from(!print(phase, contestants, &mut laps));
    }
    println!("missed: {missed}");
    ExitCode::from(u8::from(missed > 0))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Contestant {
    Ours,
    Rsync,
}

impl Contestant {
    fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Rsync => "rsync",
        }
    }

    /// One sync, from the start of the process to its end.
    fn run(self, source: &Path, target: &Path) -> Duration {
        let mut command = match self {
            Self::Ours => {
                let mut command = Command::new(env::current_exe().unwrap());
                command.arg("--sync").args([source, target]);
                command
            }
            Self::Rsync => {
                let mut command = Command::new("rsync");
                command.args(["-a", "--delete", "--no-perms", "--no-owner", "--no-group"]);
                command.args([with_slash(source), with_slash(target)]);
                command
            }
        };
        let start = Instant::now();
        let status = command.status().unwrap();
        let time = start.elapsed();
        assert!(status.success(), "{self:?}: {status}");
        time
    }
}

/// As rsync wants to be told that the content is meant.
fn with_slash(path: &Path) -> PathBuf {
    path.join(OsStr::new(""))
}

/// Nothing of the last lap is left to be written.
fn settle() {
    assert!(Command::new("sync").status().unwrap().success());
}

/// Whoever doesn't do what it is meant to do isn't measured.
fn check(source: &Path, target: &Path) {
    let dry = ["-a", "--delete", "--no-perms", "--no-owner", "--no-group", "--dry-run", "--itemize-changes"];
    let output =
        Command::new("rsync").args(dry).args([with_slash(source), with_slash(target)]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{} is not the source's copy", target.display());
}

/// Prints one phase's lines; false when its target is missed.
fn print(phase: Phase, contestants: [Contestant; 2], laps: &mut [Vec<Duration>; 2]) -> bool {
    let mut medians = Vec::new();
    for (contestant, laps) in contestants.iter().zip(laps) {
        laps.sort();
        let median = laps[laps.len() / 2];
        medians.push(median.as_secs_f64());
        println!(
            "{:<12} {:<8} {:>5} {:>10} {:>10} {:>10}",
            phase.0,
            contestant.name(),
            laps.len(),
            milliseconds(median),
            milliseconds(laps[0]),
            milliseconds(laps[laps.len() - 1])
        );
    }
    let ratio = medians[0] / medians[1];
    let is_met = ratio <= phase.2;
    println!("  {ratio:.2} of rsync's time, target {:.2}{}\n", phase.2, if is_met { "" } else { "  MISSED" });
    is_met
}

fn milliseconds(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1000.0)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
