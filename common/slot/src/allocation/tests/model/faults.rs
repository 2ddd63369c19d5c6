//! What is checked: that the checker notices when a part of the protocol is missing.

use super::actor::{Call, Rules};
use super::scenarios::{cleanup, cleanup_of, ensure, ready, scenario, set, used, with_things};
use super::search::Scenario;
use super::{Fault, issue};

/// Without the fault all is well, and with it not all is.
fn is_noticed(fault: Fault, scenario: Scenario) {
    let healthy = scenario.check();
    assert!(healthy.is_ok(), "without the fault: {healthy:?}");
    let broken = Scenario { rules: Rules { fault: Some(fault), ..scenario.rules }, ..scenario };
    let violation = broken.check().expect_err("the fault is to be noticed");
    println!("{fault:?}: {}", violation.0.lines().next().unwrap_or_default());
}

/// The number that a twin wanted in vain gets free in between.
fn freed() -> Scenario {
    scenario([used(1, issue(5))], [cleanup_of(1, issue(5)), ensure(issue(7)), ensure(issue(7))])
}

#[test]
fn rivals_have_to_go_first() {
    is_noticed(Fault::RivalsStay, freed());
}

#[test]
fn changes_have_to_be_conditional() {
    let relinked = scenario([used(1, issue(7))], [set(1, issue(8)), ensure(issue(8)), Call::Sweep]);
    is_noticed(Fault::ChangesAnything, relinked);
}

#[test]
fn deletions_have_to_be_conditional() {
    is_noticed(Fault::DeletesAnything, freed());
}

#[test]
fn the_lowest_number_alone_is_not_enough() {
    is_noticed(Fault::NoClaims, freed());
}

#[test]
fn what_a_claim_would_replace_is_still_held() {
    let relinked = scenario([used(1, issue(7))], [set(1, issue(8)), ensure(issue(7)), ensure(issue(8))]);
    is_noticed(Fault::OldLinksForgotten, relinked);
}

/// A pull request is closed while its slot comes up on another machine, and the number is given to the next.
fn closed() -> Scenario {
    with_things([used(1, issue(5))], [ready(issue(5)), cleanup(1, false), ready(issue(7))])
}

#[test]
fn ready_has_to_look_before_it_makes_something() {
    is_noticed(Fault::NoLookBefore, closed());
}

#[test]
fn ready_has_to_look_before_each_step() {
    is_noticed(Fault::NoLookBetween, closed());
}

#[test]
fn ready_has_to_look_after_the_last_step() {
    is_noticed(Fault::NoLookAfter, closed());
}

#[test]
fn a_removal_has_to_look_whether_it_still_may() {
    is_noticed(Fault::NoSecondLook, closed());
}

#[test]
fn a_number_without_a_record_has_to_be_taken_first() {
    is_noticed(Fault::NoReservation, closed());
}
