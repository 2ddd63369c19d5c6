//! Tags: `!!str`, `!local`, `!handle!suffix`, `!<verbatim>`, and the `%TAG`
//! lines that declare handles.

use std::borrow::Cow;

use super::cursor::{Cursor, is_blank};
use super::error::{Problem, ReadError};

/// What a node's tag says about its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    /// There is none.
    None,
    /// A lone `!`.
    NonSpecific,
    /// `!!str`
    Str,
    /// `!!int`
    Int,
    /// `!!float`
    Float,
    /// `!!bool`
    Bool,
    /// `!!null`
    Null,
    /// `!!binary`
    Binary,
    /// `!!timestamp`
    Timestamp,
    /// `!!merge`
    Merge,
    /// Any other: on a scalar it makes a text, on collections it means nothing.
    Other,
}

impl Tag {
    fn named(full: &str) -> Self {
        match full.strip_prefix(CORE_PREFIX) {
            Some("str") => Self::Str,
            Some("int") => Self::Int,
            Some("float") => Self::Float,
            Some("bool") => Self::Bool,
            Some("null") => Self::Null,
            Some("binary") => Self::Binary,
            Some("timestamp") => Self::Timestamp,
            Some("merge") => Self::Merge,
            Some(_) => Self::Other,
            None if full == "!" => Self::NonSpecific,
            None => Self::Other,
        }
    }

    /// The tag as it is usually written.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::NonSpecific => "!",
            Self::Str => "!!str",
            Self::Int => "!!int",
            Self::Float => "!!float",
            Self::Bool => "!!bool",
            Self::Null => "!!null",
            Self::Binary => "!!binary",
            Self::Timestamp => "!!timestamp",
            Self::Merge => "!!merge",
            Self::Other => "!",
        }
    }
}

const CORE_PREFIX: &str = "tag:yaml.org,2002:";

/// The handles that `%TAG` lines of a document declare.
#[derive(Debug, Default)]
pub(super) struct Handles<'a>(Vec<(&'a str, Cow<'a, str>)>);

impl<'a> Handles<'a> {
    /// Declares what the rest of a `%TAG` line says.
    pub(super) fn declare(&mut self, cursor: &mut Cursor<'a>) -> Result<(), ReadError> {
        let malformed = Problem::Directive { reason: "expected `%TAG !handle! prefix`" };
        if !is_blank(cursor.peek()) {
            return Err(cursor.error(malformed));
        }
        cursor.eat_blanks();
        let start = cursor.pos();
        let here = cursor.position();
        eat_handle(cursor);
        let handle = cursor.since(start);
        if !handle.starts_with('!')
            || (handle.len() > 1 && !handle.ends_with('!'))
            || !is_blank(cursor.peek())
        {
            return Err(cursor.error(malformed));
        }
        if self.0.iter().any(|(declared, _)| *declared == handle) {
            return Err(ReadError::new(
                here,
                Problem::Directive { reason: "this tag handle is declared already" },
            ));
        }
        cursor.eat_blanks();
        let prefix = uri(cursor)?;
        if prefix.is_empty() || !cursor.is_gap_at(0) {
            return Err(cursor.error(malformed));
        }
        self.0.push((handle, prefix));
        Ok(())
    }

    fn prefix(&self, handle: &str) -> Option<&str> {
        let declared = self.0.iter().find(|(declared, _)| *declared == handle);
        match (declared, handle) {
            (Some((_, prefix)), _) => Some(prefix),
            (None, "!") => Some("!"),
            (None, "!!") => Some(CORE_PREFIX),
            (None, _) => None,
        }
    }

    /// Reads the tag that stands at the cursor.
    pub(super) fn read(&self, cursor: &mut Cursor<'a>) -> Result<Tag, ReadError> {
        let here = cursor.position();
        let tag = if cursor.peek_at(1) == b'<' {
            cursor.advance(2);
            let full = uri(cursor)?;
            if full.is_empty() || cursor.peek() != b'>' {
                return Err(cursor.error(Problem::MalformedTag));
            }
            cursor.advance(1);
            Tag::named(&full)
        } else {
            let start = cursor.pos();
            eat_handle(cursor);
            let head = cursor.since(start);
            let (handle, first) =
                if head.len() > 1 && head.ends_with('!') { (head, "") } else { ("!", &head[1..]) };
            let suffix = uri(cursor)?;
            if head.len() > 1 && first.is_empty() && suffix.is_empty() {
                return Err(cursor.error(Problem::MalformedTag));
            }
            let Some(prefix) = self.prefix(handle) else {
                return Err(ReadError::new(here, Problem::UnknownTagHandle { handle: handle.to_owned() }));
            };
            if head == "!" && suffix.is_empty() {
                Tag::NonSpecific
            } else {
                Tag::named(&format!("{prefix}{first}{suffix}"))
            }
        };
        if !cursor.is_gap_at(0) {
            return Err(cursor.error(Problem::MalformedTag));
        }
        Ok(tag)
    }
}

/// Takes `!`, the word after it, and a second `!` if there is one.
fn eat_handle(cursor: &mut Cursor<'_>) {
    if cursor.peek() != b'!' {
        return;
    }
    cursor.advance(1);
    while is_word(cursor.peek()) {
        cursor.advance(1);
    }
    if cursor.peek() == b'!' {
        cursor.advance(1);
    }
}

/// Letters, digits, `-` and `_`: what names of anchors and handles consist of.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// Reads the characters of a URI and decodes its `%` escapes.
fn uri<'a>(cursor: &mut Cursor<'a>) -> Result<Cow<'a, str>, ReadError> {
    let here = cursor.position();
    let start = cursor.pos();
    while is_word(cursor.peek()) || (!cursor.at_end() && b";/?:@&=+$,.!~*'()[]%".contains(&cursor.peek())) {
        cursor.advance(1);
    }
    let text = cursor.since(start);
    if !text.contains('%') {
        return Ok(Cow::Borrowed(text));
    }
    let malformed = || ReadError::new(here, Problem::MalformedTag);
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let digit = |index: usize| after.get(index).and_then(|&byte| char::from(byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(0), digit(1)) else {
            return Err(malformed());
        };
        // Two hexadecimal digits are at most 255.
        bytes.push((high * 16 + low) as u8);
        rest = &after[2..];
    }
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| malformed())
}
