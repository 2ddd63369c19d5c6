//! Whether a slot is still the caller's, and taking the number of one that has no record.

use super::round::Rounds;
use super::{SlotError, Slots};
use crate::allocation::{self, Refusal, Tenure};
use crate::record::Record;
use crate::store::Written;

impl Slots<'_> {
    /// How it stands with a slot that a call was given; with the record of its number, if that is this
    /// environment's. One request.
    ///
    /// # Errors
    /// See [`SlotError`].
    pub async fn tenure(&self, slot: u32, uid: &str) -> Result<(Tenure, Option<Record>), SlotError> {
        self.unless_interrupted(self.stand(slot, uid)).await
    }

    async fn stand(&self, slot: u32, uid: &str) -> Result<(Tenure, Option<Record>), SlotError> {
        match self.own(&mut self.store(), slot).await {
            Ok(record) => Ok((allocation::tenure(record.as_ref(), uid), record)),
            Err(SlotError::Refused(Refusal::Held { .. })) => Ok((Tenure::Anothers, None)),
            Err(error) => Err(error),
        }
    }

    /// Takes a number that has no record for a cleanup, so that nobody is given it before all that is there is
    /// gone; gives the record, which [`Slots::finish_cleanup`] deletes. `None` if somebody has the number.
    ///
    /// # Errors
    /// See [`SlotError`].
    pub async fn reserve_for_cleanup(&self, slot: u32, namespace: &str) -> Result<Option<Record>, SlotError> {
        self.unless_interrupted(self.reserve(slot, namespace)).await
    }

    async fn reserve(&self, slot: u32, namespace: &str) -> Result<Option<Record>, SlotError> {
        let mut store = self.store();
        let mut rounds = Rounds::default();
        let sent = self.new_record(slot, None, namespace, "manual").under_cleanup();
        loop {
            rounds.next()?;
            let (tenure, record) = self.stand(slot, "").await?;
            match (tenure, record) {
                (Tenure::Free, _) => {
                    if let Written::Done(record) = store.create(&sent).await? {
                        return Ok(Some(*record));
                    }
                }
                // The answer to the request before was lost.
                (Tenure::Cleaning, Some(record))
                    if record.links.is_empty() && record.fresh && record.created_at == sent.created_at =>
                {
                    return Ok(Some(record));
                }
                _ => return Ok(None),
            }
        }
    }
}
