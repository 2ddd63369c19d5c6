//! The flags of `cleanup`.

use std::time::Duration;

use clap::Args;
use codex_common::diagnostic::Diagnostic;
use codex_deploy::arguments::duration;

use crate::arguments::{ProjectArgs, SelectorArgs};

use super::Request;

const EXAMPLES: &str = "\
Examples:
  # what would go with the slot of issue 7
  kubectl codex slot cleanup --issue 7 --with-configmap --dry-run

  # the slot is free again
  kubectl codex slot cleanup --issue 7 --with-configmap";

/// Remove slots: objects, namespace, data directories and, if asked for, the record
///
/// What other slots or environments share is left alone and listed. Each slot is removed
/// independently; running it again goes on where it stopped.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES)]
pub(crate) struct CleanupArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,

    #[command(flatten)]
    removal: RemovalArgs,
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

    /// How long one slot may take to go
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = duration)]
    timeout: Duration,
}

impl CleanupArgs {
    /// Checks what was typed before any file is touched.
    pub(crate) fn request(self) -> Result<Request, Diagnostic> {
        let removal = self.removal;
        Ok(Request {
            // codexctl's `--all` beside a selector: all slots that it fits.
            selector: if removal.all { removal.selector.any() } else { removal.selector.request()? },
            project: self.project.request()?,
            with_configmap: removal.with_configmap,
            dry_run: removal.dry_run,
            timeout: removal.timeout,
        })
    }
}
