//! Work in a target, kept before a sync overwrites it (B14).
//!
//! Takes a git work tree of the target, gives the ref under which everything in it is kept, or nothing if there
//! is nothing that the source doesn't have. Work is what differs from the commit that is checked out: changes,
//! staged ones too, and new files that no `.gitignore` names; and commits that hang on a branch, tag or stash
//! of the target and on no ref of the source. It becomes one commit: the whole work tree, with the
//! commit that is checked out and all those commits as parents.
//!
//! - [`store`]: where the work of workspaces that are gone is kept, and for how long;
//! - [`repository`]: the temporary repository that `git` works in, and what it is asked.
//!
//! `git` never sees the target's own repository, and nothing of the target is changed but by adding objects and one ref.

mod repository;
pub mod store;

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use codex_common::diagnostic::system_reason;
use gotemplate::time::{Location, Time};
use rustix::io::Errno;
use thiserror::Error;

use crate::folder::{about_if_there, read_if_file};
use crate::git::layout::Place;
use crate::git::program::GitError;
use crate::git::refs::{self, Id, OWN};
use crate::git::{LARGEST_FILE, config};
use crate::removal::RemovalError;
use crate::replace::{made_folder, replace};
use crate::tree::Tree;
use repository::{Found, Scratch};

/// The largest file that is saved, in bytes: git would read it for minutes.
const LARGEST_WORK: u64 = 1 << 30;

/// Work that was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedWork {
    /// The work tree that it was in.
    pub work_tree: PathBuf,
    /// The ref that keeps it.
    pub reference: String,
    /// The commit's id.
    pub commit: String,
    /// The repository that has it; nothing if that is the work tree's own.
    pub repository: Option<PathBuf>,
}

impl fmt::Display for SavedWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, reference) = (self.work_tree.display(), &self.reference);
        if let Some(repository) = &self.repository {
            let repository = repository.display();
            return write!(
                f,
                "{path} held work that is nowhere else; it is saved in {repository} \
                 (to get it back, in a checkout: git fetch {repository} {reference} && git checkout FETCH_HEAD -- .)"
            );
        }
        write!(
            f,
            "{path} held work that is not in the source; it is saved as {reference} \
             (to get it back: git -C {path} checkout {reference} -- .)"
        )
    }
}

/// Why work can't be saved; nothing was overwritten.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SaveError {
    /// There is no `git` to find out with.
    #[error("cannot tell whether {} holds work to save: there is no git", .0.display())]
    NoGit(PathBuf),
    /// There is no repository in it that could tell.
    #[error("cannot tell what is work in {}: it has no git repository of its own", .0.display())]
    NoRepository(PathBuf),
    /// A new or changed file is too large for a repository.
    #[error("cannot save the work in {}: {} is larger than {} GiB", work_tree.display(), path.display(), LARGEST_WORK >> 30)]
    TooLarge {
        /// The work tree.
        work_tree: PathBuf,
        /// The file.
        path: PathBuf,
    },
    /// Its refs aren't files, and only git itself could add one.
    #[error("cannot save the work in {}: its refs are kept as {format}", work_tree.display())]
    RefFormat {
        /// The work tree.
        work_tree: PathBuf,
        /// How, as its config says.
        format: String,
    },
    /// `git` says no.
    #[error("cannot save the work in {}: git {command}: {reason}", work_tree.display())]
    Git {
        /// The work tree.
        work_tree: PathBuf,
        /// What was asked of it.
        command: &'static str,
        /// What it says.
        reason: String,
    },
    /// The user wants it to stop; nothing was changed yet.
    #[error("stopped while looking for work to save in {}", .0.display())]
    Stopped(PathBuf),
    /// What was left of an earlier try can't be deleted.
    #[error("cannot save the work in {}: {error}", work_tree.display())]
    Removal {
        /// The work tree.
        work_tree: PathBuf,
        /// What is in the way.
        error: RemovalError,
    },
    /// The system says no.
    #[error("cannot save the work in {}: {}: {reason}", work_tree.display(), path.display())]
    Io {
        /// The work tree.
        work_tree: PathBuf,
        /// What could not be read or written.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
}

/// A work tree to look at.
pub(crate) struct Work<'a> {
    /// The target.
    pub(crate) target: &'a Tree,
    /// The work tree's folder in it.
    pub(crate) path: &'a Path,
    /// The repository's folder in the target.
    pub(crate) repository: &'a Path,
    /// The source's repository; empty if it has none, and the target's stays as it is.
    pub(crate) sources: &'a [Place],
    /// Whether the repository itself goes, with all that hangs on its refs.
    pub(crate) goes: bool,
    /// Commits that came with the last sync.
    pub(crate) known: &'a [Id],
    /// Folders in the target with a repository of their own.
    pub(crate) others: &'a [PathBuf],
    /// Patterns of what a sync leaves alone.
    pub(crate) patterns: &'a str,
    /// Where `git` is looked for.
    pub(crate) search_path: &'a OsStr,
    /// When it is, in seconds since 1970.
    pub(crate) now: i64,
    /// Whether the user wants it to stop.
    pub(crate) is_stopped: &'a (dyn Fn() -> bool + Sync),
}

