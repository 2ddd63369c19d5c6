//! The slots that there are, to look at.

use super::{SlotError, Slots};
use crate::record::{Listed, Record, RecordError};

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
}
