//! `cleanup`: its first step, which marks the record, and its last, which deletes it or takes the mark off.
//!
//! What happens in between is no affair of the record. A marked record matches no other call, and its number
//! stays taken.

use super::Selector;
use crate::record::Record;

/// How a cleanup of a slot begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning<'a> {
    /// There is nothing to clean up.
    Nothing,
    /// First [`super::settle`] the claim on it, as everyone does: it may be that of a cleanup that all but ended.
    Settle(&'a Record),
    /// Mark it.
    Mark(&'a Record),
    /// It is marked, by this call or an earlier one: go on.
    Begun(&'a Record),
}

/// How a cleanup of a slot ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending<'a> {
    /// There is nothing left to do.
    Over,
    /// Delete the record.
    Delete(&'a Record),
    /// Take the mark off: [`Record::after_cleanup`].
    Release(&'a Record),
    /// The mark is off; [`super::settle`] says what becomes of the claim that is there in its place.
    Settle(&'a Record),
}

/// Whether a cleanup of `selector` means this record: it has all that is asked for (inventory S12).
pub fn is_selected(record: &Record, selector: Selector) -> bool {
    let has = |links: crate::record::Links| links.cover(selector.links);
    selector.slot.is_none_or(|slot| slot == record.slot)
        && (has(record.links) || record.claim.is_some_and(has))
}

/// The next step of a cleanup of one slot that has yet to begin. `record` is how it is now, if it is there and
/// is still meant: what it is linked to may have changed since it was chosen.
pub fn begin_cleanup(record: Option<&Record>) -> Beginning<'_> {
    match record {
        None => Beginning::Nothing,
        Some(record) if record.cleaning => Beginning::Begun(record),
        Some(record) if record.claim.is_some() => Beginning::Settle(record),
        Some(record) => Beginning::Mark(record),
    }
}

/// The next step of a cleanup of one slot whose objects are gone. `uid` is the record's that was marked,
/// `record` is how it is now, if it is there; `keep` says whether it stays.
pub fn end_cleanup<'a>(record: Option<&'a Record>, uid: &str, keep: bool) -> Ending<'a> {
    match record.filter(|record| record.uid == uid) {
        Some(record) if record.cleaning && keep => Ending::Release(record),
        Some(record) if record.cleaning => Ending::Delete(record),
        Some(record) if record.claim.is_some() => Ending::Settle(record),
        // Another cleanup of the same slot was quicker.
        _ => Ending::Over,
    }
}
