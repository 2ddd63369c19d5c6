//! The grammar of block style: lists and mappings by indentation.

use std::borrow::Cow;

use super::block_scalar;
use super::error::{Problem, ReadError};
use super::event::Kind;
use super::parser::{Parser, Style, start_of};
use super::properties::{Properties, Start};
use super::tag::Tag;

impl<'a> Parser<'a> {
    /// Goes on with a list in block style, after one of its items.
    pub(super) fn block_sequence(&mut self, indent: isize, is_indentless: bool) -> Result<(), ReadError> {
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
    pub(super) fn block_mapping(&mut self, indent: isize) -> Result<(), ReadError> {
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
            b'{' => {
                return Err(self.cursor.error(Problem::CollectionKey { what: "mapping" }));
            }
            b'|' | b'>' => return Err(self.unexpected_text(Problem::MissingColon)),
            b'-' if self.cursor.is_gap_at(1) => {
                return Err(self.cursor.error(Problem::UnexpectedItem));
            }
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
    pub(super) fn block_node(&mut self, mut allows_dash: bool) -> Result<(), ReadError> {
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
                    let text = block_scalar::read(&mut self.cursor, self.indent)?;
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
}
