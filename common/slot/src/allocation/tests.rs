//! The rules one by one, and the model that puts them together.

mod model;

use std::collections::BTreeSet;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::record::{Listed, StateLocation};
use crate::view::{Scope, View};

const NONE: Links = Links { issue: 0, pr: 0 };

fn links(issue: u64, pr: u64) -> Links {
    Links { issue, pr }
}

/// A slot that was given for something.
fn used(slot: u32, links: Links) -> Record {
    let now = Timestamp::UNIX_EPOCH;
    let record = Record::new(slot, "ai", &format!("shop-dev-{slot}"), "shop", "manual", now).confirmed(now);
    Record { links, ..record }
}

/// A slot that nobody was given yet.
fn claimed(slot: u32, links: Links) -> Record {
    Record { last_used: None, ..used(slot, NONE) }.claimed(links)
}

/// What a call does that is the first to see these records.
fn step_of(records: &[Record], slot: Option<u32>, links: Links) -> Step<'_> {
    let terminating = BTreeSet::new();
    let room = Room { max: 0, terminating: &terminating, collisions: 0, chance: 0 };
    ensure(&View::of_own(records), Selector { links, slot }, room)
}

fn refusal(step: &Step<'_>) -> String {
    match step {
        Step::Refuse(refusal) => refusal.to_string(),
        step => panic!("{step:?} is no refusal"),
    }
}

#[test]
fn the_slot_that_has_the_issue_is_it() {
    let records = [used(1, links(5, 0)), used(2, links(7, 12)), used(3, NONE)];
    let second = Step::Return { record: &records[1], doubles: vec![] };
    assert_eq!(step_of(&records, None, links(7, 0)), second);
    assert_eq!(step_of(&records, None, links(0, 12)), second);
    assert_eq!(step_of(&records, Some(2), links(7, 12)), second);
}

#[test]
fn a_new_slot_has_the_lowest_free_number() {
    let records = [used(1, links(5, 0)), used(3, links(6, 0))];
    let claim = links(7, 12);
    assert_eq!(step_of(&records, None, claim), Step::Create { slot: 2, claim: Some(claim) });
    assert_eq!(step_of(&records, Some(9), claim), Step::Create { slot: 9, claim: Some(claim) });
}

#[test]
fn a_slot_wanted_for_its_number_is_it_whoever_uses_it() {
    let records = [used(1, links(5, 0))];
    assert_eq!(step_of(&records, Some(1), NONE), Step::Return { record: &records[0], doubles: vec![] });
    assert_eq!(step_of(&records, Some(2), NONE), Step::Create { slot: 2, claim: None });
}

#[test]
fn what_is_still_open_is_filled_in() {
    let records = [used(1, links(7, 0)), used(2, NONE)];
    let both = links(7, 12);
    assert_eq!(step_of(&records, None, both), Step::Claim { record: &records[0], links: both });
    assert_eq!(
        step_of(&records, Some(2), links(8, 0)),
        Step::Claim { record: &records[1], links: links(8, 0) }
    );
}

#[test]
fn whoever_holds_it_is_named() {
    let records = [used(1, links(7, 12)), used(2, links(8, 0))];
    let says = |slot, links| refusal(&step_of(&records, slot, links));
    assert_eq!(says(Some(2), links(7, 0)), "issue 7 has slot 1, not 2");
    assert_eq!(says(Some(5), links(0, 12)), "pull request 12 has slot 1, not 5");
    assert_eq!(says(None, links(7, 13)), "slot 1 is linked to pull request 12");
    assert_eq!(says(None, links(9, 12)), "slot 1 is linked to issue 7");
    assert_eq!(says(Some(2), links(9, 0)), "slot 2 is linked to issue 8");
}

#[test]
fn of_two_slots_the_lowest_is_it() {
    let twins = [used(1, links(7, 0)), used(2, links(7, 0))];
    let first = Step::Return { record: &twins[0], doubles: vec![2] };
    assert_eq!(step_of(&twins, None, links(7, 0)), first);
    // Nothing is filled in: the other one holds the issue, too.
    assert_eq!(step_of(&twins, None, links(7, 12)), first);
    // The one that was asked for, or has all that was asked for, is better than the lowest.
    let second = Step::Return { record: &twins[1], doubles: vec![1] };
    assert_eq!(step_of(&twins, Some(2), links(7, 0)), second);
    let apart = [used(1, links(7, 0)), used(2, links(7, 12))];
    assert_eq!(step_of(&apart, None, links(7, 12)), Step::Return { record: &apart[1], doubles: vec![1] });
}

