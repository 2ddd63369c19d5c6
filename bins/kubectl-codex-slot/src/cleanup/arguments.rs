//! The flags of `cleanup`.

use std::time::Duration;

use clap::Args;
use codex_common::diagnostic::Diagnostic;
use codex_deploy::arguments::duration;

use crate::arguments::{ProjectArgs, SelectorArgs};

use super::{Options, Request};

const EXAMPLES: &str = "\
Examples:
  # what would go with the slot of issue 7
  kubectl codex slot cleanup --issue 7 --with-configmap --dry-run

  # the slot is free again
  kubectl codex slot cleanup --issue 7 --with-configmap";

/// Remove slots: objects, namespace, data, workspace and, if asked for, the record
///
/// What other slots or environments share is left alone and listed. Work in a workspace
/// that is nowhere else is saved first. Each slot is removed independently; running it
/// again goes on where it stopped.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES)]
pub(crate) struct CleanupArgs {
    #[command(flatten)]
    removal: RemovalArgs,

    #[command(flatten)]
    pub(crate) project: ProjectArgs,
}

/// Which slots, and how far.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Slots")]
struct RemovalArgs {
    #[command(flatten)]
    selector: SelectorArgs,

    /// All slots of the environment
    #[arg(long)]
    all: bool,

    /// Delete the records too, so that the slots are free
    #[arg(long)]
    with_configmap: bool,

    /// Only list what would be deleted
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    patience: PatienceArgs,
}

/// How long is waited, and for what.
#[derive(Debug, Clone, Args)]
pub(crate) struct PatienceArgs {
    /// The folder of all workspaces, with a slot's own and its lock [default: the variable CODE_ROOT_BASE]
    #[arg(long, value_name = "BASE")]
    code_root_base: Option<String>,

    /// How many slots to remove at the same time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    jobs: u8,

    /// How long to wait for another command that works on a slot
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = duration)]
    lock_timeout: Duration,

    /// How long one slot's objects may take to go
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = duration)]
    timeout: Duration,
}

impl PatienceArgs {
    /// How slots are removed.
    pub(crate) fn options(self, with_configmap: bool, dry_run: bool) -> Options {
        Options {
            with_configmap,
            dry_run,
            jobs: self.jobs.into(),
            code_root_base: self.code_root_base,
            lock_timeout: self.lock_timeout,
            timeout: self.timeout,
        }
    }
}

impl CleanupArgs {
    /// Checks what was typed before any file is touched.
    pub(crate) fn request(self) -> Result<Request, Diagnostic> {
        let removal = self.removal;
        Ok(Request {
            // codexctl's `--all` beside a selector: all slots that it fits.
            selector: if removal.all {
                removal.selector.any()
            } else {
                removal.selector.request_or("--all")?
            },
            project: self.project.request()?,
            options: removal.patience.options(removal.with_configmap, removal.dry_run),
        })
    }
}
