//! Writes a document as JSON.

use std::fmt::Write as _;

use thiserror::Error;

use crate::yaml::node::{Node, Position, Value};
use crate::yaml::traversal::{KeyOrder, Step, Walk};

use super::scalar::push_spaces;

/// An infinity or NaN, for which JSON has no form.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text} is a number that JSON cannot hold")]
pub struct NotJson {
    /// Where it stands.
    pub position: Position,
    /// How it is written.
    pub text: String,
}

/// Writes a node as JSON, without a line end after it: on one line if `indent`
/// is 0, else with one entry per line and `indent` spaces per level. Keys that
/// aren't texts become texts.
///
/// # Errors
///
/// If there is an infinity or NaN in it; `out` then holds what came before.
pub fn write_json(node: &Node, order: KeyOrder, indent: usize, out: &mut String) -> Result<(), NotJson> {
    /// An open list or mapping: its closing bracket, whether it has entries.
    type Level = (char, bool);
    let mut levels: Vec<Level> = Vec::new();
    let mut after_key = false;
    let break_line = |levels: usize, out: &mut String| {
        if indent > 0 {
            out.push('\n');
            push_spaces(levels * indent, out);
        }
    };
    for step in Walk::new(node, order) {
        if let Step::Leave = step {
            if let Some((close, has_entries)) = levels.pop() {
                if has_entries {
                    break_line(levels.len(), out);
                }
                out.push(close);
            }
            continue;
        }
        let depth = levels.len();
        if let (Some((_, has_entries)), false) = (levels.last_mut(), std::mem::take(&mut after_key)) {
            if std::mem::replace(has_entries, true) {
                out.push(',');
            }
            break_line(depth, out);
        }
        match step {
            Step::Key(key) => {
                write_text(&key.printed().unwrap_or_default(), out);
                out.push_str(if indent > 0 { ": " } else { ":" });
                after_key = true;
            }
            Step::Scalar(scalar) => write_scalar(scalar, out)?,
            Step::Enter(collection) => {
                let is_sequence = matches!(collection.value, Value::Sequence(_));
                out.push(if is_sequence { '[' } else { '{' });
                levels.push((if is_sequence { ']' } else { '}' }, false));
            }
            Step::Leave => {}
        }
    }
    Ok(())
}

fn write_scalar(scalar: &Node, out: &mut String) -> Result<(), NotJson> {
    // Writing to a string can't fail.
    match &scalar.value {
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(number) => _ = write!(out, "{number}"),
        Value::Uint(number) => _ = write!(out, "{number}"),
        Value::Float(number) if !number.is_finite() => {
            let text = scalar.text().unwrap_or_default().into_owned();
            return Err(NotJson { position: scalar.position, text });
        }
        Value::Float(number) => write_float(*number, out),
        Value::String(text) => write_text(text, out),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) => out.push_str("null"),
    }
    Ok(())
}

/// Without exponent from 1e-6 up to 1e21, as Go's `encoding/json`.
fn write_float(number: f64, out: &mut String) {
    let size = number.abs();
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        _ = write!(out, "{number}");
        return;
    }
    let text = format!("{number:e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) if !exponent.starts_with('-') => {
            _ = write!(out, "{mantissa}e+{exponent}");
        }
        _ => out.push_str(&text),
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    let needs_escape = |c: char| c < ' ' || matches!(c, '"' | '\\' | '\u{7F}' | '\u{2028}' | '\u{2029}');
    while let Some(at) = rest.find(needs_escape) {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let mut characters = after.chars();
        match characters.next() {
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some(c) => _ = write!(out, "\\u{:04x}", u32::from(c)),
            None => {}
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
    out.push('"');
}
