//! Why a verb came to nothing.

use std::error::Error;
use std::time::Duration;

use codex_cluster::api::{Answer, NoAnswer, NoWatch};

use crate::allocation::{Obstacle, Refusal};
use crate::store::{Attempt, StoreError};
use crate::view::ViewError;

/// Why a verb came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum SlotError {
    /// It isn't known whose slots there are.
    #[error(transparent)]
    View(#[from] ViewError),
    /// A request came to nothing.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The slot can't be had: it is someone else's, or what it is for has another.
    #[error(transparent)]
    Refused(Refusal),
    /// There was no slot in time.
    #[error("{obstacle}")]
    Unavailable {
        /// What was in the way at last.
        obstacle: Obstacle,
        /// How long was waited.
        waited: Duration,
    },
    /// The record was deleted, or made anew, while it was to be changed.
    #[error("slot {slot} is gone")]
    Gone {
        /// The slot.
        slot: u32,
    },
    /// Others change the records so often that the call never gets its turn.
    #[error("the records of the slots change all the time: gave up after {rounds} rounds")]
    Contended {
        /// How often it tried.
        rounds: u32,
    },
    /// The records can't be watched.
    #[error("cannot {attempt}: {reason}")]
    Watch {
        /// What was tried.
        attempt: Attempt,
        /// Why not.
        reason: String,
    },
    /// The user wanted it to stop.
    #[error("interrupted")]
    Interrupted,
}

impl SlotError {
    pub(super) fn namespace(slot: u32, source: Box<dyn Error + Send + Sync>) -> Self {
        Self::View(ViewError::Namespace { slot, source })
    }

    pub(super) fn watch(attempt: Attempt, error: &NoWatch) -> Self {
        let reason = match error {
            NoWatch::Refused(answer) => Answer::message(answer),
            NoWatch::NoAnswer(error) => NoAnswer::to_string(error),
        };
        Self::Watch { attempt, reason }
    }
}
