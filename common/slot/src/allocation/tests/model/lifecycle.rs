//! What is made for a slot and removed again, beside the record: `ready` with its steps, and removals.
//!
//! Between two machines nothing but the record keeps them apart. The rules, as the programs follow them: `ready`
//! looks at its record before each step that makes something and after the last, and takes back what it made if the
//! slot is lost; a removal counts what is there under the record's mark, looks whether the mark is still there, and
//! only then deletes the very things that it counted; a number without a record is taken for a removal first.

use std::rc::Rc;

use jiff::Timestamp;

use super::Fault;
use super::actor::{Actor, Call, Rules, State};
use super::server::{Server, Write};
use crate::allocation::{Tenure, tenure};
use crate::record::Record;

/// How many steps of a `ready` make something.
const STEPS: u8 = 2;

/// How far a call is with what is made or removed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    /// It has the slot, and syncs for long.
    Syncing,
    /// It is about to look at its record before a step that makes something, or after the last.
    Checking(u8),
    /// It is about to make something.
    Making(u8),
    /// It lost the slot, and is about to look who has it.
    Lost,
    /// It is about to count what is there.
    Counting(Mark),
    /// It has counted, and is about to look whether the mark is still there.
    Comparing(Mark, Vec<u32>),
    /// It is about to delete what it counted.
    Removing(Mark, Vec<u32>),
    /// It is about to delete the record.
    Ending(Mark),
}

/// The record under whose mark something is removed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Mark {
    pub(super) uid: String,
    /// Whether the call took the number for it.
    pub(super) is_reserved: bool,
}

/// What was made for a slot.
#[derive(Debug, Clone)]
pub(super) struct Thing {
    pub(super) id: u32,
    /// The uid of the record that its maker was given.
    pub(super) maker: String,
}

impl Actor {
    /// A `ready` that was given a slot.
    pub(super) fn begin_work(&mut self, server: &Server, slot: u32) {
        self.slot = slot;
        self.uid = server.records.get(&slot).map(|record| record.uid.clone()).unwrap_or_default();
        self.state = State::Working(Stage::Syncing);
    }

    /// A removal under a mark.
    pub(super) fn begin_removal(&mut self, slot: u32, uid: &str) {
        self.slot = slot;
        self.state = State::Working(Stage::Counting(Mark { uid: uid.to_owned(), is_reserved: false }));
    }

    /// Does the next thing with what is made or removed.
    pub(super) fn work(&mut self, stage: Stage, server: &mut Server, rules: Rules) {
        let slot = self.slot;
        let skips = |fault: Fault| rules.fault == Some(fault);
        let held = tenure(server.records.get(&slot).map(Rc::as_ref), &self.uid);
        self.state = match stage {
            Stage::Syncing if skips(Fault::NoLookBefore) => State::Working(Stage::Making(0)),
            Stage::Syncing => State::Working(Stage::Checking(0)),
            Stage::Checking(step) => match held {
                Tenure::Held if step < STEPS => State::Working(Stage::Making(step)),
                Tenure::Held => State::Given(slot),
                _ => State::Working(Stage::Lost),
            },
            Stage::Making(step) => {
                if !self.was_held {
                    server.violation = Some(format!("slot {slot} was lost, and yet something is made in it"));
                }
                server.make(slot, &self.uid);
                match step + 1 {
                    STEPS if skips(Fault::NoLookAfter) => State::Given(slot),
                    next if next < STEPS && skips(Fault::NoLookBetween) => {
                        State::Working(Stage::Making(next))
                    }
                    next => State::Working(Stage::Checking(next)),
                }
            }
            Stage::Lost => self.lost(held, server, rules),
            Stage::Counting(mark) => {
                let seen = server.things.get(&slot).into_iter().flatten().map(|thing| thing.id).collect();
                State::Working(match mark {
                    mark if skips(Fault::NoSecondLook) => Stage::Removing(mark, seen),
                    // There is no mark to look for.
                    mark if mark.uid.is_empty() => Stage::Removing(mark, seen),
                    mark => Stage::Comparing(mark, seen),
                })
            }
            Stage::Comparing(mark, seen) => {
                let record = server.records.get(&slot);
                match record {
                    Some(record) if record.cleaning && record.uid == mark.uid => {
                        State::Working(Stage::Removing(mark, seen))
                    }
                    // Another removal was quicker.
                    _ if matches!(self.call, Call::Ready(_)) => State::Working(Stage::Lost),
                    _ => State::Over,
                }
            }
            Stage::Removing(mark, seen) => {
                server.remove(slot, &seen);
                match self.call {
                    _ if mark.is_reserved => State::Working(Stage::Ending(mark)),
                    Call::Cleanup { .. } => State::Looking,
                    Call::Gc => State::Working(Stage::Ending(mark)),
                    _ => State::Over,
                }
            }
            Stage::Ending(mark) => {
                let record = server.records.get(&slot).filter(|record| record.uid == mark.uid).cloned();
                if let Some(record) = record {
                    server.write(&Write::Delete(record));
                }
                State::Over
            }
        };
        let record = server.records.get(&slot).map(Rc::as_ref);
        self.was_held = tenure(record, &self.uid) == Tenure::Held;
    }

