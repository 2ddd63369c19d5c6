//! Directories strictly below a root, whatever links lie on the way.
//!
//! Takes the root and paths, makes, empties or deletes what they name.
//!
//! Every step is opened without following links and from the directory before it, so what was checked is what
//! is changed, even if someone else renames things meanwhile: the root holds data of agents. A link is
//! followed only by its full target, and only if that lies below the root too (B33).

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use codex_common::diagnostic::system_reason;
use rustix::fs::{AtFlags, FileType, Mode, fchmod, fstat, mkdirat, openat, statat, unlinkat};
use rustix::io::Errno;
use thiserror::Error;

use crate::fault::step;
use crate::folder::{Kind, about_if_there};
use crate::removal;
use crate::tree::{Tree, folder_only};

/// How many links are followed on the way to one directory.
const MAX_LINKS: usize = 40;

/// Why a directory is left as it is.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RootError {
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
    /// A link on the way leads elsewhere.
    #[error("{} leads to {}, which is not below {}", link.display(), target.display(), root.display())]
    LeadsOutside {
        /// The link.
        link: PathBuf,
        /// Where it leads.
        target: PathBuf,
        /// The root.
        root: PathBuf,
    },
    /// The links go in a circle, or there are too many.
    #[error("{} has too many links in it", .0.display())]
    TooManyLinks(PathBuf),
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
    pub(super) fn made_at(path: &Path) -> Result<Self, RootError> {
        has_no_parent(path)?;
        step("make the data root");
        fs::create_dir_all(path).map_err(|error| io_error("make", path, &error))?;
        Self::opened(path)
    }

    /// Opens the root, if it is there.
    #[allow(clippy::disallowed_methods, reason = "the one place where data directories are looked for")]
    pub(super) fn at(path: &Path) -> Result<Option<Self>, RootError> {
        has_no_parent(path)?;
        match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            _ => Self::opened(path).map(Some),
        }
    }

    #[allow(clippy::disallowed_methods, reason = "the one place where data directories are looked for")]
    fn opened(path: &Path) -> Result<Self, RootError> {
        let fail = |error: io::Error| io_error("open", path, &error);
        let real = fs::canonicalize(path).map_err(fail)?;
        if real.parent().is_none() {
            let (path, root) = (path.to_owned(), real);
            return Err(RootError::Outside { path, root });
        }
        let tree = Tree::open_itself(&real).map_err(|error| fail(error.into()))?;
        Ok(Self { path: path.to_owned(), real, tree })
    }

    /// Whether a path is the root itself.
    pub(super) fn is(&self, path: &Path) -> bool {
        path == self.path || path == self.real
    }

    /// Makes a directory below the root and lets everyone write in it: the containers' users need that. What
    /// lies between the two gets 0755.
    pub(super) fn open_to_all(&self, path: &Path) -> Result<(), RootError> {
        let fail = |error: Errno| io_error("make", path, &error.into());
        let Some((directory, _)) = self.directory(path, Missing::Make)? else {
            return Err(fail(Errno::NOENT));
        };
        let mode = Mode::from_raw_mode(fstat(&directory).map_err(fail)?.st_mode);
        let all = Mode::RWXU | Mode::RWXG | Mode::RWXO;
        if mode == all {
            // One that belongs to a container's user, and is as it should be, could not be changed.
            return Ok(());
        }
        step("open a data directory to all");
        fchmod(&directory, all).map_err(fail)
    }

    /// Checks that a path may be emptied or deleted, whether it is there or not.
    pub(super) fn check(&self, path: &Path) -> Result<(), RootError> {
        self.directory(path, Missing::Stop).map(drop)
    }

    /// Whether a directory is there.
    pub(super) fn has(&self, path: &Path) -> Result<bool, RootError> {
        Ok(self.directory(path, Missing::Stop)?.is_some())
    }

    /// Deletes what is in a directory; gives whether it is there.
    pub(super) fn empty(&self, path: &Path) -> Result<bool, RootError> {
        let Some((_, real)) = self.directory(path, Missing::Stop)? else { return Ok(false) };
        removal::empty(&self.tree, &real)
            .map_err(|(at, error)| io_error("delete", &self.tree.name(&at), &error.into()))?;
        Ok(true)
    }

    /// Deletes a directory with what is in it, and the link that led there; gives whether it was there.
    pub(super) fn delete(&self, path: &Path) -> Result<bool, RootError> {
        let fail = |error: Errno| io_error("delete", path, &error.into());
        let Some((_, real)) = self.directory(path, Missing::Stop)? else { return Ok(false) };
        self.empty(path)?;
        if let (Some(parent), Some(name)) = (real.parent(), real.file_name()) {
            let parent = self.tree.folder(parent).map_err(fail)?;
            removal::remove_folder(&parent, name).map_err(fail)?;
        }
        let (Some(above), Some(name)) = (path.parent(), path.file_name()) else { return Ok(true) };
        let above = if self.is(above) {
            Some(self.tree.folder(Path::new("")).map_err(fail)?)
        } else {
            self.directory(above, Missing::Stop)?.map(|(above, _)| above)
        };
        if let Some(above) = above
            && about_if_there(&above, name).map_err(fail)?.is_some_and(|about| about.kind == Kind::Link)
        {
            step("delete a link to a data directory");
            unlinkat(&above, name, AtFlags::empty()).map_err(fail)?;
        }
        Ok(true)
    }

    /// Opens a directory below the root, and gives its path without links; nothing if it isn't there and isn't to
    /// be made.
    fn directory(&self, path: &Path, missing: Missing) -> Result<Option<(OwnedFd, PathBuf)>, RootError> {
        has_no_parent(path)?;
        let below = path.strip_prefix(&self.path).or_else(|_| path.strip_prefix(&self.real));
        let mut rest = match below {
            Ok(below) if below.components().next().is_some() => below.to_owned(),
            _ => {
                return Err(RootError::Outside { path: path.to_owned(), root: self.path.clone() });
            }
        };
        for _ in 0..MAX_LINKS {
            match self.walk(&rest, missing).map_err(|error| io_error(missing.verb(), path, &error.into()))? {
                Walked::There(directory, real) => return Ok(Some((directory, real))),
                Walked::Nowhere => return Ok(None),
                Walked::Link { link, behind } => match self.target(&link, missing)? {
                    Some(target) => rest = target.join(behind),
                    None => return Ok(None),
                },
            }
        }
        Err(RootError::TooManyLinks(path.to_owned()))
    }

    /// Goes down from the root, up to the end, the first link, or what is missing and not to be made.
    fn walk(&self, rest: &Path, missing: Missing) -> Result<Walked, Errno> {
        let mut here = self.tree.folder(Path::new(""))?;
        let mut done = PathBuf::new();
        let mut parts = rest.components();
        while let Some(part) = parts.next() {
            let name = part.as_os_str();
            let next = match openat(&here, name, folder_only(), Mode::empty()) {
                Err(Errno::NOENT) if missing == Missing::Stop => return Ok(Walked::Nowhere),
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
            done.push(name);
            here = match next {
                Ok(next) => next,
                Err(error @ (Errno::LOOP | Errno::NOTDIR)) => {
                    let about = statat(&here, name, AtFlags::SYMLINK_NOFOLLOW)?;
                    if FileType::from_raw_mode(about.st_mode) != FileType::Symlink {
                        return Err(error);
                    }
                    return Ok(Walked::Link { link: done, behind: parts.as_path().to_owned() });
                }
                Err(error) => return Err(error),
            };
        }
        Ok(Walked::There(here, done))
    }

    /// Where a link below the root leads, as a path from the root; nothing if it leads to nothing that could be
    /// deleted.
    #[allow(clippy::disallowed_methods, reason = "the one place where data directories are looked for")]
    fn target(&self, link: &Path, missing: Missing) -> Result<Option<PathBuf>, RootError> {
        let link = self.real.join(link);
        let target = match fs::canonicalize(&link) {
            Ok(target) => target,
            Err(error) if error.kind() == io::ErrorKind::NotFound && missing == Missing::Stop => {
                return Ok(None);
            }
            Err(error) => return Err(io_error(missing.verb(), &link, &error)),
        };
        match target.strip_prefix(&self.real) {
            Ok(below) if below.components().next().is_some() => Ok(Some(below.to_owned())),
            _ => Err(RootError::LeadsOutside { link, target, root: self.path.clone() }),
        }
    }
}

/// What becomes of a directory that isn't there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// It is made.
    Make,
    /// Nothing.
    Stop,
}

impl Missing {
    fn verb(self) -> &'static str {
        match self {
            Self::Make => "make",
            Self::Stop => "delete",
        }
    }
}

/// How far a walk came.
enum Walked {
    /// To the end, with the path that led there.
    There(OwnedFd, PathBuf),
    /// To a name that isn't there.
    Nowhere,
    /// To a link, with what stands behind it.
    Link { link: PathBuf, behind: PathBuf },
}

fn has_no_parent(path: &Path) -> Result<(), RootError> {
    if path.components().any(|part| part == Component::ParentDir) {
        return Err(RootError::Parent(path.to_owned()));
    }
    Ok(())
}

fn io_error(verb: &'static str, path: &Path, error: &io::Error) -> RootError {
    RootError::Io { verb, path: path.to_owned(), reason: system_reason(error) }
}

#[cfg(test)]
mod tests;
