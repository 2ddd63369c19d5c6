//! The entries of a mapping that is being composed: finds keys that stand twice.

use std::collections::HashMap;

use crate::yaml::node::Node;

/// Above this number of entries keys are looked up in a table.
const LINEAR: usize = 16;

/// Keys and values so far.
#[derive(Debug, Default)]
pub(super) struct Entries {
    list: Vec<(Node, Node)>,
    /// The names of each key and its index, once there are many.
    index: Option<HashMap<String, usize>>,
}

impl Entries {
    /// The place of the key that is the same as `key`, if there is one.
    ///
    /// Two keys are the same if they are spelled or printed alike: what
    /// Kubernetes stores can't tell `16`, `0x10` and `"16"` apart.
    pub(super) fn find(&self, key: &Node) -> Option<usize> {
        let Some(index) = &self.index else {
            return self.list.iter().position(|(present, _)| is_same(present, key));
        };
        let spelled = key.text()?;
        index.get(&*spelled).or_else(|| index.get(&*key.printed()?)).copied()
    }

    /// The key at `index`.
    pub(super) fn key(&self, index: usize) -> &Node {
        &self.list[index].0
    }

    /// Adds an entry whose key isn't there yet.
    pub(super) fn push(&mut self, key: Node, value: Node) {
        if let Some(index) = &mut self.index {
            enter(index, &key, self.list.len());
        }
        self.list.push((key, value));
        if self.index.is_none() && self.list.len() > LINEAR {
            let mut index = HashMap::with_capacity(4 * LINEAR);
            for (place, (key, _)) in self.list.iter().enumerate() {
                enter(&mut index, key, place);
            }
            self.index = Some(index);
        }
    }

    /// Puts another value in the place of an entry's.
    pub(super) fn replace(&mut self, index: usize, value: Node) {
        self.list[index].1 = value;
    }

    /// Whether all keys are texts.
    pub(super) fn has_only_texts(&self) -> bool {
        self.list.iter().all(|(key, _)| key.as_str().is_some())
    }

    /// The entries in order.
    pub(super) fn into_list(self) -> Vec<(Node, Node)> {
        self.list
    }
}

fn enter(index: &mut HashMap<String, usize>, key: &Node, place: usize) {
    for name in [key.text(), key.printed()].into_iter().flatten() {
        if !index.contains_key(&*name) {
            index.insert(name.into_owned(), place);
        }
    }
}

fn is_same(one: &Node, other: &Node) -> bool {
    match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => one == other,
        _ => one.text() == other.text() || one.printed() == other.printed(),
    }
}
