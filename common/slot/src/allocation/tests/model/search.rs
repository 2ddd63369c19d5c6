//! The search: every state that a scenario can get into, each looked at once.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::actor::{Actor, Call, Rules, State};
use super::lifecycle::{Mark, Stage};
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

/// What each call gets that is made by itself, by the records that it meets.
type Healed = HashMap<Vec<u64>, Vec<Option<u32>>>;

/// How a world came about, the last thing first.
struct Trail {
    /// Which call did something.
    at: usize,
    /// What it was about to do, and what it is at now.
    states: [State; 2],
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
        let (mut extent, mut healed) = (Extent::default(), Healed::new());
        let mut open = vec![(first, None::<Rc<Trail>>)];
        while let Some((world, trail)) = open.pop() {
            extent.states += 1;
            let is_end = world.actors.iter().all(Actor::is_over);
            let found = world.server.violation.clone().map_or(Ok(()), Err);
            let found = found.and_then(|()| world.has_no_doubles());
            let found =
                found.and_then(|()| if is_end { self.at_the_end(&world, &mut healed) } else { Ok(()) });
            if let Err(found) = found {
                return Err(Violation(told(&found, trail.as_deref())));
            }
            extent.ends += usize::from(is_end);
            for (at, next) in world.successors(self.rules) {
                if seen.insert(next.key()) {
                    let states = [&world, &next].map(|world| world.actors[at].state.clone());
                    let trail = Trail { at, states, before: trail.clone() };
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
            Call::Ensure(_) | Call::Ready(_) | Call::Sweep | Call::Gc => true,
            Call::Cleanup { links, .. } => !is_asked_for(links),
            Call::Set { .. } => false,
        }
    }

    /// What is wrong where all calls are over. What calls made by themselves get hangs on the records alone:
    /// `healed` has it for those that were met before.
    fn at_the_end(&self, world: &World, healed: &mut Healed) -> Result<(), String> {
        let has_crashed = world.actors.iter().any(|actor| matches!(actor.state, State::Crashed));
        if let (Some(slot), false) = (world.server.orphan(), has_crashed) {
            return Err(format!("nobody has a record of slot {slot}, and yet something is left in it"));
        }
        let records = world.records_key();
        let given = match healed.get(&records) {
            Some(given) => given,
            None => {
                let given = self.heal(world)?;
                healed.entry(records).or_insert(given)
            }
        };
        if !self.calls.iter().all(|call| self.takes_nothing(*call)) {
            return Ok(());
        }
        world.keeps_promises()?;
        for (actor, given) in world.actors.iter().zip(given) {
            let earlier = world.lasting_answer(actor);
            if earlier.is_some() && *given != earlier {
                return Err(format!("{:?} gave {earlier:?}, and then {given:?}", actor.call));
            }
        }
        Ok(())
    }

    /// Makes each call once more by itself, and after it all of them; gives what the first got.
    fn heal(&self, world: &World) -> Result<Vec<Option<u32>>, String> {
        let mut all = Vec::new();
        for call in &self.calls {
            let mut healed = world.clone();
            all.push(healed.alone(*call, self.rules)?);
            for call in &self.calls {
                healed.alone(*call, self.rules)?;
            }
            healed.alone(Call::Gc, self.rules)?;
            if let Some(slot) = healed.server.orphan() {
                return Err(format!("nobody removes what is left of slot {slot}"));
            }
            if let Some(left) = healed.server.records.values().find(|r| r.claim.is_some() || r.cleaning) {
                return Err(format!("nobody heals slot {}: {left:?}", left.slot));
            }
            healed.has_no_doubles()?;
        }
        Ok(all)
    }
}

impl World {
    /// All that can happen next, and to which call.
    fn successors(&self, rules: Rules) -> Vec<(usize, Self)> {
        let mut next = Vec::new();
        for (at, actor) in self.actors.iter().enumerate().filter(|(_, actor)| !actor.is_over()) {
            for (server, after) in actor.next(&self.server, rules) {
                next.push((at, self.with(server, at, after)));
            }
            if self.crashes > 0 {
                let crashed = Actor { state: State::Crashed, ..actor.clone() };
                let mut world = self.with(self.server.clone(), at, crashed);
                world.crashes -= 1;
                next.push((at, world));
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
                State::Looking | State::Working(_) | State::Writing(_) => {}
            }
            let after = actor.next(&self.server, rules).into_iter().next();
            (self.server, actor) = after.ok_or("a call that can't go on")?;
            if let Some(violation) = self.server.violation.clone() {
                return Err(violation);
            }
        }
        Err(format!("{call:?} alone never ends: {:?}", self.server.records))
    }

