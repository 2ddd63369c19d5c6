//! The flags of `set`.

use clap::Args;
use codex_common::diagnostic::Diagnostic;
use codex_slot::record::Links;

use crate::arguments::ProjectArgs;
use crate::report::ReportFormat;

use super::Request;

const EXAMPLES: &str = "\
Examples:
  # the work on issue 7 has become pull request 12
  kubectl codex slot set --slot 3 --pr 12";

/// Link a slot to an issue or a pull request
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES)]
pub(crate) struct SetArgs {
    #[command(flatten)]
    link: LinkArgs,

    /// How the slot is reported
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "plain", help_heading = "Output")]
    output: ReportFormat,

    #[command(flatten)]
    pub(crate) project: ProjectArgs,
}

/// The slot, and what it is for.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Slot")]
struct LinkArgs {
    /// The slot's number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    slot: u32,

    /// The issue's number; without it the slot's issue stays
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    issue: u64,

    /// The pull request's number; without it the slot's pull request stays
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pr: u64,
}

impl SetArgs {
    /// Checks what was typed before any file is touched.
    pub(crate) fn request(self) -> Result<Request, Diagnostic> {
        let link = self.link;
        let links = Links { issue: link.issue, pr: link.pr };
        if links.is_empty() {
            return Err(Diagnostic::input("at least one of --issue and --pr must be specified"));
        }
        Ok(Request { project: self.project.request()?, slot: link.slot, links, output: self.output })
    }
}
