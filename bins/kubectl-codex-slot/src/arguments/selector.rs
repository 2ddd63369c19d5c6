//! `--issue`, `--pr`, `--slot`: which slot is meant.

use clap::Args;
use codex_common::diagnostic::Diagnostic;
use codex_slot::allocation::Selector;
use codex_slot::record::Links;

/// Whose slot, or which. Workflows pass 0 for what they don't have: it counts as not given.
#[derive(Debug, Clone, Args)]
pub(crate) struct SelectorArgs {
    /// The issue's number
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    issue: u64,

    /// The pull request's number
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pr: u64,

    /// The slot's number
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    slot: u32,
}

impl SelectorArgs {
    /// What was given, which may be nothing.
    pub(crate) fn any(&self) -> Selector {
        let slot = Some(self.slot).filter(|slot| *slot > 0);
        Selector { links: Links { issue: self.issue, pr: self.pr }, slot }
    }

    /// What was given.
    ///
    /// # Errors
    /// Nothing was.
    pub(crate) fn request(&self) -> Result<Selector, Diagnostic> {
        self.given()
            .ok_or_else(|| Diagnostic::input("at least one of --issue, --pr or --slot must be specified"))
    }

    /// What was given, by a verb that has a flag for all slots.
    ///
    /// # Errors
    /// Nothing was.
    pub(crate) fn request_or(&self, flag_for_all: &str) -> Result<Selector, Diagnostic> {
        self.given().ok_or_else(|| {
            Diagnostic::input("at least one of --issue, --pr or --slot must be specified")
                .hint(Some(format!("`{flag_for_all}` means all slots of the environment")))
        })
    }

    fn given(&self) -> Option<Selector> {
        Some(self.any()).filter(|selector| *selector != Selector::default())
    }
}
