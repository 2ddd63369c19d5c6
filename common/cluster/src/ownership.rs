//! Who owns which field of a live object, and what follows from it.
//!
//! Takes objects as the API server gives them, with `managedFields`, and answers what the plan asks before
//! anything is sent:
//! - [`same`]: would applying this manifest change nothing?
//! - [`takeover`]: did client-side apply make it, and how do its fields become ours?
//! - [`dropped`]: which fields go because the manifest no longer has them?
//! - [`handover`]: what becomes ours though no value changes?
//! - [`excluded`]: what has to go before the manifest can be applied?
//! - [`version`]: which entries can't the server read any more?
//! - [`estimate`]: what would an apply come to that the server can't be asked about?
//! - [`unchanged`]: did a PATCH that was sent change anything?
//!
//! [`fields`] is the tree that all of them walk, [`entry`] the list that it comes from.

mod atomic;
mod defaults;
pub mod dropped;
pub mod entry;
pub mod estimate;
pub mod excluded;
pub mod fields;
pub mod handover;
mod quantity;
pub mod same;
mod schema;
pub mod takeover;
pub mod unchanged;
pub mod version;
