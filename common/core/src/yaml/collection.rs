//! Lists and mappings: vectors that keep the order of the document and can be
//! dropped at any depth without recursion.

use std::ops::{Deref, DerefMut};

use super::node::{Node, Value};

/// A list of nodes. Used like the [`Vec`] it dereferences to.
#[derive(Debug, Default)]
pub struct Sequence(Vec<Node>);

impl Sequence {
    /// The items, taken out of the list.
    pub fn into_vec(mut self) -> Vec<Node> {
        std::mem::take(&mut self.0)
    }
}

impl From<Vec<Node>> for Sequence {
    fn from(items: Vec<Node>) -> Self {
        Self(items)
    }
}

impl FromIterator<Node> for Sequence {
    fn from_iter<I: IntoIterator<Item = Node>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl Deref for Sequence {
    type Target = Vec<Node>;

    fn deref(&self) -> &Vec<Node> {
        &self.0
    }
}

impl DerefMut for Sequence {
    fn deref_mut(&mut self) -> &mut Vec<Node> {
        &mut self.0
    }
}

impl IntoIterator for Sequence {
    type Item = Node;
    type IntoIter = std::vec::IntoIter<Node>;

    fn into_iter(self) -> Self::IntoIter {
        self.into_vec().into_iter()
    }
}

impl<'a> IntoIterator for &'a Sequence {
    type Item = &'a Node;
    type IntoIter = std::slice::Iter<'a, Node>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// Keys with their values, in the order of the document.
///
/// Keys are scalars, nearly always strings, and the reader lets none stand
/// twice. Look-ups go through the entries one by one: the mappings of manifests
/// are small, and a hash table for each would cost more than it saves.
#[derive(Debug, Default)]
pub struct Mapping(Vec<(Node, Node)>);

impl Mapping {
    /// A mapping without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// A mapping of `entries`, whose keys have to be scalars and different.
    pub(crate) fn from_entries(entries: Vec<(Node, Node)>) -> Self {
        Self(entries)
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the string `key` is among the keys.
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The value of the string `key`.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.get_entry(key).map(|(_, value)| value)
    }

    /// The string `key` as it stands in the file, and its value.
    pub fn get_entry(&self, key: &str) -> Option<(&Node, &Node)> {
        self.iter().find(|(candidate, _)| candidate.as_str() == Some(key))
    }

    /// The value of the string `key`, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.iter_mut().find(|(candidate, _)| candidate.as_str() == Some(key)).map(|(_, value)| value)
    }

    /// Sets the value of the string `key`, in its place if it is there already,
    /// else at the end, and returns the earlier value.
    pub fn insert(&mut self, key: &str, value: impl Into<Node>) -> Option<Node> {
        let value = value.into();
        if let Some(present) = self.get_mut(key) {
            return Some(std::mem::replace(present, value));
        }
        self.0.push((Node::new(key), value));
        None
    }

    /// Adds the string `key`, which must not be there, before all others.
    pub fn insert_first(&mut self, key: &str, value: impl Into<Node>) {
        debug_assert!(!self.contains_key(key), "`{key}` is there already");
        self.0.insert(0, (Node::new(key), value.into()));
    }

    /// The value of the string `key`, which is set to `default()` if absent.
    pub fn get_or_insert_with(&mut self, key: &str, default: impl FnOnce() -> Node) -> &mut Node {
        let index = match self.0.iter().position(|(candidate, _)| candidate.as_str() == Some(key)) {
            Some(index) => index,
            None => {
                self.0.push((Node::new(key), default()));
                self.0.len() - 1
            }
        };
        &mut self.0[index].1
    }

    /// Takes the string `key` and its value out; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Node> {
        let index = self.0.iter().position(|(candidate, _)| candidate.as_str() == Some(key))?;
        Some(self.0.remove(index).1)
    }

    /// Keeps the entries for which `keep` says true.
    pub fn retain(&mut self, mut keep: impl FnMut(&Node, &mut Node) -> bool) {
        self.0.retain_mut(|(key, value)| keep(key, value));
    }

    /// Keys and values in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Node, &Node)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// Keys and values in order, the values to be changed.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = (&Node, &mut Node)> {
        self.0.iter_mut().map(|(key, value)| (&*key, value))
    }

    /// The keys in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Node> {
        self.0.iter().map(|(key, _)| key)
    }

    /// The values in order.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Node> {
        self.0.iter().map(|(_, value)| value)
    }

    /// The entries as a slice.
    pub(super) fn entries(&self) -> &[(Node, Node)] {
        &self.0
    }
}

impl<K: AsRef<str>, V: Into<Node>> FromIterator<(K, V)> for Mapping {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut mapping = Self::new();
        for (key, value) in entries {
            mapping.insert(key.as_ref(), value);
        }
        mapping
    }
}

impl IntoIterator for Mapping {
    type Item = (Node, Node);
    type IntoIter = std::vec::IntoIter<(Node, Node)>;

    fn into_iter(mut self) -> Self::IntoIter {
        std::mem::take(&mut self.0).into_iter()
    }
}

/// Moves `value` to `pending` if it holds nodes, and leaves null in its place.
fn detach(value: &mut Value, pending: &mut Vec<Value>) {
    let holds_nodes = match value {
        Value::Sequence(items) => !items.0.is_empty(),
        Value::Mapping(entries) => !entries.0.is_empty(),
        _ => false,
    };
    if holds_nodes {
        pending.push(std::mem::replace(value, Value::Null));
    }
}

/// Drops everything in `pending` level by level: by the time a collection is
/// dropped, the ones inside it have been moved out.
fn drop_flat(mut pending: Vec<Value>) {
    while let Some(mut value) = pending.pop() {
        match &mut value {
            Value::Sequence(items) => {
                items.0.iter_mut().for_each(|item| detach(&mut item.value, &mut pending));
            }
            Value::Mapping(entries) => {
                entries.0.iter_mut().for_each(|(_, item)| detach(&mut item.value, &mut pending));
            }
            _ => {}
        }
    }
}

impl Drop for Sequence {
    fn drop(&mut self) {
        let mut pending = Vec::new();
        self.0.iter_mut().for_each(|item| detach(&mut item.value, &mut pending));
        drop_flat(pending);
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        let mut pending = Vec::new();
        self.0.iter_mut().for_each(|(_, item)| detach(&mut item.value, &mut pending));
        drop_flat(pending);
    }
}
