//! The files of a slot on this machine.
//!
//! ```text
//! source ──sync──▶ workspace (<base>/<slot>/src), its work saved before, under a lock
//! dataPaths ──data──▶ data directories made, emptied, deleted
//! ```
//!
//! - [`sync`]: a source folder copied to a workspace, `.git` understood;
//! - [`workspace`]: whose a workspace is, and its removal;
//! - [`saved`]: work in a workspace kept before it is overwritten;
//! - [`exclusion`]: what a sync leaves alone;
//! - [`data`]: the data directories of an environment;
//! - [`lock`]: one `ready` or `cleanup` per slot and machine;
//! - [`fault`]: every step that changes a file, for tests that end a process before it.
//!
//! A crate of its own, without a cluster and without a runtime, because programs need it that talk to no cluster.
//! Agents write in these folders, so nothing here trusts what lies in them: below its root no link is followed
//! ([`tree`]), and `git` never reads a config that an agent wrote.
#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests make files and start programs"))]

pub mod data;
pub mod exclusion;
pub mod fault;
#[cfg(test)]
pub(crate) mod fixture;
mod folder;
mod git;
mod kept;
pub mod lock;
mod removal;
mod replace;
pub mod saved;
pub mod sync;
mod tree;
pub mod workspace;

pub use kept::Kept;
pub use removal::RemovalError;
