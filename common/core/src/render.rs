//! From a project to its documents.
//!
//! ```text
//! Project ──selection──▶ items ──manifest──▶ [Document] ──overlay──▶ [Document] ──output──▶ text
//!                                  foreign ──▶ [Document] ──┘
//! ```
//!
//! Everything here is pure but for reading the manifests (`stack::files`). Each document keeps where it came
//! from, so that whoever applies it can name the user's line.

mod document;
pub mod foreign;
mod list;
mod listing;
mod manifest;
mod output;
mod overlay;
mod parallel;
mod selection;

pub use document::{Document, Origin, Text};
pub use listing::{Entry, listing, table, to_json as listing_to_json};
pub use manifest::{Rendering, documents, lints};
pub use output::{Format, Identity, MAX_OUTPUT, StreamIdentity, join, write_document};
pub use overlay::{Overlay, OverlayError, is_cluster_scoped};
pub use parallel::threads_for;
pub use selection::{Filters, Reason, Selected, Selection, select};
