//! The flags of `gc`.

use std::time::Duration;

use clap::Args;
use codex_common::diagnostic::Diagnostic;

use crate::age;
use crate::arguments::ProjectArgs;
use crate::cleanup::PatienceArgs;

use super::{Limits, Request};

const EXAMPLES: &str = "\
Examples:
  # what nobody has used for three days
  kubectl codex slot gc --ttl 3d --dry-run";

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
    /// Slots not used for so long, such as 12h, 3d or 2w
    #[arg(long, value_name = "DURATION", value_parser = age::parse)]
    ttl: Option<Duration>,

    /// Slots that have existed for so long
    #[arg(long, value_name = "DURATION", value_parser = age::parse)]
    max_age: Option<Duration>,

    /// Remove all slots, where a limit is 0
    #[arg(long)]
    yes: bool,

    /// Saved work of removed workspaces that is so old; 0 keeps it
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = age::parse)]
    saved_ttl: Duration,

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
        let is_nothing = |limit: Option<Duration>| limit.is_some_and(|limit| limit.is_zero());
        let flag = match (is_nothing(limits.ttl), is_nothing(limits.max_age)) {
            (true, _) => Some("--ttl 0"),
            (_, true) => Some("--max-age 0"),
            _ => None,
        };
        if let (Some(flag), false, false) = (flag, limits.yes, limits.dry_run) {
            return Err(Diagnostic::input(format!(
                "`{flag}` removes every slot of the environment that no agent works in"
            ))
            .hint(Some("`--yes` if that is meant; `--dry-run` lists them".to_owned())));
        }
        Ok(Request {
            project: self.project.request()?,
            saved_ttl: Some(limits.saved_ttl).filter(|ttl| !ttl.is_zero()),
            limits: Limits { ttl: limits.ttl, max_age: limits.max_age },
            options: limits.patience.options(true, limits.dry_run),
        })
    }
}
