//! A call: what it asks for, how far it is, and what it can do next.

use std::collections::BTreeSet;
use std::rc::Rc;

use jiff::Timestamp;

use super::Fault;
use super::lifecycle::Stage;
use super::server::{Server, Write};
use crate::allocation::{self, Beginning, Drop, Ending, Room, Selector, Step};
use crate::record::{Links, Record};
use crate::view::View;

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    Ensure(Selector),
    Set {
        slot: u32,
        links: Links,
    },
    Cleanup {
        slot: u32,
        links: Links,
        keep: bool,
    },
    /// `ready`: what it is given it makes things for.
    Ready(Selector),
    /// Removes what nobody has a record of, and goes on with what is being cleaned up.
    Gc,
    /// Takes back any claim, as calls do that have waited for room long enough.
    Sweep,
}

/// How far a call is.
#[derive(Debug, Clone)]
pub(super) enum State {
    /// It is about to look.
    Looking,
    /// It has looked, and is about to write.
    Writing(Write),
    /// It makes something for a slot, or removes it.
    Working(Stage),
    /// It got a slot.
    Given(u32),
    /// It ended without one.
    Over,
    /// It died.
    Crashed,
}

#[derive(Debug, Clone)]
pub(super) struct Actor {
    pub(super) call: Call,
    pub(super) state: State,
    /// Whether it found a number taken: from then on it draws from several.
    pub(super) has_collided: bool,
    /// Of a cleanup: the uid of the record it has marked.
    pub(super) marked: Option<String>,
    /// The slot that it works on.
    pub(super) slot: u32,
    /// Of a `ready`: the uid of the record that it was given.
    pub(super) uid: String,
    /// Of a `ready`: whether it still had its slot when it had done its last step.
    pub(super) was_held: bool,
}

/// The rules of a scenario.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rules {
    /// `--max`.
    pub(super) max: u32,
    /// What is broken.
    pub(super) fault: Option<Fault>,
    /// Whether cleanups meet things that were made.
    pub(super) has_things: bool,
}

impl Actor {
    pub(super) fn new(call: Call) -> Self {
        Self {
            call,
            state: State::Looking,
            has_collided: false,
            marked: None,
            slot: 0,
            uid: String::new(),
            was_held: false,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.state, State::Given(_) | State::Over | State::Crashed)
    }

    /// Does the next thing, in every way that chance may have it: the server and the call afterwards.
    pub(super) fn next(&self, server: &Server, rules: Rules) -> Vec<(Server, Self)> {
        if let State::Writing(write) = &self.state {
            let (mut server, mut actor) = (server.clone(), self.clone());
            let is_done = server.write(write);
            actor.has_collided |= !is_done && matches!(write, Write::Create(_));
            actor.state = State::Looking;
            return vec![(server, actor)];
        }
        if let State::Working(stage) = &self.state {
            let (mut server, mut actor) = (server.clone(), self.clone());
            actor.work(stage.clone(), &mut server, rules);
            return vec![(server, actor)];
        }
        if self.call == Call::Gc {
            let (mut server, mut actor) = (server.clone(), self.clone());
            actor.collect(&mut server);
            return vec![(server, actor)];
        }
        let chances = if self.has_collided { 0..2 } else { 0..1 };
        let after = chances.map(|chance| {
            let mut actor = self.clone();
            actor.look(server, rules, chance);
            (server.clone(), actor)
        });
        after.collect()
    }

    fn look(&mut self, server: &Server, rules: Rules, chance: u64) {
        let shown = shown(server, rules);
        let view = View::of_own(shown.iter().map(Rc::as_ref));
        let terminating = BTreeSet::new();
        let collisions = u32::from(self.has_collided);
        let room = Room { max: rules.max, terminating: &terminating, collisions, chance };
        self.state = match self.call {
            Call::Ensure(selector) | Call::Ready(selector) => {
                let decide =
                    |view: &View<'_>| after(&allocation::ensure(view, selector, room), server, rules);
                unrivalled(&view, rules, &|view| allocation::ensure(view, selector, room), &decide)
            }
            Call::Set { slot, links } => {
                let decide = |view: &View<'_>| after(&allocation::set(view, slot, links), server, rules);
                unrivalled(&view, rules, &|view| allocation::set(view, slot, links), &decide)
            }
            Call::Cleanup { slot, links, keep } => self.clean_up(server, slot, links, keep, rules),
            // It has no look of this kind.
            Call::Gc => State::Over,
            Call::Sweep => match view.claims().next() {
                Some(claim) => after(&Step::Drop(claim), server, rules),
                None => State::Over,
            },
        };
        if let (Call::Ready(_), State::Given(slot)) = (self.call, &self.state) {
            self.begin_work(server, *slot);
        }
    }

