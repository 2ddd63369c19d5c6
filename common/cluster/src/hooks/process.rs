//! A program in a process group of its own: its output line by line, its end, or its end with all its children.
//!
//! Separate because stopping children is a matter of its own. What a program starts belongs to its group, so
//! one signal reaches all of it; only what moves to another group by itself (`setsid`) escapes. A group of its
//! own also means that Ctrl-C doesn't reach the program by itself: whoever runs it says when it has to stop.

use std::io;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::process_group::ProcessGroup;

/// How long a program that has to stop may clean up.
const GRACE: Duration = Duration::from_secs(2);

/// How long is waited for the rest of the output of a program that ended.
const DRAIN: Duration = Duration::from_millis(200);

/// The longest line that is passed on, in bytes. A longer one isn't: were it cut, half of a secret might stand at
/// the cut, where nothing finds it.
const LONGEST_LINE: usize = 256 << 10;

/// How a program ended.
#[derive(Debug)]
pub(super) enum End<S> {
    /// By itself.
    Exited {
        /// Its status.
        status: ExitStatus,
        /// Whether something that it started still runs and holds its output open. It goes on running: a
        /// script may start what later scripts need.
        leaves_others: bool,
    },
    /// It was stopped, and this is why.
    Stopped(S),
}

/// Runs a program to its end, or until `stop` says why it has to end. Its standard input is the caller's affair.
///
/// # Errors
/// It can't be started or waited for.
pub(super) async fn run<S>(
    mut command: Command,
    relay: &(dyn Fn(&str) + Sync),
    stop: impl Future<Output = S>,
) -> io::Result<End<S>> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn()?;
    let mut group = ProcessGroup::of(&child);
    let (mut out, mut err) =
        (child.stdout.take().map(BufReader::new), child.stderr.take().map(BufReader::new));
    let (end, is_drained) = {
        let output = async { tokio::join!(lines(out.as_mut(), relay), lines(err.as_mut(), relay)) };
        let mut output = pin!(output);
        let mut is_drained = false;
        let mut stop = pin!(stop);
        let end = loop {
            tokio::select! {
                status = child.wait() => break Ok(status?),
                _ = &mut output, if !is_drained => is_drained = true,
                reason = &mut stop => break Err(reason),
            }
        };
        if end.is_err() {
            // The program may still print while it cleans up.
            group.signal(Signal::TERM);
            let both = async {
                tokio::join!(child.wait(), async {
                    if !is_drained {
                        output.as_mut().await;
                    }
                })
            };
            is_drained = timeout(GRACE, both).await.is_ok();
            kill(&group, &mut child).await;
        } else if !is_drained {
            is_drained = timeout(DRAIN, output).await.is_ok();
        }
        (end, is_drained)
    };
    match end {
        Err(reason) => Ok(End::Stopped(reason)),
        Ok(status) => {
            group.release();
            if !is_drained {
                // Nobody reads any more, but a pipe without a reader would kill who writes to it.
                tokio::spawn(async move { tokio::join!(discard(out), discard(err)) });
            }
            Ok(End::Exited { status, leaves_others: !is_drained })
        }
    }
}

/// Ends what is left of the group.
async fn kill(group: &ProcessGroup, child: &mut Child) {
    group.signal(Signal::KILL);
    // Nothing survives that signal, so this is short; a program already waited for is none.
    let _ = child.wait().await;
}

async fn discard(reader: Option<impl AsyncRead + Unpin>) {
    if let Some(mut reader) = reader {
        // Reading ends when the last writer does.
        let _ = tokio::io::copy(&mut reader, &mut tokio::io::sink()).await;
    }
}

/// Passes on line by line, so that what is hidden in a line can be found in it.
async fn lines(reader: Option<&mut BufReader<impl AsyncRead + Unpin>>, relay: &(dyn Fn(&str) + Sync)) {
    let Some(reader) = reader else { return };
    let (mut line, mut is_left_out) = (Vec::new(), false);
    loop {
        let room = (LONGEST_LINE + 1 - line.len()) as u64;
        let read = reader.take(room).read_until(b'\n', &mut line).await;
        let is_over = !matches!(read, Ok(1..));
        if line.last() == Some(&b'\n') || is_over {
            if is_left_out {
                relay(&format!("(a line of more than {} KiB is left out)", LONGEST_LINE >> 10));
            } else if !line.is_empty() {
                pass(&line, relay);
            }
            line.clear();
            is_left_out = false;
        } else if line.len() > LONGEST_LINE {
            line.clear();
            is_left_out = true;
        }
        if is_over {
            return;
        }
    }
}

fn pass(line: &[u8], relay: &(dyn Fn(&str) + Sync)) {
    let text = String::from_utf8_lossy(line);
    relay(text.trim_end_matches(['\n', '\r']));
}

#[cfg(test)]
mod tests;
