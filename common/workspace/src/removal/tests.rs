//! What is emptied and deleted, and what is refused.

use super::*;
use crate::fixture::Folder;
use crate::kept::Kept;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicU32, Ordering};

fn removal(root: &Tree) -> Removal<'_> {
    Removal { root, keeper: &|_| None, is_stopped: &|| false }
}

fn names(tree: &Tree, path: &str) -> Vec<OsString> {
    let listed = entries(&tree.folder(Path::new(path)).unwrap()).unwrap();
    listed.into_iter().map(|entry| entry.name).collect()
}

#[test]
fn links_go_and_what_they_lead_to_stays() {
    let folder = Folder::new();
    folder.file("tree/a/b/c", "x");
    folder.file("tree/d", "x");
    folder.file("outside/file", "x");
    symlink("../outside", folder.path("tree/link")).unwrap();
    symlink(folder.path("outside"), folder.path("tree/a/link")).unwrap();
    let tree = Tree::open(&folder.0).unwrap();
    assert!(removal(&tree).empty(Path::new("tree")).unwrap());
    assert_eq!(names(&tree, "tree"), [""; 0]);
    assert_eq!(folder.read("outside/file").as_deref(), Some("x"));
    assert!(removal(&tree).empty(Path::new("outside/file")).is_err());
    assert!(!removal(&tree).empty(Path::new("missing/too")).unwrap());
    assert!(removal(&tree).delete(Path::new("./tree/")).unwrap());
    assert!(!folder.path("tree").exists());
}

#[test]
#[cfg(target_os = "linux")]
fn a_mount_point_is_refused_before_anything_is_deleted() {
    let root = Tree::open(Path::new("/")).unwrap();
    assert_eq!(removal(&root).find(Path::new("proc")).unwrap_err(), RemovalError::Mount("/proc".into()));
    // What lies below a mount point may go.
    assert!(
        removal(&root)
            .find(Path::new("proc/self"))
            .is_err_and(|error| error == RemovalError::Link("/proc/self".into()))
    );
    assert!(removal(&root).find(Path::new("proc/sys")).is_ok());
}

#[test]
fn what_is_refused_is_left_whole() {
    let folder = Folder::new();
    folder.file("mine/deep/file", "x");
    folder.file("others/file", "x");
    symlink("others", folder.path("link")).unwrap();
    symlink("mine", folder.path("to-mine")).unwrap();
    let tree = Tree::open(&folder.0).unwrap();
    let link = |name: &str| RemovalError::Link(folder.path(name));
    let outside = |path: PathBuf| RemovalError::Outside { path, root: folder.0.clone() };
    for (path, error) in [
        ("link", link("link")),
        ("to-mine/deep", link("to-mine")),
        ("mine/../others", RemovalError::Parent(folder.path("mine/../others"))),
        ("..", RemovalError::Parent(folder.path(".."))),
        ("", outside(folder.0.clone())),
        (".", outside(folder.path("."))),
        ("/", outside(PathBuf::from("/"))),
    ] {
        for result in [removal(&tree).empty(Path::new(path)), removal(&tree).delete(Path::new(path))] {
            assert_eq!(result.unwrap_err(), error, "{path:?}");
        }
    }
    let kept = Kept::with_content(&folder.path("link"), "slot 2");
    let keeper = |location: &Location| kept.is_touched_by(location).then(|| kept.owner.clone());
    let removal = Removal { keeper: &keeper, ..removal(&tree) };
    for path in ["others", "others/file"] {
        assert!(removal.delete(Path::new(path)).is_err(), "{path}");
    }
    assert_eq!(folder.read("mine/deep/file").as_deref(), Some("x"));
    assert_eq!(folder.read("others/file").as_deref(), Some("x"));
}

#[test]
fn it_stops_between_batches_and_goes_on_from_there() {
    let folder = Folder::new();
    for number in 0..10 * BATCH {
        folder.file(format!("tree/{number}"), "x");
    }
    let tree = Tree::open(&folder.0).unwrap();
    let asked = AtomicU32::new(0);
    let removal = Removal { is_stopped: &|| asked.fetch_add(1, Ordering::Relaxed) == 4, ..removal(&tree) };
    assert_eq!(removal.delete(Path::new("tree")).unwrap_err(), RemovalError::Stopped(folder.path("tree")));
    let left = names(&tree, "tree").len();
    assert!((1..10 * BATCH).contains(&left), "{left} left");
    assert!(removal.delete(Path::new("tree")).unwrap());
    assert!(!folder.path("tree").exists());
}

#[test]
fn depth_is_no_limit() {
    let folder = Folder::new();
    folder.folder("tree");
    let tree = Tree::open(&folder.0).unwrap();
    let mut here = tree.folder(Path::new("tree")).unwrap();
    for _ in 0..3_000 {
        here = crate::replace::made_folder(&here, OsStr::new("abc"), 0o755).unwrap();
    }
    assert!(removal(&tree).empty(Path::new("tree")).unwrap());
    assert_eq!(names(&tree, "tree"), [""; 0]);
}