    /// What a call does that lost its slot.
    fn lost(&mut self, held: Tenure, server: &mut Server, rules: Rules) -> State {
        let slot = self.slot;
        match (held, server.records.get(&slot)) {
            (Tenure::Cleaning, Some(record)) => {
                State::Working(Stage::Counting(Mark { uid: record.uid.clone(), is_reserved: false }))
            }
            (Tenure::Free, _) if rules.fault == Some(Fault::NoReservation) => {
                State::Working(Stage::Counting(Mark { uid: String::new(), is_reserved: false }))
            }
            // The number may be taken by the time that the request arrives: a step of its own.
            (Tenure::Free, _) => {
                reserve(server, slot).map_or(State::Over, |mark| State::Working(Stage::Counting(mark)))
            }
            _ => State::Over,
        }
    }

    /// What `gc` does next: it goes on with what is being cleaned up, and removes what nobody has a record of.
    pub(super) fn collect(&mut self, server: &mut Server) {
        let marked = server.records.values().find(|record| record.cleaning);
        if let Some((slot, uid)) = marked.map(|record| (record.slot, record.uid.clone())) {
            self.begin_removal(slot, &uid);
            return;
        }
        let orphan = server.things.keys().copied().find(|slot| !server.records.contains_key(slot));
        let Some(slot) = orphan else {
            self.state = State::Over;
            return;
        };
        self.slot = slot;
        self.state = match reserve(server, slot) {
            Some(mark) => State::Working(Stage::Counting(mark)),
            None => State::Over,
        };
    }
}

/// Takes a number that has no record for a removal.
fn reserve(server: &mut Server, slot: u32) -> Option<Mark> {
    let record = Record::new(slot, "", "", "", "", Timestamp::UNIX_EPOCH).under_cleanup();
    server.write(&Write::Create(Rc::new(record))).then(|| {
        let uid = server.records.get(&slot).map(|record| record.uid.clone()).unwrap_or_default();
        Mark { uid, is_reserved: true }
    })
}

impl Server {
    fn make(&mut self, slot: u32, maker: &str) {
        let id = self.next_id();
        self.things.entry(slot).or_default().push(Thing { id, maker: maker.to_owned() });
    }

    /// Deletes the very things that were counted.
    fn remove(&mut self, slot: u32, seen: &[u32]) {
        let holder =
            self.records.get(&slot).filter(|record| !record.cleaning).map(|record| record.uid.clone());
        let Some(things) = self.things.get_mut(&slot) else { return };
        let is_taken = |thing: &Thing| seen.contains(&thing.id) && Some(&thing.maker) == holder.as_ref();
        if things.iter().any(is_taken) {
            self.violation = Some(format!("what the holder of slot {slot} made is taken away"));
        }
        things.retain(|thing| !seen.contains(&thing.id));
        if things.is_empty() {
            self.things.remove(&slot);
        }
    }

    /// A slot without a record in which something is left.
    pub(super) fn orphan(&self) -> Option<u32> {
        self.things.keys().copied().find(|slot| !self.records.contains_key(slot))
    }
}
