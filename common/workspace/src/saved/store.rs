//! Where the work of workspaces that are gone is kept: `BASE/saved/PROJECT/LABEL-TIME`, and for how long.
//!
//! Beside the slots' folders, where no slot's pods reach, and for the user alone. The time stands in the name, as
//! that of a ref does, so that copying it makes nothing younger.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::timestamp;
use crate::folder::{Kind, about_if_there, entries};
use crate::removal::{Removal, RemovalError};
use crate::replace::made_folder;
use crate::tree::Tree;

/// The folder's name in the folder of all workspaces.
const FOLDER: &str = "saved";

/// The folder of a project's saved work.
pub(crate) fn path(base: &Tree, project: &str) -> PathBuf {
    base.name(&Path::new(FOLDER).join(folder_name(project)))
}

/// The same, made if it isn't there.
pub(crate) fn made(base: &Tree, project: &str) -> Result<Tree, Errno> {
    let top = base.folder(Path::new(""))?;
    let all = made_folder(&top, OsStr::new(FOLDER), 0o700)?;
    let folder = made_folder(&all, OsStr::new(&folder_name(project)), 0o700)?;
    Ok(Tree::of(folder, path(base, project)))
}

/// A name that begins with the label and ends with the time, and that nothing has.
pub(crate) fn free_name(folder: &Tree, label: &str, now: i64) -> Result<String, Errno> {
    let opened = folder.folder(Path::new(""))?;
    let first = format!("{label}-{}", timestamp(now));
    let mut name = first.clone();
    let mut number = 1_u32;
    while about_if_there(&opened, OsStr::new(&name))?.is_some() {
        number += 1;
        name = format!("{first}-{number}");
    }
    Ok(name)
}

/// The saved work of a project that is from before a time, in seconds since 1970; `base` is the folder of all
/// workspaces.
///
/// # Errors
/// It can't be listed.
pub fn older_than(base: &Path, project: &str, time: i64) -> Result<Vec<PathBuf>, RemovalError> {
    let failed = |error| RemovalError::io("read", &base.join(FOLDER), error);
    let below = Path::new(FOLDER).join(folder_name(project));
    let folder = match Tree::open(base).and_then(|tree| tree.folder(&below)) {
        Ok(folder) => folder,
        Err(Errno::NOENT) => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let limit = timestamp(time);
    let entries = entries(&folder).map_err(failed)?.into_iter();
    let old = entries.filter(|entry| {
        let saved_at = entry.name.to_str().and_then(time_of);
        entry.kind == Kind::Folder && saved_at.is_some_and(|saved_at| saved_at < limit.as_str())
    });
    Ok(old.map(|entry| base.join(&below).join(entry.name)).collect())
}

/// Deletes saved work that [`older_than`] names.
///
/// # Errors
/// It is refused or can't be deleted, or the user wants it to stop.
pub fn delete(base: &Path, path: &Path, is_stopped: &(dyn Fn() -> bool + Sync)) -> Result<(), RemovalError> {
    let tree = Tree::open(base).map_err(|error| RemovalError::io("open", base, error))?;
    let below = path.strip_prefix(base).unwrap_or(path);
    Removal { root: &tree, keeper: &|_| None, is_stopped }.delete(below).map(drop)
}

/// The time in a name; the first part that looks like one from behind, since a number may follow.
fn time_of(name: &str) -> Option<&str> {
    let is_time = |part: &&str| {
        let shape = |(at, byte): (usize, u8)| match at {
            8 => byte == b'T',
            15 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        };
        part.len() == 16 && part.bytes().enumerate().all(shape)
    };
    name.rsplit('-').take(2).find(is_time)
}

/// A project's name as that of a folder.
fn folder_name(project: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' };
    let name: String = project.chars().map(plain).collect();
    if name.is_empty() { "_".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Folder;

    /// 2026-11-22T14:45:00Z.
    const NOW: i64 = 1_795_358_700;

    #[test]
    fn names_tell_their_age() {
        let folder = Folder::new();
        let base = Tree::open(&folder.0).unwrap();
        let saved = made(&base, "shop").unwrap();
        for (slot, age) in [(1, 10), (2, 20), (3, 20), (3, 20)] {
            let name = free_name(&saved, &format!("slot-{slot}-issue-7"), NOW - age).unwrap();
            folder.file(Path::new("saved/shop").join(name).join("deep/file"), "x");
        }
        folder.file("saved/shop/slot-4-20260101T000000Z", "no folder");
        folder.file("saved/shop/of-the-user/file", "x");
        folder.file("saved/other/slot-1-issue-7-20260101T000000Z/file", "x");
        let names = |time| {
            let old = older_than(&folder.0, "shop", time).unwrap().into_iter();
            old.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(NOW - 20), [""; 0]);
        let old = [
            "slot-2-issue-7-20261122T144440Z",
            "slot-3-issue-7-20261122T144440Z",
            "slot-3-issue-7-20261122T144440Z-2",
        ];
        assert_eq!(names(NOW - 15), old);
        for path in older_than(&folder.0, "shop", NOW - 15).unwrap() {
            delete(&folder.0, &path, &|| false).unwrap();
        }
        assert_eq!(names(NOW), ["slot-1-issue-7-20261122T144450Z"]);
        assert!(folder.path("saved/other/slot-1-issue-7-20260101T000000Z/file").exists());
        assert_eq!(older_than(&folder.path("nowhere"), "shop", NOW).unwrap(), [""; 0].map(PathBuf::from));
    }

    #[test]
    fn no_project_leads_out_of_the_folder() {
        let folder = Folder::new();
        let base = Tree::open(&folder.0).unwrap();
        for (project, name) in [("../up", "___up"), ("a/b", "a_b"), ("", "_"), ("..", "__")] {
            assert_eq!(made(&base, project).unwrap().name(Path::new("")), folder.path("saved").join(name));
        }
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        assert_eq!(folder.path("saved").metadata().unwrap().permissions().mode() & 0o777, 0o700);
        symlink("a_b", folder.path("saved/link")).unwrap();
        assert!(made(&base, "link").is_err());
    }
}
