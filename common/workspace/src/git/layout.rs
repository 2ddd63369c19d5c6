//! Where a repository's files are.
//!
//! Takes a work tree's `.git`, gives the folders that make up its repository: one in the plain case, two for a
//! linked work tree, whose own files (`HEAD`, `index`) and those that all work trees share lie apart. A copy
//! of a work tree must work where the rest of the machine is out of reach, so the sync puts such folders
//! together into one `.git`, and objects that are borrowed through `alternates` into its own.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use rustix::io::Errno;

use super::{FOLDER, LARGEST_FILE};
use crate::folder::{Kind, about, about_if_there, entries, read_file, read_file_if_there};
use crate::tree::Tree;

/// How far alternates of alternates are followed, as git does.
const MOST_ALTERNATES: usize = 5;

/// A folder of the source.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// What it lies in.
    pub(crate) tree: Arc<Tree>,
    /// Where.
    pub(crate) path: PathBuf,
    /// What it is to its repository, at the top of which this matters.
    pub(crate) role: Role,
}

/// Which of a repository's files a folder holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// All, or it isn't a repository's own folder.
    Whole,
    /// Those of one linked work tree.
    WorkTree,
    /// Those that linked work trees share.
    Shared,
}

impl Place {
    /// A folder that means nothing special.
    pub(crate) fn of(tree: Arc<Tree>, path: PathBuf) -> Self {
        Self { tree, path, role: Role::Whole }
    }

    /// A folder in it.
    pub(crate) fn join(&self, name: &OsStr) -> Self {
        Self::of(Arc::clone(&self.tree), self.path.join(name))
    }

    /// What messages call it.
    pub(crate) fn name(&self) -> PathBuf {
        self.tree.name(&self.path)
    }
}

/// What a work tree's `.git` is.
#[derive(Debug)]
pub(crate) enum GitEntry {
    /// A repository: its folders, those whose files count first.
    Repository(Vec<Place>),
    /// Something to copy like anything else: a link, a folder that is no repository, or a file that leads to
    /// a repository in the same tree (a submodule's).
    Plain,
    /// A file that names a repository which isn't there.
    Lost(PathBuf),
}

/// Finds the repository of the work tree in `folder`, whose `.git` is of that kind.
///
/// # Errors
/// What the system says.
pub(crate) fn git_entry(folder: &Place, kind: Kind) -> Result<GitEntry, Errno> {
    match kind {
        Kind::Folder => {
            let place = folder.join(OsStr::new(FOLDER));
            Ok(if is_repository(&place)? { GitEntry::Repository(vec![place]) } else { GitEntry::Plain })
        }
        Kind::File => linked(folder),
        Kind::Link | Kind::Special => Ok(GitEntry::Plain),
    }
}

/// Whether a folder has what every repository has.
pub(crate) fn is_repository(place: &Place) -> Result<bool, Errno> {
    let folder = place.tree.folder(&place.path)?;
    let is_there = |name: &str, wanted: &[Kind]| {
        about(&folder, OsStr::new(name)).is_ok_and(|about| wanted.contains(&about.kind))
    };
    Ok(is_there("HEAD", &[Kind::File, Kind::Link])
        && is_there("objects", &[Kind::Folder])
        && is_there("refs", &[Kind::Folder, Kind::File]))
}

fn linked(folder: &Place) -> Result<GitEntry, Errno> {
    let bytes = read_file(&folder.tree.folder(&folder.path)?, OsStr::new(FOLDER), LARGEST_FILE)?;
    let Some(named) = named_folder(&bytes) else {
        return Ok(GitEntry::Plain);
    };
    if named.is_relative() && inside(&folder.path, &named).is_some() {
        return Ok(GitEntry::Plain);
    }
    let at = folder.name().join(&named);
    let Ok(own) = Tree::open(&at) else {
        return Ok(GitEntry::Lost(named));
    };
    let own = Place::of(Arc::new(own), PathBuf::new());
    let shared = read_file_if_there(&own.tree.folder(&own.path)?, OsStr::new("commondir"), LARGEST_FILE)?;
    let Some(shared) = shared else {
        return Ok(if is_repository(&own)? {
            GitEntry::Repository(vec![own])
        } else {
            GitEntry::Lost(named)
        });
    };
    let Ok(shared) = Tree::open(&at.join(path_of(&shared))) else {
        return Ok(GitEntry::Lost(named));
    };
    let shared = Place { role: Role::Shared, ..Place::of(Arc::new(shared), PathBuf::new()) };
    Ok(GitEntry::Repository(vec![Place { role: Role::WorkTree, ..own }, shared]))
}

