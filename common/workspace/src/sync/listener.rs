//! Whoever is told how far a sync is.

use std::path::Path;

use super::note::Note;
use crate::saved::SavedWork;

/// How far copying is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Files that are in place.
    pub files: u64,
    /// All that have to be copied.
    pub files_total: u64,
    /// Bytes that are in place.
    pub bytes: u64,
    /// All that have to be copied, as long as no file changes meanwhile.
    pub bytes_total: u64,
}

/// Takes what happens; several threads call it. Whoever implements it may be called for every file.
pub trait Listener: Sync {
    /// Copying went on.
    fn progress(&self, _progress: &Progress) {}
    /// Work of the target was saved, before anything of it is overwritten.
    fn saved(&self, _work: &SavedWork) {}
    /// A workspace was kept as it is, because its work can't be told from the rest.
    fn kept(&self, _workspace: &Path, _kept: &Path, _reason: &str) {}
    /// Something to know.
    fn note(&self, _note: &Note) {}
    /// Whether the user wants it to stop; asked between batches of files.
    fn is_stopped(&self) -> bool {
        false
    }
}

/// Nobody.
impl Listener for () {}
