//! YAML, read as Go's `gopkg.in/yaml.v3` reads it (or as kubectl does) and
//! written byte for byte as its encoder writes it with an indentation of two.
//!
//! ```text
//! text ──split──▶ [Section] ──parser──▶ [Event] ──compose──▶ Node ──write──▶ text
//! ```
//!
//! No published crate reads `0644`, `1_000`, merges, aliases and dates as the
//! tools around Kubernetes do, nor keeps a position for every node, so reader
//! and writer are ours. Nothing here recurses on the native stack: documents
//! may be nested [`MAX_DEPTH`] deep.
//!
//! - [`split`] cuts a stream into documents before parsing, so that they can be
//!   read in parallel;
//! - [`read`] turns one of them into a [`Node`];
//! - [`Stream`] is a text as kubectl goes through it, which may also be JSON;
//! - [`write`] and [`write_json`] turn a [`Node`] into text.

mod collection;
mod node;
mod read;
mod section;
mod traversal;
mod write;

pub use collection::{Mapping, Sequence};
pub use node::{Node, Position, Value};
pub use read::{Dialect, Problem, ReadError, Stream, read, read_within};
pub use section::{MAX_DOCUMENTS, Section, Split, split};
pub use traversal::KeyOrder;
pub use write::{NotJson, TooLong, write, write_json, write_within};

/// How deep a document may be nested, aliases included: yaml.v3's own limit.
pub const MAX_DEPTH: usize = 10_000;

/// How many keys, items, values and ends of collections a document may have, aliases expanded, where nobody
/// says less. Each takes about a hundred bytes while it is read.
pub const MAX_NODES: usize = 4 << 20;

#[cfg(test)]
mod tests;
