//! Where directories really are, and whether two of them touch.
//!
//! Takes opened directories and paths, gives locations that can be compared: by the path without links, and by
//! the identity of every directory on the way, since with mounts one directory has several paths. Separate
//! from removing because whose a directory is has to be known before.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{Stat, fstat, stat};
use rustix::io::Errno;

use crate::tree::{Tree, resolved};

/// What tells two directories apart, whatever they are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    /// That of an opened directory.
    pub(crate) fn of(directory: &OwnedFd) -> Result<Self, Errno> {
        fstat(directory).map(Self::from)
    }
}

#[allow(clippy::useless_conversion, clippy::unnecessary_cast, reason = "systems differ in these types")]
impl From<Stat> for Identity {
    fn from(stat: Stat) -> Self {
        Self { device: stat.st_dev as u64, inode: stat.st_ino as u64 }
    }
}

/// Where a directory is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Location {
    /// Its path without links.
    path: PathBuf,
    /// The directories on the way there and itself, as far as they are there.
    way: Vec<Identity>,
    /// Whether it is there.
    is_there: bool,
}

impl Location {
    /// A tree's root, whose name has no links in it.
    pub(crate) fn of_root(tree: &Tree) -> Self {
        Self::at(&tree.name(Path::new("")))
    }

    /// A path, whatever links lie on the way.
    pub(crate) fn to(path: &Path) -> Self {
        Self::at(&resolved(path))
    }

    /// A path that nothing is known of.
    pub(crate) fn unseen(path: &Path) -> Self {
        Self { path: path.to_owned(), way: Vec::new(), is_there: false }
    }

    /// A path without links.
    fn at(path: &Path) -> Self {
        let mut ancestors: Vec<&Path> =
            path.ancestors().filter(|path| !path.as_os_str().is_empty()).collect();
        ancestors.reverse();
        let all = ancestors.len();
        let way: Vec<Identity> =
            ancestors.into_iter().map_while(|path| stat(path).ok().map(Identity::from)).collect();
        Self { path: path.to_owned(), is_there: way.len() == all, way }
    }

    /// Goes down to a directory in it, which was opened without following a link.
    pub(crate) fn enter(&mut self, name: &OsStr, identity: Identity) {
        self.path.push(name);
        self.way.push(identity);
    }

    /// Goes down to a name that isn't there, or is no directory.
    pub(crate) fn enter_missing(&mut self, name: &OsStr) {
        self.path.push(name);
        self.is_there = false;
    }

    /// Whether this is the other, or the other lies in it.
    fn holds(&self, other: &Self) -> bool {
        let itself = self.way.last().filter(|_| self.is_there);
        other.path.starts_with(&self.path) || itself.is_some_and(|itself| other.way.contains(itself))
    }
}

/// How far a directory that is kept reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// All that lies in it is kept too.
    Content,
    /// Only itself: other things may lie in it.
    Itself,
}

/// A directory that must stay, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What messages call it: `a data directory of slot 2`.
    pub(crate) owner: String,
    location: Location,
    reach: Reach,
}

impl Kept {
    /// A directory that is kept with all that lies in it.
    pub fn with_content(path: &Path, owner: impl Into<String>) -> Self {
        Self::of(Location::to(path), owner)
    }

    /// A directory in which others may be deleted, but not itself or one that it lies in.
    pub fn itself(path: &Path, owner: impl Into<String>) -> Self {
        Self { reach: Reach::Itself, ..Self::with_content(path, owner) }
    }

    /// A location that is kept with all that lies in it.
    pub(crate) fn of(location: Location, owner: impl Into<String>) -> Self {
        Self { owner: owner.into(), location, reach: Reach::Content }
    }

    /// Whether deleting what is there would delete something that is kept.
    pub(crate) fn is_touched_by(&self, location: &Location) -> bool {
        location.holds(&self.location) || (self.reach == Reach::Content && self.location.holds(location))
    }
}
