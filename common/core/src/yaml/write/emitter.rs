//! Writes a document in block style.

use thiserror::Error;

use crate::yaml::node::{Node, Value};
use crate::yaml::traversal::{KeyOrder, Step, Walk};

use super::scalar::{is_simple_key, push_spaces, write_scalar};

/// Columns per level.
const INDENT: usize = 2;

/// Where the next node is written.
#[derive(Clone, Copy)]
enum Place {
    /// Right at the cursor: at the start of the document, or after `- ` or the
    /// `: ` of a long key. The node's own lines are indented by this much.
    Here(usize),
    /// After the `:` of a key at this column.
    AfterKey(usize),
}

/// An open list or mapping.
struct Level {
    is_sequence: bool,
    indent: usize,
    /// The first entry follows on the line of what opened the collection.
    is_inline: bool,
}

/// The text is longer than it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the text is too long")]
pub struct TooLong;

/// Writes one document, without `---` before it, with a line end after it.
pub fn write(node: &Node, order: KeyOrder, out: &mut String) {
    // No text is that long.
    let _ = write_within(node, order, usize::MAX, out);
}

/// Writes one document as [`write`] does, but no more than makes `out` about `limit` bytes long: what is nested
/// deep is indented by much more than there is of it.
///
/// # Errors
/// `out` would be longer; it then holds a part.
pub fn write_within(node: &Node, order: KeyOrder, limit: usize, out: &mut String) -> Result<(), TooLong> {
    let mut levels: Vec<Level> = Vec::new();
    let mut place = Place::Here(0);
    for step in Walk::new(node, order) {
        let value = match step {
            Step::Leave => {
                levels.pop();
                continue;
            }
            Step::Key(key) => {
                if let Some(level) = levels.last_mut() {
                    begin_line(level, out);
                    place = write_key(key, level.indent, out);
                }
                continue;
            }
            Step::Scalar(value) | Step::Enter(value) => value,
        };
        if let Some(level) = levels.last_mut().filter(|level| level.is_sequence) {
            begin_line(level, out);
            out.push_str("- ");
            place = Place::Here(level.indent + INDENT);
        }
        if let Some(is_sequence) = is_filled_sequence(value) {
            let (indent, is_inline) = match place {
                Place::Here(indent) => (indent, true),
                Place::AfterKey(indent) => {
                    out.push('\n');
                    (indent + INDENT, false)
                }
            };
            levels.push(Level { is_sequence, indent, is_inline });
            continue;
        }
        let indent = match place {
            // The lines of a block scalar at the top are indented too.
            Place::Here(0) => INDENT,
            Place::Here(indent) => indent,
            Place::AfterKey(indent) => {
                out.push(' ');
                indent + INDENT
            }
        };
        if out.len() > limit || indented_length(value, indent) > limit - out.len() {
            return Err(TooLong);
        }
        write_scalar(value, false, indent, out);
        out.push('\n');
        if matches!(step, Step::Enter(_)) {
            // Empty, but its `Leave` comes all the same.
            levels.push(Level { is_sequence: false, indent, is_inline: false });
        }
    }
    if out.len() > limit { Err(TooLong) } else { Ok(()) }
}

/// The length of a text whose lines are all indented; 0 for what isn't long.
fn indented_length(value: &Node, indent: usize) -> usize {
    /// What no limit minds.
    const SHORT: usize = 64;
    match value.as_str() {
        Some(text) if text.len() > SHORT => {
            text.len() + indent * memchr::memchr_iter(b'\n', text.as_bytes()).count()
        }
        _ => 0,
    }
}

/// Whether `value` is a list with items (true) or a mapping with entries (false).
fn is_filled_sequence(value: &Node) -> Option<bool> {
    match &value.value {
        Value::Sequence(items) if !items.is_empty() => Some(true),
        Value::Mapping(entries) if !entries.is_empty() => Some(false),
        _ => None,
    }
}

/// Indents a line, unless its start has been written already.
fn begin_line(level: &mut Level, out: &mut String) {
    if !std::mem::take(&mut level.is_inline) {
        push_spaces(level.indent, out);
    }
}

/// Writes a key and its colon; says where the value goes.
fn write_key(key: &Node, indent: usize, out: &mut String) -> Place {
    if is_simple_key(key) {
        write_scalar(key, true, indent, out);
        out.push(':');
        return Place::AfterKey(indent);
    }
    out.push_str("? ");
    write_scalar(key, true, indent + INDENT, out);
    out.push('\n');
    push_spaces(indent, out);
    out.push_str(": ");
    Place::Here(indent + INDENT)
}
