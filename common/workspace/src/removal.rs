//! Directories emptied and deleted: the one function that does it, and the one list of what it refuses.
//!
//! Takes an opened root and a path below it. Data directories, workspaces, saved work and our own temporary
//! folders all go this way. Agents write in most of them, so what a path says proves nothing. Refused are:
//!
//! | what | why |
//! |---|---|
//! | `..`, an absolute path, the root itself | it leads to where other things lie, too |
//! | a link anywhere below the root | whoever may write there chooses where it leads |
//! | what is, holds or lies in something that is [kept](crate::kept) | it is somebody else's |
//! | a mount below the directory | what it shows lies elsewhere |
//! | a directory that has another name by the time it is to be deleted | somebody moves things about |
//!
//! Each step is opened from the one before without following links, and what was opened and checked is what is
//! emptied, whatever its name leads to by then. Links inside are deleted, not what they lead to. Not recursive,
//! and no more than a few folders open at a time, however deep the tree is.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use codex_common::diagnostic::system_reason;
use rustix::fs::{AtFlags, FileType, Mode, openat, statat, unlinkat};
use rustix::io::Errno;
use thiserror::Error;

use crate::fault::step;
use crate::folder::{Kind, entries};
use crate::kept::{Identity, Location};
use crate::tree::{Tree, folder_only, is_mounted};

/// How many entries are deleted between two looks at whether to stop.
const BATCH: usize = 64;

/// Why a directory is left as it is.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RemovalError {
    /// The path has `..` in it.
    #[error("{} has `..` in it", .0.display())]
    Parent(PathBuf),
    /// It doesn't lie below the root.
    #[error("{} is not below {}", path.display(), root.display())]
    Outside {
        /// The path.
        path: PathBuf,
        /// The root.
        root: PathBuf,
    },
    /// There is a link where somebody else may put one.
    #[error("{} is a symbolic link, and might lead to what belongs to others", .0.display())]
    Link(PathBuf),
    /// It is something else's, or around it, or in it.
    #[error("{} is, holds or lies in {owner}", path.display())]
    Kept {
        /// The path.
        path: PathBuf,
        /// What must stay.
        owner: String,
    },
    /// Something is mounted there.
    #[error("{} is a mount point: what it shows lies elsewhere", .0.display())]
    Mount(PathBuf),
    /// The user wants it to stop; running it again goes on.
    #[error("stopped while deleting what is in {}", .0.display())]
    Stopped(PathBuf),
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
}

impl RemovalError {
    pub(crate) fn io(verb: &'static str, path: &Path, error: Errno) -> Self {
        match error {
            Errno::XDEV => Self::Mount(path.to_owned()),
            error => Self::Io { verb, path: path.to_owned(), reason: system_reason(&error.into()) },
        }
    }
}

/// What is emptied and deleted below one root.
pub(crate) struct Removal<'a> {
    /// The root: a directory that the user or the project names.
    pub(crate) root: &'a Tree,
    /// Whose a directory is that must stay because of what is, holds or lies in it; `None` if it may go.
    pub(crate) keeper: &'a (dyn Fn(&Location) -> Option<String> + Sync),
    /// Whether the user wants it to stop; looked at between batches.
    pub(crate) is_stopped: &'a (dyn Fn() -> bool + Sync),
}

/// A directory below the root that may be emptied.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) directory: OwnedFd,
    parent: OwnedFd,
    name: OsString,
    /// What messages call it.
    path: PathBuf,
}

