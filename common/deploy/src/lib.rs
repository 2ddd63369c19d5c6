//! One deploy: from what is asked for to everything applied and ready.
//!
//! ```text
//! Request ──gather──▶ documents ──scene──▶ targets ──session──▶ plan ─▶ apply ─▶ prune ─▶ hooks ─▶ wait
//! ```
//!
//! It is a crate of its own because two programs deploy: `kubectl-codex-apply`, and `kubectl-codex-slot` when it
//! makes a slot ready. What is decided and sent is `codex-cluster`'s; here are the order of it, and the words.

pub mod arguments;
mod explain;
mod gather;
mod picture;
mod report;
pub mod request;
mod scene;
mod session;

pub use session::run;
