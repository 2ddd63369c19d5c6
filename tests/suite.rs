//! The stories of the suite: what a user does, and what must come of it.
//!
//! Each module tells the stories of one binary or of one part of the repository. All run
//! the real binaries in a hermetic [`codex_tests::Scene`].
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests make files and start programs, and fail by panicking"
)]

mod apply;
mod codexctl;
mod corpora;
mod documentation;
mod golden;
mod kubectl_codex;
mod render;
mod repository;
mod secrets;
mod slot;
mod vectors;
