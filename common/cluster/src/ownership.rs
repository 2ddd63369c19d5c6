//! Who owns which field of a live object, and what follows from it.
//!
//! Takes objects as the API server gives them, with `managedFields`, and answers what the plan asks before
//! anything is sent:
//! - [`same`]: would applying this manifest change nothing?
//! - [`takeover`]: did client-side apply make it, and how do its fields become ours?
//! - [`dropped`]: which fields go because the manifest no longer has them?
//! - [`unchanged`]: did a PATCH that was sent change anything?
//!
//! [`fields`] is the tree that all of them walk, [`entry`] the list that it comes from.

mod atomic;
pub mod dropped;
pub mod entry;
pub mod fields;
pub mod same;
pub mod takeover;
pub mod unchanged;
