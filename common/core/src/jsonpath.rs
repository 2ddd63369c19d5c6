//! JSONPath as kubectl takes it, for `kubectl get -o jsonpath` and `kubectl wait --for=jsonpath`.
//!
//! Takes an expression, gives its steps. Separate from what walks over an object, so that a file that holds an
//! expression is checked when it is read, by programs that never see an object.
//!
//! ```text
//! {.status.conditions[?(@.type=="Ready")].status}
//! ```
//!
//! Braces, `$` and the leading dot may be left out. What kubectl has besides for printing (several expressions,
//! text around them, `range`) finds no value to compare, and is refused.

mod parser;

use std::fmt;

use thiserror::Error;

/// An expression.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JsonPath {
    text: String,
    steps: Vec<Step>,
}

impl JsonPath {
    /// Reads an expression.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let text = text.trim();
        let steps = parser::steps_of(text)?;
        let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text).trim();
        let inner = inner.strip_prefix('$').unwrap_or(inner);
        let dot = if inner.starts_with(['.', '[']) { "" } else { "." };
        Ok(Self { text: format!("{{{dot}{inner}}}"), steps })
    }

    /// The way from an object to the values.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

impl fmt::Display for JsonPath {
    /// The expression with its braces and its leading dot, as kubectl's documentation writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// One step from values to values.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// The value under a key.
    Field(String),
    /// All values of a list or a mapping.
    Wildcard,
    /// The value itself and everything below it.
    Descendants,
    /// The item at a place of a list; negative ones count from its end.
    Index(i64),
    /// Items of a list, from one place up to another, every so many.
    Slice {
        /// The first place; the beginning if absent.
        start: Option<i64>,
        /// The place behind the last; the end if absent.
        end: Option<i64>,
        /// The distance between two of them, at least 1.
        step: usize,
    },
    /// What each of these finds, one after the other.
    Union(Vec<Step>),
    /// The items of a list that pass.
    Filter(Filter),
}

/// What an item has to be for a filter to let it pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// What is looked at.
    pub left: Operand,
    /// How it must compare to what; `None` if it only has to be there.
    pub comparison: Option<(Operator, Operand)>,
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// What is found from the item on.
    Path(Vec<Step>),
    /// A text.
    Text(String),
    /// A number.
    Number(f64),
    /// A truth value.
    Bool(bool),
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

/// Why a text is no expression.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SyntaxError {
    /// There is nothing in it.
    #[error("the JSONPath is empty")]
    Empty,
    /// Something is opened and never closed.
    #[error("`{0}` is never closed")]
    Unclosed(char),
    /// There is more than one expression, or text around one.
    #[error("only one expression can be compared: `{0}` stands beside it")]
    Beside(String),
    /// What stands there can't stand there.
    #[error("`{0}` is not expected here")]
    Unexpected(String),
    /// A key should follow, and none does.
    #[error("a key is missing behind `.`")]
    MissingKey,
    /// What stands between brackets is none of what can stand there.
    #[error("`[{0}]` is neither an index, a slice, a quoted key, `*` nor a filter `?(…)`")]
    Bracket(String),
    /// A filter that isn't one comparison.
    #[error("`?({0})` is no filter: compare one value with another, or name one that must be there")]
    Filter(String),
}

#[cfg(test)]
mod tests;
