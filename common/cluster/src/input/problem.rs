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
    /// Where the object stands in the document.
    pub within: Path,
    /// What is wrong there.
    pub problem: Problem,
}

impl Refused {
    /// The other place that the problem is about, with what is to be said of it.
    pub fn other_place(&self) -> Option<(&Origin, Path, &'static str)> {
        match &self.problem {
            Problem::Doubled { first, first_within, .. } => Some((first, first_within.clone(), "first here")),
            Problem::DoubledItem { first, .. } => Some((&self.origin, self.within.join(first), "first here")),
            Problem::EnvUsedBetween { first, .. } | Problem::EnvOptional { first, .. } => {
                Some((&self.origin, self.within.join(first), "set here before"))
            }
            _ => None,
        }
    }
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
    /// Two items of one key that differ. The server refuses both in a server-side apply.
    #[error("`{item}` is there twice in {list}")]
    DoubledItem {
        /// The name of the list.
        list: String,
        /// The key, for people.
        item: String,
        /// Where the first is, from the object on.
        first: Path,
    },
    /// A variable that is set again later is used in between, and one entry can't have both values.
    #[error("this uses `{name}`, which is set again below: only one value of a variable can be sent")]
    EnvUsedBetween {
        /// The variable.
        name: String,
        /// Where it is set before that, from the object on.
        first: Path,
    },
    /// A variable is set again from a source that may not be there.
    #[error("`{name}` is set again from an optional source: only one value of a variable can be sent")]
    EnvOptional {
        /// The variable.
        name: String,
        /// Where it is set before that, from the object on.
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
    /// The same, but its value was used: it is written out there.
    #[error("environment variable `{name}` is set again below: this value is written out where it is used")]
    EnvWrittenOut {
        /// The variable.
        name: String,
        /// The entry that stays, from the object on.
        kept: Path,
    },
    /// An item was there before just so.
    #[error("`{item}` is there twice in {list}: it is sent once")]
    ItemTwice {
        /// The name of the list.
        list: String,
        /// The key, for people.
        item: String,
    },
    /// An item was added to one of the same key.
    #[error("`{item}` is there twice in {list}: both are put together")]
    PutTogether {
        /// The name of the list.
        list: String,
        /// The key, for people.
        item: String,
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