/// The folder that the content of a `.git` file names.
pub(crate) fn named_folder(content: &[u8]) -> Option<PathBuf> {
    content.strip_prefix(b"gitdir:").map(path_of).filter(|path| !path.as_os_str().is_empty())
}

/// The repository of a work tree, if it lies in the same tree and has objects.
pub(crate) fn own_repository(tree: &Tree, work: &Path) -> Result<Option<PathBuf>, Errno> {
    let folder = tree.folder(work)?;
    let name = OsStr::new(super::FOLDER);
    let found = match about_if_there(&folder, name)?.map(|about| about.kind) {
        Some(Kind::Folder) => Some(work.join(name)),
        Some(Kind::File) => {
            named_folder(&read_file(&folder, name, LARGEST_FILE)?).and_then(|named| inside(work, &named))
        }
        _ => None,
    };
    Ok(found.filter(|path| tree.folder(&path.join("objects")).is_ok()))
}

/// A path that stands on a line.
fn path_of(line: &[u8]) -> PathBuf {
    OsString::from_vec(line.trim_ascii().to_vec()).into()
}

/// Where a relative path from a folder of a tree leads, by its names alone, if that is in the same tree.
pub(crate) fn inside(folder: &Path, path: &Path) -> Option<PathBuf> {
    let mut result = folder.to_owned();
    for part in path.components() {
        match part {
            Component::Normal(name) => result.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !result.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(result)
}

/// The folders that objects are borrowed from, and those that aren't there.
///
/// # Errors
/// What the system says of the repository itself.
pub(crate) fn borrowed(objects: &Place) -> Result<(Vec<Place>, Vec<PathBuf>), Errno> {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    let mut seen = vec![objects.name()];
    let mut queue = vec![(objects.clone(), 0)];
    while let Some((place, depth)) = queue.pop() {
        let Ok(info) = place.tree.folder(&place.path.join("info")) else { continue };
        let Some(list) = read_file_if_there(&info, OsStr::new("alternates"), LARGEST_FILE)? else { continue };
        let lines = list.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
        for line in lines.filter(|line| !line.is_empty() && line[0] != b'#') {
            let path = place.name().join(OsStr::from_bytes(line));
            if seen.contains(&path) || depth >= MOST_ALTERNATES {
                continue;
            }
            seen.push(path.clone());
            match Tree::open(&path) {
                Ok(tree) => {
                    let place = Place::of(Arc::new(tree), PathBuf::new());
                    found.push(place.clone());
                    queue.push((place, depth + 1));
                }
                Err(_) => missing.push(path),
            }
        }
    }
    Ok((found, missing))
}

/// The names in a folder of several places; what an earlier place has hides what a later one has, but for
/// folders, which are all looked into.
#[derive(Debug)]
pub(crate) struct Layered {
    /// The name.
    pub(crate) name: OsString,
    /// What it is.
    pub(crate) kind: Kind,
    /// The places that have it, as indexes; one unless it is a folder.
    pub(crate) places: Vec<usize>,
}

/// Lists opened folders as one, in the order of the names' bytes; `is_seen` says which place shows which name.
pub(crate) fn layered(
    folders: &[std::os::fd::OwnedFd],
    is_seen: impl Fn(usize, &OsStr) -> bool,
) -> Result<Vec<Layered>, Errno> {
    let mut all: Vec<Layered> = Vec::new();
    for (at, folder) in folders.iter().enumerate() {
        for entry in entries(folder)? {
            if is_seen(at, &entry.name) {
                all.push(Layered { name: entry.name, kind: entry.kind, places: vec![at] });
            }
        }
    }
    if folders.len() > 1 {
        // Stable, so that earlier places stay first.
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all.dedup_by(|later, first| {
            let is_same = later.name == first.name;
            if is_same && later.kind == Kind::Folder && first.kind == Kind::Folder {
                first.places.append(&mut later.places);
            }
            is_same
        });
    }
    Ok(all)
}
