//! Plain scalars: texts without quotes, over one or several lines.

use std::borrow::Cow;

use super::cursor::{Cursor, is_blank, is_break};
use super::error::{Problem, ReadError};

/// A scalar as it was read.
pub(super) struct Scalar<'a> {
    /// Its text.
    pub(super) text: Cow<'a, str>,
    /// Whether it stands on one line only, as a key before `:` must.
    pub(super) single_line: bool,
}

/// Bytes that may end the run of a plain scalar: blanks, line ends, the end,
/// `:` and what separates in flow collections.
static MAY_STOP: [bool; 256] = {
    let mut table = [false; 256];
    let stops = b"\0\t\n\r :,?[]{}";
    let mut index = 0;
    while index < stops.len() {
        table[stops[index] as usize] = true;
        index += 1;
    }
    table
};

/// Reads a plain scalar and the white space after it.
///
/// `indent` is the smallest column at which a further line still belongs to it
/// (looked at in block context only, except for tabs).
pub(super) fn read<'a>(
    cursor: &mut Cursor<'a>,
    indent: usize,
    in_flow: bool,
) -> Result<Scalar<'a>, ReadError> {
    let start = cursor.pos();
    let mut folded: Option<String> = None;
    loop {
        let line = cursor.pos();
        let end = eat_line_of_text(cursor, in_flow);
        if let Some(text) = &mut folded {
            text.push_str(cursor.slice(line, end));
        }
        let breaks = eat_breaks(cursor, indent)?;
        let goes_on = breaks > 0
            && (in_flow || cursor.column() >= indent)
            && !cursor.at_document_marker()
            && continues(cursor, in_flow);
        if !goes_on {
            let single_line = folded.is_none();
            let text = folded.map_or_else(|| Cow::Borrowed(cursor.slice(start, end)), Cow::Owned);
            return Ok(Scalar { text, single_line });
        }
        let text = folded.get_or_insert_with(|| cursor.slice(start, end).to_owned());
        fold(text, breaks);
    }
}

/// Joins two lines of a scalar: one line end becomes a space, further ones stay.
pub(super) fn fold(text: &mut String, breaks: usize) {
    match breaks {
        1 => text.push(' '),
        _ => text.extend(std::iter::repeat_n('\n', breaks - 1)),
    }
}

/// Takes the text up to the line's end or a separator, and the blanks after it;
/// gives where the text without these blanks ends.
fn eat_line_of_text(cursor: &mut Cursor<'_>, in_flow: bool) -> usize {
    loop {
        eat_run(cursor, in_flow);
        let end = cursor.pos();
        cursor.eat_blanks();
        if cursor.pos() == end || !continues(cursor, in_flow) {
            return end;
        }
    }
}

/// Takes characters up to a blank, line end or separator.
fn eat_run(cursor: &mut Cursor<'_>, in_flow: bool) {
    loop {
        let rest = cursor.rest();
        let length = rest.iter().position(|&byte| MAY_STOP[usize::from(byte)]).unwrap_or(rest.len());
        cursor.advance(length);
        if is_blank(cursor.peek()) || is_break(cursor.peek()) || stops(cursor, in_flow) {
            return;
        }
        cursor.advance(1);
    }
}

/// Whether text goes on here, after white space.
fn continues(cursor: &Cursor<'_>, in_flow: bool) -> bool {
    let next = cursor.peek();
    next != b'#' && !is_break(next) && !stops(cursor, in_flow)
}

/// Whether the text's end or a separator stands here.
fn stops(cursor: &Cursor<'_>, in_flow: bool) -> bool {
    match cursor.peek() {
        0 => cursor.at_end(),
        b':' => cursor.is_gap_at(1),
        b',' | b'?' | b'[' | b']' | b'{' | b'}' => in_flow,
        _ => false,
    }
}

/// Takes line ends and the blanks after them; gives how many line ends.
fn eat_breaks(cursor: &mut Cursor<'_>, indent: usize) -> Result<usize, ReadError> {
    let mut breaks = 0;
    while cursor.eat_break() {
        breaks += 1;
        while is_blank(cursor.peek()) {
            if cursor.peek() == b'\t' && cursor.column() < indent {
                return Err(cursor.error(Problem::TabIndent));
            }
            cursor.advance(1);
        }
    }
    Ok(breaks)
}
