//! Whether the slot is still this command's while it comes up, and what is done if it isn't.
//!
//! Between machines no lock keeps `ready` and `cleanup` apart (`slots.md`, "ready"): a pull request may be closed
//! while its slot comes up. So `ready` looks at its record before each step that makes something and after the
//! last. When the slot is gone, what was made is nobody's and is taken back; when the number is somebody else's by
//! then, it is left to them.

use std::time::Duration;

use codex_common::diagnostic::Diagnostic;
use codex_deploy::permission::{Asked, Permission};
use codex_slot::allocation::Tenure;
use codex_slot::record::Record;

use crate::cleanup::{Outlet, Removal, Removed};
use crate::records::Records;

/// How often it is looked anew because others were quicker.
const ROUNDS: u32 = 5;

/// The hold that a command has on its slot.
pub(crate) struct Tenancy<'a> {
    records: Records<'a>,
    given: Record,
    /// How long what was made may take to go.
    timeout: Duration,
}

impl Permission for Tenancy<'_> {
    fn check(&self) -> Asked<'_> {
        Box::pin(async {
            match self.records.tenure(&self.given).await?.0 {
                Tenure::Held => Ok(()),
                tenure => Err(lost(self.given.slot, tenure)),
            }
        })
    }
}

impl<'a> Tenancy<'a> {
    /// The hold on a slot that was just given.
    pub(crate) fn of(records: Records<'a>, given: &Record, timeout: Duration) -> Self {
        Self { records, given: given.clone(), timeout }
    }

    /// The failure of a command: its own, unless the slot was lost. Then what was made is taken back.
    pub(crate) async fn explain(&self, failure: Diagnostic) -> Diagnostic {
        let Records { scene, .. } = self.records;
        let Ok((tenure, _)) = self.records.tenure(&self.given).await else {
            return failure;
        };
        if tenure == Tenure::Held {
            return failure;
        }
        scene.console.debug(|| format!("what it stopped at: {}", failure.title));
        let message = lost(self.given.slot, tenure);
        if tenure == Tenure::Anothers {
            return message;
        }
        match self.take_back().await {
            Ok(true) => message.note("what had been made for it is removed again"),
            Ok(false) => lost(self.given.slot, Tenure::Anothers),
            Err(why) => message
                .note(format!("what had been made for it can't be removed: {}", why.title))
                .hint(Some("`kubectl codex slot gc` finds it and removes it".to_owned())),
        }
    }

    /// Removes what was made for a slot that is gone or being cleaned up; `false` if the number is somebody's by
    /// now: then so is what is there.
    async fn take_back(&self) -> Result<bool, Diagnostic> {
        let Records { scene, cluster, interrupt } = self.records;
        let kinds = codex_deploy::kinds(cluster).await?;
        for _ in 0..ROUNDS {
            let (marked, is_reserved) = match self.records.tenure(&self.given).await? {
                (Tenure::Cleaning, Some(record)) => (record, false),
                (Tenure::Free, _) => {
                    let Record { slot, namespace, .. } = &self.given;
                    match self.records.reserve_for_cleanup(*slot, namespace).await? {
                        Some(record) => (record, true),
                        None => continue,
                    }
                }
                _ => return Ok(false),
            };
            let listed = &self.records.list().await?.all;
            // Whoever has the number next finds that the workspace isn't theirs.
            let base = None;
            let removal =
                Removal { scene, cluster, kinds: &kinds, interrupt, timeout: self.timeout, listed, base };
            let survey = removal.survey(&[&marked]).await?;
            if removal.remove(&marked, &survey, &Outlet::Said(scene.console)).await? == Removed::Overtaken {
                continue;
            }
            // The mark of another cleanup is that one's to take off.
            if is_reserved {
                self.records.finish_cleanup(&marked, false).await?;
            }
            return Ok(true);
        }
        Err(Diagnostic::machine("others change its record all the time"))
    }
}

fn lost(slot: u32, tenure: Tenure) -> Diagnostic {
    match tenure {
        Tenure::Anothers => Diagnostic::machine(format!(
            "slot {slot} was cleaned up while it came up, and is somebody else's by now"
        ))
        .note("what is there is left to them"),
        _ => Diagnostic::machine(format!("slot {slot} was cleaned up while it came up")),
    }
}
