//! The search: every state that a scenario can get into, each looked at once.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::rc::Rc;

use super::actor::{Actor, Call, Rules, State};
use super::server::{Server, Write};
use crate::allocation::Selector;
use crate::record::{Links, Record};

/// More steps than any call needs that is alone.
const ALONE: usize = 40;

/// Records, calls and what may happen to them.
#[derive(Debug, Clone)]
pub(super) struct Scenario {
    pub(super) records: Vec<Record>,
    pub(super) calls: Vec<Call>,
    pub(super) crashes: u8,
    pub(super) rules: Rules,
}

/// How much was looked at.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Extent {
    pub(super) states: usize,
    pub(super) ends: usize,
}

/// A state that must not be, and how it came about.
#[derive(Debug)]
pub(super) struct Violation(pub(super) String);

#[derive(Debug, Clone)]
struct World {
    server: Server,
    actors: Vec<Actor>,
    crashes: u8,
}

/// How a world came about, the last thing first.
struct Trail {
    what: String,
    before: Option<Rc<Trail>>,
}

impl Scenario {
    /// Goes through everything that can happen.
    pub(super) fn check(&self) -> Result<Extent, Violation> {
        let mut server = Server::with(self.records.iter().cloned());
        server.fault = self.rules.fault;
        let actors = self.calls.iter().copied().map(Actor::new).collect();
        let first = World { server, actors, crashes: self.crashes };
        let mut seen = HashSet::from([first.key()]);
        let mut extent = Extent::default();
        let mut open = vec![(first, None::<Rc<Trail>>)];
        while let Some((world, trail)) = open.pop() {
            extent.states += 1;
            let is_end = world.actors.iter().all(Actor::is_over);
            let found = world.has_doubles().or_else(|| is_end.then(|| self.at_the_end(&world)).flatten());
            if let Some(found) = found {
                return Err(Violation(told(&found, trail.as_deref())));
            }
            extent.ends += usize::from(is_end);
            for (what, next) in world.successors(self.rules) {
                if seen.insert(next.key()) {
                    let trail = Trail { what, before: trail.clone() };
                    open.push((next, Some(Rc::new(trail))));
                }
            }
        }
        Ok(extent)
    }

    /// Whether a call leaves everyone what they were given.
    fn takes_nothing(&self, call: Call) -> bool {
        let is_asked_for = |links: Links| {
            let asks = |call: &Call| matches!(call, Call::Ensure(selector) if selector.links.share(links));
            links.is_empty() || self.calls.iter().any(asks)
        };
        match call {
            Call::Ensure(_) | Call::Sweep => true,
            Call::Cleanup { links, .. } => !is_asked_for(links),
            Call::Set { .. } => false,
        }
    }

    /// What is wrong where all calls are over.
    fn at_the_end(&self, world: &World) -> Option<String> {
        let is_steady = self.calls.iter().all(|call| self.takes_nothing(*call));
        if is_steady && let Some(wrong) = world.broken_promise() {
            return Some(wrong);
        }
        for (at, call) in self.calls.iter().enumerate() {
            let mut healed = world.clone();
            let given = match healed.alone(*call, self.rules) {
                Ok(given) => given,
                Err(wrong) => return Some(wrong),
            };
            let earlier = world.lasting_answer(&world.actors[at]);
            if is_steady && earlier.is_some() && given != earlier {
                return Some(format!("{call:?} gave {earlier:?}, and then {given:?}"));
            }
            for call in &self.calls {
                if let Err(wrong) = healed.alone(*call, self.rules) {
                    return Some(wrong);
                }
            }
            if let Some(left) = healed.server.records.values().find(|r| r.claim.is_some() || r.cleaning) {
                return Some(format!("nobody heals slot {}: {left:?}", left.slot));
            }
            if let Some(doubles) = healed.has_doubles() {
                return Some(doubles);
            }
        }
        None
    }
}

impl World {
    /// All that can happen next.
    fn successors(&self, rules: Rules) -> Vec<(String, Self)> {
        let mut next = Vec::new();
        for (at, actor) in self.actors.iter().enumerate().filter(|(_, actor)| !actor.is_over()) {
            for (server, after) in actor.next(&self.server, rules) {
                let what = format!("{at} {:?}: {:?} → {:?}", actor.call, actor.state, after.state);
                next.push((what, self.with(server, at, after)));
            }
            if self.crashes > 0 {
                let crashed = Actor { state: State::Crashed, ..actor.clone() };
                let mut world = self.with(self.server.clone(), at, crashed);
                world.crashes -= 1;
                next.push((format!("{at} {:?}: crashes", actor.call), world));
            }
        }
        next
    }

