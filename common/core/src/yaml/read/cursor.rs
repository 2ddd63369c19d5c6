//! Walking over the text of one section: where we are, what comes next, and
//! the white space between tokens.
//!
//! Structure is decided on bytes: every character that means something to YAML
//! is ASCII. Columns of errors and nodes are counted in characters.

use crate::yaml::node::Position;
use crate::yaml::section::Section;

use super::error::{Problem, ReadError};

/// A place in a section's text. No character is NUL ([`Cursor::new`] refuses
/// control characters), so [`Cursor::peek`] gives NUL at the end.
pub(super) struct Cursor<'a> {
    text: &'a str,
    bytes: &'a [u8],
    pos: usize,
    line: u32,
    line_start: usize,
    /// The last place whose column was counted, and that column from 0, so that
    /// a long line is counted once and not for each of its nodes.
    counted: (usize, usize),
    ascii: bool,
}

impl<'a> Cursor<'a> {
    /// The start of a section without control characters.
    pub(super) fn new(section: &Section<'a>) -> Result<Self, ReadError> {
        let mut cursor = Self::of_any(section)?;
        cursor.refuse_control_characters()?;
        Ok(cursor)
    }

    /// The start of a section, whatever is in it: [`Cursor::peek`] may then give NUL before the end.
    pub(super) fn of_any(section: &Section<'a>) -> Result<Self, ReadError> {
        let text = section.text();
        let mut cursor = Self {
            text,
            bytes: text.as_bytes(),
            pos: 0,
            line: section.first_line(),
            line_start: 0,
            counted: (0, 0),
            ascii: text.is_ascii(),
        };
        if u32::try_from(text.len()).is_err() {
            return Err(ReadError::new(cursor.position(), Problem::TooLarge));
        }
        Ok(cursor)
    }

    fn refuse_control_characters(&mut self) -> Result<(), ReadError> {
        // Control characters are rare and most bytes are not even candidates:
        // one pass without branches finds out whether a second one is needed.
        let suspicious = self.bytes.iter().fold(false, |found, &byte| {
            found | (byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r')) | (byte == 0x7F)
        });
        if !suspicious && self.ascii {
            return Ok(());
        }
        let Some((offset, character)) = self.text.char_indices().find(|&(_, c)| is_forbidden(c)) else {
            return Ok(());
        };
        while self.pos < offset {
            if !self.eat_break() {
                self.pos += 1;
            }
        }
        Err(ReadError::new(self.position(), Problem::ControlCharacter { code: character.into() }))
    }

    /// The byte offset in the section.
    pub(super) fn pos(&self) -> usize {
        self.pos
    }

    /// The line, from 1.
    pub(super) fn line(&self) -> u32 {
        self.line
    }

    /// The column from 0, in bytes. What precedes a token that may open a block
    /// collection is ASCII, so there it is the column in characters too.
    pub(super) fn column(&self) -> usize {
        self.pos - self.line_start
    }

    /// The place of the next character.
    pub(super) fn position(&mut self) -> Position {
        let column = if self.ascii {
            self.column()
        } else {
            let (from, column) = self.counted;
            let (from, column) = if (self.line_start..=self.pos).contains(&from) {
                (from, column)
            } else {
                (self.line_start, 0)
            };
            let starts_character = |byte: &&u8| (**byte & 0xC0) != 0x80;
            let column = column + self.bytes[from..self.pos].iter().filter(starts_character).count();
            self.counted = (self.pos, column);
            column
        };
        // The section is shorter than u32::MAX, see `new`.
        Position { line: self.line, column: column as u32 + 1 }
    }

    /// The next byte, NUL at the end.
    pub(super) fn peek(&self) -> u8 {
        self.peek_at(0)
    }

    /// The byte `ahead` of the next one, NUL beyond the end.
    pub(super) fn peek_at(&self, ahead: usize) -> u8 {
        self.bytes.get(self.pos + ahead).copied().unwrap_or(0)
    }

    /// The next character, NUL at the end.
    pub(super) fn peek_char(&self) -> char {
        self.text[self.pos..].chars().next().unwrap_or('\0')
    }

    /// Whether a blank, a line's end or the text's end stands `ahead`.
    pub(super) fn is_gap_at(&self, ahead: usize) -> bool {
        is_gap(self.peek_at(ahead))
    }

    /// Whether the text ends here.
    pub(super) fn at_end(&self) -> bool {
        self.pos >= self.bytes.len()
    }

    /// Whether `---` or `...` stands here at the start of a line.
    pub(super) fn at_document_marker(&self) -> bool {
        self.column() == 0 && (self.at_marker(b"---") || self.at_marker(b"..."))
    }

    /// Whether `marker` followed by a gap stands here.
    pub(super) fn at_marker(&self, marker: &[u8; 3]) -> bool {
        self.bytes[self.pos..].starts_with(marker) && self.is_gap_at(3)
    }

    /// Goes `count` bytes on, which must not be line ends.
    pub(super) fn advance(&mut self, count: usize) {
        self.pos += count;
    }

    /// Takes a line's end (`\n`, `\r\n`, `\r`) if one stands here.
    pub(super) fn eat_break(&mut self) -> bool {
        let length = match self.peek() {
            b'\n' => 1,
            b'\r' if self.peek_at(1) == b'\n' => 2,
            b'\r' => 1,
            _ => return false,
        };
        self.pos += length;
        self.line += 1;
        self.line_start = self.pos;
        true
    }

    /// Takes a byte order mark, which has no width.
    pub(super) fn eat_byte_order_mark(&mut self) -> bool {
        let found = self.text[self.pos..].starts_with('\u{FEFF}');
        if found {
            self.pos += '\u{FEFF}'.len_utf8();
            self.line_start = self.pos;
        }
        found
    }

    /// Takes blanks and tabs.
    pub(super) fn eat_blanks(&mut self) {
        while is_blank(self.peek()) {
            self.pos += 1;
        }
    }

    /// Takes the rest of the line, but not its end.
    pub(super) fn eat_line(&mut self) {
        let rest = &self.bytes[self.pos..];
        self.pos += memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
    }

    /// The text from the byte `start` to here.
    pub(super) fn since(&self, start: usize) -> &'a str {
        &self.text[start..self.pos]
    }

    /// The text between two bytes.
    pub(super) fn slice(&self, start: usize, end: usize) -> &'a str {
        &self.text[start..end]
    }

    /// The bytes from here to the end.
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.bytes[self.pos..]
    }

    /// An error at the next character.
    pub(super) fn error(&mut self, problem: Problem) -> ReadError {
        ReadError::new(self.position(), problem)
    }
}

/// Space or tab.
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Line feed or carriage return.
pub(super) fn is_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// Blank, line end, or the end of the text.
pub(super) fn is_gap(byte: u8) -> bool {
    is_blank(byte) || is_break(byte) || byte == 0
}

/// Characters outside YAML's printable set.
fn is_forbidden(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' | '\u{85}' => false,
        '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}' => true,
        _ => false,
    }
}
