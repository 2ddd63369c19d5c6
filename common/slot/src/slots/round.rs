//! One write of a round, and what is known after it.

use super::{SlotError, Slots};
use crate::allocation::{Drop, Step};
use crate::record::{Links, Record};
use crate::store::{Store, Written};

/// How many rounds a call goes before it gives up. Two hundred calls at once need six each on average.
const MOST: u32 = 1000;

/// Counts rounds.
#[derive(Debug, Default)]
pub(super) struct Rounds(u32);

impl Rounds {
    /// Begins a round.
    pub(super) fn next(&mut self) -> Result<(), SlotError> {
        self.0 += 1;
        if self.0 > MOST { Err(SlotError::Contended { rounds: MOST }) } else { Ok(()) }
    }

    /// Begins to count anew, after waiting for something that happened.
    pub(super) fn forget(&mut self) {
        self.0 = 0;
    }
}

impl Slots<'_> {
    /// Does the write of a step on a record that is there. Gives the record if that makes it someone's: a claim
    /// that is confirmed can't be taken back.
    pub(super) async fn perform(
        &self,
        store: &mut Store<'_>,
        step: &Step<'_>,
    ) -> Result<Option<Record>, SlotError> {
        let changed =
            |record: &Record, change: &dyn Fn(Record) -> Record| self.signed(change(record.clone()));
        match *step {
            Step::Claim { record, links } => {
                store.patch(&changed(record, &|record| record.claimed(links))).await?;
            }
            Step::Drop(record) if Drop::of(record) == Drop::Delete => {
                store.delete(record).await?;
            }
            Step::Drop(record) => {
                store.patch(&changed(record, &Record::unclaimed)).await?;
            }
            Step::Confirm(record) => {
                let now = self.clock.now();
                let confirmed = changed(record, &|record| record.confirmed(now));
                if let Written::Done(record) = store.patch(&confirmed).await? {
                    return Ok(Some(*record));
                }
            }
            // The others are no writes on a record that is there.
            Step::Return { .. } | Step::Create { .. } | Step::Wait(_) | Step::Refuse(_) => {}
        }
        Ok(None)
    }

    /// The record of a new slot.
    pub(super) fn new_record(&self, slot: u32, claim: Option<Links>, namespace: &str, owner: &str) -> Record {
        let now = self.clock.now();
        let record = Record::new(slot, self.scope.env, namespace, self.scope.project, owner, now);
        match claim {
            Some(claim) => record.claimed(claim),
            None => record.confirmed(now),
        }
    }
}
