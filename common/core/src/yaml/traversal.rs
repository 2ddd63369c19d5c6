//! Walking over a tree without recursion, and what follows from it: copying,
//! comparing, and the order of keys.

use std::cmp::Ordering;
use std::slice;

use super::collection::{Mapping, Sequence};
use super::node::{Node, Value};
use super::write::sort_entries;

/// In which order the keys of mappings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOrder {
    /// yaml.v3's: runs of digits compared as numbers, letters after other
    /// characters (`_x, 1a, a2, a10, B1, b9`).
    Sorted,
    /// As they stand in the tree.
    Kept,
}

/// One step of a [`Walk`].
#[derive(Clone, Copy)]
pub(super) enum Step<'a> {
    /// The key of the entry whose value comes next.
    Key(&'a Node),
    /// A scalar.
    Scalar(&'a Node),
    /// A list or mapping; what is in it comes next, then its [`Step::Leave`].
    Enter(&'a Node),
    /// The end of the list or mapping that was entered last.
    Leave,
}

/// Iterator over all nodes of a tree, parents before children.
pub(super) struct Walk<'a> {
    order: KeyOrder,
    /// The node that comes next, if it isn't the next of `open`.
    next: Option<&'a Node>,
    open: Vec<Open<'a>>,
}

enum Open<'a> {
    Sequence(slice::Iter<'a, Node>),
    Mapping(slice::Iter<'a, (Node, Node)>),
    Sorted(std::vec::IntoIter<&'a (Node, Node)>),
}

impl<'a> Walk<'a> {
    /// A walk over `root` and all in it.
    pub(super) fn new(root: &'a Node, order: KeyOrder) -> Self {
        Self { order, next: Some(root), open: Vec::new() }
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Step<'a>;

    fn next(&mut self) -> Option<Step<'a>> {
        let node = match self.next.take() {
            Some(node) => node,
            None => {
                let entry = match self.open.last_mut()? {
                    Open::Sequence(items) => items.next().map(|item| (None, item)),
                    Open::Mapping(entries) => entries.next().map(|(key, value)| (Some(key), value)),
                    Open::Sorted(entries) => entries.next().map(|(key, value)| (Some(key), value)),
                };
                match entry {
                    None => {
                        self.open.pop();
                        return Some(Step::Leave);
                    }
                    Some((Some(key), value)) => {
                        self.next = Some(value);
                        return Some(Step::Key(key));
                    }
                    Some((None, item)) => item,
                }
            }
        };
        match &node.value {
            Value::Sequence(items) => self.open.push(Open::Sequence(items.iter())),
            Value::Mapping(mapping) => self.open.push(match self.order {
                KeyOrder::Kept => Open::Mapping(mapping.entries().iter()),
                KeyOrder::Sorted => Open::Sorted(sort_entries(mapping.entries()).into_iter()),
            }),
            _ => return Some(Step::Scalar(node)),
        }
        Some(Step::Enter(node))
    }
}

impl Clone for Node {
    fn clone(&self) -> Self {
        let mut open: Vec<Copy<'_>> = Vec::new();
        for step in Walk::new(self, KeyOrder::Kept) {
            let done = match step {
                Step::Key(key) => {
                    if let Some(Copy { items: Items::Mapping(_, next_key), .. }) = open.last_mut() {
                        *next_key = Some(key.copy_scalar());
                    }
                    continue;
                }
                Step::Enter(original) => {
                    let items = match &original.value {
                        Value::Sequence(items) => Items::Sequence(Vec::with_capacity(items.len())),
                        Value::Mapping(entries) => Items::Mapping(Vec::with_capacity(entries.len()), None),
                        _ => continue,
                    };
                    open.push(Copy { original, items });
                    continue;
                }
                Step::Scalar(scalar) => scalar.copy_scalar(),
                Step::Leave => match open.pop() {
                    Some(copy) => copy.finish(),
                    None => continue,
                },
            };
            match open.last_mut() {
                None => return done,
                Some(Copy { items: Items::Sequence(items), .. }) => items.push(done),
                Some(Copy { items: Items::Mapping(entries, key), .. }) => {
                    entries.extend(key.take().map(|key| (key, done)));
                }
            }
        }
        // A walk ends with the step that completes its root, so the loop has
        // returned before.
        Self::new(Value::Null)
    }
}

/// A list or mapping of which a part is copied.
struct Copy<'a> {
    original: &'a Node,
    items: Items,
}

enum Items {
    Sequence(Vec<Node>),
    /// Entries, and the key of the next one.
    Mapping(Vec<(Node, Node)>, Option<Node>),
}

impl Copy<'_> {
    fn finish(self) -> Node {
        let value = match self.items {
            Items::Sequence(items) => Value::Sequence(Sequence::from(items)),
            Items::Mapping(entries, _) => Value::Mapping(Mapping::from_entries(entries)),
        };
        Node::at(value, self.original.position)
    }
}

impl Clone for Sequence {
    fn clone(&self) -> Self {
        // Each item's copy is made without recursion.
        self.iter().cloned().collect()
    }
}

impl Clone for Mapping {
    fn clone(&self) -> Self {
        Self::from_entries(self.entries().iter().map(|(key, value)| (key.clone(), value.clone())).collect())
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        let mut others = Walk::new(other, KeyOrder::Kept);
        for step in Walk::new(self, KeyOrder::Kept) {
            let same = match (step, others.next()) {
                (Step::Key(one), Some(Step::Key(other))) => same_scalar(one, other),
                (Step::Scalar(one), Some(Step::Scalar(other))) => same_scalar(one, other),
                (Step::Enter(one), Some(Step::Enter(other))) => {
                    matches!(one.value, Value::Sequence(_)) == matches!(other.value, Value::Sequence(_))
                }
                (Step::Leave, Some(Step::Leave)) => true,
                _ => false,
            };
            if !same {
                return false;
            }
        }
        true
    }
}

fn same_scalar(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(one), Value::Bool(other)) => one == other,
        (Value::Int(one), Value::Int(other)) => one == other,
        (Value::Uint(one), Value::Uint(other)) => one == other,
        (Value::Float(one), Value::Float(other)) => {
            one.partial_cmp(other).map_or(one.is_nan() && other.is_nan(), Ordering::is_eq)
        }
        (Value::String(one), Value::String(other)) => one == other,
        _ => false,
    }
}

impl PartialEq for Sequence {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl PartialEq for Mapping {
    fn eq(&self, other: &Self) -> bool {
        self.entries() == other.entries()
    }
}
