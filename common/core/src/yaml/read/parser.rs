//! The grammar: which node begins where. Block style is here, flow style in
//! `flow`.
//!
//! Open lists and mappings are frames on a vector, so that depth costs no
//! native stack. The grammar is that of YAML 1.1 as yaml.v3 reads it, with what
//! YAML 1.2 allows beyond it where nothing else could be meant.

use std::borrow::Cow;

use crate::yaml::MAX_DEPTH;
use crate::yaml::node::Position;
use crate::yaml::section::Section;

use super::cursor::{Cursor, is_blank};
use super::error::{Problem, ReadError};
use super::event::{Event, Kind};
use super::plain::{self, Scalar};
use super::properties::{Anchors, Properties, Start, name};
use super::tag::{Handles, Tag};
use super::{block, quoted};

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
    anchors: Anchors<'a>,
    /// Column of the innermost block collection, -1 if there is none.
    pub(super) indent: isize,
    /// Whether nothing but indentation and `- `, `? ` stands before the cursor
    /// on its line, so that a block collection may begin here.
    pub(super) is_fresh: bool,
}

/// Makes events of a document; none if it has no content.
pub(super) fn parse<'a>(section: &Section<'a>) -> Result<Vec<Event<'a>>, ReadError> {
    let mut parser = Parser {
        cursor: Cursor::new(section)?,
        // About as many as there are nodes in usual manifests.
        events: Vec::with_capacity(section.text().len() / 12 + 4),
        frames: Vec::new(),
        handles: Handles::default(),
        anchors: Anchors::default(),
        indent: -1,
        is_fresh: true,
    };
    parser.prologue()?;
    parser.block_node(false)?;
    while let Some(frame) = parser.frames.last() {
        match frame.style {
            Style::BlockSequence { indent, is_indentless } => parser.block_sequence(indent, is_indentless)?,
            Style::BlockMapping { indent } => parser.block_mapping(indent)?,
            Style::FlowSequence { is_started, .. } => parser.flow_sequence(is_started)?,
            Style::FlowMapping { is_started, .. } => parser.flow_mapping(is_started)?,
            Style::FlowPair => parser.close(),
        }
    }
    parser.epilogue()?;
    Ok(parser.events)
}

impl<'a> Parser<'a> {
    /// Reads byte order mark, comments, directives and `---`.
    fn prologue(&mut self) -> Result<(), ReadError> {
        let mut has_directives = false;
        let mut has_version = false;
        loop {
            while self.cursor.eat_byte_order_mark() {}
            self.gap()?;
            if self.cursor.eat_byte_order_mark() {
                continue;
            }
            if self.cursor.column() != 0 || self.cursor.peek() != b'%' {
                break;
            }
            self.directive(&mut has_version)?;
            has_directives = true;
        }
        if self.cursor.column() == 0 && self.cursor.at_marker(b"---") {
            self.cursor.advance(3);
            self.is_fresh = false;
            loop {
                self.gap()?;
                if !self.cursor.eat_byte_order_mark() {
                    return Ok(());
                }
            }
        }
        if has_directives && !self.cursor.at_end() {
            return Err(self.cursor.error(Problem::Directive { reason: "`---` must follow it" }));
        }
        Ok(())
    }

    fn directive(&mut self, has_version: &mut bool) -> Result<(), ReadError> {
        let here = self.cursor.position();
        let start = self.cursor.pos();
        while !self.cursor.is_gap_at(0) {
            self.cursor.advance(1);
        }
        match self.cursor.since(start) {
            "%YAML" => {
                self.cursor.eat_blanks();
                let start = self.cursor.pos();
                while !self.cursor.is_gap_at(0) {
                    self.cursor.advance(1);
                }
                if !matches!(self.cursor.since(start), "1.1" | "1.2") {
                    let reason = "only YAML 1.1 and 1.2 are supported";
                    return Err(ReadError::new(here, Problem::Directive { reason }));
                }
                if std::mem::replace(has_version, true) {
                    return Err(ReadError::new(here, Problem::Directive { reason: "`%YAML` stands twice" }));
                }
            }
            "%TAG" => self.handles.declare(&mut self.cursor)?,
            _ => return Err(ReadError::new(here, Problem::Directive { reason: "only %YAML and %TAG are known" })),
        }
        self.cursor.eat_blanks();
        if self.cursor.peek() == b'#' {
            self.cursor.eat_line();
        }
        if !self.cursor.at_end() && !self.cursor.eat_break() {
            return Err(self.cursor.error(Problem::Directive { reason: "unexpected text at its end" }));
        }
        Ok(())
    }

