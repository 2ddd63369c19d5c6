//! The grammar's second half: lists and mappings in flow style, `[…]`, `{…}`.

use std::borrow::Cow;

use super::cursor::is_blank;
use super::error::{Problem, ReadError};
use super::event::Kind;
use super::parser::{Parser, Style, start_of};
use super::properties::{Properties, Start};
use super::tag::Tag;

/// What was found where a key or an item was expected.
struct Candidate<'a> {
    start: Start,
    properties: Properties<'a>,
    content: Content<'a>,
}

enum Content<'a> {
    Scalar {
        text: Cow<'a, str>,
        is_plain: bool,
        single_line: bool,
    },
    Alias(usize),
    /// A list or mapping begins at the cursor.
    Collection,
    /// Nothing but properties, if at all.
    Nothing,
}

impl<'a> Parser<'a> {
    /// Opens the list or mapping whose bracket stands at the cursor.
    pub(super) fn open_flow(
        &mut self,
        properties: Properties<'a>,
        may_be_key: bool,
    ) -> Result<(), ReadError> {
        let start = Start::of(&mut self.cursor);
        let (style, kind) = if self.cursor.peek() == b'[' {
            (Style::FlowSequence { is_started: false, may_be_key }, Kind::Sequence)
        } else {
            (Style::FlowMapping { is_started: false, may_be_key }, Kind::Mapping)
        };
        self.open(style, kind, properties, start)?;
        self.cursor.advance(1);
        self.is_fresh = false;
        Ok(())
    }

    /// Goes on with `[…]`, at its start or after an item.
    pub(super) fn flow_sequence(&mut self, is_started: bool) -> Result<(), ReadError> {
        if !self.next_in_flow(b']', is_started)? {
            return self.close_flow();
        }
        if self.cursor.peek() == b'?' {
            let start = Start::of(&mut self.cursor);
            self.open(Style::FlowPair, Kind::Mapping, Properties::NONE, start)?;
            return self.explicit_flow_key(b']');
        }
        let candidate = self.candidate()?;
        if matches!(candidate.content, Content::Collection) {
            return self.open_flow(candidate.properties, true);
        }
        if self.at_colon_of(&candidate) {
            self.open(Style::FlowPair, Kind::Mapping, Properties::NONE, candidate.start)?;
            self.push_candidate(candidate)?;
            return self.flow_value(b']');
        }
        self.refuse_nothing(&candidate)?;
        self.push_candidate(candidate)
    }

    /// Goes on with `{…}`, at its start or after an entry.
    pub(super) fn flow_mapping(&mut self, is_started: bool) -> Result<(), ReadError> {
        if !self.next_in_flow(b'}', is_started)? {
            return self.close_flow();
        }
        if self.cursor.peek() == b'?' {
            return self.explicit_flow_key(b'}');
        }
        let candidate = self.candidate()?;
        if matches!(candidate.content, Content::Collection) {
            return Err(self.flow_collection_key());
        }
        if self.at_colon_of(&candidate) {
            self.push_candidate(candidate)?;
            return self.flow_value(b'}');
        }
        self.refuse_nothing(&candidate)?;
        self.push_candidate(candidate)?;
        self.push_nothing();
        Ok(())
    }

    /// Takes white space and the comma between two items. Says whether another
    /// item follows; if not, the bracket has been taken.
    fn next_in_flow(&mut self, close: u8, is_started: bool) -> Result<bool, ReadError> {
        self.flow_gap()?;
        if is_started && self.cursor.peek() != close {
            if self.cursor.peek() != b',' {
                return Err(self.cursor.error(Problem::MissingSeparator { close: char::from(close) }));
            }
            self.cursor.advance(1);
            self.flow_gap()?;
        }
        if self.cursor.peek() == close {
            self.cursor.advance(1);
            return Ok(false);
        }
        if let Some(frame) = self.frames.last_mut() {
            match &mut frame.style {
                Style::FlowSequence { is_started, .. } | Style::FlowMapping { is_started, .. } => {
                    *is_started = true
                }
                _ => {}
            }
        }
        Ok(true)
    }

    /// Takes white space; the text must not end here.
    fn flow_gap(&mut self) -> Result<(), ReadError> {
        self.gap()?;
        if !self.cursor.at_end() && !self.cursor.at_document_marker() {
            return Ok(());
        }
        let unclosed = self.frames.iter().rev().find(|frame| frame.style != Style::FlowPair);
        let Some(frame) = unclosed else { return Ok(()) };
        let open = if matches!(frame.style, Style::FlowSequence { .. }) { '[' } else { '{' };
        Err(ReadError::new(frame.start.position, Problem::UnclosedFlow { open }))
    }

