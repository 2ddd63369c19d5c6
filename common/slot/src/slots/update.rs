//! Changing what is kept on a record and isn't about who has the slot.

use super::cleanup::record_of;
use super::round::Rounds;
use super::{SlotError, Slots};
use crate::record::Record;
use crate::store::Written;

impl Slots<'_> {
    /// Changes a record that a call was given: `fresh`, `applied`, `last_used` and `agent`, never links or claims,
    /// which are allocation's. Gives it as it is then. `change` may be called more than once, with the
    /// record as others have changed it meanwhile.
    ///
    /// # Errors
    /// See [`SlotError`]; [`SlotError::Gone`] if it is another record by now.
    pub async fn update(&self, record: &Record, change: impl Fn(&mut Record)) -> Result<Record, SlotError> {
        self.unless_interrupted(self.alter(record, change)).await
    }

    async fn alter(&self, record: &Record, change: impl Fn(&mut Record)) -> Result<Record, SlotError> {
        let mut store = self.store();
        let mut rounds = Rounds::default();
        let mut current = record.clone();
        loop {
            rounds.next()?;
            let mut changed = self.signed(current.clone());
            change(&mut changed);
            if changed == current {
                return Ok(current);
            }
            if let Written::Done(record) = store.patch(&changed).await? {
                return Ok(*record);
            }
            let slot = record.slot;
            let now = store.get(slot).await?.map(record_of).transpose()?;
            current = now.filter(|now| now.uid == record.uid).ok_or(SlotError::Gone { slot })?;
        }
    }
}
