//! Block scalars: literal (`|`) and folded (`>`) texts.

use super::cursor::{Cursor, is_blank, is_break};
use super::error::{Problem, ReadError};

/// What becomes of the line ends at the end of the text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    /// `-`: none stays.
    Strip,
    /// One stays.
    Clip,
    /// `+`: all stay.
    Keep,
}

/// Reads the block scalar that stands at the cursor and the blank lines after
/// it; `parent` is the column of the collection that it belongs to, -1 if none.
pub(super) fn read(cursor: &mut Cursor<'_>, parent: isize) -> Result<String, ReadError> {
    let is_folded = cursor.peek() == b'>';
    let (chomping, increment) = header(cursor)?;
    // Never negative: `parent` is -1 at least.
    let least = (parent + 1).max(1) as usize;
    let mut blank_lines = 0;
    let indent = match increment {
        Some(increment) => {
            let indent = parent.max(0) as usize + increment;
            skip_blank_lines(cursor, indent, &mut blank_lines)?;
            indent
        }
        None => detect_indent(cursor, least, &mut blank_lines)?,
    };

    let mut text = String::new();
    // How many line ends stand between the last line and the next one.
    let mut pending = blank_lines;
    let mut is_first = true;
    let mut was_indented = false;
    let mut ends_with_break = false;
    while cursor.column() == indent && !cursor.at_end() {
        let is_indented = is_blank(cursor.peek());
        if is_folded && !is_first && !was_indented && !is_indented {
            match pending {
                1 => text.push(' '),
                _ => text.extend(std::iter::repeat_n('\n', pending - 1)),
            }
        } else {
            text.extend(std::iter::repeat_n('\n', pending));
        }
        let line = cursor.pos();
        cursor.eat_line();
        text.push_str(cursor.since(line));
        ends_with_break = cursor.eat_break();
        is_first = false;
        was_indented = is_indented;
        blank_lines = 0;
        skip_blank_lines(cursor, indent, &mut blank_lines)?;
        pending = blank_lines + usize::from(ends_with_break);
    }
    if chomping != Chomping::Strip && ends_with_break {
        text.push('\n');
    }
    if chomping == Chomping::Keep {
        text.extend(std::iter::repeat_n('\n', blank_lines));
    }
    Ok(text)
}

/// Reads `|` or `>`, the indicators after it, and the rest of its line.
fn header(cursor: &mut Cursor<'_>) -> Result<(Chomping, Option<usize>), ReadError> {
    let style = char::from(cursor.peek());
    cursor.advance(1);
    let mut chomping = None;
    let mut increment = None;
    loop {
        match cursor.peek() {
            b'+' if chomping.is_none() => chomping = Some(Chomping::Keep),
            b'-' if chomping.is_none() => chomping = Some(Chomping::Strip),
            digit @ b'1'..=b'9' if increment.is_none() => increment = Some(usize::from(digit - b'0')),
            _ => break,
        }
        cursor.advance(1);
    }
    cursor.eat_blanks();
    if cursor.peek() == b'#' {
        cursor.eat_line();
    }
    if !cursor.at_end() && !cursor.eat_break() {
        return Err(cursor.error(Problem::BlockHeader { style }));
    }
    Ok((chomping.unwrap_or(Chomping::Clip), increment))
}

/// Takes blank lines and then the indentation of the next line, as far as
/// `indent`; adds the number of blank lines to `count`.
fn skip_blank_lines(cursor: &mut Cursor<'_>, indent: usize, count: &mut usize) -> Result<(), ReadError> {
    loop {
        while cursor.column() < indent && cursor.peek() == b' ' {
            cursor.advance(1);
        }
        if cursor.column() < indent && cursor.peek() == b'\t' {
            return Err(cursor.error(Problem::TabIndent));
        }
        if !cursor.eat_break() {
            return Ok(());
        }
        *count += 1;
    }
}

/// Takes blank lines and the indentation of the first line with text, which
/// gives the indentation of all; at least `least`, at least that of the blank
/// lines before.
fn detect_indent(cursor: &mut Cursor<'_>, least: usize, count: &mut usize) -> Result<usize, ReadError> {
    let mut widest = least;
    loop {
        while cursor.peek() == b' ' {
            cursor.advance(1);
        }
        if cursor.peek() == b'\t' && cursor.column() < least {
            return Err(cursor.error(Problem::TabIndent));
        }
        widest = widest.max(cursor.column());
        if !is_break(cursor.peek()) {
            return Ok(widest);
        }
        cursor.eat_break();
        *count += 1;
    }
}
