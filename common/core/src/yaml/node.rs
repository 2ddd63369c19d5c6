//! The tree that a document is read into: a value, where it stood, and, for a
//! number or a truth value, the text it was written as.
//!
//! Separate from the reader because the overlays build and change trees too.

use std::borrow::Cow;

use super::collection::{Mapping, Sequence};
use super::write::float_text;

/// A place in a file. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1, over the whole stream and not only the document.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
}

impl Position {
    /// The position of nodes that stand in no file: line 0, column 0.
    pub const NONE: Self = Self { line: 0, column: 0 };
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`, `~` or nothing at all.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer that fits in 64 bits with sign.
    Int(i64),
    /// An integer beyond [`i64::MAX`] that fits in 64 bits without sign.
    Uint(u64),
    /// Any other number, infinities and NaN included.
    Float(f64),
    /// A text.
    String(String),
    /// A list.
    Sequence(Sequence),
    /// Keys and values.
    Mapping(Mapping),
}

/// A value and its place.
///
/// Two nodes are equal when their values are; places and spellings don't count,
/// the order of keys does, and NaN equals itself.
#[derive(Debug)]
pub struct Node {
    /// What the node is.
    pub value: Value,
    /// Where the node starts, [`Position::NONE`] when it was not read from a file.
    pub position: Position,
    /// The text of a number that is spelled in another way than it is printed
    /// (`0644`, `1.10`). Rare, so it costs other nodes one word only.
    #[expect(clippy::box_collection, reason = "one word instead of three in every node")]
    source: Option<Box<String>>,
}

impl Node {
    /// A node that stands in no file.
    pub fn new(value: impl Into<Value>) -> Self {
        Self::at(value, Position::NONE)
    }

    /// A node that stands at `position`.
    pub fn at(value: impl Into<Value>, position: Position) -> Self {
        Self { value: value.into(), position, source: None }
    }

    /// A scalar that was spelled `source` in the file.
    pub(super) fn spelled(value: Value, position: Position, source: &str) -> Self {
        let differs = match &value {
            Value::Bool(true) => source != "true",
            Value::Bool(false) => source != "false",
            Value::Int(number) => !is_plain_decimal(source) && source != number.to_string(),
            Value::Uint(number) => !is_plain_decimal(source) && source != number.to_string(),
            Value::Float(number) => source != float_text(*number),
            Value::Null | Value::String(_) | Value::Sequence(_) | Value::Mapping(_) => false,
        };
        Self { value, position, source: differs.then(|| Box::new(source.to_owned())) }
    }

    /// A copy of a scalar.
    pub(super) fn copy_scalar(&self) -> Self {
        Self { value: self.value.clone(), position: self.position, source: self.source.clone() }
    }

    /// The text that a scalar becomes where a text is expected: a string
    /// itself, a number or truth value as it is spelled in the file
    /// (`tag: 1.10` gives `1.10`). `None` for null, lists and mappings.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match &self.source {
            Some(source) if !matches!(self.value, Value::String(_)) && self.is_scalar() => {
                Some(Cow::Borrowed(source))
            }
            _ => self.printed(),
        }
    }

    /// The text that a scalar is printed as, whatever its spelling in the file
    /// was. `None` for null, lists and mappings.
    pub(super) fn printed(&self) -> Option<Cow<'_, str>> {
        match &self.value {
            Value::String(text) => Some(Cow::Borrowed(text)),
            Value::Bool(true) => Some(Cow::Borrowed("true")),
            Value::Bool(false) => Some(Cow::Borrowed("false")),
            Value::Int(number) => Some(Cow::Owned(number.to_string())),
            Value::Uint(number) => Some(Cow::Owned(number.to_string())),
            Value::Float(number) => Some(Cow::Owned(float_text(*number))),
            Value::Null | Value::Sequence(_) | Value::Mapping(_) => None,
        }
    }

    /// Whether the node is neither a list nor a mapping.
    pub fn is_scalar(&self) -> bool {
        !matches!(self.value, Value::Sequence(_) | Value::Mapping(_))
    }

    /// Whether the node is null.
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// The string, if the node is one. See [`Node::text`] for what Go's typed
    /// decoding takes as a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, if the node is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The integer, if the node is one, or a float without a fraction
    /// (`1e3`), which Go's typed decoding takes as an integer too.
    pub fn as_i64(&self) -> Option<i64> {
        // Both bounds are powers of two and so exact as floats.
        const LIMIT: f64 = 9_223_372_036_854_775_808.0;
        match self.value {
            Value::Int(number) => Some(number),
            Value::Float(number) if number.fract() == 0.0 && (-LIMIT..LIMIT).contains(&number) => {
                Some(number as i64)
            }
            _ => None,
        }
    }

    /// The number, if the node is one.
    pub fn as_f64(&self) -> Option<f64> {
        match self.value {
            Value::Int(number) => Some(number as f64),
            Value::Uint(number) => Some(number as f64),
            Value::Float(number) => Some(number),
            _ => None,
        }
    }

    /// The items, if the node is a list.
    pub fn as_sequence(&self) -> Option<&Sequence> {
        match &self.value {
            Value::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The items, to be changed, if the node is a list.
    pub fn as_sequence_mut(&mut self) -> Option<&mut Sequence> {
        match &mut self.value {
            Value::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The entries, if the node is a mapping.
    pub fn as_mapping(&self) -> Option<&Mapping> {
        match &self.value {
            Value::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    /// The entries, to be changed, if the node is a mapping.
    pub fn as_mapping_mut(&mut self) -> Option<&mut Mapping> {
        match &mut self.value {
            Value::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of the string key `key`, if the node is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_mapping()?.get(key)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.as_mapping_mut()?.get_mut(key)
    }

    /// What the node is, in words for a message: `a list`, `the number 5` …
    pub fn describe(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a truth value",
            Value::Int(_) | Value::Uint(_) | Value::Float(_) => "a number",
            Value::String(_) => "a text",
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a mapping",
        }
    }
}

/// Digits without sign or leading zero, which print as they are spelled.
fn is_plain_decimal(text: &str) -> bool {
    let digits = text.as_bytes();
    (digits.len() == 1 || !digits.starts_with(b"0")) && digits.iter().all(u8::is_ascii_digit)
}

macro_rules! value_from {
    ($($source:ty => $variant:expr),* $(,)?) => {$(
        impl From<$source> for Value {
            fn from(source: $source) -> Self {
                $variant(source)
            }
        }
        impl From<$source> for Node {
            fn from(source: $source) -> Self {
                Self::new(source)
            }
        }
    )*};
}

value_from! {
    bool => Value::Bool,
    i64 => Value::Int,
    f64 => Value::Float,
    String => Value::String,
    &str => |text: &str| Value::String(text.to_owned()),
    Sequence => Value::Sequence,
    Mapping => Value::Mapping,
    u64 => |number: u64| i64::try_from(number).map_or(Value::Uint(number), Value::Int),
    Vec<Node> => |items: Vec<Node>| Value::Sequence(Sequence::from(items)),
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        Self::at(value, Position::NONE)
    }
}
