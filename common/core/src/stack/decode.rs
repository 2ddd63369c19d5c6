//! From YAML nodes to typed values, with the dotted path of every field.
//!
//! Takes nodes, gives the model's types or one fact with its position. It stands apart from the model so
//! that the rules of decoding (null is the zero value, scalars are texts, unknown keys are errors in
//! plain mode) are written once. The rules are those of Go's yaml.v3 decoding into structs.

use std::collections::BTreeMap;
use std::ops::Deref;

use thiserror::Error;

use crate::yaml::{Mapping, Node, Position, Value};

/// How much of a file is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// Unknown keys are errors, except those that begin with `x-`.
    Strict,
    /// codexctl's way: unknown keys are not looked at.
    Lenient,
}

/// What can be wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// The value is of another kind.
    #[error("`{path}` must be {expected}, not {found}")]
    Kind {
        /// Dotted path of the field.
        path: String,
        /// What it has to be, with its article.
        expected: &'static str,
        /// What it is, with its article.
        found: String,
    },
    /// A key that the format doesn't have.
    #[error("unknown key `{path}`")]
    UnknownKey {
        /// Dotted path of the key.
        path: String,
        /// The key alone.
        key: String,
        /// The keys that are known at this place.
        known: Vec<&'static str>,
    },
    /// A key that stands twice.
    #[error("`{path}` is already defined at line {first}")]
    DuplicateKey {
        /// Dotted path of the key.
        path: String,
        /// Line of the first one.
        first: u32,
    },
    /// A key that has to be there, and isn't.
    #[error("`{path}` is missing")]
    Missing {
        /// Dotted path of the key.
        path: String,
    },
    /// A text that isn't what its key is for.
    #[error("`{path}`: {reason}")]
    Invalid {
        /// Dotted path of the field.
        path: String,
        /// Why not.
        reason: String,
    },
}

/// A fault and the place of the node it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// Where in the text that was read.
    pub position: Position,
    /// What is wrong.
    pub fault: Fault,
}

/// A string together with its place, for messages that come up long after reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The string.
    pub value: String,
    /// Where it stands.
    pub position: Position,
}

impl Default for Text {
    fn default() -> Self {
        Self { value: String::new(), position: Position::NONE }
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.value
    }
}

/// A type that a YAML node can be decoded into.
pub trait Decode: Sized {
    /// Decodes `node`, which stands at `path`; null gives the zero value.
    fn decode(node: &Node, path: &Path<'_>) -> Result<Self, DecodeError>;
}

/// The way to a field, and how strictly it is read.
#[derive(Debug, Clone, Copy)]
pub struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
    strictness: Strictness,
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl<'a> Path<'a> {
    /// The document itself.
    pub fn root(strictness: Strictness) -> Self {
        Self { parent: None, step: Step::Root, strictness }
    }

    fn key(&'a self, key: &'a str) -> Self {
        Self { parent: Some(self), step: Step::Key(key), strictness: self.strictness }
    }

    fn index(&'a self, index: usize) -> Self {
        Self { parent: Some(self), step: Step::Index(index), strictness: self.strictness }
    }

    /// The path as a user writes it: `services[0].overlays.ai.hostMounts`.
    fn dotted(&self) -> String {
        let mut text = self.parent.map(Path::dotted).unwrap_or_default();
        match self.step {
            Step::Root => {}
            Step::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
            Step::Index(index) => text.push_str(&format!("[{index}]")),
        }
        text
    }

    /// The mapping `node` lacks a key that has to be there.
    pub(super) fn missing(&self, node: &Node, key: &str) -> DecodeError {
        let fault = Fault::Missing { path: self.key(key).dotted() };
        DecodeError { position: node.position, fault }
    }

    /// The text `node` isn't what its key is for.
    pub(super) fn invalid(&self, node: &Node, reason: String) -> DecodeError {
        DecodeError { position: node.position, fault: Fault::Invalid { path: self.dotted(), reason } }
    }

    fn kind_error(&self, node: &Node, expected: &'static str) -> DecodeError {
        let path = self.dotted();
        let path = if path.is_empty() { "the file".to_owned() } else { path };
        // A scalar that is no secret by nature (a number was expected) is shown, it is what the user looks for.
        let found = match node.text() {
            Some(text) if expected != "a mapping" && expected != "a list" => format!("`{text}`"),
            _ => node.describe().to_owned(),
        };
        DecodeError { position: node.position, fault: Fault::Kind { path, expected, found } }
    }
}

/// The entries of a mapping, taken one by one, so that what is left over is unknown.
#[derive(Debug)]
pub struct Fields<'a> {
    entries: Option<&'a Mapping>,
    path: &'a Path<'a>,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The fields of `node`; null has none.
    pub fn of(node: &'a Node, path: &'a Path<'a>) -> Result<Self, DecodeError> {
        let entries = match &node.value {
            Value::Null => None,
            Value::Mapping(entries) => Some(entries),
            _ => return Err(path.kind_error(node, "a mapping")),
        };
        if let Some(entries) = entries {
            refuse_duplicates(entries, path)?;
        }
        Ok(Self { entries, path, known: Vec::new() })
    }

