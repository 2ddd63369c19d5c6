//! Reading the records, and changing what isn't about who has a slot.

use super::cleanup::record_of;
use super::round::Rounds;
use super::{SlotError, Slots};
use crate::record::{Listed, Record, RecordError};
use crate::store::Written;

/// The records of one project and environment.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// Those that can be read, by number; also those that are claimed or being cleaned up.
    pub records: Vec<Record>,
    /// Why others can't be read.
    pub damaged: Vec<RecordError>,
    /// Everything with a record's name, other projects' and environments' too: what takes numbers and namespaces.
    pub all: Vec<Listed>,
}

impl Slots<'_> {
    /// The slots that there are.
    ///
    /// # Errors
    /// See [`SlotError`].
    pub async fn list(&self) -> Result<Listing, SlotError> {
        self.unless_interrupted(self.look()).await
    }

    async fn look(&self) -> Result<Listing, SlotError> {
        let snapshot = self.store().list().await?;
        let mut listing = Listing::default();
        for listed in &snapshot.listed {
            if self.scope.has(listed)? {
                match &listed.record {
                    Ok(record) => listing.records.push(record.clone()),
                    Err(error) => listing.damaged.push(error.clone()),
                }
            }
        }
        listing.all = snapshot.listed;
        Ok(listing)
    }

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
