//! Slots: one live copy of the project per issue or pull request, and who gets which.
//!
//! ```text
//! ConfigMaps ──record──▶ [Listed] ──view──▶ View ──allocation──▶ Step ──store──▶ one conditional write
//!      ▲                                                                                  │
//!      └──────────────────────────── again, until the step is an answer ◀─────────────────┘
//! ```
//!
//! What is decided is apart from what is sent. Pure:
//! - [`record`]: the record of a slot, as codexctl wrote it and with our own keys;
//! - [`view`]: which of the listed records count, and what else takes numbers;
//! - [`allocation`]: the next step, from what is there. A model checker goes through all interleavings of it.

//!
//! Talking to the server:
//! - [`store`]: one request each, and what its answer means;
//! - [`slots`]: the verbs, each a loop of looking, deciding and writing: [`Slots::ensure`], [`Slots::set`],
//!   [`Slots::begin_cleanup`] and [`Slots::finish_cleanup`], [`Slots::tenure`] and
//!   [`Slots::reserve_for_cleanup`], [`Slots::update`], [`Slots::list`].

pub mod allocation;
pub mod record;
pub mod slots;
pub mod store;
pub mod view;

pub use slots::{SlotError, Slots};
