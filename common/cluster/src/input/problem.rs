//! What can be wrong with the input, and what is worth a warning.
//!
//! Facts with places; no value of the input is repeated, since it may be secret.

use serde_json::Value;

use super::Origin;
use crate::identity::Identity;
use crate::path::Path;

/// Something wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The document; without a file for [`Problem::Empty`].
    pub origin: Origin,
    /// Where in the document.
    pub path: Path,
    /// What is wrong there.
    pub problem: Problem,
}

/// Something that was changed on the way, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warned {
    /// The document.
    pub origin: Origin,
    /// Where in the document.
    pub path: Path,
    /// What was changed.
    pub warning: Warning,
}

/// What is wrong with an input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// There is no object at all.
    #[error("no objects passed to apply")]
    Empty,
    /// A document is a bare list or a scalar.
    #[error("the document is {found}, not an object")]
    NotAnObject {
        /// What it is, with its article.
        found: &'static str,
    },
    /// Deeper than [`super::MAX_DEPTH`].
    #[error("the document is nested more than {} levels deep", super::MAX_DEPTH)]
    TooDeep,
    /// A field that every object needs.
    #[error("{field} is missing")]
    Missing {
        /// The field.
        field: Path,
    },
    /// Server-side apply needs a name.
    #[error("metadata.generateName can't be applied: the object needs metadata.name")]
    GeneratedName,
    /// A field that must be a text.
    #[error("{field} is {found}, not a text")]
    NotText {
        /// The field.
        field: Path,
        /// What it is, with its article.
        found: &'static str,
    },
    /// A field that must be a map.
    #[error("this is {found}, not a map")]
    NotAMap {
        /// What it is, with its article.
        found: &'static str,
    },
    /// An apiVersion that can't be one.
    #[error("apiVersion `{found}` is neither VERSION nor GROUP/VERSION")]
    NotAnApiVersion {
        /// What stands there.
        found: String,
    },
    /// Two documents mean one object.
    #[error("{identity} is there twice")]
    Doubled {
        /// The object.
        identity: Identity,
        /// Where it is for the first time.
        first: Origin,
        /// Where in that document.
        first_within: Path,
    },
    /// Two ports of one number and protocol. The server refuses both in a server-side apply.
    #[error("port {port}/{protocol} is there twice")]
    DoubledPort {
        /// The number.
        port: u64,
        /// The protocol, `TCP` where none is given.
        protocol: String,
        /// Where the first is, from the object on.
        first: Path,
    },
}

/// What was changed on the way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// One of several `env` entries of one name was dropped: only the last counts.
    #[error("environment variable `{name}` is set again below: only the last one counts")]
    EnvSetAgain {
        /// The variable.
        name: String,
        /// The entry that stays, from the object on.
        kept: Path,
    },
}

/// What a value is, with its article.
pub(super) fn noun(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}
