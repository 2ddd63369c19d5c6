//! The first and the last step of a cleanup.

use super::round::Rounds;
use super::{SlotError, Slots};
use crate::allocation::{self, Beginning, Ending, Refusal, Selector};
use crate::record::{Links, Listed, Record};
use crate::store::{Store, Written};
use crate::view::{Holder, View};

impl Slots<'_> {
    /// Marks a slot for a cleanup; gives its record. `None` if there is no such slot, or none (any more) that
    /// `is_meant` holds of: nothing is to be cleaned up then.
    ///
    /// A slot that is marked already is one that an earlier cleanup didn't finish with.
    ///
    /// # Errors
    /// See [`SlotError`]; another project's or environment's slot is refused.
    pub async fn begin_cleanup(
        &self,
        slot: u32,
        is_meant: &(dyn Fn(&Record) -> bool + Sync),
    ) -> Result<Option<Record>, SlotError> {
        self.unless_interrupted(self.mark(slot, is_meant)).await
    }

    async fn mark(
        &self,
        slot: u32,
        is_meant: &(dyn Fn(&Record) -> bool + Sync),
    ) -> Result<Option<Record>, SlotError> {
        let mut store = self.store();
        let mut rounds = Rounds::default();
        loop {
            rounds.next()?;
            let record = self.own(&mut store, slot).await?.filter(is_meant);
            match allocation::begin_cleanup(record.as_ref()) {
                Beginning::Nothing => return Ok(None),
                Beginning::Begun(record) => return Ok(Some(record.clone())),
                Beginning::Settle(record) => self.settle(&mut store, record.slot).await?,
                Beginning::Mark(record) => {
                    let marked = self.signed(record.clone().under_cleanup());
                    if let Written::Done(record) = store.patch(&marked).await? {
                        return Ok(Some(*record));
                    }
                }
            }
        }
    }

    /// Ends a cleanup: deletes the record that [`Slots::begin_cleanup`] gave, or with `keep` takes its mark off.
    ///
    /// A record that is kept stays linked, unless what it is linked to got another slot meanwhile.
    ///
    /// # Errors
    /// See [`SlotError`].
    pub async fn finish_cleanup(&self, begun: &Record, keep: bool) -> Result<(), SlotError> {
        self.unless_interrupted(self.unmark(begun, keep)).await
    }

    async fn unmark(&self, begun: &Record, keep: bool) -> Result<(), SlotError> {
        let mut store = self.store();
        let mut rounds = Rounds::default();
        loop {
            rounds.next()?;
            let record = self.own(&mut store, begun.slot).await?;
            match allocation::end_cleanup(record.as_ref(), &begun.uid, keep) {
                Ending::Over => return Ok(()),
                Ending::Delete(record) => {
                    if let Written::Done(_) = store.delete(record).await? {
                        return Ok(());
                    }
                }
                Ending::Release(record) => {
                    store.patch(&self.signed(record.clone().after_cleanup())).await?;
                }
                Ending::Settle(record) => self.settle(&mut store, record.slot).await?,
            }
        }
    }

    /// Goes one step towards the end of a claim.
    async fn settle(&self, store: &mut Store<'_>, slot: u32) -> Result<(), SlotError> {
        let snapshot = store.list().await?;
        let view = View::of(&snapshot.listed, &self.scope)?;
        let selector = Selector { links: Links::default(), slot: Some(slot) };
        if let Some(step) = allocation::settle(&view, selector) {
            self.perform(store, &step).await?;
        }
        Ok(())
    }

    /// The record of a slot, if there is one.
    pub(super) async fn own(&self, store: &mut Store<'_>, slot: u32) -> Result<Option<Record>, SlotError> {
        let Some(listed) = store.get(slot).await? else {
            return Ok(None);
        };
        if self.scope.has(&listed)? {
            return Ok(Some(record_of(listed)?));
        }
        let holder = Holder::Foreign { project: listed.belonging.project, env: listed.belonging.env };
        Err(SlotError::Refused(Refusal::Held { slot, holder }))
    }
}

pub(super) fn record_of(listed: Listed) -> Result<Record, SlotError> {
    listed.record.map_err(|error| SlotError::View(error.into()))
}
