//! `run:`, a script for bash (H1, with the environment of B6).
//!
//! The text may hold secrets, and everyone on the machine can read the arguments of a process. So bash is started
//! with [`LAUNCHER`], which is the same for every script, and finds the text in a file without a name.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;

use codex_common::diagnostic::system_reason;
use tokio::process::Command;

use super::error::Fault;
use super::process::{self, End};
use super::{HookContext, environment};

/// What bash is told to do: read the script from its standard input and run it, with an empty standard input, as
/// `bash -lc SCRIPT </dev/null` would. `$0` is `bash`, and lines count from the script's first. The file is opened
/// anew, so that a profile that reads its standard input takes nothing of the script away.
const LAUNCHER: &str = r#"eval "$(</dev/fd/0)" </dev/null"#;

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
    let script = nameless(text, context.kubeconfig).map_err(|error| not_started(&error))?;
    command.arg("-lc").arg(LAUNCHER).stdin(script);
    command.envs(environment::variables(context.project, context.purpose, context.kubeconfig));
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
        io::ErrorKind::ArgumentListTooLong => fault.hint("a variable is too long"),
        _ => fault,
    }
}

/// A file without a name that holds a text, to be read from its beginning; it is gone with the last process that
/// has it open.
fn nameless(text: &str, kubeconfig: &Path) -> io::Result<File> {
    let mut file = nameless_file(kubeconfig)?;
    file.write_all(text.as_bytes())?;
    file.rewind()?;
    Ok(file)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn nameless_file(_: &Path) -> io::Result<File> {
    use rustix::fs::{MemfdFlags, memfd_create};
    Ok(memfd_create("hook", MemfdFlags::CLOEXEC)?.into())
}

/// Elsewhere it loses its name at once. The folder of the kubeconfig is ours alone.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[allow(clippy::disallowed_methods, reason = "a file that is gone at once")]
fn nameless_file(kubeconfig: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let path = kubeconfig.with_file_name("hook");
    let file = File::options().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}
