//! Reading: one section of a stream in, one tree or one error out.
//!
//! `cursor` walks over characters; `plain`, `quoted` and `block_scalar` read the
//! scalars; `document`, `block` and `flow` are the grammar, which `parser` holds
//! the state of and which makes flat events of the text; `compose` makes a tree
//! of the events: it resolves plain scalars, expands aliases and merges, and
//! refuses what has no place in a manifest. `stream` is the way that kubectl takes
//! through a whole input, which may be JSON.

mod block;
mod block_scalar;
mod budget;
mod compose;
mod cursor;
mod document;
mod entries;
mod error;
mod event;
mod flow;
mod json;
mod kubectl;
mod parser;
mod plain;
mod properties;
mod quoted;
pub(super) mod resolve;
mod stream;
mod tag;
pub(super) mod timestamp;

pub use error::{Problem, ReadError};
pub use stream::Stream;

use super::MAX_NODES;
use super::node::Node;
use super::section::Section;

/// Whose reading of plain scalars and keys is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Go's yaml.v3: `yes` is a text, keys keep their type (but those at the
    /// top of a document are their text), a key may stand only once.
    Go,
    /// Go's yaml.v3 before a value is decoded into a map: keys may be null and
    /// may stand more than once. For texts of which only some fields count.
    GoUndecoded,
    /// kubectl (`sigs.k8s.io/yaml`): `yes` is true, every key becomes a text,
    /// whole floats become integers, of two equal keys the last one counts.
    Kubectl,
}

/// Reads one document.
///
/// Gives `None` if there is nothing in it but comments, and null, a scalar, a
/// list or a mapping otherwise. Dates stay texts in both dialects.
///
/// # Errors
///
/// The first thing in the document that can't be read, with its place in the
/// stream.
pub fn read(section: &Section<'_>, dialect: Dialect) -> Result<Option<Node>, ReadError> {
    read_within(section, dialect, &mut MAX_NODES.clone())
}

/// Reads one document of at most `nodes` nodes, and takes as many as it has away from that.
///
/// # Errors
///
/// As [`read`], and if there are more.
pub fn read_within(
    section: &Section<'_>,
    dialect: Dialect,
    nodes: &mut usize,
) -> Result<Option<Node>, ReadError> {
    let events = document::parse(section, *nodes)?;
    let (root, count) = compose::compose(&events, dialect, *nodes)?;
    *nodes -= count;
    Ok(root)
}
