//! Everything in a folder deleted, links and not what they lead to.
//!
//! Takes a tree and a folder in it. Separate because data directories and our own temporary folders go the same
//! way. Not recursive, and no more than two folders open at a time, however deep the tree is.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, unlinkat};
use rustix::io::Errno;

use crate::fault::step;
use crate::folder::{Kind, entries};
use crate::tree::Tree;

/// What could not be deleted, and why.
pub(crate) type RemovalError = (PathBuf, Errno);

/// Deletes everything in a folder of the tree, not the folder itself. What comes into it meanwhile may stay.
///
/// # Errors
/// The first path that the system doesn't let go.
pub(crate) fn empty(tree: &Tree, path: &Path) -> Result<(), RemovalError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| (path, error)
    };
    // Folders with whether their content is gone.
    let mut stack = vec![(path.to_owned(), false)];
    while let Some((at, is_empty)) = stack.pop() {
        if is_empty {
            let (Some(parent), Some(name)) = (at.parent(), at.file_name()) else { continue };
            let folder = tree.folder(parent).map_err(failed(&at))?;
            remove_folder(&folder, name).map_err(failed(&at))?;
            continue;
        }
        let folder = match tree.folder(&at) {
            Ok(folder) => folder,
            Err(Errno::NOENT) => continue,
            Err(error) => return Err((at, error)),
        };
        let listed = entries(&folder).map_err(failed(&at))?;
        if at != path {
            stack.push((at.clone(), true));
        }
        for entry in listed {
            if entry.kind == Kind::Folder {
                stack.push((at.join(&entry.name), false));
            } else {
                unlink(&folder, &entry.name).map_err(failed(&at.join(&entry.name)))?;
            }
        }
    }
    Ok(())
}

fn unlink(folder: &OwnedFd, name: &OsStr) -> Result<(), Errno> {
    step("delete a file");
    unless_gone(unlinkat(folder, name, AtFlags::empty()))
}

/// Deletes an empty folder.
pub(crate) fn remove_folder(folder: &OwnedFd, name: &OsStr) -> Result<(), Errno> {
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
mod tests {
    use super::*;
    use crate::fixture::Folder;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_go_and_what_they_lead_to_stays() {
        let folder = Folder::new();
        folder.file("tree/a/b/c", "x");
        folder.file("tree/d", "x");
        folder.file("outside/file", "x");
        symlink("../outside", folder.path("tree/link")).unwrap();
        symlink(folder.path("outside"), folder.path("tree/a/link")).unwrap();
        let tree = Tree::open(&folder.0).unwrap();
        empty(&tree, Path::new("tree")).unwrap();
        assert_eq!(entries(&tree.folder(Path::new("tree")).unwrap()).unwrap(), []);
        assert_eq!(folder.read("outside/file").as_deref(), Some("x"));
        assert!(empty(&tree, Path::new("outside/file")).is_err());
        empty(&tree, Path::new("missing")).unwrap();
    }

    #[test]
    fn depth_is_no_limit() {
        let folder = Folder::new();
        let tree = Tree::open(&folder.0).unwrap();
        let mut here = tree.folder(Path::new("")).unwrap();
        for _ in 0..3_000 {
            here = crate::replace::made_folder(&here, OsStr::new("abc"), 0o755).unwrap();
        }
        empty(&tree, Path::new("")).unwrap();
        assert_eq!(entries(&tree.folder(Path::new("")).unwrap()).unwrap(), []);
    }
}
