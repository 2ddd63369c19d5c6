//! The records of one environment's slots, with failures in words.
//!
//! Separate from the verbs because all of them read or change records, and none of them should know how.

use codex_cluster::connect::Cluster;
use codex_cluster::interrupt::Interrupt;
use codex_common::diagnostic::Diagnostic;
use codex_slot::allocation::Tenure;
use codex_slot::record::Record;
use codex_slot::slots::{Clock, Listing, SlotError, Slots};

use crate::failure;
use crate::scene::Scene;

/// The records of one environment's slots.
#[derive(Clone, Copy)]
pub(crate) struct Records<'a> {
    pub(crate) scene: &'a Scene<'a>,
    pub(crate) cluster: &'a Cluster,
    pub(crate) interrupt: &'a Interrupt,
}

impl Records<'_> {
    /// All of them; those that can't be read are said and left alone.
    ///
    /// # Errors
    /// They can't be listed, or it can't be told whose they are.
    pub(crate) async fn list(&self) -> Result<Listing, Diagnostic> {
        let listing = self.with(async |slots| slots.list().await).await?;
        for damaged in &listing.damaged {
            self.scene.console.say(&Diagnostic::warning(format!("left alone: {damaged}")));
        }
        Ok(listing)
    }

    /// The record of a slot as it is now, if it is there and can be read.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub(crate) async fn find(&self, slot: u32) -> Result<Option<Record>, Diagnostic> {
        let listing = self.with(async |slots| slots.list().await).await?;
        Ok(listing.records.into_iter().find(|record| record.slot == slot))
    }

    /// Changes the record of a slot that this command was given; `change` may be called more than once.
    ///
    /// # Errors
    /// It can't be written, or was deleted meanwhile.
    pub(crate) async fn update(
        &self,
        record: &Record,
        change: impl Fn(&mut Record),
    ) -> Result<Record, Diagnostic> {
        self.with(async |slots| slots.update(record, &change).await).await
    }

    /// Marks the record of a slot that is to be removed, if it still is as `is_meant` says; `None` if not.
    ///
    /// # Errors
    /// It can't be read or written.
    pub(crate) async fn begin_cleanup(
        &self,
        slot: u32,
        is_meant: &(dyn Fn(&Record) -> bool + Sync),
    ) -> Result<Option<Record>, Diagnostic> {
        self.with(async |slots| slots.begin_cleanup(slot, is_meant).await).await
    }

    /// Deletes the record of a slot that is gone, or with `keep` takes its mark off.
    ///
    /// # Errors
    /// It can't be read or written.
    pub(crate) async fn finish_cleanup(&self, marked: &Record, keep: bool) -> Result<(), Diagnostic> {
        self.with(async |slots| slots.finish_cleanup(marked, keep).await).await
    }

    /// How it stands with a slot that this command was given; with the record of its number, if that is this
    /// environment's.
    ///
    /// # Errors
    /// It can't be read.
    pub(crate) async fn tenure(&self, given: &Record) -> Result<(Tenure, Option<Record>), Diagnostic> {
        self.with(async |slots| slots.tenure(given.slot, &given.uid).await).await
    }

    /// Takes a number that has no record for a cleanup; `None` if somebody has it.
    ///
    /// # Errors
    /// It can't be read or written.
    pub(crate) async fn reserve_for_cleanup(
        &self,
        slot: u32,
        namespace: &str,
    ) -> Result<Option<Record>, Diagnostic> {
        self.with(async |slots| slots.reserve_for_cleanup(slot, namespace).await).await
    }

    /// Does something with the slots, its failure in words.
    ///
    /// # Errors
    /// The work's own.
    pub(crate) async fn with<T>(
        &self,
        work: impl AsyncFnOnce(Slots<'_>) -> Result<T, SlotError>,
    ) -> Result<T, Diagnostic> {
        let namespace_of = |slot| self.scene.namespace_or_failure(slot);
        let slots = Slots {
            api: &self.cluster.api,
            location: &self.scene.state,
            scope: self.scene.scope(&namespace_of),
            clock: Clock::at(self.scene.host.now().0),
            interrupt: self.interrupt,
            listener: self.scene.console,
        };
        work(slots).await.map_err(|error| failure::of_slot(error, self.cluster))
    }
}