impl Work<'_> {
    /// Saves what there is to save.
    ///
    /// # Errors
    /// It isn't known whether there is anything, or it can't be saved.
    pub(crate) fn save(&self) -> Result<Option<SavedWork>, SaveError> {
        self.check_ref_format()?;
        let scratch = Scratch::make(self)?;
        let saved =
            scratch.look().and_then(|found| found.map(|found| self.keep(&scratch, &found)).transpose());
        let removed = scratch.remove();
        let saved = saved?;
        removed.map(|()| saved)
    }

    fn check_ref_format(&self) -> Result<(), SaveError> {
        let failed = |error| self.io(self.repository, error);
        let folder = self.target.folder(self.repository).map_err(failed)?;
        let config =
            read_if_file(&folder, OsStr::new("config"), LARGEST_FILE).map_err(failed)?.unwrap_or_default();
        match config::value(&config, "extensions", "refstorage") {
            Some(format) if !format.starts_with("files") => {
                Err(SaveError::RefFormat { work_tree: self.target.name(self.path), format })
            }
            _ => Ok(()),
        }
    }

    fn keep(&self, scratch: &Scratch<'_>, found: &Found) -> Result<SavedWork, SaveError> {
        let commit = scratch.commit(found)?;
        // Objects first: a ref never points to what isn't there.
        scratch.hand_over()?;
        let reference = self.write_ref(&commit)?;
        Ok(SavedWork { work_tree: self.target.name(self.path), reference, commit, repository: None })
    }

    /// Saves what there is to save as a repository in `folder`, whose name begins with `label`.
    ///
    /// # Errors
    /// As [`Self::save`].
    pub(crate) fn save_in(&self, folder: &Tree, label: &str) -> Result<Option<SavedWork>, SaveError> {
        let scratch = Scratch::make(self)?;
        let reference = format!("{OWN}saved/{}", timestamp(self.now));
        let done = scratch.look().and_then(|found| {
            let Some(found) = found else { return Ok(None) };
            let commit = scratch.commit(&found)?;
            scratch.complete(&found, &reference, &commit)?;
            let name =
                store::free_name(folder, label, self.now).map_err(|error| self.io(self.repository, error))?;
            Ok(Some((commit, name)))
        });
        match done {
            Ok(Some((commit, name))) => {
                scratch.keep_in(folder, OsStr::new(&name))?;
                let repository = Some(folder.name(Path::new(&name)));
                Ok(Some(SavedWork { work_tree: self.target.name(self.path), reference, commit, repository }))
            }
            other => scratch.remove().and(other.map(|_| None)),
        }
    }

    fn write_ref(&self, commit: &str) -> Result<String, SaveError> {
        let failed = |error| self.io(&self.repository.join(OWN), error);
        let top = self.target.folder(self.repository).map_err(failed)?;
        let packed =
            read_if_file(&top, OsStr::new("packed-refs"), LARGEST_FILE).map_err(failed)?.unwrap_or_default();
        let mut folder = self.target.folder(self.repository).map_err(failed)?;
        for name in OWN.trim_end_matches('/').split('/').chain(["saved"]) {
            folder = made_folder(&folder, OsStr::new(name), 0o777).map_err(failed)?;
        }
        let time = timestamp(self.now);
        let mut number = 1_u32;
        loop {
            let name = if number == 1 { time.clone() } else { format!("{time}-{number}") };
            let reference = format!("{OWN}saved/{name}");
            let name = OsStr::new(&name);
            let is_taken = about_if_there(&folder, name).map_err(failed)?.is_some()
                || refs::is_packed(&packed, reference.as_bytes());
            if !is_taken {
                replace(&top, &folder, name, format!("{commit}\n").as_bytes(), 0o666).map_err(failed)?;
                return Ok(reference);
            }
            number += 1;
        }
    }

    fn io(&self, path: &Path, error: Errno) -> SaveError {
        SaveError::Io {
            work_tree: self.target.name(self.path),
            path: self.target.name(path),
            reason: system_reason(&error.into()),
        }
    }

    fn removal(&self, error: RemovalError) -> SaveError {
        SaveError::Removal { work_tree: self.target.name(self.path), error }
    }

    fn git(&self, command: &'static str, error: GitError) -> SaveError {
        let work_tree = self.target.name(self.path);
        match error {
            GitError::Missing => SaveError::NoGit(work_tree),
            GitError::Stopped => SaveError::Stopped(work_tree),
            GitError::Start(error) => SaveError::Git { work_tree, command, reason: system_reason(&error) },
            GitError::Failed(reason) => SaveError::Git { work_tree, command, reason },
        }
    }
}

/// A time as refs are named after it: `20261122T144500Z`.
fn timestamp(now: i64) -> String {
    let time = Time::new(now, 0, Location::UTC).format(b"20060102T150405Z");
    String::from_utf8_lossy(&time).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refs_are_named_after_the_time() {
        assert_eq!(timestamp(1_795_358_700), "20261122T144500Z");
    }
}
