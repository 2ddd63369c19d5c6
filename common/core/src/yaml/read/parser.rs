//! The state of the parser and what all of the grammar needs: white space,
//! scalars, aliases, opening and closing. The grammar itself is in `document`,
//! `block` and `flow`.
//!
//! Open lists and mappings are frames on a vector, so that depth costs no
//! native stack. The grammar is that of YAML 1.1 as yaml.v3 reads it, with what
//! YAML 1.2 allows beyond it where nothing else could be meant.

use std::borrow::Cow;

use crate::yaml::MAX_DEPTH;
use crate::yaml::node::Position;

use super::cursor::{Cursor, is_blank};
use super::error::{Problem, ReadError};
use super::event::{Event, Kind};
use super::plain::{self, Scalar};
use super::properties::{Anchors, Properties, Start, name};
use super::quoted;
use super::tag::{Handles, Tag};

/// How far a `:` may stand from the start of its key, in characters.
const KEY_LIMIT: usize = 1024;

/// A list or mapping that is still open.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) style: Style,
    /// Index of its first event.
    pub(super) event: usize,
    /// Where it was opened.
    pub(super) start: Start,
    /// Column of the block collection around it, -1 if there is none.
    pub(super) outer_indent: isize,
}

/// What kind of list or mapping a [`Frame`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `- item` lines, dashes at `indent`. Without indentation of its own it
    /// stands in a mapping whose keys have the same column.
    BlockSequence { indent: isize, is_indentless: bool },
    /// `key: value` lines, keys at `indent`.
    BlockMapping { indent: isize },
    /// `[…]`
    FlowSequence { is_started: bool, may_be_key: bool },
    /// `{…}`
    FlowMapping { is_started: bool, may_be_key: bool },
    /// `key: value` as an item of `[…]`
    FlowPair,
}

/// The parser's state.
pub(super) struct Parser<'a> {
    pub(super) cursor: Cursor<'a>,
    pub(super) events: Vec<Event<'a>>,
    pub(super) frames: Vec<Frame>,
    pub(super) handles: Handles<'a>,
    pub(super) anchors: Anchors<'a>,
    /// Column of the innermost block collection, -1 if there is none.
    pub(super) indent: isize,
    /// Whether nothing but indentation and `- `, `? ` stands before the cursor
    /// on its line, so that a block collection may begin here.
    pub(super) is_fresh: bool,
}

impl<'a> Parser<'a> {
    /// Takes white space, comments and line ends up to the next token.
    pub(super) fn gap(&mut self) -> Result<(), ReadError> {
        let in_flow = self.in_flow();
        loop {
            match self.cursor.peek() {
                b' ' => self.cursor.advance(1),
                b'\t' => {
                    // After `- ` on the same line a tab separates; then no
                    // collection can begin, as its column would be unknown.
                    if self.is_fresh && !in_flow {
                        if self
                            .cursor
                            .since(self.cursor.pos() - self.cursor.column())
                            .trim_matches([' ', '\t'])
                            .is_empty()
                        {
                            return Err(self.cursor.error(Problem::TabIndent));
                        }
                        self.is_fresh = false;
                    }
                    self.cursor.advance(1);
                }
                b'#' => self.cursor.eat_line(),
                b'\n' | b'\r' => {
                    self.cursor.eat_break();
                    self.is_fresh = true;
                }
                _ => return Ok(()),
            }
        }
    }

    /// The column of the next token, -1 if the document ends here.
    pub(super) fn token_column(&self) -> isize {
        if self.cursor.at_end() || self.cursor.at_document_marker() {
            return -1;
        }
        // A section is shorter than u32::MAX.
        self.cursor.column() as isize
    }

    /// Whether `indicator` followed by a gap stands at the cursor.
    pub(super) fn at_indicator(&self, indicator: u8) -> bool {
        self.cursor.peek() == indicator && self.cursor.is_gap_at(1)
    }

    /// Whether the cursor is near enough to the start of a key.
    pub(super) fn is_short_key(&self, start: Start) -> bool {
        self.cursor.pos() - start.pos <= KEY_LIMIT
            || self.cursor.since(start.pos).chars().count() <= KEY_LIMIT
    }

