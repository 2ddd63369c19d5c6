//! Why a sync can't be done.

use std::path::{Path, PathBuf};

use codex_common::diagnostic::system_reason;
use rustix::io::Errno;
use thiserror::Error;

use crate::exclusion::ExclusionError;
use crate::saved::SaveError;

/// Why a sync can't be done. What was copied by then stays; the next one completes it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SyncError {
    /// The system says no.
    #[error("cannot {verb} {}: {reason}", path.display())]
    Io {
        /// What was tried.
        verb: &'static str,
        /// At what.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// Source and target are, or lie in, one another.
    #[error("cannot sync {} to {}: one lies in the other", from.display(), target.display())]
    Overlap {
        /// The source.
        from: PathBuf,
        /// The target.
        target: PathBuf,
    },
    /// The source has a file or link where excluded files lie in the target.
    #[error("cannot put {} in place: the target has a folder there with files that are left alone", .0.display())]
    Blocked(PathBuf),
    /// A pattern is none.
    #[error(transparent)]
    Exclusion(#[from] ExclusionError),
    /// What the target holds could not be saved; nothing of it was changed.
    #[error(transparent)]
    Save(#[from] SaveError),
}

impl SyncError {
    /// The system's answer to something that was tried.
    pub(crate) fn io(verb: &'static str, path: &Path, error: Errno) -> Self {
        Self::Io { verb, path: path.to_owned(), reason: system_reason(&error.into()) }
    }
}