    /// No issue or pull request has two confirmed slots.
    fn has_no_doubles(&self) -> Result<(), String> {
        let records = || self.server.records.values().filter(|r| r.claim.is_none() && !r.cleaning);
        let doubles = records().find_map(|one| {
            let other = records().find(|other| other.slot > one.slot && other.links.share(one.links))?;
            Some(format!("{:?} has slots {} and {}", one.links.common(other.links), one.slot, other.slot))
        });
        doubles.map_or(Ok(()), Err)
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

    /// Where nobody takes anything from anyone, answers stay true.
    fn keeps_promises(&self) -> Result<(), String> {
        let given = |actor: &Actor| match (actor.call, &actor.state) {
            (Call::Ensure(selector), State::Given(slot)) => Some((selector, *slot)),
            _ => None,
        };
        let answers: Vec<(Selector, u32)> = self.actors.iter().filter_map(given).collect();
        for (selector, slot) in &answers {
            let Some(record) = self.server.records.get(slot) else {
                return Err(format!("{selector:?} was given slot {slot}, which is gone"));
            };
            let is_its = selector.links.is_empty() || record.links.share(selector.links);
            if !is_its || selector.slot.is_some_and(|wanted| wanted != *slot) {
                return Err(format!("{selector:?} was given slot {slot}, which is {:?}", record.links));
            }
            if let Some((_, other)) = answers.iter().find(|(same, other)| same == selector && other != slot) {
                return Err(format!("{selector:?} was given slots {slot} and {other}"));
            }
        }
        Ok(())
    }

    /// The records, without their versions.
    fn records_key(&self) -> Vec<u64> {
        let mut key = Vec::new();
        for record in self.server.records.values() {
            key_of(record, &mut key);
        }
        // Who made a thing matters as far as that is who has the slot.
        for (slot, things) in &self.server.things {
            let holder = self.server.records.get(slot).map(|record| &record.uid);
            key.extend([u64::MAX - 1, u64::from(*slot)]);
            key.extend(things.iter().map(|thing| u64::from(Some(&thing.maker) == holder)));
        }
        key
    }

    /// The state in a form in which versions don't matter, only whether a write would be done.
    fn key(&self) -> Vec<u64> {
        let mut key = self.records_key();
        key.push(u64::from(self.crashes));
        for actor in &self.actors {
            let marked = actor.marked.as_ref().map_or(0, |uid| {
                1 + u64::from(self.server.records.values().any(|record| record.uid == *uid))
            });
            key.extend([u64::MAX, u64::from(actor.has_collided), marked]);
            match &actor.state {
                State::Looking => key.push(1),
                State::Working(stage) => self.stage_key(actor, stage, &mut key),
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

    /// How far a call is with what is made or removed, without uids and versions.
    fn stage_key(&self, actor: &Actor, stage: &Stage, key: &mut Vec<u64>) {
        let record = self.server.records.get(&actor.slot);
        let is = |uid: &String| u64::from(record.is_some_and(|record| record.uid == *uid));
        key.extend([8, u64::from(actor.slot), is(&actor.uid), u64::from(actor.was_held)]);
        let things = || self.server.things.get(&actor.slot).into_iter().flatten();
        key.push(things().fold(0, |mask, thing| mask * 2 + u64::from(thing.maker == actor.uid)));
        let mark = |mark: &Mark| is(&mark.uid) * 2 + u64::from(mark.is_reserved);
        let seen =
            |seen: &[u32]| things().fold(1, |mask, thing| mask * 2 + u64::from(seen.contains(&thing.id)));
        match stage {
            Stage::Syncing => key.push(1),
            Stage::Checking(step) => key.extend([2, u64::from(*step)]),
            Stage::Making(step) => key.extend([3, u64::from(*step)]),
            Stage::Lost => key.push(4),
            Stage::Counting(marked) => key.extend([5, mark(marked)]),
            Stage::Comparing(marked, ids) => key.extend([6, mark(marked), seen(ids)]),
            Stage::Removing(marked, ids) => key.extend([7, mark(marked), seen(ids)]),
            Stage::Ending(marked) => key.extend([8, mark(marked)]),
        }
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
        let [before, after] = &step.states;
        steps.push(format!("\n  call {}: {before:?} → {after:?}", step.at));
        trail = step.before.as_deref();
    }
    steps.push(found.to_owned());
    steps.into_iter().rev().collect()
}
