//! Directories strictly below a root.
//!
//! Takes the root and paths, makes, empties or deletes what they name. The root itself may be reached through
//! links that only the project's own people can put there; below it no link is followed, since the root holds
//! data of agents ([`crate::removal`] has the list of what is refused).

use std::ffi::OsString;
use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use codex_common::diagnostic::system_reason;
use rustix::fs::{AtFlags, FileType, Mode, fchmod, fstat, lstat, mkdirat, openat, readlink, stat, statat};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::fault::step;
use crate::kept::{Identity, Location};
use crate::removal::{Removal, RemovalError};
use crate::tree::{Tree, folder_only};

/// How many links are followed on the way to the root.
const MAX_LINKS: usize = 40;

/// A directory below which others are made, emptied and deleted.
#[derive(Debug)]
pub(super) struct Root {
    /// As the user writes it.
    path: PathBuf,
    /// Without links.
    real: PathBuf,
    tree: Tree,
}

impl Root {
    /// Opens the root; it is made, with 0755, if it isn't there.
    #[allow(clippy::disallowed_methods, reason = "the one place where data directories are made")]
    pub(super) fn made_at(path: &Path) -> Result<Self, RemovalError> {
        let (real, missing) = real_path(path)?;
        let real = real.join(missing);
        step("make the data root");
        fs::create_dir_all(&real).map_err(|error| RemovalError::Io {
            verb: "make",
            path: path.to_owned(),
            reason: system_reason(&error),
        })?;
        Self::opened(path, real)
    }

    /// Opens the root, if it is there.
    pub(super) fn at(path: &Path) -> Result<Option<Self>, RemovalError> {
        let (real, missing) = real_path(path)?;
        if !missing.as_os_str().is_empty() {
            return Ok(None);
        }
        Self::opened(path, real).map(Some)
    }

    fn opened(path: &Path, real: PathBuf) -> Result<Self, RemovalError> {
        if real.parent().is_none() {
            let (path, root) = (path.to_owned(), real);
            return Err(RemovalError::Outside { path, root });
        }
        let tree = Tree::open_without_links(&real).map_err(|error| RemovalError::io("open", path, error))?;
        Ok(Self { path: path.to_owned(), real, tree })
    }

    /// Whether a path is the root itself.
    pub(super) fn is(&self, path: &Path) -> bool {
        path == self.path || path == self.real
    }

    /// What is emptied and deleted below the root.
    pub(super) fn removal<'a>(
        &'a self,
        keeper: &'a (dyn Fn(&Location) -> Option<String> + Sync),
        is_stopped: &'a (dyn Fn() -> bool + Sync),
    ) -> Removal<'a> {
        Removal { root: &self.tree, keeper, is_stopped }
    }

    /// A path as one from the root.
    pub(super) fn below<'a>(&self, path: &'a Path) -> Result<&'a Path, RemovalError> {
        has_no_parent(path)?;
        let below = path.strip_prefix(&self.path).or_else(|_| path.strip_prefix(&self.real));
        match below {
            Ok(below) if below.components().next().is_some() => Ok(below),
            _ => Err(RemovalError::Outside { path: path.to_owned(), root: self.path.clone() }),
        }
    }

    /// Where a path below the root is. What a link leads to belongs to somebody else, so none is followed.
    pub(super) fn location(&self, path: &Path) -> Result<Location, RemovalError> {
        let below = self.below(path)?;
        let failed = |error| RemovalError::io("open", path, error);
        let mut location = Location::of_root(&self.tree);
        let mut here = Some(self.tree.folder(Path::new("")).map_err(failed)?);
        for name in below.iter().filter(|name| *name != ".") {
            let next = here.as_ref().and_then(|here| openat(here, name, folder_only(), Mode::empty()).ok());
            match &next {
                Some(next) => location.enter(name, Identity::of(next).map_err(failed)?),
                None => location.enter_missing(name),
            }
            here = next;
        }
        Ok(location)
    }

    /// Makes a directory below the root and lets everyone write in it: the containers' users need that. What
    /// lies between the two gets 0755.
    pub(super) fn open_to_all(&self, path: &Path) -> Result<(), RemovalError> {
        let fail = |error: Errno| RemovalError::io("make", path, error);
        let directory = self.made(self.below(path)?, path)?;
        let mode = Mode::from_raw_mode(fstat(&directory).map_err(fail)?.st_mode);
        let all = Mode::RWXU | Mode::RWXG | Mode::RWXO;
        if mode == all {
            // One that belongs to a container's user, and is as it should be, could not be changed.
            return Ok(());
        }
        step("open a data directory to all");
        fchmod(&directory, all).map_err(fail)
    }

    /// Opens a directory, made with those above it if they aren't there.
    fn made(&self, below: &Path, path: &Path) -> Result<OwnedFd, RemovalError> {
        let fail = |error: Errno| RemovalError::io("make", path, error);
        let mut here = self.tree.folder(Path::new("")).map_err(fail)?;
        let mut done = PathBuf::new();
        for name in below.iter().filter(|name| *name != ".") {
            done.push(name);
            let next = match openat(&here, name, folder_only(), Mode::empty()) {
                Err(Errno::NOENT) => {
                    let mode = Mode::RWXU | Mode::RGRP | Mode::XGRP | Mode::ROTH | Mode::XOTH;
                    step("make a data directory");
                    match mkdirat(&here, name, mode) {
                        // Someone else may have been faster.
                        Ok(()) | Err(Errno::EXIST) => openat(&here, name, folder_only(), Mode::empty()),
                        Err(error) => Err(error),
                    }
                }
                other => other,
            };
            here = match next {
                Ok(next) => next,
                Err(error @ (Errno::LOOP | Errno::NOTDIR)) => {
                    let about = statat(&here, name, AtFlags::SYMLINK_NOFOLLOW).map_err(fail)?;
                    if FileType::from_raw_mode(about.st_mode) == FileType::Symlink {
                        return Err(RemovalError::Link(self.tree.name(&done)));
                    }
                    return Err(fail(error));
                }
                Err(error) => return Err(fail(error)),
            };
        }
        Ok(here)
    }
}

