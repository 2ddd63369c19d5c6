//! `ready`: a slot with sources, images and everything applied and ready.

mod arguments;

use std::time::Duration;

use codex_common::cli::{Console, ExitCode, Host};
use codex_common::diagnostic::Diagnostic;

pub(crate) use arguments::ReadyArgs;

use crate::arguments::ProjectRequest;
use crate::ensure::AllocationRequest;
use crate::report::ReportFormat;

/// A checked request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) project: ProjectRequest,
    pub(crate) allocation: AllocationRequest,
    /// The folder of all workspaces as typed; `None` is the variable `CODE_ROOT_BASE`.
    pub(crate) code_root_base: Option<String>,
    /// The folder whose files go into the workspace, as typed.
    pub(crate) source: String,
    /// What isn't synced besides what `.codexignore` names.
    pub(crate) exclude: Vec<String>,
    /// Whether a workspace is synced although an agent works in it.
    pub(crate) force_sync: bool,
    /// Whether images are mirrored and built for a new slot.
    pub(crate) prepare_images: bool,
    /// Whether what is new or changed is applied.
    pub(crate) apply: bool,
    /// Whether it is applied even if nothing changed.
    pub(crate) force_apply: bool,
    /// How long is waited until everything is ready; `None` is services.yaml's `deployWait`, else 600 s.
    pub(crate) wait_timeout: Option<Duration>,
    /// Whether what isn't ready in time is only a warning.
    pub(crate) wait_soft_fail: bool,
    pub(crate) output: ReportFormat,
}

/// Makes the slot ready, and says so.
pub(crate) fn run(request: &Request, host: &Host, console: &Console) -> Result<ExitCode, Diagnostic> {
    let _ = (request, host, console);
    Err(Diagnostic::machine("`ready` isn't there yet"))
}
