//! A model checker for the protocol: all interleavings of a few calls, crashes anywhere.
//!
//! A scenario is a handful of records, calls and crashes. The search does one thing of one call at a time, a LIST
//! with its decision or a write, in every order there is, and looks at every state that comes of it: no issue or
//! pull request may have two confirmed slots. Where all calls are over, what they answered must be true, and each
//! of them, called once more by itself, must heal whatever crashes left.
//!
//! That a call retries after a lost answer needs no modelling: it looks anew after each write, whatever came of
//! it, so a lost answer is a write like any other. Nor do the looks by a watch (`store::changes`): each shows what a
//! LIST right after the write would have shown, and that is one of the orders.
//!
//! `ready` makes things for a slot, and `cleanup` and `gc` remove them: `lifecycle` has their steps. Where all calls
//! are over nothing may be left that nobody has a record of, and nobody's things may be taken from them on the way.
//!
//! A checker that finds nothing proves nothing by itself: `faults` takes parts out of the protocol and sees
//! the checker object.

mod actor;
mod faults;
mod lifecycle;
mod scenarios;
mod search;
mod server;

use crate::record::Links;

/// How the protocol may be broken, to see whether it is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// A claim is confirmed though rivals stand beside it.
    RivalsStay,
    /// A change hits whatever is there.
    ChangesAnything,
    /// A deletion hits whatever is there.
    DeletesAnything,
    /// A slot is given for an issue in one write, without a claim.
    NoClaims,
    /// Only what a claim is for counts, not what its record is linked to until then.
    OldLinksForgotten,
    /// `ready` makes the first thing without a look at its record.
    NoLookBefore,
    /// It makes the next without one.
    NoLookBetween,
    /// It doesn't look after the last.
    NoLookAfter,
    /// A removal deletes what it counted without looking whether it still may.
    NoSecondLook,
    /// What is left of a slot without a record is removed while anyone may be given its number.
    NoReservation,
}

fn issue(issue: u64) -> Links {
    Links { issue, pr: 0 }
}

fn pr(pr: u64) -> Links {
    Links { issue: 0, pr }
}

fn both(issue: u64, pr: u64) -> Links {
    Links { issue, pr }
}
