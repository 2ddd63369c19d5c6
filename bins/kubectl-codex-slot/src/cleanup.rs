//! `cleanup`: removes slots with all that is theirs.

mod arguments;

use std::time::Duration;

use codex_common::cli::{Console, ExitCode, Host};
use codex_common::diagnostic::Diagnostic;
use codex_slot::allocation::Selector;

pub(crate) use arguments::CleanupArgs;

use crate::arguments::ProjectRequest;

/// A checked request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) project: ProjectRequest,
    /// Which slots; all of the environment's if it names nothing.
    pub(crate) selector: Selector,
    /// Whether the records are deleted too.
    pub(crate) with_configmap: bool,
    /// Whether it is only said what would be done.
    pub(crate) dry_run: bool,
    /// How long one slot may take to go.
    pub(crate) timeout: Duration,
}

/// Removes the slots, each independently of the others.
pub(crate) fn run(request: &Request, host: &Host, console: &Console) -> Result<ExitCode, Diagnostic> {
    let _ = (request, host, console);
    Err(Diagnostic::machine("`cleanup` isn't there yet"))
}