#[test]
fn the_lowest_claim_is_confirmed_whoever_made_it() {
    let records = [claimed(3, links(0, 12))];
    assert_eq!(step_of(&records, None, links(0, 12)), Step::Confirm(&records[0]));
    assert_eq!(step_of(&records, Some(3), links(9, 0)), Step::Confirm(&records[0]));
}

#[test]
fn rivals_are_dropped_before_a_claim_is_confirmed() {
    let records = [claimed(1, links(8, 12)), claimed(2, links(7, 12)), claimed(3, links(9, 0))];
    assert_eq!(step_of(&records, None, links(7, 0)), Step::Drop(&records[1]));
}

#[test]
fn a_claim_on_what_is_held_is_dropped() {
    let records = [claimed(1, links(7, 0)), used(2, links(7, 0))];
    assert_eq!(step_of(&records, None, links(7, 0)), Step::Drop(&records[0]));
}

#[test]
fn a_record_that_someone_was_given_outlives_its_claim() {
    assert_eq!(Drop::of(&claimed(1, links(7, 0))), Drop::Delete);
    assert_eq!(Drop::of(&used(1, NONE).claimed(links(7, 0))), Drop::Unclaim);
    let of_codexctl = Record { fresh: false, ..claimed(1, links(7, 0)) };
    assert_eq!(Drop::of(&of_codexctl), Drop::Unclaim);
}

#[test]
fn numbers_end_at_max() {
    let terminating = BTreeSet::from([2]);
    let room = Room { max: 2, terminating: &terminating, collisions: 0, chance: 0 };
    let selector = Selector { links: links(7, 0), slot: None };
    let records = [claimed(1, links(5, 0))];
    let obstacle = Obstacle::NoFreeSlot { max: 2, has_claims: true };
    assert_eq!(ensure(&View::of_own(&records), selector, room), Step::Wait(obstacle));
    assert_eq!(obstacle.to_string(), "no free slot: all of 1 to 2 are taken");
    let beyond = Selector { slot: Some(7), ..selector };
    let step = ensure(&View::of_own(&records), beyond, room);
    assert_eq!(step, Step::Create { slot: 7, claim: Some(links(7, 0)) });
}

#[test]
fn a_slot_on_its_way_out_is_waited_for() {
    let terminating = BTreeSet::from([3]);
    let room = Room { max: 0, terminating: &terminating, collisions: 0, chance: 0 };
    let records = [used(2, links(7, 0)).under_cleanup()];
    let step = |slot| ensure(&View::of_own(&records), Selector { links: links(7, 0), slot }, room);
    assert_eq!(step(Some(2)), Step::Wait(Obstacle::Cleaning(2)));
    assert_eq!(step(Some(3)), Step::Wait(Obstacle::Terminating(3)));
    // Without a number the call takes another: what is being cleaned up matches nothing.
    assert_eq!(step(None), Step::Create { slot: 1, claim: Some(links(7, 0)) });
}

#[test]
fn anothers_number_is_refused() {
    let data = serde_json::json!({"slot": "1", "env": "ai", "namespace": "other-dev-1", "project": "other"});
    let config_map = serde_json::json!({"metadata": {"name": "s1"}, "data": data});
    let location = StateLocation { namespace: "x".into(), prefix: "s".into() };
    let listed = [Listed::read(&config_map, &location).unwrap()];
    let scope = Scope { project: "shop", env: "ai", namespace_of: &|slot| Ok(format!("shop-dev-{slot}")) };
    let view = View::of(&listed, &scope).unwrap();
    let terminating = BTreeSet::new();
    let room = Room { max: 0, terminating: &terminating, collisions: 0, chance: 0 };
    let step = ensure(&view, Selector { links: links(7, 0), slot: Some(1) }, room);
    assert_eq!(refusal(&step), "slot 1 is taken by project `other`, environment `ai`");
    assert_eq!(refusal(&set(&view, 1, links(7, 0))), "slot 1 is taken by project `other`, environment `ai`");
    let step = ensure(&view, Selector { links: links(7, 0), slot: None }, room);
    assert_eq!(step, Step::Create { slot: 2, claim: Some(links(7, 0)) });
}

#[test]
fn after_collisions_chance_draws_from_ever_more() {
    let terminating = BTreeSet::new();
    let number = |collisions, chance| {
        let room = Room { max: 0, terminating: &terminating, collisions, chance };
        match ensure(&View::default(), Selector { links: links(7, 0), slot: None }, room) {
            Step::Create { slot, .. } => slot,
            step => panic!("{step:?} makes nothing"),
        }
    };
    assert_eq!([number(0, 5), number(1, 5), number(2, 5), number(3, 5)], [1, 2, 2, 6]);
    assert!(number(u32::MAX, u64::MAX) <= 4096);
}

