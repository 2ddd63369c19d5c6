//! The verbs: each a loop of looking, deciding and writing.
//!
//! Takes a way to the cluster and whose slots they are; gives what the verb is for, or a [`SlotError`] of facts.
//! What to do is decided in [`crate::allocation`], what an answer means in [`crate::store`]; here is only how the
//! two follow each other, and what is waited for. A call may be broken off at any `await`: what it leaves is
//! what a crash leaves, and the next call heals that.

mod cleanup;
mod ensure;
mod error;
mod listing;
mod patience;
mod room;
mod round;
mod tenure;
mod update;

use std::hash::{BuildHasher as _, RandomState};

use codex_cluster::api::Api;
use codex_cluster::interrupt::Interrupt;
use codex_cluster::listener::Listener;
use jiff::Timestamp;
use tokio::time::Instant;

pub use ensure::{EnsureOptions, Ensured};
pub use error::SlotError;
pub use listing::Listing;

use crate::record::{Record, StateLocation};
use crate::store::Store;
use crate::view::Scope;

/// What time it is, from one look at the clock and what passed since.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    base: Timestamp,
    since: Instant,
}

impl Clock {
    /// A clock that shows `now`: seconds since 1970, as the process's host tells them.
    pub fn at(now: i64) -> Self {
        Self { base: Timestamp::from_second(now).unwrap_or_default(), since: Instant::now() }
    }

    /// The time, in whole seconds.
    pub fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.since.elapsed().as_secs()).unwrap_or(i64::MAX);
        Timestamp::from_second(self.base.as_second().saturating_add(passed)).unwrap_or(Timestamp::MAX)
    }
}

/// The slots of one project and environment.
#[derive(Clone, Copy)]
pub struct Slots<'a> {
    /// The API server.
    pub api: &'a Api,
    /// Where the records are.
    pub location: &'a StateLocation,
    /// Whose slots.
    pub scope: Scope<'a>,
    /// What time it is.
    pub clock: Clock,
    /// Ctrl-C.
    pub interrupt: &'a Interrupt,
    /// Who is told what is waited for.
    pub listener: &'a dyn Listener,
}

impl<'a> Slots<'a> {
    fn store(&self) -> Store<'a> {
        Store::new(self.api, self.location)
    }

    /// The namespace of a slot.
    fn namespace(&self, slot: u32) -> Result<String, SlotError> {
        (self.scope.namespace_of)(slot).map_err(|source| SlotError::namespace(slot, source))
    }

    /// A record as it is written: with the name of its project, which codexctl's lack.
    fn signed(&self, record: Record) -> Record {
        Record { project: Some(self.scope.project.to_owned()), ..record }
    }

    /// Does something until it is done or the user wants it to stop.
    async fn unless_interrupted<T>(
        &self,
        work: impl Future<Output = Result<T, SlotError>>,
    ) -> Result<T, SlotError> {
        tokio::select! {
            biased;
            () = self.interrupt.raised() => Err(SlotError::Interrupted),
            done = work => done,
        }
    }
}

/// Any number. The standard library's own randomness is enough to keep calls out of each other's way.
fn chance() -> u64 {
    RandomState::new().hash_one(0)
}

#[cfg(test)]
mod tests;
