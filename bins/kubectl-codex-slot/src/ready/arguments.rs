//! The flags of `ready`.

use std::time::Duration;

use clap::Args;
use codex_common::diagnostic::Diagnostic;
use codex_deploy::arguments::duration;

use crate::arguments::ProjectArgs;
use crate::ensure::AllocationArgs;
use crate::report::ReportFormat;

use super::Request;

const EXAMPLES: &str = "\
Examples:
  # a live copy of the project for issue 7, from this checkout
  kubectl codex slot ready --issue 7 --code-root-base /srv/slots --apply

  # in a workflow; a project that doesn't come up is the agent's to repair
  kubectl codex slot ready --issue 7 --apply --force-apply --wait-soft-fail -o github";

/// Make a slot ready to work in: sources, manifests, waiting
///
/// Finds or takes the slot as `ensure` does, syncs the sources to BASE/SLOT/src, applies
/// the manifests if the slot is new or they changed, and waits until everything is ready.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES)]
pub(crate) struct ReadyArgs {
    #[command(flatten)]
    allocation: AllocationArgs,

    #[command(flatten)]
    sources: SourceArgs,

    #[command(flatten)]
    deploy: DeployArgs,

    /// How the slot is reported
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "plain", help_heading = "Output")]
    output: ReportFormat,

    #[command(flatten)]
    pub(crate) project: ProjectArgs,
}

/// What goes into the slot's workspace.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Sources")]
struct SourceArgs {
    /// The folder of all workspaces [default: the variable CODE_ROOT_BASE]
    #[arg(long, value_name = "BASE")]
    code_root_base: Option<String>,

    /// The folder that is synced to BASE/SLOT/src
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    source: String,

    /// What isn't synced, besides what .codexignore names; may be repeated
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,

    /// Sync although an agent works in the slot
    #[arg(long)]
    force_sync: bool,
}

/// What is applied, and how long is waited.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Apply")]
struct DeployArgs {
    /// Mirror and build the images of a new slot
    #[arg(long)]
    prepare_images: bool,

    /// Apply the manifests if the slot is new or they changed
    #[arg(long)]
    apply: bool,

    /// Apply the manifests in any case
    #[arg(long)]
    force_apply: bool,

    /// How long to wait for another command that works on the slot
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = duration)]
    lock_timeout: Duration,

    /// How long to wait for a namespace that is being deleted to go
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration)]
    namespace_timeout: Duration,

    /// How long to wait until everything is ready [default: codex.timeouts.deployWait, else 600s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    wait_timeout: Option<Duration>,

    /// Only warn of what isn't ready in time; infraReady says so
    #[arg(long)]
    wait_soft_fail: bool,
}

impl ReadyArgs {
    /// Checks what was typed before any file is touched.
    pub(crate) fn request(self) -> Result<Request, Diagnostic> {
        Ok(Request {
            allocation: self.allocation.request()?,
            project: self.project.request()?,
            code_root_base: self.sources.code_root_base,
            source: self.sources.source,
            exclude: self.sources.exclude,
            force_sync: self.sources.force_sync,
            prepare_images: self.deploy.prepare_images,
            apply: self.deploy.apply,
            force_apply: self.deploy.force_apply,
            lock_timeout: self.deploy.lock_timeout,
            namespace_timeout: self.deploy.namespace_timeout,
            wait_timeout: self.deploy.wait_timeout,
            wait_soft_fail: self.deploy.wait_soft_fail,
            output: self.output,
        })
    }
}
