//! What a git repository's folder consists of, and the program `git`.
//!
//! - [`layout`]: where a repository's files are, also for linked worktrees;
//! - [`config`]: a `config` without credentials;
//! - [`refs`]: what refs point to, and `packed-refs` of two repositories in one;
//! - [`program`]: running `git`, so that nothing a repository says is run.
//!
//! Separate from the sync, which only wants to know what to do with each file.

pub(crate) mod config;
pub(crate) mod layout;
pub(crate) mod program;
pub(crate) mod refs;

/// A repository's folder in its work tree.
pub(crate) const FOLDER: &str = ".git";

/// The largest of git's own small files that is read, in bytes.
pub(crate) const LARGEST_FILE: u64 = 256 << 20;