impl Removal<'_> {
    /// Opens a directory, if it is there and none of those that are refused.
    ///
    /// # Errors
    /// It is refused, or can't be opened.
    pub(crate) fn find(&self, path: &Path) -> Result<Option<Found>, RemovalError> {
        let shown = self.root.name(path);
        if path.components().any(|part| part == Component::ParentDir) {
            return Err(RemovalError::Parent(shown));
        }
        let names: Vec<&OsStr> = path.iter().filter(|name| *name != ".").collect();
        if names.is_empty() || path.is_absolute() {
            return Err(RemovalError::Outside { path: shown, root: self.root.name(Path::new("")) });
        }
        let mut location = Location::of_root(self.root);
        let mut here = self.root.folder(Path::new("")).map_err(|error| self.failed(Path::new(""), error))?;
        let mut done = PathBuf::new();
        for (at, name) in names.iter().enumerate() {
            done.push(name);
            let Some(next) = self.enter(&here, name, &done)? else { return Ok(None) };
            let identity = Identity::of(&next).map_err(|error| self.failed(&done, error))?;
            location.enter(name, identity);
            let parent = std::mem::replace(&mut here, next);
            if at + 1 == names.len() {
                // It couldn't be deleted when all in it is gone.
                if is_mounted(&parent, name).map_err(|error| self.failed(&done, error))? {
                    return Err(RemovalError::Mount(shown));
                }
                if let Some(owner) = (self.keeper)(&location) {
                    return Err(RemovalError::Kept { path: shown, owner });
                }
                return Ok(Some(Found { directory: here, parent, name: (*name).to_owned(), path: shown }));
            }
        }
        Ok(None)
    }

    fn enter(&self, here: &OwnedFd, name: &OsStr, path: &Path) -> Result<Option<OwnedFd>, RemovalError> {
        match openat(here, name, folder_only(), Mode::empty()) {
            Ok(next) => Ok(Some(next)),
            Err(Errno::NOENT) => Ok(None),
            Err(error @ (Errno::LOOP | Errno::NOTDIR)) => match statat(here, name, AtFlags::SYMLINK_NOFOLLOW)
            {
                Ok(about) if FileType::from_raw_mode(about.st_mode) == FileType::Symlink => {
                    Err(RemovalError::Link(self.root.name(path)))
                }
                Err(Errno::NOENT) => Ok(None),
                _ => Err(self.failed(path, error)),
            },
            Err(error) => Err(self.failed(path, error)),
        }
    }

    /// Deletes what is in a directory, not the directory itself; gives whether it is there. What comes into it
    /// meanwhile may stay.
    ///
    /// # Errors
    /// It is refused: then nothing was deleted. Or the first path that the system doesn't let go.
    pub(crate) fn empty(&self, path: &Path) -> Result<bool, RemovalError> {
        let Some(found) = self.find(path)? else { return Ok(false) };
        self.empty_found(&found)?;
        Ok(true)
    }

    /// Deletes a directory with what is in it; gives whether it was there.
    ///
    /// # Errors
    /// As [`Self::empty`].
    pub(crate) fn delete(&self, path: &Path) -> Result<bool, RemovalError> {
        let Some(found) = self.find(path)? else { return Ok(false) };
        self.empty_found(&found)?;
        match remove_folder(&found.parent, &found.name) {
            Ok(()) => Ok(true),
            Err(Errno::NOTDIR) => Err(RemovalError::Link(found.path)),
            Err(error) => Err(RemovalError::io("delete", &found.path, error)),
        }
    }

    fn empty_found(&self, found: &Found) -> Result<(), RemovalError> {
        let failed = |error| RemovalError::io("open", &found.path, error);
        let directory = openat(&found.directory, ".", folder_only(), Mode::empty()).map_err(failed)?;
        let tree = Tree::of(directory, found.path.clone());
        // Folders with whether their content is gone.
        let mut stack = vec![(PathBuf::new(), false)];
        while let Some((at, is_empty)) = stack.pop() {
            let failed = |verb, path: &Path, error| RemovalError::io(verb, &tree.name(path), error);
            if is_empty {
                let (Some(parent), Some(name)) = (at.parent(), at.file_name()) else { continue };
                let folder =
                    tree.folder_on_its_mount(parent).map_err(|error| failed("open", parent, error))?;
                remove_folder(&folder, name).map_err(|error| failed("delete", &at, error))?;
                continue;
            }
            self.stop_if_asked(&found.path)?;
            let folder = match tree.folder_on_its_mount(&at) {
                Ok(folder) => folder,
                Err(Errno::NOENT) => continue,
                // It became a link or a file since it was listed: then it goes as such.
                Err(Errno::LOOP | Errno::NOTDIR) if self.unlink_at(&tree, &at)? => continue,
                Err(error) => return Err(failed("open", &at, error)),
            };
            let listed = entries(&folder).map_err(|error| failed("read", &at, error))?;
            if !at.as_os_str().is_empty() {
                stack.push((at.clone(), true));
            }
            for (number, entry) in listed.iter().enumerate() {
                if number % BATCH == BATCH - 1 {
                    self.stop_if_asked(&found.path)?;
                }
                let path = at.join(&entry.name);
                if entry.kind == Kind::Folder {
                    stack.push((path, false));
                } else {
                    match unlink(&folder, &entry.name) {
                        // It became a folder since it was listed.
                        Err(Errno::ISDIR) => stack.push((path, false)),
                        done => done.map_err(|error| failed("delete", &path, error))?,
                    }
                }
            }
        }
        Ok(())
    }

    /// Deletes a name that is no folder any more; gives whether its own folder could be opened.
    fn unlink_at(&self, tree: &Tree, path: &Path) -> Result<bool, RemovalError> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Ok(false) };
        let Ok(folder) = tree.folder_on_its_mount(parent) else { return Ok(false) };
        match unlink(&folder, name) {
            Ok(()) => Ok(true),
            Err(error) => Err(RemovalError::io("delete", &tree.name(path), error)),
        }
    }

    fn stop_if_asked(&self, path: &Path) -> Result<(), RemovalError> {
        if (self.is_stopped)() { Err(RemovalError::Stopped(path.to_owned())) } else { Ok(()) }
    }

    fn failed(&self, path: &Path, error: Errno) -> RemovalError {
        RemovalError::io("open", &self.root.name(path), error)
    }
}

fn unlink(folder: &OwnedFd, name: &OsStr) -> Result<(), Errno> {
    step("delete a file");
    unless_gone(unlinkat(folder, name, AtFlags::empty()))
}

/// Deletes an empty folder.
fn remove_folder(folder: &OwnedFd, name: &OsStr) -> Result<(), Errno> {
    step("delete a folder");
    unless_gone(unlinkat(folder, name, AtFlags::REMOVEDIR))
}

fn unless_gone(done: Result<(), Errno>) -> Result<(), Errno> {
    match done {
        Err(Errno::NOENT) => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests;