/// An absolute path without links, as far as it is there, and the rest.
///
/// A link counts where only the user or the system's administrator can have put it.
fn real_path(path: &Path) -> Result<(PathBuf, PathBuf), RemovalError> {
    has_no_parent(path)?;
    let mut real = PathBuf::from("/");
    let mut names: Vec<OsString> = names_of(path);
    let mut links = 0;
    while let Some(name) = names.pop() {
        if name == ".." {
            real.pop();
            continue;
        }
        let next = real.join(&name);
        let failed = |error| RemovalError::io("open", &next, error);
        match lstat(&next) {
            Err(Errno::NOENT) => {
                let missing = std::iter::once(name).chain(names.into_iter().rev()).collect();
                return Ok((real, missing));
            }
            Err(error) => return Err(failed(error)),
            Ok(about) if FileType::from_raw_mode(about.st_mode) == FileType::Symlink => {
                links += 1;
                if links > MAX_LINKS {
                    return Err(RemovalError::io("open", path, Errno::LOOP));
                }
                if !is_ours(about.st_uid, &real).map_err(failed)? {
                    return Err(RemovalError::Link(next));
                }
                use std::os::unix::ffi::OsStringExt as _;
                let text = readlink(&next, Vec::new()).map_err(failed)?.into_bytes();
                let text = PathBuf::from(OsString::from_vec(text));
                if text.is_absolute() {
                    real = PathBuf::from("/");
                }
                names.extend(names_of(&text));
            }
            Ok(_) => real = next,
        }
    }
    Ok((real, PathBuf::new()))
}

/// The names of a path, the last first.
fn names_of(path: &Path) -> Vec<OsString> {
    let names = path.components().rev().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    });
    names.collect()
}

/// Whether nobody but the user and the administrator can have put a link into a folder: not everyone may write
/// there, or at least only its owner may replace it.
fn is_ours(owner: u32, folder: &Path) -> Result<bool, Errno> {
    let about = stat(folder)?;
    let mode = Mode::from_raw_mode(about.st_mode);
    if !mode.contains(Mode::WOTH) {
        return Ok(true);
    }
    Ok(mode.contains(Mode::SVTX) && (owner == 0 || owner == geteuid().as_raw()))
}

fn has_no_parent(path: &Path) -> Result<(), RemovalError> {
    if path.components().any(|part| part == Component::ParentDir) {
        return Err(RemovalError::Parent(path.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
