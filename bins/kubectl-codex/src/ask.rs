//! What a program says of itself: its version and what it is for.
//!
//! A file on the `PATH` may be anything. Whatever is asked has no input, a short time, and is heard only as far
//! as a sentence goes; what doesn't answer like a program of the suite has no version.

use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

/// How long a program may think.
const PATIENCE: Duration = Duration::from_secs(2);

/// How much of its answer is read.
const HEARD: u64 = 64 * 1024;

/// How much of a line is shown.
const SHOWN: usize = 72;

/// The version that a program states: the first word of its answer that is one.
pub(crate) fn version(path: &Path) -> Option<String> {
    let answer = answer(path, "--version")?;
    let is_version = |word: &&str| {
        let word = word.strip_prefix('v').unwrap_or(word);
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '+');
        word.starts_with(|letter: char| letter.is_ascii_digit())
            && word.contains('.')
            && word.chars().all(is_plain)
            && word.len() <= SHOWN
    };
    let first = answer.lines().find(|line| !line.trim().is_empty())?;
    first.split_whitespace().find(is_version).map(|word| word.strip_prefix('v').unwrap_or(word).to_owned())
}

/// What a program is for: the first line of its help, without the full stop.
pub(crate) fn about(path: &Path) -> Option<String> {
    let answer = answer(path, "--help")?;
    let line = answer.lines().map(str::trim).find(|line| !line.is_empty())?;
    let line: String = line.chars().filter(|letter| !letter.is_control()).collect();
    let line = line.trim_end_matches('.');
    Some(match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    })
}

/// What a program prints on standard output for one flag, if it ends well and in time.
#[allow(clippy::disallowed_methods, reason = "the one place where this program starts others to ask them")]
fn answer(path: &Path, flag: &str) -> Option<String> {
    // A group of its own, so that what it starts ends with it.
    let mut child = Command::new(path)
        .arg(flag)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .ok()?;
    let heard = child.stdout.take().and_then(heard_in_time);
    // It has said what it had to say; one that goes on all the same isn't waited for.
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // That there is nobody left to kill is the usual case.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let has_ended_well = child.wait().is_ok_and(|status| status.success());
    let heard = heard?;
    let is_cut = heard.len() as u64 == HEARD;
    (has_ended_well || is_cut).then(|| String::from_utf8_lossy(&heard).into_owned())
}

/// What comes out of a pipe until it ends or was heard long enough; `None` if that takes too long.
fn heard_in_time(pipe: ChildStdout) -> Option<Vec<u8>> {
    let (outlet, inlet) = mpsc::channel();
    // Whoever holds the pipe may hold it for ever: the thread is left to itself then.
    thread::spawn(move || {
        let mut heard = Vec::new();
        let read = pipe.take(HEARD).read_to_end(&mut heard);
        // Nobody may listen any more.
        let _ = outlet.send(read.map(|_| heard));
    });
    inlet.recv_timeout(PATIENCE).ok()?.ok()
}
