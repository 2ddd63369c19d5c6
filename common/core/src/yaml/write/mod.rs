//! Writing: a tree in, text out.
//!
//! YAML comes out byte for byte as yaml.v3's encoder writes it with an
//! indentation of two, except where that would lose or break a text; JSON comes
//! out with Go's numbers.

mod emitter;
mod float;
mod json;
mod order;
mod scalar;
mod style;

pub use emitter::{TooLong, write, write_within};
pub(super) use float::{float_text, float32_text};
pub use json::{NotJson, write_json};
pub(super) use order::sort_entries;
