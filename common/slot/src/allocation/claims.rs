//! What becomes of claims, whoever made them.
//!
//! Separate because every call that meets a claim does the same with it: its maker may have crashed, and nobody
//! was given a record with a claim on it.

use super::{Selector, Step};
use crate::record::Record;
use crate::view::View;

/// The next step that settles the claims in the way of a call; `None` if there are none.
///
/// In the way are claims on something that is asked for, and one that sits on the slot asked for.
pub fn settle<'a>(view: &View<'a>, selector: Selector) -> Option<Step<'a>> {
    let is_in_the_way = |claim: &&Record| claim.touches(selector.links) || selector.slot == Some(claim.slot);
    let first = view.claims().find(is_in_the_way)?;
    let winner = view.claims().find(|claim| claim.competes_with(first)).unwrap_or(first);
    let links = winner.claim.unwrap_or_default();
    if view.confirmed().any(|record| record.links.share(links)) {
        return Some(Step::Drop(winner));
    }
    let rival = view.claims().find(|claim| claim.slot != winner.slot && claim.competes_with(winner));
    Some(rival.map_or(Step::Confirm(winner), Step::Drop))
}
