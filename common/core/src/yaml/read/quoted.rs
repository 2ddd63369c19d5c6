//! Scalars in single and double quotes, over one or several lines.

use std::borrow::Cow;

use super::cursor::{Cursor, is_blank, is_break};
use super::error::{Problem, ReadError};
use super::plain::{Scalar, fold};
use crate::yaml::node::Position;

/// Reads the quoted scalar that stands at the cursor.
pub(super) fn read<'a>(cursor: &mut Cursor<'a>) -> Result<Scalar<'a>, ReadError> {
    let opened = cursor.position();
    let quote = cursor.peek();
    cursor.advance(1);
    let start = cursor.pos();
    let line = cursor.line();
    let mut text: Option<String> = None;
    // Up to where `text` must not lose trailing blanks: those of an escape.
    let mut fixed = 0;
    loop {
        let run = cursor.pos();
        let rest = cursor.rest();
        let special = |&byte: &u8| byte == quote || is_break(byte) || (byte == b'\\' && quote == b'"');
        let Some(length) = rest.iter().position(special) else {
            return Err(ReadError::new(opened, Problem::UnclosedQuote));
        };
        cursor.advance(length);
        let chunk = cursor.since(run);
        let next = cursor.peek();
        if next == quote && !(quote == b'\'' && cursor.peek_at(1) == b'\'') {
            cursor.advance(1);
            let text = match text {
                None => Cow::Borrowed(cursor.slice(start, start + length)),
                Some(mut text) => {
                    text.push_str(chunk);
                    Cow::Owned(text)
                }
            };
            return Ok(Scalar { text, single_line: cursor.line() == line });
        }
        let text = text.get_or_insert_default();
        text.push_str(chunk);
        if next == b'\'' {
            text.push('\'');
            cursor.advance(2);
        } else if next == b'\\' && is_break(cursor.peek_at(1)) {
            cursor.advance(1);
            let breaks = eat_breaks(cursor, opened)?;
            text.extend(std::iter::repeat_n('\n', breaks - 1));
            fixed = text.len();
        } else if next == b'\\' {
            text.push(escape(cursor)?);
            fixed = text.len();
        } else {
            let kept = text[fixed..].trim_end_matches([' ', '\t']).len() + fixed;
            text.truncate(kept);
            let breaks = eat_breaks(cursor, opened)?;
            fold(text, breaks);
            fixed = text.len();
        }
    }
}

/// Takes line ends and the blanks after them; gives how many line ends.
fn eat_breaks(cursor: &mut Cursor<'_>, opened: Position) -> Result<usize, ReadError> {
    let mut breaks = 0;
    while cursor.eat_break() {
        breaks += 1;
        if cursor.at_document_marker() {
            return Err(ReadError::new(opened, Problem::UnclosedQuote));
        }
        while is_blank(cursor.peek()) {
            cursor.advance(1);
        }
    }
    Ok(breaks)
}

/// Reads the escape that stands at the cursor.
fn escape(cursor: &mut Cursor<'_>) -> Result<char, ReadError> {
    let here = cursor.position();
    cursor.advance(1);
    let digits = match cursor.peek() {
        b'x' => 2,
        b'u' => 4,
        b'U' => 8,
        _ => 0,
    };
    if digits > 0 {
        cursor.advance(1);
        return coded(cursor, digits).ok_or(ReadError::new(here, Problem::InvalidEscape));
    }
    let character = match cursor.peek_char() {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\u{B}',
        'f' => '\u{C}',
        'r' => '\r',
        'e' => '\u{1B}',
        'N' => '\u{85}',
        '_' => '\u{A0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        same @ (' ' | '"' | '\'' | '\\' | '/') => same,
        character => {
            let problem =
                if cursor.at_end() { Problem::InvalidEscape } else { Problem::UnknownEscape { character } };
            return Err(ReadError::new(here, problem));
        }
    };
    cursor.advance(1);
    Ok(character)
}

/// Reads the hexadecimal digits of an escape, and those of a second `\u` if the
/// first is the upper half of a surrogate pair, as JSON writes them.
fn coded(cursor: &mut Cursor<'_>, digits: usize) -> Option<char> {
    let code = hexadecimal(cursor, digits)?;
    if digits == 4 && (0xD800..0xDC00).contains(&code) && cursor.peek() == b'\\' && cursor.peek_at(1) == b'u'
    {
        cursor.advance(2);
        let low = hexadecimal(cursor, 4)?;
        if !(0xDC00..0xE000).contains(&low) {
            return None;
        }
        return char::from_u32(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00));
    }
    char::from_u32(code)
}

fn hexadecimal(cursor: &mut Cursor<'_>, digits: usize) -> Option<u32> {
    let mut code = 0;
    for _ in 0..digits {
        code = code << 4 | char::from(cursor.peek()).to_digit(16)?;
        cursor.advance(1);
    }
    Some(code)
}
