//! Writes one scalar.

use std::fmt::Write as _;

use crate::yaml::node::{Node, Value};

use super::float::float_text;
use super::style::{Style, is_printable, style_of};

/// Writes a scalar. Further lines of a block scalar are indented by `indent`.
/// No line end follows unless the text itself ends with one in a block.
pub(super) fn write_scalar(node: &Node, is_key: bool, indent: usize, out: &mut String) {
    // Writing to a string can't fail.
    match &node.value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(number) => _ = write!(out, "{number}"),
        Value::Uint(number) => _ = write!(out, "{number}"),
        Value::Float(number) => out.push_str(&float_text(*number)),
        Value::String(text) => match style_of(text, is_key) {
            Style::Plain => out.push_str(text),
            Style::Single => single_quoted(text, out),
            Style::Double => double_quoted(text, out),
            Style::Literal => literal(text, indent, out),
        },
        Value::Sequence(_) => out.push_str("[]"),
        Value::Mapping(_) => out.push_str("{}"),
    }
}

/// Whether a key fits before a `:`; if not it takes a `?`. yaml.v3 allows 128
/// bytes on one line.
pub(super) fn is_simple_key(key: &Node) -> bool {
    match &key.value {
        Value::String(text) => {
            text.len() <= 128 && !text.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'])
        }
        _ => true,
    }
}

fn single_quoted(text: &str, out: &mut String) {
    out.push('\'');
    for (index, part) in text.split('\'').enumerate() {
        if index > 0 {
            out.push_str("''");
        }
        out.push_str(part);
    }
    out.push('\'');
}

fn double_quoted(text: &str, out: &mut String) {
    // yaml.v3 escapes every character of a text that starts with a byte order
    // mark.
    let escapes_all = text.starts_with('\u{FEFF}');
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.find(|c| escapes_all || matches!(c, '"' | '\\') || !is_printable(c)) {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let mut characters = after.chars();
        if let Some(c) = characters.next() {
            escape(c, out);
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

fn escape(c: char, out: &mut String) {
    let short = match c {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{B}' => 'v',
        '\u{C}' => 'f',
        '\r' => 'r',
        '\u{1B}' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{A0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ => {
            // Writing to a string can't fail.
            _ = match u32::from(c) {
                code @ ..=0xFF => write!(out, "\\x{code:02X}"),
                code @ ..=0xFFFF => write!(out, "\\u{code:04X}"),
                code => write!(out, "\\U{code:08X}"),
            };
            return;
        }
    };
    out.push('\\');
    out.push(short);
}

fn literal(text: &str, indent: usize, out: &mut String) {
    out.push('|');
    if text.starts_with(' ') {
        // The first line doesn't show where the block begins.
        out.push('2');
    }
    let ending = &text[text.trim_end_matches('\n').len()..];
    match ending.len() {
        0 => out.push('-'),
        1 => {}
        _ => out.push('+'),
    }
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        out.push('\n');
        if !line.is_empty() {
            push_spaces(indent, out);
            out.push_str(line);
        }
    }
}

/// Writes `count` spaces.
pub(super) fn push_spaces(count: usize, out: &mut String) {
    const SPACES: &str = "                                                                ";
    let mut left = count;
    while left > 0 {
        let length = left.min(SPACES.len());
        out.push_str(&SPACES[..length]);
        left -= length;
    }
}
