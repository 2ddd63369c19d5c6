//! `set`: a slot that is there gets other links.

use super::{Obstacle, Refusal, Selector, Step, settle};
use crate::record::Links;
use crate::view::{Holder, View};

/// The next step of a call that links a slot to `links`; what they leave open stays as it is (inventory S13).
///
/// The old links stay with the record until the claim on the new ones is confirmed.
pub fn set<'a>(view: &View<'a>, slot: u32, links: Links) -> Step<'a> {
    if let Some(step) = settle(view, Selector { links, slot: Some(slot) }) {
        return step;
    }
    let record = match (view.record(slot), view.holder(slot)) {
        (Some(record), _) => record,
        (None, Some(Holder::Cleaning)) => return Step::Wait(Obstacle::Cleaning(slot)),
        (None, Some(holder)) => return Step::Refuse(Refusal::Held { slot, holder: holder.clone() }),
        (None, None) => return Step::Refuse(Refusal::Missing { slot }),
    };
    let merged = record.links.overlaid(links);
    if merged == record.links {
        return Step::Return { record, doubles: Vec::new() };
    }
    let held = view.confirmed().filter(|other| other.slot != slot);
    let mut held = held.filter_map(|other| Some((other.slot, merged.common(other.links)?)));
    match held.next() {
        Some((holder, link)) => Step::Refuse(Refusal::HasSlot { link, slot: holder, wanted: slot }),
        None => Step::Claim { record, links: merged },
    }
}