    fn clean_up(&mut self, server: &Server, slot: u32, links: Links, keep: bool, rules: Rules) -> State {
        let record = server.records.get(&slot).map(Rc::as_ref);
        if self.marked.is_none() {
            let selector = Selector { links, slot: Some(slot) };
            let is_meant = |record: &&Record| allocation::is_selected(record, selector);
            match allocation::begin_cleanup(record.filter(is_meant)) {
                Beginning::Nothing => return State::Over,
                Beginning::Settle(_) => return settle(server, slot, rules),
                Beginning::Mark(record) => {
                    return State::Writing(Write::Patch(Rc::new(record.clone().under_cleanup())));
                }
                // What is between the beginning and the end is not the record's affair: only time passes.
                Beginning::Begun(record) => {
                    self.marked = Some(record.uid.clone());
                    if rules.has_things {
                        self.begin_removal(slot, &record.uid);
                        return self.state.clone();
                    }
                    return State::Looking;
                }
            }
        }
        let uid = self.marked.as_deref().unwrap_or_default();
        match allocation::end_cleanup(record, uid, keep) {
            Ending::Over => State::Over,
            Ending::Delete(record) => State::Writing(Write::Delete(Rc::new(record.clone()))),
            Ending::Release(record) => State::Writing(Write::Patch(Rc::new(record.clone().after_cleanup()))),
            Ending::Settle(_) => settle(server, slot, rules),
        }
    }
}

/// What a cleanup does about a claim on its slot.
fn settle(server: &Server, slot: u32, rules: Rules) -> State {
    let view = View::of_own(server.records.values().map(Rc::as_ref));
    let selector = Selector { links: Links::default(), slot: Some(slot) };
    match allocation::settle(&view, selector) {
        Some(step) => after(&step, server, rules),
        None => State::Looking,
    }
}

/// The records as the protocol sees them.
fn shown(server: &Server, rules: Rules) -> Vec<Rc<Record>> {
    let is_forgetful = rules.fault == Some(Fault::OldLinksForgotten);
    let show = |record: &Rc<Record>| match record.claim {
        Some(_) if is_forgetful => Rc::new(Record { links: Links::default(), ..Record::clone(record) }),
        _ => Rc::clone(record),
    };
    server.records.values().map(show).collect()
}

/// What `decide` says; with the fault that rivals stay, what it says as if those that it would drop weren't
/// there.
fn unrivalled(
    view: &View<'_>,
    rules: Rules,
    step: &dyn for<'a> Fn(&View<'a>) -> Step<'a>,
    decide: &dyn Fn(&View<'_>) -> State,
) -> State {
    let mut view = view.clone();
    while rules.fault == Some(Fault::RivalsStay) {
        let Step::Drop(rival) = step(&view) else {
            break;
        };
        let slot = rival.slot;
        view = View::of_own(view.confirmed().chain(view.claims()).filter(|record| record.slot != slot));
    }
    decide(&view)
}

/// What a call is at after a step. The write begins from the record as it is stored.
fn after(step: &Step<'_>, server: &Server, rules: Rules) -> State {
    let now = Timestamp::UNIX_EPOCH;
    let stored = |record: &Record| server.records.get(&record.slot).map_or(record, Rc::as_ref).clone();
    State::Writing(match *step {
        Step::Return { record, .. } => return State::Given(record.slot),
        Step::Wait(_) | Step::Refuse(_) => return State::Over,
        Step::Create { slot, claim } => {
            let record = Record::new(slot, "", "", "", "", now);
            Write::Create(Rc::new(match claim {
                Some(claim) if rules.fault == Some(Fault::NoClaims) => record.claimed(claim).confirmed(now),
                Some(claim) => record.claimed(claim),
                None => record.confirmed(now),
            }))
        }
        Step::Claim { record, links } => Write::Patch(Rc::new(stored(record).claimed(links))),
        Step::Confirm(record) => Write::Patch(Rc::new(stored(record).confirmed(now))),
        Step::Drop(record) => match Drop::of(record) {
            Drop::Delete => Write::Delete(Rc::new(stored(record))),
            Drop::Unclaim => Write::Patch(Rc::new(stored(record).unclaimed())),
        },
    })
}
