//! An API server that knows records only: versions, uids, preconditions.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::Fault;
use super::lifecycle::Thing;
use crate::record::Record;

/// A write on its way to the server.
#[derive(Debug, Clone)]
pub(super) enum Write {
    /// Makes a record.
    Create(Rc<Record>),
    /// Changes the record that was read.
    Patch(Rc<Record>),
    /// Deletes the record that was read.
    Delete(Rc<Record>),
}

/// The records of one project and environment.
#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) records: BTreeMap<u32, Rc<Record>>,
    /// What is broken.
    pub(super) fault: Option<Fault>,
    /// What was made for each slot and is still there.
    pub(super) things: BTreeMap<u32, Vec<Thing>>,
    /// What must not be, if it came about.
    pub(super) violation: Option<String>,
    version: u32,
}

impl Server {
    pub(super) fn with(records: impl IntoIterator<Item = Record>) -> Self {
        let mut server = Self {
            records: BTreeMap::new(),
            fault: None,
            things: BTreeMap::new(),
            violation: None,
            version: 0,
        };
        for record in records {
            server.write(&Write::Create(Rc::new(record)));
        }
        server
    }

    /// A number that nothing else has.
    pub(super) fn next_id(&mut self) -> u32 {
        self.version += 1;
        self.version
    }

    /// Whether a write would be done.
    pub(super) fn accepts(&self, write: &Write) -> bool {
        match write {
            Write::Create(record) => !self.records.contains_key(&record.slot),
            Write::Patch(record) => self.has(record, Fault::ChangesAnything),
            Write::Delete(record) => self.has(record, Fault::DeletesAnything),
        }
    }

    /// Whether there is this version of a record; with the fault any version will do.
    fn has(&self, record: &Record, fault: Fault) -> bool {
        self.records.get(&record.slot).is_some_and(|stored| {
            let is_same = stored.uid == record.uid && stored.resource_version == record.resource_version;
            is_same || self.fault == Some(fault)
        })
    }

    /// Does a write, if its preconditions hold; says whether they did.
    pub(super) fn write(&mut self, write: &Write) -> bool {
        if !self.accepts(write) {
            return false;
        }
        self.version += 1;
        match write {
            Write::Create(record) => {
                let (uid, resource_version) = (self.version.to_string(), self.version.to_string());
                let record = Record { uid, resource_version, ..Record::clone(record) };
                self.records.insert(record.slot, Rc::new(record));
            }
            Write::Patch(record) => {
                if let Some(stored) = self.records.get_mut(&record.slot) {
                    let (uid, resource_version) = (stored.uid.clone(), self.version.to_string());
                    *stored = Rc::new(Record { uid, resource_version, ..Record::clone(record) });
                }
            }
            Write::Delete(record) => {
                self.records.remove(&record.slot);
            }
        }
        true
    }
}
