//! Why a sync can't be done.

use std::path::{Path, PathBuf};

use codex_common::diagnostic::{Diagnostic, system_reason};
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
    /// The user wants it to stop; what was done stays, and the next sync goes on.
    #[error("stopped while syncing to {}: {copied} of {files} files copied, {removed} removed", target.display())]
    Stopped {
        /// The target.
        target: PathBuf,
        /// Files that are in place.
        copied: u64,
        /// All that have to be copied, as far as is known.
        files: u64,
        /// Files, links and folders that were deleted.
        removed: u64,
    },
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

impl From<SyncError> for Diagnostic {
    fn from(error: SyncError) -> Self {
        let text = error.to_string();
        match error {
            SyncError::Overlap { .. } | SyncError::Exclusion(_) => Self::input(text),
            SyncError::Blocked(_) => Self::machine(text)
                .hint(Some("move those files away, or leave the source's out with `--exclude`".to_owned())),
            SyncError::Stopped { .. } | SyncError::Save(SaveError::Stopped(_)) => Self::interrupted(text),
            SyncError::Save(SaveError::NoGit(_)) => {
                Self::machine(text).hint(Some("install git, or delete the workspace".to_owned()))
            }
            SyncError::Save(SaveError::RefFormat { .. }) => Self::machine(text).hint(Some(
                "push or commit it elsewhere, then `git refs migrate --ref-format=files`".to_owned(),
            )),
            SyncError::Save(SaveError::TooLarge { .. }) => {
                Self::machine(text).hint(Some("move it elsewhere, or name it in .gitignore".to_owned()))
            }
            SyncError::Io { .. } | SyncError::Save(_) => Self::machine(text),
        }
    }
}
