//! The grammar of a whole document: what comes before its content and after.

use crate::yaml::section::Section;

use super::cursor::Cursor;
use super::error::{Problem, ReadError};
use super::event::Event;
use super::parser::{Parser, Style};
use super::properties::Anchors;
use super::tag::Handles;

/// Makes events of a document; none if it has no content.
///
/// # Errors
/// The document is none, or there are more events than `most`.
pub(super) fn parse<'a>(section: &Section<'a>, most: usize) -> Result<Vec<Event<'a>>, ReadError> {
    let mut parser = Parser {
        cursor: Cursor::new(section)?,
        // About as many as usual manifests have; a huge document may grow it.
        events: Vec::with_capacity((section.text().len() / 12 + 4).min(1 << 16)),
        frames: Vec::new(),
        handles: Handles::default(),
        anchors: Anchors::default(),
        indent: -1,
        is_fresh: true,
    };
    parser.prologue()?;
    parser.block_node(false)?;
    while let Some(frame) = parser.frames.last() {
        if parser.events.len() > most {
            return Err(parser.cursor.error(Problem::TooManyNodes));
        }
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
    pub(super) fn prologue(&mut self) -> Result<(), ReadError> {
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
            _ => {
                return Err(ReadError::new(
                    here,
                    Problem::Directive { reason: "only %YAML and %TAG are known" },
                ));
            }
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
    pub(super) fn epilogue(&mut self) -> Result<(), ReadError> {
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
}
