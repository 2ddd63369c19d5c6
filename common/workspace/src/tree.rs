//! An opened folder, and what lies below it, whatever links lie on the way.
//!
//! Takes paths relative to the folder, gives opened folders. It stands alone because everything that is
//! changed in a workspace is reached through it: agents write there, and a link that they plant must not lead
//! a copy or a deletion anywhere else. No link is followed below the root, not even one that leads back into
//! it. Nothing is held open but the root, so that deep and wide trees cost no file descriptors.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Mode, OFlags, fstat, open, openat};
use rustix::io::Errno;

/// The longest path that is handed to the system in one piece, in bytes; it takes less than 4,096.
const LONGEST_PIECE: usize = 3_000;

/// An opened folder that relative paths start from.
#[derive(Debug)]
pub(crate) struct Tree {
    /// What messages call it.
    path: PathBuf,
    root: OwnedFd,
}

impl Tree {
    /// Opens a folder that may be reached through links: one that the user names.
    pub(crate) fn open(path: &Path) -> Result<Self, Errno> {
        let flags = folder_only().difference(OFlags::NOFOLLOW);
        Ok(Self { path: path.to_owned(), root: open(path, flags, Mode::empty())? })
    }

    /// Opens a folder whose own name must not be a link.
    pub(crate) fn open_itself(path: &Path) -> Result<Self, Errno> {
        Ok(Self { path: path.to_owned(), root: open(path, folder_only(), Mode::empty())? })
    }

    /// Opens a folder with no link anywhere in its absolute path.
    pub(crate) fn open_without_links(path: &Path) -> Result<Self, Errno> {
        let top = Self::open_itself(Path::new("/"))?;
        let below = path.strip_prefix("/").map_err(|_| Errno::INVAL)?;
        Ok(Self { path: path.to_owned(), root: top.folder(below)? })
    }

    /// A folder that is open already.
    pub(crate) fn of(root: OwnedFd, path: PathBuf) -> Self {
        Self { path, root }
    }

    /// What messages call a path in the tree.
    pub(crate) fn name(&self, path: &Path) -> PathBuf {
        if path.as_os_str().is_empty() { self.path.clone() } else { self.path.join(path) }
    }

    /// Opens a folder of the tree; the empty path is the root.
    ///
    /// # Errors
    /// `LOOP` or `NOTDIR` for a link on the way or at the end, `INVAL` for `..` or an absolute path, and what
    /// else the system says.
    pub(crate) fn folder(&self, path: &Path) -> Result<OwnedFd, Errno> {
        self.opened(path, Mounts::Crossed)
    }

    /// The same, but `XDEV` for what is mounted on the way or at the end.
    pub(crate) fn folder_on_its_mount(&self, path: &Path) -> Result<OwnedFd, Errno> {
        self.opened(path, Mounts::Refused)
    }

    fn opened(&self, path: &Path, mounts: Mounts) -> Result<OwnedFd, Errno> {
        let mut rest = path.as_os_str().as_bytes();
        if path.components().any(|part| !matches!(part, Component::Normal(_))) {
            return Err(Errno::INVAL);
        }
        if rest.is_empty() {
            return openat(&self.root, ".", folder_only(), Mode::empty());
        }
        let mut here: Option<OwnedFd> = None;
        while !rest.is_empty() {
            let (piece, behind) = split(rest);
            let from = here.as_ref().unwrap_or(&self.root);
            here = Some(below(from, OsStr::from_bytes(piece), mounts)?);
            rest = behind;
        }
        here.ok_or(Errno::INVAL)
    }
}

/// Whether something is mounted on a folder in this one.
pub(crate) fn is_mounted(folder: &OwnedFd, name: &OsStr) -> Result<bool, Errno> {
    match below(folder, name, Mounts::Refused) {
        Ok(_) => Ok(false),
        Err(Errno::XDEV) => Ok(true),
        Err(error) => Err(error),
    }
}

/// How a folder is opened: only if it is one, and not through a link.
pub(crate) fn folder_only() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

/// Cuts a path before a slash, so that the first piece isn't too long for the system. A single name that is
/// too long stays whole: the system says so itself.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    if path.len() <= LONGEST_PIECE {
        return (path, &[]);
    }
    let slash = path[..LONGEST_PIECE].iter().rposition(|byte| *byte == b'/');
    match slash.or_else(|| path.iter().position(|byte| *byte == b'/')) {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (path, &[]),
    }
}

