//! `run:`, a script for bash (H1, with the environment of B6).

use std::io;
use std::os::unix::process::ExitStatusExt as _;

use codex_common::diagnostic::system_reason;
use tokio::process::Command;

use super::error::Fault;
use super::process::{self, End};
use super::{HookContext, environment};

/// Runs a script in a login shell, as codexctl does, in the working directory and without standard input.
///
/// `stop` says when it has to end, and what the failure is then.
pub(super) async fn run(
    text: &str,
    stop: impl Future<Output = Fault>,
    context: &HookContext<'_>,
) -> Result<(), Fault> {
    let listener = context.listener;
    listener.debug(text);
    let mut command = Command::new("bash");
    command.arg("-lc").arg(text);
    command.envs(environment::variables(context.project, context.kubeconfig));
    let relay = |line: &str| listener.relay(line);
    let end = process::run(command, &relay, stop).await.map_err(|error| not_started(&error))?;
    let status = match end {
        End::Stopped(fault) => return Err(fault),
        End::Exited { status, leaves_others } => {
            if leaves_others {
                listener.debug("the script left processes behind; what they print now is not shown");
            }
            status
        }
    };
    match (status.code(), status.signal()) {
        (Some(0), _) => Ok(()),
        (Some(code), _) => Err(Fault::Ended { code }),
        (None, signal) => Err(Fault::Killed { signal: signal.unwrap_or_default() }),
    }
}

fn not_started(error: &io::Error) -> Fault {
    let fault = Fault::failed(format!("bash can't be started: {}", system_reason(error)));
    match error.kind() {
        io::ErrorKind::NotFound => fault.hint("hooks with `run` need bash on the PATH"),
        io::ErrorKind::ArgumentListTooLong => fault.hint("the script or a variable is too long"),
        _ => fault,
    }
}
