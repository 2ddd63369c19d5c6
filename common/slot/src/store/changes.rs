//! What became of the records since they were listed.
//!
//! Takes a snapshot and a watch that goes on from it, gives the snapshot as it was when a certain record had been
//! written: what a LIST at that moment would have given, for a fraction of what it costs where there are many
//! records. The order of a watch's events is that of the writes, so nothing that came before the record is missing.

use std::pin::Pin;
use std::time::Duration;

use codex_cluster::api::Event;
use futures::{Stream, StreamExt as _};
use tokio::time::timeout;

use super::{Snapshot, Store};
use crate::record::{Listed, Record, StateLocation};

/// How long the event of a write may be on its way. After that a LIST is the quicker answer.
const LONGEST_WAY: Duration = Duration::from_secs(1);

/// A watch of the records, from a snapshot on.
pub struct Changes {
    snapshot: Snapshot,
    location: StateLocation,
    events: Pin<Box<dyn Stream<Item = Event> + Send>>,
}

impl Store<'_> {
    /// Watches the records from a snapshot on; `None` if they can't be watched, which is no error: they can be
    /// listed again.
    pub async fn changes_since(&self, snapshot: &Snapshot) -> Option<Changes> {
        let (collection, version) = (self.collection(), &snapshot.version);
        let seconds = LONGEST_WAY.as_secs() * 10;
        let path = format!("{collection}?watch=true&resourceVersion={version}&timeoutSeconds={seconds}");
        let events = timeout(LONGEST_WAY, self.api.watch(&path)).await.ok()?.ok()?;
        let (snapshot, location) = (snapshot.clone(), self.location.clone());
        Some(Changes { snapshot, location, events: Box::pin(events) })
    }
}

impl Changes {
    /// The records as they were when this one, which was written after the snapshot, had been written; `None` if
    /// that can't be told.
    pub async fn up_to(self, written: &Record) -> Option<Snapshot> {
        timeout(LONGEST_WAY, self.followed(written)).await.ok()?
    }

    async fn followed(mut self, written: &Record) -> Option<Snapshot> {
        loop {
            let (object, is_there) = match self.events.next().await? {
                Event::Present(object) => (object, true),
                Event::Gone(object) => (object, false),
                Event::Reached(_) => continue,
                Event::Over => return None,
            };
            let Some(changed) = Listed::read(&object, &self.location) else { continue };
            let is_it = changed.record.as_ref().is_ok_and(|record| record.uid == written.uid);
            let listed = &mut self.snapshot.listed;
            listed.retain(|listed| listed.slot != changed.slot);
            if is_there {
                let place = listed.partition_point(|listed| listed.slot < changed.slot);
                listed.insert(place, changed);
            }
            if is_it {
                self.snapshot.version.clone_from(&written.resource_version);
                return Some(self.snapshot);
            }
        }
    }
}
