//! `gc`: removes slots that nobody has used for long.

mod arguments;
mod choice;

use std::time::Duration;

use codex_common::cli::{Console, ExitCode, Host};
use codex_common::diagnostic::Diagnostic;

pub(crate) use arguments::GcArgs;

use crate::arguments::ProjectRequest;

/// A checked request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) project: ProjectRequest,
    /// Slots not used for so long are removed.
    pub(crate) ttl: Option<Duration>,
    /// Slots that have existed for so long are removed.
    pub(crate) max_age: Option<Duration>,
    /// Whether it is only said what would be done.
    pub(crate) dry_run: bool,
    /// How long one slot may take to go.
    pub(crate) timeout: Duration,
}

/// Removes the slots, each independently of the others.
pub(crate) fn run(request: &Request, host: &Host, console: &Console) -> Result<ExitCode, Diagnostic> {
    let _ = (request, host, console);
    Err(Diagnostic::machine("`gc` isn't there yet"))
}
