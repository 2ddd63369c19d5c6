//! Errors: facts for programs, Go's text for people.

use std::fmt;
use std::ops::Range;

/// When an error was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// While the template's text was parsed.
    Parse,
    /// While the template was executed.
    Exec,
}

/// What went wrong, as facts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text is no template.
    Syntax,
    /// A function that nobody declared.
    UndefinedFunction {
        /// The name in the template.
        name: String,
    },
    /// A variable that isn't declared where it is used.
    UndefinedVariable {
        /// The name, with its `$`.
        name: String,
    },
    /// `{{template}}` of a name that no `{{define}}` has.
    UndefinedTemplate {
        /// The name in the template.
        name: String,
        /// The names that are defined.
        known: Vec<String>,
    },
    /// A field that the value's type doesn't have.
    UnknownField {
        /// The name in the template.
        name: String,
        /// Go's spelling of the type.
        type_name: String,
        /// Fields and methods that the type has.
        known: Vec<String>,
    },
    /// A missing value would be printed
    /// ([`Missing::Error`](crate::Missing::Error)).
    MissingValue {
        /// The expression, in normal form.
        expression: String,
        /// The key that wasn't there, where one is to blame.
        key: Option<String>,
    },
    /// A field of a nil pointer or a nil `any`.
    NilPointer {
        /// Go's spelling of the pointer's type.
        type_name: String,
        /// The field.
        field: String,
    },
    /// A number of arguments that the function doesn't take.
    ArgumentCount {
        /// The function or method.
        name: String,
    },
    /// An argument of a type that the function doesn't take.
    ArgumentType {
        /// Go's spelling of the parameter's type.
        expected: String,
    },
    /// A function failed.
    Function {
        /// The function or method.
        name: String,
        /// What it said.
        message: String,
    },
    /// More steps than [`Limits::steps`](crate::Limits::steps).
    StepLimit,
    /// More bytes than [`Limits::bytes`](crate::Limits::bytes).
    ByteLimit,
    /// More bytes of values than [`Limits::memory`](crate::Limits::memory).
    MemoryLimit,
    /// `{{template}}` calls nested too deeply.
    Depth,
    /// Everything else; the message tells.
    Other,
}

/// Why a template could not be parsed or executed.
///
/// `Display` gives the text that Go gives. The rest are facts for tools that
/// want to show the place themselves.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Facts>);

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) phase: Phase,
    pub(crate) template: String,
    pub(crate) place: Option<Place>,
    pub(crate) executing: String,
    pub(crate) source: String,
    pub(crate) message: String,
    pub(crate) kind: ErrorKind,
}

/// A place in a template's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// From 1.
    pub(crate) line: usize,
    /// In bytes, from 0.
    pub(crate) column: usize,
    pub(crate) span: Range<usize>,
}

impl Place {
    /// The place whose line and column are those of `position`.
    pub(crate) fn new(text: &[u8], position: usize, span: Range<usize>) -> Place {
        let before = &text[..position.min(text.len())];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        let line = 1 + memchr::memchr_iter(b'\n', before).count();
        Place { line, column: before.len() - line_start, span }
    }
}

impl Error {
    pub(crate) fn new(facts: Facts) -> Error {
        Error(Box::new(facts))
    }

    /// Whether parsing or executing failed.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.0.phase
    }

    /// The name that the template was parsed under.
    #[must_use]
    pub fn template(&self) -> &str {
        &self.0.template
    }

    /// The name of the `{{define}}` that was executed, or the template's own;
    /// empty for errors of parsing.
    #[must_use]
    pub fn executing(&self) -> &str {
        &self.0.executing
    }

    /// The line of the text, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.0.place.as_ref().map_or(1, |place| place.line)
    }

    /// The column in bytes, from 0. Go's errors of parsing don't show it.
    #[must_use]
    pub fn column(&self) -> usize {
        self.0.place.as_ref().map_or(0, |place| place.column)
    }

    /// The bytes of the text that are to blame.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.0.place.as_ref().map_or(0..0, |place| place.span.clone())
    }

    /// The expression to blame in normal form; empty for errors of parsing.
    #[must_use]
    pub fn source_text(&self) -> &str {
        &self.0.source
    }

    /// What is wrong, without where.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What is wrong, as facts.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let facts = &*self.0;
        let Some(place) = &facts.place else {
            return write!(f, "template: {}: {}", facts.template, facts.message);
        };
        write!(f, "template: {}:{}", facts.template, place.line)?;
        if facts.phase == Phase::Exec {
            let executing = crate::strconv::quote(facts.executing.as_bytes());
            let executing = String::from_utf8_lossy(&executing);
            write!(f, ":{}: executing {executing} at <{}>", place.column, facts.source)?;
        }
        write!(f, ": {}", facts.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("text", &self.to_string())
            .field("span", &self.span())
            .field("kind", self.kind())
            .finish()
    }
}

impl std::error::Error for Error {}