    /// Reads properties and a scalar or alias, but adds nothing yet.
    fn candidate(&mut self) -> Result<Candidate<'a>, ReadError> {
        let start = Start::of(&mut self.cursor);
        let mut properties = Properties::NONE;
        while matches!(self.cursor.peek(), b'&' | b'!') {
            properties.read(&mut self.cursor, &self.handles)?;
            self.flow_gap()?;
        }
        let content = match self.cursor.peek() {
            b'[' | b'{' => Content::Collection,
            b'*' => {
                properties.refuse()?;
                Content::Alias(self.alias()?)
            }
            b',' | b']' | b'}' | b':' | b'?' => Content::Nothing,
            _ => {
                let (scalar, is_plain) = self.scalar()?;
                Content::Scalar { text: scalar.text, is_plain, single_line: scalar.single_line }
            }
        };
        Ok(Candidate { start, properties, content })
    }

    /// Whether the `:` follows that makes `candidate` a key; on its line.
    fn at_colon_of(&mut self, candidate: &Candidate<'a>) -> bool {
        let single_line = !matches!(candidate.content, Content::Scalar { single_line: false, .. });
        self.cursor.eat_blanks();
        single_line
            && self.cursor.line() == candidate.start.position.line
            && self.cursor.peek() == b':'
            && self.is_short_key(candidate.start)
    }

    /// An error if there is neither content nor a property.
    fn refuse_nothing(&mut self, candidate: &Candidate<'a>) -> Result<(), ReadError> {
        if !matches!(candidate.content, Content::Nothing) {
            return Ok(());
        }
        let character = self.cursor.peek_char();
        if candidate.properties.start.is_none() || !matches!(character, ',' | ']' | '}') {
            return Err(self.cursor.error(Problem::Unexpected { character }));
        }
        Ok(())
    }

    /// Adds a candidate that is no collection.
    fn push_candidate(&mut self, candidate: Candidate<'a>) -> Result<(), ReadError> {
        let Candidate { start, properties, content } = candidate;
        let position = start_of(properties, start);
        match content {
            Content::Scalar { text, is_plain, .. } => self.push_scalar(position, properties, text, is_plain),
            Content::Alias(target) => self.push(position, Tag::None, Kind::Alias(target)),
            Content::Nothing if properties.start.is_none() => {
                return Err(ReadError::new(position, Problem::NullKey));
            }
            Content::Nothing | Content::Collection => {
                self.push_scalar(position, properties, Cow::Borrowed(""), true);
            }
        }
        Ok(())
    }

    fn push_nothing(&mut self) {
        let position = self.cursor.position();
        self.push(position, Tag::None, Kind::Plain(Cow::Borrowed("")));
    }

    /// Reads `? key`, and its value, which may stand on another line.
    fn explicit_flow_key(&mut self, close: u8) -> Result<(), ReadError> {
        self.cursor.advance(1);
        self.flow_gap()?;
        let candidate = self.candidate()?;
        if matches!(candidate.content, Content::Collection) {
            return Err(self.flow_collection_key());
        }
        self.push_candidate(candidate)?;
        self.flow_gap()?;
        if self.cursor.peek() == b':' {
            return self.flow_value(close);
        }
        self.push_nothing();
        Ok(())
    }

    /// Reads the value after the `:` at the cursor.
    fn flow_value(&mut self, close: u8) -> Result<(), ReadError> {
        self.cursor.advance(1);
        self.flow_gap()?;
        if self.cursor.peek() == close || self.cursor.peek() == b',' {
            self.push_nothing();
            return Ok(());
        }
        let candidate = self.candidate()?;
        if matches!(candidate.content, Content::Collection) {
            return self.open_flow(candidate.properties, false);
        }
        self.refuse_nothing(&candidate)?;
        self.push_candidate(candidate)
    }

    /// The error for the bracket at the cursor, which opens a key.
    fn flow_collection_key(&mut self) -> ReadError {
        let is_mapping = self.cursor.peek() == b'{';
        if let Some(frame) =
            self.frames.last().filter(|frame| is_mapping && frame.start.pos + 1 == self.cursor.pos())
        {
            return ReadError::new(frame.start.position, Problem::TemplateAction);
        }
        let what = if is_mapping { "mapping" } else { "list" };
        self.cursor.error(Problem::CollectionKey { what })
    }

    /// Closes the list or mapping whose bracket has just been taken.
    fn close_flow(&mut self) -> Result<(), ReadError> {
        self.is_fresh = false;
        let Some(frame) = self.frames.last() else {
            return Ok(());
        };
        let (what, may_be_key) = match frame.style {
            Style::FlowMapping { may_be_key, .. } => ("mapping", may_be_key),
            Style::FlowSequence { may_be_key, .. } => ("list", may_be_key),
            _ => ("mapping", false),
        };
        let start = frame.start;
        self.close();
        while is_blank(self.cursor.peek()) {
            self.cursor.advance(1);
        }
        let at_colon = self.cursor.peek() == b':' && (self.in_flow() || self.cursor.is_gap_at(1));
        if at_colon && may_be_key && self.cursor.line() == start.position.line {
            return Err(ReadError::new(start.position, Problem::CollectionKey { what }));
        }
        Ok(())
    }
}
