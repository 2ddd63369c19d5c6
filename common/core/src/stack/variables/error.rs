//! What can be wrong with a file of variables.
//!
//! Such files hold secrets: an error has the line's number and the variable's
//! name, never what the line says.

use thiserror::Error;

/// Where and why a file of variables could not be read. Prints the reason; the
/// place is printed by whoever shows the error.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{problem}")]
pub struct Error {
    /// The line, from 1.
    pub line: u32,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Problem {
    /// Something else than a letter, digit, `_` or `.` stands in a name.
    #[error("expected NAME=VALUE; a name consists of letters, digits, `_` and `.`")]
    MalformedName,
    /// Neither `=` nor `:` stands in the line.
    #[error("expected NAME=VALUE or NAME: VALUE")]
    MissingSeparator,
    /// A value begins with a quote that nothing closes.
    #[error("the quote that opens the value of `{name}` is never closed")]
    UnclosedQuote {
        /// The variable.
        name: String,
    },
    /// All variables together take more than [`MAX_SIZE`](super::MAX_SIZE).
    #[error("the variables up to here take more than {} MiB", super::MAX_SIZE >> 20)]
    TooLarge,
    /// A name stands twice in a file that is read as YAML.
    #[error("`{name}` is already defined at line {first}")]
    Duplicate {
        /// The variable.
        name: String,
        /// The line where it is defined first.
        first: u32,
    },
    /// The value in a YAML file is a list or a mapping.
    #[error("the value of `{name}` is {what}, not a text, number or truth value")]
    NotScalar {
        /// The variable.
        name: String,
        /// What it is, such as `a list`.
        what: &'static str,
    },
    /// A file with indented lines is no YAML.
    #[error("this file has indented lines, so it is read as YAML, but it is not valid YAML here")]
    MalformedYaml,
    /// A file with indented lines is YAML, but no mapping.
    #[error("this file has indented lines, so it is read as YAML, but it is {what}, not a mapping")]
    NotMapping {
        /// What it is, such as `a list`.
        what: &'static str,
    },
}

impl Error {
    pub(super) fn new(line: u32, problem: Problem) -> Self {
        Self { line, problem }
    }
}
