//! Anchors and tags before a node, and the anchors a document has defined.

use std::collections::HashMap;

use crate::yaml::node::Position;

use super::cursor::Cursor;
use super::error::{Problem, ReadError};
use super::tag::{Handles, Tag, is_word};

/// What stands before a node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Properties<'a> {
    /// Where the first of them stands.
    pub(super) start: Option<Start>,
    pub(super) anchor: Option<&'a str>,
    pub(super) tag: Tag,
}

/// A place as the parser needs it: for messages, and for comparing columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    pub(super) position: Position,
    pub(super) pos: usize,
    pub(super) column: usize,
}

impl Start {
    /// The cursor's place.
    pub(super) fn of(cursor: &mut Cursor<'_>) -> Self {
        Self { position: cursor.position(), pos: cursor.pos(), column: cursor.column() }
    }
}

impl<'a> Properties<'a> {
    pub(super) const NONE: Self = Self { start: None, anchor: None, tag: Tag::None };

    /// Reads the anchor or tag that stands at the cursor.
    pub(super) fn read(&mut self, cursor: &mut Cursor<'a>, handles: &Handles<'a>) -> Result<(), ReadError> {
        let start = Start::of(cursor);
        if cursor.peek() == b'&' {
            if self.anchor.is_some() {
                return Err(ReadError::new(start.position, Problem::StrayProperty { what: "an anchor" }));
            }
            self.anchor = Some(name(cursor)?);
        } else {
            if self.tag != Tag::None {
                return Err(ReadError::new(start.position, Problem::StrayProperty { what: "a tag" }));
            }
            self.tag = handles.read(cursor)?;
        }
        self.start.get_or_insert(start);
        Ok(())
    }

    /// Both together, if no property is in both.
    pub(super) fn join(self, inner: Self) -> Result<Self, ReadError> {
        let what = match (self.anchor, inner.anchor) {
            (Some(_), Some(_)) => Some("an anchor"),
            _ if self.tag != Tag::None && inner.tag != Tag::None => Some("a tag"),
            _ => None,
        };
        if let (Some(what), Some(start)) = (what, inner.start) {
            return Err(ReadError::new(start.position, Problem::StrayProperty { what }));
        }
        Ok(Self {
            start: self.start.or(inner.start),
            anchor: self.anchor.or(inner.anchor),
            tag: if self.tag == Tag::None { inner.tag } else { self.tag },
        })
    }

    /// An error if there are any: an alias takes none.
    pub(super) fn refuse(self) -> Result<(), ReadError> {
        match self.start {
            None => Ok(()),
            Some(start) => {
                let what = if self.anchor.is_some() { "an anchor" } else { "a tag" };
                Err(ReadError::new(start.position, Problem::StrayProperty { what }))
            }
        }
    }
}

/// Reads `&name` or `*name`.
pub(super) fn name<'a>(cursor: &mut Cursor<'a>) -> Result<&'a str, ReadError> {
    let marker = char::from(cursor.peek());
    let here = cursor.position();
    cursor.advance(1);
    let start = cursor.pos();
    while is_word(cursor.peek()) {
        cursor.advance(1);
    }
    let name = cursor.since(start);
    let is_separated = cursor.is_gap_at(0) || b"?:,]}%@`".contains(&cursor.peek());
    if name.is_empty() || !is_separated {
        return Err(ReadError::new(here, Problem::MalformedAnchor { marker }));
    }
    Ok(name)
}

/// The anchors of a document: name and index of the event that it belongs to.
#[derive(Debug, Default)]
pub(super) struct Anchors<'a>(HashMap<&'a str, usize>);

impl<'a> Anchors<'a> {
    /// Defines an anchor; a later one of the same name takes its place.
    pub(super) fn define(&mut self, name: &'a str, event: usize) {
        self.0.insert(name, event);
    }

    /// The event that an anchor belongs to.
    pub(super) fn get(&self, name: &str) -> Option<usize> {
        self.0.get(name).copied()
    }
}
