//! What is checked: the protocol as it is.

use jiff::Timestamp;

use super::actor::{Call, Rules};
use super::search::{Extent, Scenario};
use super::{both, issue, pr};
use crate::allocation::Selector;
use crate::record::{Links, Record};

pub(super) fn ensure(links: Links) -> Call {
    Call::Ensure(Selector { links, slot: None })
}

pub(super) fn ensure_at(slot: u32, links: Links) -> Call {
    Call::Ensure(Selector { links, slot: Some(slot) })
}

pub(super) fn set(slot: u32, links: Links) -> Call {
    Call::Set { slot, links }
}

pub(super) fn cleanup(slot: u32, keep: bool) -> Call {
    Call::Cleanup { slot, links: Links::default(), keep }
}

pub(super) fn ready(links: Links) -> Call {
    Call::Ready(Selector { links, slot: None })
}

/// What is made counts: calls on several machines, and one crash.
pub(super) fn with_things(records: impl Into<Vec<Record>>, calls: impl Into<Vec<Call>>) -> Scenario {
    let rules = Rules { has_things: true, ..Rules::default() };
    Scenario { crashes: 1, rules, ..scenario(records, calls) }
}

/// Gives up a slot, unless it has come to be someone else's.
pub(super) fn cleanup_of(slot: u32, links: Links) -> Call {
    Call::Cleanup { slot, links, keep: false }
}

/// A slot in use.
pub(super) fn used(slot: u32, links: Links) -> Record {
    let now = Timestamp::UNIX_EPOCH;
    Record { links, ..Record::new(slot, "", "", "", "", now).confirmed(now) }
}

pub(super) fn scenario(records: impl Into<Vec<Record>>, calls: impl Into<Vec<Call>>) -> Scenario {
    Scenario { records: records.into(), calls: calls.into(), crashes: 2, rules: Rules::default() }
}

fn check(name: &str, scenarios: &[Scenario]) {
    let mut total = Extent::default();
    for scenario in scenarios {
        match scenario.check() {
            Ok(extent) => {
                total.states += extent.states;
                total.ends += extent.ends;
            }
            Err(violation) => panic!("{:?}: {}", scenario.calls, violation.0),
        }
    }
    println!("{name}: {} scenarios, {} states, {} ends", scenarios.len(), total.states, total.ends);
}

const NONE: Links = Links { issue: 0, pr: 0 };

/// Three calls of all that can be asked for, in every mixture.
#[test]
fn any_three_calls() {
    let calls =
        [ensure(issue(7)), ensure(pr(12)), ensure(both(7, 12)), ensure_at(1, NONE), ensure_at(2, issue(7))];
    let mut scenarios = Vec::new();
    for (at, first) in calls.iter().enumerate() {
        for (at, second) in calls.iter().enumerate().skip(at) {
            scenarios.extend(calls[at..].iter().map(|third| scenario([], [*first, *second, *third])));
        }
    }
    check("any three", &scenarios);
}

#[test]
fn four_calls() {
    let crowd = |calls: [Call; 4]| Scenario { crashes: 0, ..scenario([used(1, issue(5))], calls) };
    let freed = cleanup_of(1, issue(5));
    check(
        "four",
        &[
            crowd([freed, ensure(issue(7)), ensure(pr(12)), ensure(both(7, 12))]),
            crowd([freed, ensure(issue(7)), ensure(issue(7)), ensure_at(2, issue(7))]),
        ],
    );
}

#[test]
fn calls_for_the_same() {
    check(
        "the same",
        &[
            scenario([], [ensure(issue(7)), ensure(issue(7)), ensure(issue(7))]),
            scenario([], [ensure(both(7, 12)), ensure(both(7, 12)), ensure(issue(8))]),
            scenario([], [ensure_at(2, issue(7)), ensure_at(2, issue(7)), ensure(issue(7))]),
            scenario([], [ensure_at(1, NONE), ensure_at(1, NONE), ensure(issue(7))]),
        ],
    );
}

#[test]
fn calls_that_overlap() {
    check(
        "overlapping",
        &[
            scenario([], [ensure(issue(7)), ensure(pr(12)), ensure(both(7, 12))]),
            scenario([], [ensure(both(7, 12)), ensure(both(7, 13)), ensure(both(8, 12))]),
            scenario([], [ensure(both(7, 12)), ensure(issue(7)), ensure(issue(7))]),
            scenario([used(1, issue(7))], [ensure(both(7, 12)), ensure(pr(12)), ensure(both(7, 13))]),
            scenario([used(1, issue(7)), used(2, pr(12))], [ensure(both(7, 12)), ensure(pr(12))]),
        ],
    );
}

