//! `ensure`: the slot that fits, else a new one.

use super::{Obstacle, Refusal, Room, Selector, Step, number, settle};
use crate::record::{Links, Record};
use crate::view::{Holder, View};

/// The next step of a call that wants a slot (`slots.md`, "ensure", 1 to 3).
pub fn ensure<'a>(view: &View<'a>, selector: Selector, room: Room<'_>) -> Step<'a> {
    settle(view, selector)
        .or_else(|| of_links(view, selector))
        .or_else(|| selector.slot.map(|slot| of_number(view, slot, selector.links, room)))
        .unwrap_or_else(|| lowest_free(view, selector.links, room))
}

/// The slot that has one of the links already.
fn of_links<'a>(view: &View<'a>, selector: Selector) -> Option<Step<'a>> {
    let links = selector.links;
    let holders = view.confirmed().filter(|record| record.links.share(links));
    let is_at = |record: &Record| selector.slot.is_none_or(|slot| slot == record.slot);
    let fits = |record: &&Record| is_at(record) && record.links.cover(links);
    let record = holders.clone().find(fits).or_else(|| holders.clone().next())?;
    if let (Some(wanted), Some(link), false) = (selector.slot, record.links.common(links), is_at(record)) {
        return Some(Step::Refuse(Refusal::HasSlot { link, slot: record.slot, wanted }));
    }
    let merged = record.links.overlaid(links);
    if !merged.cover(record.links) {
        let others = record.links.each().find(|link| !merged.each().any(|merged| merged == *link));
        return others.map(|to| Step::Refuse(Refusal::Linked { slot: record.slot, to }));
    }
    // A claim on what another confirmed record holds would only be dropped again.
    let is_held = |other: &Record| other.slot != record.slot && other.links.share(merged);
    if merged != record.links && !view.confirmed().any(is_held) {
        return Some(Step::Claim { record, links: merged });
    }
    let doubles = holders.map(|holder| holder.slot).filter(|slot| *slot != record.slot).collect();
    Some(Step::Return { record, doubles })
}

/// The slot of a number, which nothing that is asked for is linked to.
fn of_number<'a>(view: &View<'a>, slot: u32, links: Links, room: Room<'_>) -> Step<'a> {
    match (view.record(slot), view.holder(slot)) {
        (Some(record), _) if links.is_empty() => Step::Return { record, doubles: Vec::new() },
        (Some(record), _) => match record.links.each().next() {
            Some(to) => Step::Refuse(Refusal::Linked { slot, to }),
            None => Step::Claim { record, links },
        },
        (None, Some(Holder::Cleaning)) => Step::Wait(Obstacle::Cleaning(slot)),
        (None, Some(holder)) => Step::Refuse(Refusal::Held { slot, holder: holder.clone() }),
        (None, None) if room.terminating.contains(&slot) => Step::Wait(Obstacle::Terminating(slot)),
        (None, None) => create(slot, links),
    }
}

fn lowest_free<'a>(view: &View<'a>, links: Links, room: Room<'_>) -> Step<'a> {
    match number::free(view, room) {
        Some(slot) => create(slot, links),
        None => {
            Step::Wait(Obstacle::NoFreeSlot { max: room.max, has_claims: view.claims().next().is_some() })
        }
    }
}

/// A new record; there is nothing to compete for where it is wanted for nothing but its number.
fn create<'a>(slot: u32, links: Links) -> Step<'a> {
    Step::Create { slot, claim: Some(links).filter(|links| !links.is_empty()) }
}