    fn with(&self, server: Server, at: usize, actor: Actor) -> Self {
        let mut actors = self.actors.clone();
        actors[at] = actor;
        Self { server, actors, crashes: self.crashes }
    }

    /// Makes a call to its end, with nobody else about; gives the slot that it gave.
    fn alone(&mut self, call: Call, rules: Rules) -> Result<Option<u32>, String> {
        let mut actor = Actor::new(call);
        for _ in 0..ALONE {
            match actor.state {
                State::Given(slot) => return Ok(Some(slot)),
                State::Over | State::Crashed => return Ok(None),
                State::Looking | State::Writing(_) => {}
            }
            let after = actor.next(&self.server, rules).into_iter().next();
            (self.server, actor) = after.ok_or("a call that can't go on")?;
        }
        Err(format!("{call:?} alone never ends: {:?}", self.server.records))
    }

    /// Whether an issue or pull request has two confirmed slots.
    fn has_doubles(&self) -> Option<String> {
        let records = || self.server.records.values().filter(|r| r.claim.is_none() && !r.cleaning);
        let links = |record: &Record| record.links;
        records().find_map(|one| {
            let other = records().find(|other| other.slot > one.slot && links(other).share(one.links))?;
            Some(format!("{:?} has slots {} and {}", one.links.common(other.links), one.slot, other.slot))
        })
    }

    /// The slot that a call was given, if it stays the call's. Of an issue and a pull request that have slots of
    /// their own the lowest is given; it isn't linked to both, so others may still link it otherwise.
    fn lasting_answer(&self, actor: &Actor) -> Option<u32> {
        let (Call::Ensure(selector), State::Given(slot)) = (actor.call, &actor.state) else {
            return None;
        };
        let record = self.server.records.get(slot)?;
        record.links.cover(selector.links).then_some(*slot)
    }

    /// Whether an answer isn't true any more, where nobody takes anything from anyone.
    fn broken_promise(&self) -> Option<String> {
        let given = |actor: &Actor| match (actor.call, &actor.state) {
            (Call::Ensure(selector), State::Given(slot)) => Some((selector, *slot)),
            _ => None,
        };
        let answers: Vec<(Selector, u32)> = self.actors.iter().filter_map(given).collect();
        for (selector, slot) in &answers {
            let Some(record) = self.server.records.get(slot) else {
                return Some(format!("{selector:?} was given slot {slot}, which is gone"));
            };
            let is_its = selector.links.is_empty() || record.links.share(selector.links);
            if !is_its || selector.slot.is_some_and(|wanted| wanted != *slot) {
                return Some(format!("{selector:?} was given slot {slot}, which is {:?}", record.links));
            }
            if let Some((_, other)) = answers.iter().find(|(same, other)| same == selector && other != slot) {
                return Some(format!("{selector:?} was given slots {slot} and {other}"));
            }
        }
        None
    }

    /// The state in a form in which versions don't matter, only whether a write would be done.
    fn key(&self) -> Vec<u64> {
        let mut key = vec![u64::from(self.crashes)];
        for record in self.server.records.values() {
            key_of(record, &mut key);
        }
        for actor in &self.actors {
            let marked = actor.marked.as_ref().map_or(0, |uid| {
                1 + u64::from(self.server.records.values().any(|record| record.uid == *uid))
            });
            key.extend([u64::MAX, u64::from(actor.has_collided), marked]);
            match &actor.state {
                State::Looking => key.push(1),
                State::Given(slot) => key.extend([2, u64::from(*slot)]),
                State::Over => key.push(3),
                State::Crashed => key.push(4),
                State::Writing(write) => {
                    let (kind, record) = match write {
                        Write::Create(record) => (5, record),
                        Write::Patch(record) => (6, record),
                        Write::Delete(record) => (7, record),
                    };
                    key.extend([kind, u64::from(self.server.accepts(write))]);
                    key_of(record, &mut key);
                }
            }
        }
        key
    }
}

fn key_of(record: &Record, key: &mut Vec<u64>) {
    let claim = record.claim.unwrap_or(Links { issue: u64::MAX, pr: u64::MAX });
    let flags = [record.fresh, record.cleaning, record.last_used.is_some()];
    let flags = flags.into_iter().fold(0, |flags, flag| flags * 2 + u64::from(flag));
    let Links { issue, pr } = record.links;
    key.extend([u64::from(record.slot), issue, pr, claim.issue, claim.pr, flags]);
}

fn told(found: &str, mut trail: Option<&Trail>) -> String {
    let mut steps = Vec::new();
    while let Some(step) = trail {
        steps.push(step.what.as_str());
        trail = step.before.as_deref();
    }
    steps.iter().rev().fold(found.to_owned(), |mut text, step| {
        // Writing to a String can't fail.
        let _ = write!(text, "\n  {step}");
        text
    })
}
