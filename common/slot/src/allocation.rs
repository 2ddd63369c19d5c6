//! Who gets which slot: what to do next, given what is there.
//!
//! Takes a [`View`](crate::view::View) and a wish, gives one [`Step`]: an answer, something to wait for, or one write. Whoever does
//! the write makes it conditional on the record as it was seen, and looks anew afterwards, whatever came of it;
//! no step relies on an earlier one. That is all of the protocol (`slots.md`, "ensure"), so that any number of
//! calls may run at once, stop anywhere, and lose answers.
//!
//! Two writes make a slot someone's: a *claim* says what it is about to be given for, and only then is it
//! *confirmed*. Between the two everyone can see everyone's claims. Of those that compete the lowest wins; the
//! others are dropped *first*, so that at most one of two claims that saw each other too late can be confirmed.
//! A model checker among the tests goes through all interleavings of calls and crashes.

mod claims;
mod cleanup;
mod ensure;
mod link;
mod number;
mod tenure;

use std::collections::BTreeSet;
use std::fmt;

pub use claims::settle;
pub use cleanup::{Beginning, Ending, begin_cleanup, end_cleanup, is_selected};
pub use ensure::ensure;
pub use link::set;
pub use tenure::{Tenure, tenure};

use crate::record::{Link, Links, Record};
use crate::view::Holder;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Selector {
    /// An issue, a pull request or both.
    pub links: Links,
    /// A slot of a certain number.
    pub slot: Option<u32>,
}

impl fmt::Display for Selector {
    /// `issue 7, pull request 12, slot 3`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let links = self.links.each().map(|link| link.to_string());
        let slot = self.slot.map(|slot| format!("slot {slot}"));
        f.write_str(&links.chain(slot).collect::<Vec<_>>().join(", "))
    }
}

/// Which numbers may be taken.
#[derive(Debug, Clone, Copy)]
pub struct Room<'a> {
    /// The highest number; 0 for no limit. A slot that is asked for by its number may lie beyond.
    pub max: u32,
    /// Numbers whose namespace is on its way out.
    pub terminating: &'a BTreeSet<u32>,
    /// How often this call wanted a number that someone took at the same moment.
    pub collisions: u32,
    /// Any number; which of the free ones is tried after a collision hangs on it.
    pub chance: u64,
}

/// What to do next. Writes are conditional on the record that they carry: its uid and version.
#[derive(Debug, Clone, PartialEq)]
pub enum Step<'a> {
    /// It is this one.
    Return {
        /// The record of the slot.
        record: &'a Record,
        /// Other slots that fit too. There is no such slot unless codexctl made it, or the issue and its pull
        /// request got slots of their own before they were named together.
        doubles: Vec<u32>,
    },
    /// Make a record.
    Create {
        /// The number.
        slot: u32,
        /// What for; `None` if the slot is wanted for its number alone: there is nothing to compete for then, so
        /// the record needs no claim.
        claim: Option<Links>,
    },
    /// Put a claim on a record that is there.
    Claim {
        /// The record.
        record: &'a Record,
        /// What for.
        links: Links,
    },
    /// Make a record's claim true.
    Confirm(&'a Record),
    /// Take a claim back: see [`Drop::of`].
    Drop(&'a Record),
    /// It can't be had now, but may be later.
    Wait(Obstacle),
    /// It can't be had.
    Refuse(Refusal),
}

/// How a claim is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drop {
    /// With its record, which nobody was ever given.
    Delete,
    /// From its record, which stays as it was before.
    Unclaim,
}

impl Drop {
    /// How the claim of a record is taken back.
    pub fn of(record: &Record) -> Self {
        if record.was_given() { Self::Unclaim } else { Self::Delete }
    }
}

/// Why there is no slot now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Obstacle {
    /// All numbers are taken.
    NoFreeSlot {
        /// The highest number that may be taken.
        max: u32,
        /// Whether some are only claimed: those may be free again at once.
        has_claims: bool,
    },
    /// The slot asked for is being cleaned up.
    Cleaning(u32),
    /// The slot asked for is free, but its namespace is on its way out.
    Terminating(u32),
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFreeSlot { max, .. } => write!(f, "no free slot: all of 1 to {max} are taken"),
            Self::Cleaning(slot) => write!(f, "slot {slot} is being cleaned up"),
            Self::Terminating(slot) => write!(f, "the namespace of slot {slot} is being deleted"),
        }
    }
}

/// Why there is no such slot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// What the slot is wanted for has another one.
    #[error("{link} has slot {slot}, not {wanted}")]
    HasSlot {
        /// The issue or pull request.
        link: Link,
        /// Its slot.
        slot: u32,
        /// The slot that was asked for.
        wanted: u32,
    },
    /// The slot is someone else's.
    #[error("slot {slot} is linked to {to}")]
    Linked {
        /// The slot.
        slot: u32,
        /// What it is linked to.
        to: Link,
    },
    /// The number isn't free, and the slot isn't ours.
    #[error("slot {slot} {holder}")]
    Held {
        /// The slot.
        slot: u32,
        /// What takes it.
        holder: Holder,
    },
    /// There is no such slot.
    #[error("there is no slot {slot}")]
    Missing {
        /// The slot.
        slot: u32,
    },
}

#[cfg(test)]
mod tests;