#[test]
fn set_links_a_slot_that_is_there() {
    let records = [used(1, links(7, 0)), used(2, links(8, 0))];
    let view = View::of_own(&records);
    let claim = |links| Step::Claim { record: &records[0], links };
    assert_eq!(set(&view, 1, links(0, 12)), claim(links(7, 12)));
    assert_eq!(set(&view, 1, links(9, 0)), claim(links(9, 0)));
    assert_eq!(set(&view, 1, links(7, 0)), Step::Return { record: &records[0], doubles: vec![] });
    assert_eq!(refusal(&set(&view, 1, links(8, 0))), "issue 8 has slot 2, not 1");
    assert_eq!(refusal(&set(&view, 3, links(9, 0))), "there is no slot 3");
}

#[test]
fn a_cleanup_means_what_has_all_that_is_asked_for() {
    let record = used(1, links(7, 12));
    let is_selected = |issue, pr, slot| is_selected(&record, Selector { links: links(issue, pr), slot });
    assert!(is_selected(7, 0, None) && is_selected(7, 12, Some(1)) && is_selected(0, 0, None));
    assert!(!is_selected(8, 0, None) && !is_selected(7, 13, None) && !is_selected(7, 0, Some(2)));
    let claim = claimed(1, links(7, 0));
    assert!(super::is_selected(&claim, Selector { links: links(7, 0), slot: None }));
}

#[test]
fn a_cleanup_begins_with_a_mark() {
    let record = used(1, links(7, 12));
    assert_eq!(begin_cleanup(None), Beginning::Nothing);
    assert_eq!(begin_cleanup(Some(&record)), Beginning::Mark(&record));
    let marked = record.under_cleanup();
    assert_eq!(begin_cleanup(Some(&marked)), Beginning::Begun(&marked));
    let claim = claimed(1, links(7, 0));
    assert_eq!(begin_cleanup(Some(&claim)), Beginning::Settle(&claim));
}

#[test]
fn the_end_of_a_cleanup_is_for_the_record_it_marked() {
    let marked = Record { uid: "u".into(), ..used(1, links(7, 0)) }.under_cleanup();
    assert_eq!(end_cleanup(Some(&marked), "u", false), Ending::Delete(&marked));
    assert_eq!(end_cleanup(Some(&marked), "u", true), Ending::Release(&marked));
    assert_eq!(end_cleanup(Some(&marked), "another", false), Ending::Over);
    assert_eq!(end_cleanup(None, "u", false), Ending::Over);
    let released = marked.after_cleanup();
    assert_eq!(end_cleanup(Some(&released), "u", true), Ending::Settle(&released));
    assert_eq!(end_cleanup(Some(&released.clone().unclaimed()), "u", true), Ending::Over);
}

fn some_links() -> impl Strategy<Value = Links> {
    (0_u64..4, 0_u64..4).prop_map(|(issue, pr)| Links { issue, pr })
}

prop_compose! {
    fn some_record()(
        slot in 1_u32..8, own in some_links(), claim in proptest::option::of(some_links()),
        cleaning in any::<bool>(), given in any::<bool>(),
    ) -> Record {
        let last_used = given.then_some(Timestamp::UNIX_EPOCH);
        Record { claim, cleaning, last_used, ..used(slot, own) }
    }
}

proptest! {
    #[test]
    fn any_records_give_a_step_that_makes_sense(
        records in proptest::collection::vec(some_record(), 0..8),
        wanted in some_links(), slot in proptest::option::of(1_u32..9), max in 0_u32..9,
        collisions in 0_u32..40, chance in any::<u64>(),
    ) {
        let view = View::of_own(&records);
        let terminating = BTreeSet::from([4]);
        let room = Room { max, terminating: &terminating, collisions, chance };
        match ensure(&view, Selector { links: wanted, slot }, room) {
            Step::Return { record, .. } => {
                prop_assert!(record.claim.is_none() && !record.cleaning);
                prop_assert!(slot.is_none_or(|slot| slot == record.slot));
                prop_assert!(wanted.is_empty() || record.links.share(wanted));
            }
            Step::Create { slot: number, .. } => {
                prop_assert!(!view.is_taken(number) && number != 4);
                prop_assert!(slot.map_or(max == 0 || number <= max, |slot| slot == number));
            }
            Step::Claim { record, links } => {
                prop_assert!(record.claim.is_none() && links.cover(record.links) && links.cover(wanted));
            }
            Step::Confirm(record) => {
                let claim = record.claim.unwrap();
                prop_assert!(view.confirmed().all(|other| !other.links.share(claim)));
                prop_assert!(view.claims().all(|other| other.slot == record.slot || !other.competes_with(record)));
            }
            Step::Drop(record) => prop_assert!(record.claim.is_some()),
            Step::Wait(_) | Step::Refuse(_) => {}
        }
    }
}