    /// The value under `key`; the zero value if it isn't there.
    pub fn take<T: Decode + Default>(&mut self, key: &'static str) -> Result<T, DecodeError> {
        self.known.push(key);
        match self.entries.and_then(|entries| entries.get(key)) {
            Some(node) => T::decode(node, &self.path.key(key)),
            None => Ok(T::default()),
        }
    }

    /// Refuses the keys that nobody asked for.
    pub fn finish(self) -> Result<(), DecodeError> {
        let Some(entries) = self.entries.filter(|_| self.path.strictness == Strictness::Strict) else {
            return Ok(());
        };
        for key in entries.keys() {
            let text = key.text().unwrap_or_default();
            if self.known.contains(&&*text) || text.starts_with("x-") {
                continue;
            }
            let path = self.path.key(&text).dotted();
            let fault = Fault::UnknownKey { path, key: text.into_owned(), known: self.known };
            return Err(DecodeError { position: key.position, fault });
        }
        Ok(())
    }
}

/// A typed mapping may hold no key twice, in either mode.
fn refuse_duplicates(entries: &Mapping, path: &Path<'_>) -> Result<(), DecodeError> {
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for key in entries.keys() {
        let Some(text) = key.as_str() else { continue };
        if let Some(first) = seen.insert(text, key.position.line) {
            let fault = Fault::DuplicateKey { path: path.key(text).dotted(), first };
            return Err(DecodeError { position: key.position, fault });
        }
    }
    Ok(())
}

impl Decode for String {
    fn decode(node: &Node, path: &Path<'_>) -> Result<Self, DecodeError> {
        if node.is_null() {
            return Ok(Self::new());
        }
        node.text().map(Into::into).ok_or_else(|| path.kind_error(node, "a text"))
    }
}

impl Decode for Text {
    fn decode(node: &Node, path: &Path<'_>) -> Result<Self, DecodeError> {
        Ok(Self { value: String::decode(node, path)?, position: node.position })
    }
}

impl Decode for i64 {
    /// A number, or a quoted one.
    fn decode(node: &Node, path: &Path<'_>) -> Result<Self, DecodeError> {
        if node.is_null() {
            return Ok(0);
        }
        let quoted = || node.as_str().and_then(|text| text.trim().parse().ok());
        node.as_i64().or_else(quoted).ok_or_else(|| path.kind_error(node, "a whole number"))
    }
}

impl Decode for bool {
    /// A truth value; where one is expected yaml.v3 takes YAML 1.1's words too.
    fn decode(node: &Node, path: &Path<'_>) -> Result<Self, DecodeError> {
        match &node.value {
            Value::Null => Ok(false),
            Value::Bool(value) => Ok(*value),
            Value::String(text) => match text.as_str() {
                "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Ok(true),
                "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Ok(false),
                _ => Err(path.kind_error(node, "true or false")),
            },
            _ => Err(path.kind_error(node, "true or false")),
        }
    }
}

impl Decode for Node {
    fn decode(node: &Node, _: &Path<'_>) -> Result<Self, DecodeError> {
        Ok(node.clone())
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(node: &Node, path: &Path<'_>) -> Result<Self, DecodeError> {
        if node.is_null() { Ok(None) } else { T::decode(node, path).map(Some) }
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(node: &Node, path: &Path<'_>) -> Result<Self, DecodeError> {
        match &node.value {
            Value::Null => Ok(Self::new()),
            Value::Sequence(items) => {
                items.iter().enumerate().map(|(at, item)| T::decode(item, &path.index(at))).collect()
            }
            _ => Err(path.kind_error(node, "a list")),
        }
    }
}

impl<T: Decode> Decode for BTreeMap<String, T> {
    fn decode(node: &Node, path: &Path<'_>) -> Result<Self, DecodeError> {
        let entries = match &node.value {
            Value::Null => return Ok(Self::new()),
            Value::Mapping(entries) => entries,
            _ => return Err(path.kind_error(node, "a mapping")),
        };
        refuse_duplicates(entries, path)?;
        let mut decoded = Self::new();
        for (key, value) in entries.iter() {
            let key = key.text().ok_or_else(|| path.kind_error(key, "a text"))?;
            decoded.insert(key.to_string(), T::decode(value, &path.key(&key))?);
        }
        Ok(decoded)
    }
}
