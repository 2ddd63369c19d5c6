//! From events to a tree: resolves scalars, checks keys, expands aliases and
//! merges.

use crate::yaml::MAX_DEPTH;
use crate::yaml::collection::{Mapping, Sequence};
use crate::yaml::node::{Node, Position, Value};

use super::Dialect;
use super::budget::Budget;
use super::entries::Entries;
use super::error::{Problem, ReadError};
use super::event::{Event, Kind};
use super::kubectl::{kubectl_key, kubectl_value};
use super::resolve;
use super::tag::Tag;

/// Makes a tree of the events of a document; also says how many nodes it has.
///
/// # Errors
/// The first event that has no place in the tree, or aliases that make more than `most` nodes of it.
pub(super) fn compose(
    events: &[Event<'_>],
    dialect: Dialect,
    most: usize,
) -> Result<(Option<Node>, usize), ReadError> {
    let mut composer =
        Composer { dialect, frames: Vec::new(), expansions: Vec::new(), budget: Budget::new(most) };
    let mut next = 0;
    while let Some(event) = events.get(next) {
        next += 1;
        composer.budget.count(event, !composer.expansions.is_empty())?;
        let node = match &event.kind {
            Kind::Plain(text) if text == "<<" && composer.begins_merge(event, true) => {
                composer.begin_merge(event.position)?;
                continue;
            }
            Kind::Text(text) if text == "<<" && composer.begins_merge(event, false) => {
                composer.begin_merge(event.position)?;
                continue;
            }
            Kind::Plain(text) => composer.scalar(event, text, true)?,
            Kind::Text(text) => composer.scalar(event, text, false)?,
            Kind::Sequence => {
                composer.open(event, Content::Sequence(Vec::new()))?;
                continue;
            }
            Kind::Mapping => {
                composer
                    .open(event, Content::Mapping { entries: Entries::default(), key: None, merge: None })?;
                continue;
            }
            Kind::End => composer.close()?,
            Kind::Alias(target) => {
                composer.check_alias(event, events.get(*target).map(|event| &event.kind))?;
                composer.expansions.push(Expansion { depth: composer.frames.len(), resume: next });
                next = *target;
                continue;
            }
        };
        let root = composer.place(node)?;
        while let Some(expansion) =
            composer.expansions.pop_if(|expansion| expansion.depth == composer.frames.len())
        {
            next = expansion.resume;
        }
        if composer.frames.is_empty() {
            return Ok((root, composer.budget.nodes()));
        }
    }
    Ok((None, 0))
}

/// A list or mapping whose end hasn't come yet.
struct Frame {
    position: Position,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping {
        entries: Entries,
        /// The key whose value comes next.
        key: Option<Key>,
        /// What `<<` brings in, to be added after all other keys.
        merge: Option<Merge>,
    },
}

enum Key {
    Ordinary(Node),
    /// `<<` and its place.
    Merge(Position),
}

/// The value of a `<<` and the place of the `<<`.
struct Merge {
    position: Position,
    value: Node,
}

/// An alias that is being expanded: where its events go on when a node is
/// complete at `depth`.
struct Expansion {
    depth: usize,
    resume: usize,
}

struct Composer {
    dialect: Dialect,
    frames: Vec<Frame>,
    expansions: Vec<Expansion>,
    budget: Budget,
}

impl Composer {
    /// Whether the next node is a key.
    fn at_key(&self) -> bool {
        matches!(self.frames.last(), Some(Frame { content: Content::Mapping { key: None, .. }, .. }))
    }

    fn open(&mut self, event: &Event<'_>, content: Content) -> Result<(), ReadError> {
        if self.frames.len() >= MAX_DEPTH {
            return Err(ReadError::new(event.position, Problem::TooDeep));
        }
        self.frames.push(Frame { position: event.position, content });
        Ok(())
    }

    fn scalar(&mut self, event: &Event<'_>, text: &str, is_plain: bool) -> Result<Node, ReadError> {
        let fail = |problem| ReadError::new(event.position, problem);
        let value = resolve::scalar(text, is_plain, event.tag, self.dialect).map_err(fail)?;
        let value = match (self.dialect, self.at_key()) {
            (Dialect::Go | Dialect::GoUndecoded, true) => self.go_key(value, text),
            (Dialect::Go | Dialect::GoUndecoded, false) => Ok(value),
            (Dialect::Kubectl, true) => kubectl_key(value, text),
            (Dialect::Kubectl, false) => kubectl_value(value, text),
        };
        Ok(Node::spelled(value.map_err(fail)?, event.position, text))
    }

    /// At the top of a document a key is its text, deeper it keeps its type.
    fn go_key(&self, value: Value, text: &str) -> Result<Value, Problem> {
        match value {
            Value::Null if self.dialect == Dialect::Go => Err(Problem::NullKey),
            Value::String(text) => Ok(Value::String(text)),
            _ if self.frames.len() == 1 => Ok(Value::String(text.to_owned())),
            value => Ok(value),
        }
    }

    fn check_alias(&self, event: &Event<'_>, target: Option<&Kind<'_>>) -> Result<(), ReadError> {
        let what = match target {
            Some(Kind::Sequence) => "list",
            Some(Kind::Mapping) => "mapping",
            _ => return Ok(()),
        };
        if self.at_key() {
            return Err(ReadError::new(event.position, Problem::CollectionKey { what }));
        }
        let at_merge = matches!(
            self.frames.last(),
            Some(Frame { content: Content::Mapping { key: Some(Key::Merge(_)), .. }, .. })
        );
        if at_merge && what == "list" {
            return Err(ReadError::new(event.position, Problem::MergeValue { what: "an alias of a list" }));
        }
        Ok(())
    }

    /// Whether the scalar `<<` of `event` is a merge and not a text.
    fn begins_merge(&self, event: &Event<'_>, is_plain: bool) -> bool {
        // An alias of `<<` is a text.
        let is_alias = self.expansions.last().is_some_and(|expansion| expansion.depth == self.frames.len());
        let is_tagged = match event.tag {
            Tag::None | Tag::NonSpecific => is_plain,
            tag => tag == Tag::Merge,
        };
        self.at_key() && is_tagged && !is_alias
    }

    fn begin_merge(&mut self, position: Position) -> Result<(), ReadError> {
        let Some(Frame { content: Content::Mapping { entries, key, merge }, .. }) = self.frames.last_mut()
        else {
            return Ok(());
        };
        if self.dialect == Dialect::Go {
            let text = entries.find(&Node::new("<<")).map(|index| entries.key(index).position);
            if let Some(first) = merge.as_ref().map(|merge| merge.position).or(text) {
                return Err(ReadError::new(position, Problem::DuplicateKey { key: "<<".to_owned(), first }));
            }
        }
        *key = Some(Key::Merge(position));
        Ok(())
    }

    /// Whether the next node is what `<<` merges, or an item of it.
    fn in_merge(&self) -> bool {
        let is_merge =
            |frame: &Frame| matches!(frame.content, Content::Mapping { key: Some(Key::Merge(_)), .. });
        match self.frames.as_slice() {
            [.., parent, Frame { content: Content::Sequence(_), .. }] => is_merge(parent),
            [.., frame] => is_merge(frame),
            [] => false,
        }
    }

    /// Puts a complete node where it belongs; gives it back if it is the root.
    fn place(&mut self, node: Node) -> Result<Option<Node>, ReadError> {
        let Some(frame) = self.frames.last_mut() else {
            return Ok(Some(node));
        };
        match &mut frame.content {
            Content::Sequence(items) => items.push(node),
            Content::Mapping { entries, key, merge } => match key.take() {
                None => {
                    let first = match entries.find(&node) {
                        Some(index) => Some(entries.key(index).position),
                        None if node.as_str() == Some("<<") => merge.as_ref().map(|merge| merge.position),
                        None => None,
                    };
                    if let (Some(first), Dialect::Go) = (first, self.dialect) {
                        let key = node.text().unwrap_or_default().into_owned();
                        return Err(ReadError::new(node.position, Problem::DuplicateKey { key, first }));
                    }
                    *key = Some(Key::Ordinary(node));
                }
                Some(Key::Ordinary(key)) => match entries.find(&key) {
                    Some(index) if self.dialect != Dialect::GoUndecoded => entries.replace(index, node),
                    _ => entries.push(key, node),
                },
                Some(Key::Merge(position)) => {
                    let value = Merge { position, value: node };
                    match self.dialect {
                        Dialect::Go | Dialect::GoUndecoded => *merge = Some(value),
                        Dialect::Kubectl => add_merged(entries, value, self.dialect, true)?,
                    }
                }
            },
        }
        Ok(None)
    }

    /// Completes the innermost list or mapping.
    fn close(&mut self) -> Result<Node, ReadError> {
        let is_top = self.frames.len() == 1;
        // The parser emits as many ends as beginnings, so there is a frame.
        let Some(frame) = self.frames.pop() else {
            return Ok(Node::new(Value::Null));
        };
        let value = match frame.content {
            Content::Sequence(items) => Value::Sequence(Sequence::from(items)),
            Content::Mapping { mut entries, merge, .. } => {
                if let Some(merge) = merge {
                    // yaml.v3 makes a map of texts of it if all its own keys
                    // are texts; one that is merged itself adopts the keys of
                    // where it goes.
                    let takes_texts = is_top || (entries.has_only_texts() && !self.in_merge());
                    add_merged(&mut entries, merge, self.dialect, takes_texts)?;
                }
                Value::Mapping(Mapping::from_entries(entries.into_list()))
            }
        };
        Ok(Node::at(value, frame.position))
    }
}

/// Adds what a `<<` brings in. yaml.v3 lets the mapping's own keys win wherever
/// they stand; kubectl lets the later of two win. In a list of mappings the
/// earlier wins in both. With `takes_texts`, keys become their text.
fn add_merged(
    entries: &mut Entries,
    merge: Merge,
    dialect: Dialect,
    takes_texts: bool,
) -> Result<(), ReadError> {
    let refuse =
        |node: &Node| Err(ReadError::new(node.position, Problem::MergeValue { what: node.describe() }));
    let mut sources = match merge.value.value {
        Value::Mapping(source) => vec![source],
        Value::Sequence(items) => {
            let mut sources = Vec::with_capacity(items.len());
            for item in items {
                match item.value {
                    Value::Mapping(source) => sources.push(source),
                    _ => return refuse(&item),
                }
            }
            sources
        }
        _ => return refuse(&merge.value),
    };
    if dialect == Dialect::Kubectl {
        sources.reverse();
    }
    for (mut key, value) in sources.into_iter().flatten() {
        if takes_texts && key.as_str().is_none() {
            key = Node::at(key.text().unwrap_or_default().into_owned(), key.position);
        }
        match (entries.find(&key), dialect) {
            (None, _) => entries.push(key, value),
            (Some(index), Dialect::Kubectl) => entries.replace(index, value),
            (Some(_), Dialect::Go | Dialect::GoUndecoded) => {}
        }
    }
    Ok(())
}
