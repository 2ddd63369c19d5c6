//! Directories strictly below a root, whatever links lie on the way.
//!
//! Every step is opened without following links and from the directory before it, so what was checked is what
//! is changed, even if someone else renames things meanwhile: the root holds data of agents. A link is
//! followed only by its full target, and only if that lies below the root too (B33).

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use codex_common::diagnostic::system_reason;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, fchmod, fstat, mkdirat, open, openat, statat};
use rustix::io::Errno;
use thiserror::Error;

/// How many links are followed on the way to one directory.
const MAX_LINKS: usize = 40;

/// Why a directory is not made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum BeneathError {
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
    #[error("cannot make {}: {reason}", path.display())]
    Io {
        /// What could not be made.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
}

/// A directory below which others are made.
#[derive(Debug)]
pub(super) struct Root {
    /// As the user writes it.
    path: PathBuf,
    /// Without links.
    real: PathBuf,
    directory: OwnedFd,
}

impl Root {
    /// Opens the root; it is made, with 0755, if it isn't there.
    #[allow(clippy::disallowed_methods, reason = "the one place where data directories are made")]
    pub(super) fn at(path: &Path) -> Result<Self, BeneathError> {
        let fail = |error: io::Error| io_error(path, &error);
        if path.components().any(|part| part == Component::ParentDir) {
            return Err(BeneathError::Parent(path.to_owned()));
        }
        fs::create_dir_all(path).map_err(fail)?;
        let real = fs::canonicalize(path).map_err(fail)?;
        if real.parent().is_none() {
            let (path, root) = (path.to_owned(), real);
            return Err(BeneathError::Outside { path, root });
        }
        let directory = open(&real, directory_only(), Mode::empty()).map_err(|error| fail(error.into()))?;
        Ok(Self { path: path.to_owned(), real, directory })
    }

    /// Whether a path is the root itself.
    pub(super) fn is(&self, path: &Path) -> bool {
        path == self.path || path == self.real
    }

    /// Makes a directory below the root and lets everyone write in it: the containers' users need that. What
    /// lies between the two gets 0755.
    pub(super) fn open_to_all(&self, path: &Path) -> Result<(), BeneathError> {
        let directory = self.directory(path)?;
        let fail = |error: Errno| io_error(path, &error.into());
        let mode = Mode::from_raw_mode(fstat(&directory).map_err(fail)?.st_mode);
        let all = Mode::RWXU | Mode::RWXG | Mode::RWXO;
        if mode == all {
            // One that belongs to a container's user, and is as it should be, could not be changed.
            return Ok(());
        }
        fchmod(&directory, all).map_err(fail)
    }

    fn directory(&self, path: &Path) -> Result<OwnedFd, BeneathError> {
        if path.components().any(|part| part == Component::ParentDir) {
            return Err(BeneathError::Parent(path.to_owned()));
        }
        let below = path.strip_prefix(&self.path).or_else(|_| path.strip_prefix(&self.real));
        let mut rest = match below {
            Ok(below) if below.components().next().is_some() => below.to_owned(),
            _ => {
                return Err(BeneathError::Outside { path: path.to_owned(), root: self.path.clone() });
            }
        };
        for _ in 0..MAX_LINKS {
            match self.walk(&rest).map_err(|error| io_error(path, &error.into()))? {
                Walked::There(directory) => return Ok(directory),
                Walked::Link { link, behind } => rest = self.target(&link)?.join(behind),
            }
        }
        Err(BeneathError::TooManyLinks(path.to_owned()))
    }

    /// Goes down from the root, making what is missing, up to the end or the first link.
    fn walk(&self, rest: &Path) -> Result<Walked, Errno> {
        let mut here =
            self.directory.try_clone().map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        let mut done = PathBuf::new();
        let mut parts = rest.components();
        while let Some(part) = parts.next() {
            let name = part.as_os_str();
            let next = match openat(&here, name, directory_only(), Mode::empty()) {
                Err(Errno::NOENT) => {
                    let mode = Mode::RWXU | Mode::RGRP | Mode::XGRP | Mode::ROTH | Mode::XOTH;
                    match mkdirat(&here, name, mode) {
                        // Someone else may have been faster.
                        Ok(()) | Err(Errno::EXIST) => openat(&here, name, directory_only(), Mode::empty()),
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
        Ok(Walked::There(here))
    }

    /// Where a link below the root leads, as a path from the root.
    #[allow(clippy::disallowed_methods, reason = "the one place where data directories are made")]
    fn target(&self, link: &Path) -> Result<PathBuf, BeneathError> {
        let link = self.real.join(link);
        let target = fs::canonicalize(&link).map_err(|error| io_error(&link, &error))?;
        match target.strip_prefix(&self.real) {
            Ok(below) if below.components().next().is_some() => Ok(below.to_owned()),
            _ => Err(BeneathError::LeadsOutside { link, target, root: self.path.clone() }),
        }
    }
}

/// How far a walk came.
enum Walked {
    /// To the end.
    There(OwnedFd),
    /// To a link, with what stands behind it.
    Link { link: PathBuf, behind: PathBuf },
}

fn directory_only() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

fn io_error(path: &Path, error: &io::Error) -> BeneathError {
    BeneathError::Io { path: path.to_owned(), reason: system_reason(error) }
}

#[cfg(test)]
mod tests;