/// What becomes of a mount on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mounts {
    Crossed,
    Refused,
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn below(from: &OwnedFd, path: &OsStr, mounts: Mounts) -> Result<OwnedFd, Errno> {
    use rustix::fs::{ResolveFlags, openat2};

    let mut whole = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    whole.set(ResolveFlags::NO_XDEV, mounts == Mounts::Refused);
    match openat2(from, path, folder_only(), Mode::empty(), whole) {
        // The kernel is older than 5.6, a sandbox doesn't know the call, or folders were moved meanwhile.
        Err(Errno::NOSYS | Errno::PERM | Errno::AGAIN) => stepwise(from, path, mounts),
        other => other,
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn below(from: &OwnedFd, path: &OsStr, mounts: Mounts) -> Result<OwnedFd, Errno> {
    stepwise(from, path, mounts)
}

/// Opens name by name, each from the folder before it. A mount shows by its device, so that one of the same file
/// system is not seen here.
fn stepwise(from: &OwnedFd, path: &OsStr, mounts: Mounts) -> Result<OwnedFd, Errno> {
    let device = fstat(from)?.st_dev;
    let mut here: Option<OwnedFd> = None;
    for part in Path::new(path).components() {
        let next = openat(here.as_ref().unwrap_or(from), part.as_os_str(), folder_only(), Mode::empty())?;
        if mounts == Mounts::Refused && fstat(&next)?.st_dev != device {
            return Err(Errno::XDEV);
        }
        here = Some(next);
    }
    here.ok_or(Errno::INVAL)
}

/// A path of which only the first part may be there, without links in that part.
#[allow(clippy::disallowed_methods, reason = "nothing is made or deleted before it is known where")]
pub(crate) fn resolved(path: &Path) -> PathBuf {
    for there in path.ancestors() {
        let named = if there.as_os_str().is_empty() { Path::new(".") } else { there };
        if let (Ok(real), Ok(rest)) = (std::fs::canonicalize(named), path.strip_prefix(there)) {
            return real.join(rest);
        }
    }
    path.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Folder;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_are_not_followed_by_any_way_down() {
        let folder = Folder::new();
        folder.file("tree/a/b/file", "x");
        folder.file("outside/b/file", "x");
        symlink("../outside", folder.path("tree/link")).unwrap();
        symlink("a", folder.path("tree/inside")).unwrap();
        let tree = Tree::open(&folder.path("tree")).unwrap();
        assert!(tree.folder(Path::new("a/b")).is_ok());
        for path in ["link", "link/b", "inside", "inside/b", "a/b/file", "missing"] {
            assert!(tree.folder(Path::new(path)).is_err(), "{path}");
            assert!(stepwise(&tree.root, OsStr::new(path), Mounts::Crossed).is_err(), "{path}");
        }
        assert_eq!(tree.folder(Path::new("a/../a")).unwrap_err(), Errno::INVAL);
        assert_eq!(tree.folder(Path::new("/etc")).unwrap_err(), Errno::INVAL);
        assert!(Tree::open_itself(&folder.path("tree/link")).is_err());
    }

    #[test]
    fn a_path_longer_than_the_system_takes_is_reached() {
        let folder = Folder::new();
        let tree = Tree::open(&folder.0).unwrap();
        let mut path = PathBuf::new();
        let mut here = tree.folder(&path).unwrap();
        for _ in 0..3_000 {
            path.push("abc");
            rustix::fs::mkdirat(&here, "abc", Mode::RWXU).unwrap();
            here = openat(&here, "abc", folder_only(), Mode::empty()).unwrap();
        }
        assert!(path.as_os_str().len() > 4_096);
        assert!(tree.folder(&path).is_ok());
        assert_eq!(tree.folder(&path.join("x")).unwrap_err(), Errno::NOENT);
    }

    #[test]
    fn a_name_longer_than_the_system_takes_is_an_error() {
        let folder = Folder::new();
        let tree = Tree::open(&folder.0).unwrap();
        let long = "x".repeat(5_000);
        assert_eq!(tree.folder(Path::new(&long)).unwrap_err(), Errno::NAMETOOLONG);
    }
}