#[test]
fn calls_for_a_number() {
    let unlinked = Record { fresh: false, last_used: None, ..used(1, NONE) };
    check(
        "numbers",
        &[
            scenario([], [ensure_at(1, NONE), ensure_at(1, issue(7)), ensure(issue(7))]),
            scenario([], [ensure_at(2, issue(7)), ensure(issue(7)), ensure(issue(8))]),
            scenario([], [ensure_at(1, issue(7)), ensure_at(1, issue(8)), ensure_at(2, issue(7))]),
            scenario([unlinked], [ensure_at(1, issue(7)), ensure_at(1, issue(8)), ensure(issue(7))]),
            scenario([used(1, NONE)], [ensure_at(1, pr(12)), ensure_at(1, NONE), ensure(both(7, 12))]),
        ],
    );
}

#[test]
fn slots_that_are_relinked() {
    check(
        "set",
        &[
            scenario([used(1, issue(7))], [set(1, issue(8)), ensure(issue(7)), ensure(issue(8))]),
            scenario([used(1, issue(7))], [set(1, pr(12)), ensure(pr(12)), ensure(both(7, 12))]),
            scenario(
                [used(1, issue(7)), used(2, NONE)],
                [set(1, issue(8)), set(2, issue(8)), set(2, issue(7))],
            ),
            scenario(
                [used(1, issue(7)), used(2, issue(8))],
                [set(1, issue(9)), set(2, issue(7)), ensure(issue(7))],
            ),
            scenario([used(1, both(7, 12))], [set(1, both(8, 13)), ensure(pr(12)), ensure(issue(8))]),
        ],
    );
}

#[test]
fn slots_that_are_cleaned_up() {
    check(
        "cleanup",
        &[
            scenario([used(1, issue(7))], [cleanup(1, true), ensure(issue(7)), ensure(issue(7))]),
            scenario([used(1, issue(7))], [cleanup(1, false), ensure(issue(7)), ensure(both(7, 12))]),
            scenario([used(1, issue(7))], [cleanup(1, false), cleanup(1, true), ensure(issue(7))]),
            scenario([used(1, both(7, 12))], [cleanup(1, true), ensure(pr(12)), set(1, issue(8))]),
            scenario([], [cleanup(1, false), ensure(issue(7)), ensure(issue(7))]),
        ],
    );
}

#[test]
fn a_lower_slot_becomes_free() {
    check(
        "a lower slot freed",
        &[
            scenario([used(1, issue(5))], [cleanup_of(1, issue(5)), ensure(issue(7)), ensure(issue(7))]),
            scenario([used(1, issue(5))], [cleanup_of(1, issue(5)), ensure(issue(7)), ensure(both(7, 12))]),
            scenario(
                [used(1, issue(5))],
                [cleanup_of(1, issue(5)), ensure_at(1, pr(12)), ensure(both(7, 12))],
            ),
            scenario([used(1, issue(5))], [cleanup(1, true), ensure(both(7, 12)), ensure(pr(12))]),
        ],
    );
}

#[test]
fn claims_that_anyone_drops() {
    let narrow = |max| Rules { max, ..Rules::default() };
    check(
        "no room",
        &[
            Scenario { rules: narrow(1), ..scenario([], [ensure(issue(7)), ensure(issue(8)), Call::Sweep]) },
            Scenario {
                rules: narrow(2),
                ..scenario([], [ensure(issue(7)), ensure(both(7, 12)), Call::Sweep])
            },
            scenario([used(1, issue(7))], [ensure(both(7, 12)), set(1, pr(13)), Call::Sweep]),
        ],
    );
}

#[test]
fn slots_that_are_cleaned_up_while_they_come_up() {
    check(
        "ready beside cleanup",
        &[
            with_things([used(1, issue(5))], [ready(issue(5)), cleanup(1, false)]),
            with_things([used(1, issue(5))], [ready(issue(5)), cleanup(1, false), Call::Gc]),
            with_things([used(1, issue(5))], [ready(issue(5)), cleanup(1, false), ready(issue(7))]),
            with_things([used(1, issue(5))], [ready(issue(5)), cleanup(1, false), cleanup(1, false)]),
            with_things([], [ready(issue(7)), cleanup(1, false), Call::Gc]),
        ],
    );
}
