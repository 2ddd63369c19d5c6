//! `--issue`, `--pr`, `--slot`: which slot is meant.

use clap::Args;
use codex_common::diagnostic::Diagnostic;

/// The number of an issue, a pull request or a slot.
pub(crate) type Number = u32;

/// Whose slot, or which. Workflows pass 0 for what they don't have: it counts as not given.
#[derive(Debug, Clone, Args)]
pub(crate) struct SelectorArgs {
    /// The issue's number
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    issue: Number,

    /// The pull request's number
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pr: Number,

    /// The slot's number
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    slot: Number,
}

/// Which slot is meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Selector {
    /// The issue it is for.
    pub(crate) issue: Option<Number>,
    /// The pull request it is for.
    pub(crate) pr: Option<Number>,
    /// Its own number.
    pub(crate) slot: Option<Number>,
}

/// A number that was given; 0 stands for none.
pub(crate) fn number(given: Number) -> Option<Number> {
    (given > 0).then_some(given)
}

impl SelectorArgs {
    /// What was given, which may be nothing.
    pub(crate) fn any(&self) -> Selector {
        Selector { issue: number(self.issue), pr: number(self.pr), slot: number(self.slot) }
    }

    /// What was given.
    ///
    /// # Errors
    /// Nothing was.
    pub(crate) fn request(&self) -> Result<Selector, Diagnostic> {
        let selector = self.any();
        if selector == Selector::default() {
            return Err(Diagnostic::input("at least one of --issue, --pr or --slot must be specified"));
        }
        Ok(selector)
    }
}