    /// Makes sure that nothing but `...` and comments follow the document.
    fn epilogue(&mut self) -> Result<(), ReadError> {
        self.gap()?;
        if self.cursor.column() == 0 && self.cursor.at_marker(b"...") {
            self.cursor.advance(3);
            self.is_fresh = false;
            self.gap()?;
        }
        if self.cursor.at_end() {
            return Ok(());
        }
        Err(self.unexpected_text(Problem::AfterEnd))
    }

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
                        if self.cursor.since(self.cursor.pos() - self.cursor.column()).trim_matches([' ', '\t']).is_empty() {
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
    fn token_column(&self) -> isize {
        if self.cursor.at_end() || self.cursor.at_document_marker() {
            return -1;
        }
        // A section is shorter than u32::MAX.
        self.cursor.column() as isize
    }

    /// Whether `indicator` followed by a gap stands at the cursor.
    fn at_indicator(&self, indicator: u8) -> bool {
        self.cursor.peek() == indicator && self.cursor.is_gap_at(1)
    }

    /// Goes on with a list in block style, after one of its items.
    fn block_sequence(&mut self, indent: isize, is_indentless: bool) -> Result<(), ReadError> {
        self.gap()?;
        let column = self.token_column();
        if !self.is_fresh && column >= 0 {
            return Err(self.unexpected_text(Problem::MissingItem));
        }
        if column < indent || (is_indentless && column == indent && !self.at_indicator(b'-')) {
            self.close();
            return Ok(());
        }
        if column > indent {
            return Err(self.cursor.error(Problem::BadIndentation));
        }
        if !self.at_indicator(b'-') {
            return Err(self.cursor.error(Problem::MissingItem));
        }
        self.cursor.advance(1);
        self.block_node(false)
    }

    /// Goes on with a mapping in block style, after one of its values.
    fn block_mapping(&mut self, indent: isize) -> Result<(), ReadError> {
        self.gap()?;
        let column = self.token_column();
        if !self.is_fresh && column >= 0 {
            return Err(self.unexpected_text(Problem::MissingColon));
        }
        if column < indent {
            self.close();
            return Ok(());
        }
        if column > indent {
            return Err(self.cursor.error(Problem::BadIndentation));
        }
        if self.at_indicator(b'?') {
            return self.explicit_key();
        }
        let start = Start::of(&mut self.cursor);
        let mut properties = Properties::NONE;
        while matches!(self.cursor.peek(), b'&' | b'!') {
            properties.read(&mut self.cursor, &self.handles)?;
            self.is_fresh = false;
            self.cursor.eat_blanks();
        }
        match self.cursor.peek() {
            b'[' => return Err(self.cursor.error(Problem::CollectionKey { what: "list" })),
            b'{' => return Err(self.cursor.error(Problem::CollectionKey { what: "mapping" })),
            b'|' | b'>' => return Err(self.unexpected_text(Problem::MissingColon)),
            b'-' if self.cursor.is_gap_at(1) => return Err(self.cursor.error(Problem::UnexpectedItem)),
            b':' if self.cursor.is_gap_at(1) && properties.start.is_none() => {
                return Err(self.cursor.error(Problem::NullKey));
            }
            _ => {}
        }
        let position = start.position;
        if self.at_indicator(b':') {
            self.expect_colon(start)?;
            self.push_scalar(position, properties, Cow::Borrowed(""), true);
        } else if self.cursor.peek() == b'*' {
            properties.refuse()?;
            let target = self.alias()?;
            self.cursor.eat_blanks();
            self.expect_colon(start)?;
            self.push(position, Tag::None, Kind::Alias(target));
        } else {
            let (scalar, is_plain) = self.scalar()?;
            if !scalar.single_line {
                return Err(ReadError::new(position, Problem::MissingColon));
            }
            if !is_plain {
                self.cursor.eat_blanks();
            }
            self.expect_colon(start)?;
            self.push_scalar(position, properties, scalar.text, is_plain);
        }
        self.block_node(true)
    }

    /// Takes the `:` after the key that began at `start`.
    fn expect_colon(&mut self, start: Start) -> Result<(), ReadError> {
        if !self.at_indicator(b':') || self.is_fresh_line_since(start) || !self.is_short_key(start) {
            return Err(ReadError::new(start.position, Problem::MissingColon));
        }
        self.cursor.advance(1);
        self.is_fresh = false;
        Ok(())
    }

    fn is_fresh_line_since(&self, start: Start) -> bool {
        self.cursor.line() != start.position.line
    }

    /// Whether the cursor is near enough to the start of a key.
    pub(super) fn is_short_key(&self, start: Start) -> bool {
        self.cursor.pos() - start.pos <= KEY_LIMIT || self.cursor.since(start.pos).chars().count() <= KEY_LIMIT
    }

    /// Reads `? key` and, if it is there, `: value`.
    fn explicit_key(&mut self) -> Result<(), ReadError> {
        self.cursor.advance(1);
        self.is_fresh = true;
        let depth = self.frames.len();
        let event = self.events.len();
        let position = self.cursor.position();
        self.block_node(false)?;
        if self.frames.len() > depth {
            return Err(self.collection_key(event));
        }
        if self.events.len() == event {
            return Err(ReadError::new(position, Problem::NullKey));
        }
        self.gap()?;
        if self.token_column() == self.indent && self.is_fresh && self.at_indicator(b':') {
            self.cursor.advance(1);
            self.is_fresh = true;
            return self.block_node(true);
        }
        let position = self.cursor.position();
        self.push(position, Tag::None, Kind::Plain(Cow::Borrowed("")));
        Ok(())
    }

    /// The error for the list or mapping of `event`, which stands as a key.
    pub(super) fn collection_key(&mut self, event: usize) -> ReadError {
        let what = match self.events.get(event).map(|event| &event.kind) {
            Some(Kind::Sequence) => "list",
            _ => "mapping",
        };
        let position = self.events.get(event).map_or_else(|| self.cursor.position(), |event| event.position);
        ReadError::new(position, Problem::CollectionKey { what })
    }

    /// Reads a node in block context: a whole scalar, or the beginning of a
    /// list or mapping up to its first scalar.
    ///
    /// `allows_dash` says that `- ` at the very column of the surrounding
    /// mapping begins a list, as it does after `key:`.
    fn block_node(&mut self, mut allows_dash: bool) -> Result<(), ReadError> {
        // What stands on earlier lines belongs to the node, what stands on this
        // line to its first key if it is a mapping.
        let mut outer = Properties::NONE;
        let mut inner = Properties::NONE;
        let mut was_fresh = false;
        loop {
            let line = self.cursor.line();
            self.gap()?;
            if self.cursor.line() != line {
                outer = outer.join(inner)?;
                inner = Properties::NONE;
            }
            let column = self.token_column();
            let at_dash = self.at_indicator(b'-');
            // A block scalar shows by its indicator that it is no key.
            let may_be_level = (allows_dash && at_dash) || matches!(self.cursor.peek(), b'|' | b'>');
            if column < self.indent || column < 0 || (column == self.indent && !may_be_level) {
                return self.empty_node(outer.join(inner)?);
            }
            if inner.start.is_none() {
                was_fresh = self.is_fresh;
            }
            let start = inner.start.unwrap_or_else(|| Start::of(&mut self.cursor));
            // Not all that follows may begin a collection: only what does so
            // directly, without anchor or tag before it on the line.
            let may_open = was_fresh && inner.start.is_none();
            match self.cursor.peek() {
                b'&' | b'!' => {
                    inner.read(&mut self.cursor, &self.handles)?;
                    self.is_fresh = false;
                }
                b'-' if at_dash => {
                    if !may_open {
                        return Err(self.cursor.error(Problem::UnexpectedItem));
                    }
                    let style = Style::BlockSequence { indent: column, is_indentless: column == self.indent };
                    self.open(style, Kind::Sequence, outer, start)?;
                    self.cursor.advance(1);
                    self.is_fresh = true;
                    (outer, allows_dash) = (Properties::NONE, false);
                }
                b'?' if self.cursor.is_gap_at(1) => {
                    if !may_open {
                        return Err(self.cursor.error(Problem::UnexpectedKey));
                    }
                    self.open(Style::BlockMapping { indent: column }, Kind::Mapping, outer, start)?;
                    // The frame is open now, so the loop over frames goes on
                    // with the key.
                    return Ok(());
                }
                b':' if self.cursor.is_gap_at(1) && was_fresh && inner.start.is_some() => {
                    self.open_mapping(outer, start)?;
                    self.push_scalar(start.position, inner, Cow::Borrowed(""), true);
                    (outer, inner, allows_dash) = (Properties::NONE, Properties::NONE, true);
                }
                b':' if self.cursor.is_gap_at(1) => {
                    let problem = if was_fresh { Problem::NullKey } else { Problem::UnexpectedValue };
                    return Err(self.cursor.error(problem));
                }
                b'[' | b'{' => {
                    let properties = outer.join(inner)?;
                    return self.open_flow(properties, was_fresh);
                }
                b'|' | b'>' => {
                    let properties = outer.join(inner)?;
                    let text = block::read(&mut self.cursor, self.indent)?;
                    self.is_fresh = true;
                    self.push_scalar(start_of(properties, start), properties, Cow::Owned(text), false);
                    return Ok(());
                }
                b'*' => {
                    let target = self.alias()?;
                    self.cursor.eat_blanks();
                    if was_fresh && self.at_indicator(b':') {
                        inner.refuse()?;
                        self.open_mapping(outer, start)?;
                        self.push(start.position, Tag::None, Kind::Alias(target));
                        (outer, allows_dash) = (Properties::NONE, true);
                        continue;
                    }
                    outer.join(inner)?.refuse()?;
                    self.push(start.position, Tag::None, Kind::Alias(target));
                    return Ok(());
                }
                _ => {
                    let (scalar, is_plain) = self.scalar()?;
                    if !is_plain {
                        self.cursor.eat_blanks();
                    }
                    let is_key = self.at_indicator(b':') && !self.is_fresh;
                    if is_key {
                        if !was_fresh || !scalar.single_line || !self.is_short_key(start) {
                            return Err(self.cursor.error(Problem::UnexpectedValue));
                        }
                        self.open_mapping(outer, start)?;
                        self.push_scalar(start.position, inner, scalar.text, is_plain);
                        (outer, inner, allows_dash) = (Properties::NONE, Properties::NONE, true);
                        continue;
                    }
                    let properties = outer.join(inner)?;
                    self.push_scalar(start_of(properties, start), properties, scalar.text, is_plain);
                    return Ok(());
                }
            }
        }
    }

    /// Opens the mapping whose first key has just been read up to its `:`.
    fn open_mapping(&mut self, properties: Properties<'a>, start: Start) -> Result<(), ReadError> {
        // A section is shorter than u32::MAX.
        let style = Style::BlockMapping { indent: start.column as isize };
        self.open(style, Kind::Mapping, properties, start)?;
        self.cursor.advance(1);
        self.is_fresh = false;
        Ok(())
    }

    /// A node of which there is nothing but perhaps its properties.
    fn empty_node(&mut self, properties: Properties<'a>) -> Result<(), ReadError> {
        if properties.start.is_some() || !self.frames.is_empty() {
            let here = self.cursor.position();
            let position = properties.start.map_or(here, |start| start.position);
            self.push_scalar(position, properties, Cow::Borrowed(""), true);
        }
        Ok(())
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
    fn ends_on_new_line(&self) -> bool {
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

    /// Text where only the end of a line was possible.
    fn unexpected_text(&mut self, problem: Problem) -> ReadError {
        let problem = if self.at_indicator(b':') { Problem::UnexpectedValue } else { problem };
        self.cursor.error(problem)
    }
}

/// Where a node with properties begins.
pub(super) fn start_of(properties: Properties<'_>, start: Start) -> Position {
    properties.start.map_or(start.position, |first| first.position)
}