    /// Reads a plain or quoted scalar; says whether it is plain.
    pub(super) fn scalar(&mut self) -> Result<(Scalar<'a>, bool), ReadError> {
        let in_flow = self.in_flow();
        match self.cursor.peek() {
            b'"' | b'\'' => {
                let scalar = quoted::read(&mut self.cursor)?;
                self.is_fresh = false;
                Ok((scalar, false))
            }
            b',' | b'[' | b']' | b'{' | b'}' => {
                let character = self.cursor.peek_char();
                Err(self.cursor.error(Problem::Unexpected { character }))
            }
            b'%' | b'@' | b'`' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' => {
                let character = self.cursor.peek_char();
                Err(self.cursor.error(Problem::ReservedStart { character }))
            }
            b'-' | b'?' | b':' if self.cursor.is_gap_at(1) => {
                let character = self.cursor.peek_char();
                Err(self.cursor.error(Problem::Unexpected { character }))
            }
            _ => {
                let line = self.cursor.line();
                // Never negative: `indent` is -1 at least.
                let scalar = plain::read(&mut self.cursor, (self.indent + 1) as usize, in_flow)?;
                let last_line = self.cursor.line();
                self.is_fresh = last_line != line && self.ends_on_new_line();
                Ok((scalar, true))
            }
        }
    }

    /// Whether only blanks stand before the cursor on its line.
    pub(super) fn ends_on_new_line(&self) -> bool {
        self.cursor.since(self.cursor.pos() - self.cursor.column()).bytes().all(is_blank)
    }

    /// Reads an alias; gives the index of the event it stands for.
    pub(super) fn alias(&mut self) -> Result<usize, ReadError> {
        let position = self.cursor.position();
        let name = name(&mut self.cursor)?;
        self.is_fresh = false;
        let Some(target) = self.anchors.get(name) else {
            return Err(ReadError::new(position, Problem::UnknownAnchor { name: name.to_owned() }));
        };
        // Frames are ordered by event: each is inside the one before.
        if self.frames.binary_search_by_key(&target, |frame| frame.event).is_ok() {
            return Err(ReadError::new(position, Problem::RecursiveAnchor { name: name.to_owned() }));
        }
        Ok(target)
    }

    /// Adds an event.
    pub(super) fn push(&mut self, position: Position, tag: Tag, kind: Kind<'a>) {
        self.events.push(Event { position, tag, kind });
    }

    /// Adds a scalar with its properties.
    pub(super) fn push_scalar(
        &mut self,
        position: Position,
        properties: Properties<'a>,
        text: Cow<'a, str>,
        is_plain: bool,
    ) {
        if let Some(anchor) = properties.anchor {
            self.anchors.define(anchor, self.events.len());
        }
        self.push(position, properties.tag, if is_plain { Kind::Plain(text) } else { Kind::Text(text) });
    }

    /// Opens a list or mapping.
    pub(super) fn open(
        &mut self,
        style: Style,
        kind: Kind<'a>,
        properties: Properties<'a>,
        start: Start,
    ) -> Result<(), ReadError> {
        let position = start_of(properties, start);
        if self.frames.len() >= MAX_DEPTH {
            return Err(ReadError::new(position, Problem::TooDeep));
        }
        let event = self.events.len();
        if let Some(anchor) = properties.anchor {
            self.anchors.define(anchor, event);
        }
        self.push(position, properties.tag, kind);
        self.frames.push(Frame { style, event, start, outer_indent: self.indent });
        if let Style::BlockSequence { indent, .. } | Style::BlockMapping { indent } = style {
            self.indent = indent;
        }
        Ok(())
    }

    /// Closes the innermost list or mapping.
    pub(super) fn close(&mut self) {
        let position = self.cursor.position();
        self.push(position, Tag::None, Kind::End);
        if let Some(frame) = self.frames.pop() {
            self.indent = frame.outer_indent;
        }
    }

    /// Whether the innermost list or mapping is in flow style.
    pub(super) fn in_flow(&self) -> bool {
        self.frames.last().is_some_and(|frame| {
            matches!(frame.style, Style::FlowSequence { .. } | Style::FlowMapping { .. } | Style::FlowPair)
        })
    }

    /// Text where only the end of a line was possible.
    pub(super) fn unexpected_text(&mut self, problem: Problem) -> ReadError {
        let problem = if self.at_indicator(b':') { Problem::UnexpectedValue } else { problem };
        self.cursor.error(problem)
    }
}

/// Where a node with properties begins.
pub(super) fn start_of(properties: Properties<'_>, start: Start) -> Position {
    properties.start.map_or(start.position, |first| first.position)
}
