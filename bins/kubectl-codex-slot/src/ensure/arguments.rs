//! The flags of `ensure`.

use std::time::Duration;

use clap::Args;
use codex_common::diagnostic::Diagnostic;
use codex_deploy::arguments::duration;

use crate::arguments::{ProjectArgs, SelectorArgs};
use crate::report::ReportFormat;

use super::{AllocationRequest, Request};

const EXAMPLES: &str = "\
Examples:
  # the slot of issue 7: the one it has, or the lowest free one
  kubectl codex slot ensure --issue 7

  # its pull request is known by now: the same slot, linked to both
  kubectl codex slot ensure --issue 7 --pr 12

  # in a workflow: steps.ID.outputs.slot, .namespace, .env and .created
  kubectl codex slot ensure --issue 7 -o github

  # one of ten slots, or fail at once
  kubectl codex slot ensure --issue 7 --max 10 --wait-for-slot 0

Any number of callers may ask at once: those that ask for the same get the same slot.
`--slot N` gives that slot or says who has it.";

/// Find the slot of an issue or pull request, or take one
///
/// Prints the slot that the issue, the pull request or the number has. If it has none,
/// the lowest free slot is taken, and the groups of `slotBootstrapInfra` are applied.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES)]
pub(crate) struct EnsureArgs {
    #[command(flatten)]
    allocation: AllocationArgs,

    /// How the slot is reported
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "plain", help_heading = "Output")]
    output: ReportFormat,

    #[command(flatten)]
    pub(crate) project: ProjectArgs,
}

/// Which slot, and which may be taken.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Slot")]
pub(crate) struct AllocationArgs {
    #[command(flatten)]
    selector: SelectorArgs,

    /// The highest slot that may be taken, 0 for any [default: maxSlots of services.yaml]
    #[arg(long, value_name = "N")]
    max: Option<u32>,

    /// How long to wait while all slots are taken; 0: fail at once
    #[arg(long, value_name = "DURATION", default_value = "6h", value_parser = duration)]
    wait_for_slot: Duration,
}

impl AllocationArgs {
    /// Checks what was typed.
    ///
    /// # Errors
    /// It doesn't say which slot.
    pub(crate) fn request(&self) -> Result<AllocationRequest, Diagnostic> {
        Ok(AllocationRequest {
            selector: self.selector.request()?,
            max: self.max,
            patience: self.wait_for_slot,
        })
    }
}

impl EnsureArgs {
    /// Checks what was typed before any file is touched.
    pub(crate) fn request(self) -> Result<Request, Diagnostic> {
        Ok(Request {
            allocation: self.allocation.request()?,
            project: self.project.request()?,
            output: self.output,
        })
    }
}
