//! The numbers that a call may take: without those whose namespace is on its way out (B44).
//!
//! The namespaces are asked for only when a number is about to be taken, one by one until the first that is on
//! its way out, then all of them once.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{SlotError, Slots, chance};
use crate::allocation::Room;
use crate::store::{Store, is_on_its_way_out};

/// What a call knows of the numbers.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// `--max`.
    pub(super) max: u32,
    /// How often a number was taken by someone else at the same moment.
    pub(super) collisions: u32,
    /// The slots whose namespaces are on their way out.
    terminating: BTreeSet<u32>,
    /// All namespaces that are; `None` if none was met yet.
    leaving: Option<BTreeSet<String>>,
}

impl Numbers {
    /// The numbers up to `max`; 0 for no limit.
    pub(super) fn up_to(max: u32) -> Self {
        Self { max, ..Self::default() }
    }

    /// The numbers, as a decision takes them.
    pub(super) fn room(&self) -> Room<'_> {
        let Self { max, collisions, ref terminating, .. } = *self;
        Room { max, terminating, collisions, chance: chance() }
    }

    /// Whether a number was left out for its namespace.
    pub(super) fn left_any_out(&self) -> bool {
        !self.terminating.is_empty()
    }

    /// Forgets which namespaces were on their way out: time has passed.
    pub(super) fn forget(&mut self) {
        self.terminating.clear();
        self.leaving = None;
    }

    /// Leaves a number out if its namespace is on its way out. `None` if it did, else the namespace if there is one.
    async fn found(
        &mut self,
        store: &mut Store<'_>,
        slot: u32,
        namespace: &str,
    ) -> Result<Option<Option<Value>>, SlotError> {
        let is_known = self.leaving.as_ref().is_some_and(|leaving| leaving.contains(namespace));
        let object = if is_known { None } else { store.namespace(namespace).await? };
        let is_leaving = is_known || object.as_ref().is_some_and(is_on_its_way_out);
        if is_leaving {
            self.terminating.insert(slot);
            if self.leaving.is_none() {
                self.leaving = Some(store.terminating().await?);
            }
        }
        Ok(if is_leaving { None } else { Some(object) })
    }

    /// Whether more numbers were left out than there are namespaces on their way out: the pattern gives several
    /// slots one namespace, and to go on would go on for ever.
    pub(super) fn has_no_end(&self) -> bool {
        self.leaving.as_ref().is_some_and(|leaving| self.terminating.len() > leaving.len().max(1))
    }
}

impl Slots<'_> {
    /// The namespace of a slot that is about to be taken, and what is there of it; `None` if it is on its way out.
    pub(super) async fn free_namespace(
        &self,
        store: &mut Store<'_>,
        numbers: &mut Numbers,
        slot: u32,
    ) -> Result<Option<(String, Option<Value>)>, SlotError> {
        let namespace = self.namespace(slot)?;
        let found = numbers.found(store, slot, &namespace).await?;
        Ok(found.map(|object| (namespace, object)))
    }
}
