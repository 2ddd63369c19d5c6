//! The flags of `gc`.

use std::time::Duration;

use clap::Args;
use codex_common::diagnostic::Diagnostic;
use codex_deploy::arguments::duration;

use crate::arguments::ProjectArgs;
use crate::cleanup::PatienceArgs;

use super::{Limits, Request};

const EXAMPLES: &str = "\
Examples:
  # what nobody has used for three days
  kubectl codex slot gc --ttl 72h --dry-run";

/// Remove slots that haven't been used for long
///
/// A slot whose agent is at work is never removed. Removing is what `cleanup
/// --with-configmap` does.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES)]
pub(crate) struct GcArgs {
    #[command(flatten)]
    limits: LimitArgs,

    #[command(flatten)]
    pub(crate) project: ProjectArgs,
}

/// Which slots.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Slots")]
struct LimitArgs {
    /// Slots not used for so long
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    ttl: Option<Duration>,

    /// Slots that have existed for so long
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    max_age: Option<Duration>,

    /// Only list what would be deleted
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    patience: PatienceArgs,
}

impl GcArgs {
    /// Checks what was typed before any file is touched.
    pub(crate) fn request(self) -> Result<Request, Diagnostic> {
        let limits = self.limits;
        if limits.ttl.is_none() && limits.max_age.is_none() {
            return Err(Diagnostic::input("at least one of --ttl and --max-age must be specified"));
        }
        Ok(Request {
            project: self.project.request()?,
            limits: Limits { ttl: limits.ttl, max_age: limits.max_age },
            options: limits.patience.options(true, limits.dry_run),
        })
    }
}
