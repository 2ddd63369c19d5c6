//! The flags of `list`.

use clap::Args;
use codex_common::diagnostic::Diagnostic;

use crate::arguments::{ProjectArgs, SelectorArgs};

use super::{ListFormat, Request};

const EXAMPLES: &str = "\
Examples:
  # all slots of the environment ai
  kubectl codex slot list

  # the slot of issue 7, for a script
  kubectl codex slot list --issue 7 -o json";

/// List the slots: whose they are, their state, how many of their pods are ready
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    filters: FilterArgs,

    /// How the slots are listed
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "table", help_heading = "Output")]
    output: ListFormat,

    #[command(flatten)]
    pub(crate) project: ProjectArgs,
}

/// Which slots.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Filters")]
struct FilterArgs {
    #[command(flatten)]
    selector: SelectorArgs,

    /// Only slots whose records have these labels, as kubectl takes them (KEY=VALUE,…)
    #[arg(
        short = 'l',
        long = "selector",
        value_name = "LABELS",
        default_value = "",
        hide_default_value = true
    )]
    labels: String,
}

impl ListArgs {
    /// Checks what was typed before any file is touched.
    pub(crate) fn request(self) -> Result<Request, Diagnostic> {
        Ok(Request {
            project: self.project.request()?,
            selector: self.filters.selector.any(),
            labels: self.filters.labels,
            output: self.output,
        })
    }
}
