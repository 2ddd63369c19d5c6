//! What a root promises, tried.

use super::*;
use crate::fixture::Folder;
use std::os::unix::fs::{PermissionsExt as _, symlink};

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn directories_below_the_root_are_open_to_all_and_those_between_are_not() {
    let folder = Folder::new();
    let root = Root::made_at(&folder.0.join("data/root")).unwrap();
    let path = folder.0.join("data/root/slots/1/./pg");
    root.open_to_all(&path).unwrap();
    assert_eq!(mode(&path), 0o777);
    assert_eq!(mode(&folder.0.join("data/root/slots/1")) & 0o022, 0);
    assert_eq!(mode(&folder.0.join("data/root")) & 0o022, 0);
    root.open_to_all(&path).unwrap();
}

#[test]
fn the_root_and_what_lies_outside_are_refused() {
    let folder = Folder::new();
    let path = folder.0.join("root");
    let root = Root::made_at(&path).unwrap();
    let outside = |path: PathBuf| matches!(root.open_to_all(&path), Err(RemovalError::Outside { .. }));
    assert!(outside(path.clone()));
    assert!(outside(path.join(".")));
    assert!(outside(folder.0.join("rootless")));
    assert!(outside(PathBuf::from("/")));
    assert!(outside(PathBuf::from("relative")));
    for bad in ["root/../x", "root/a/../b", "root/.."] {
        let path = folder.0.join(bad);
        assert_eq!(root.open_to_all(&path), Err(RemovalError::Parent(path)));
    }
    assert!(matches!(Root::made_at(Path::new("/")), Err(RemovalError::Outside { .. })));
    assert!(matches!(Root::made_at(&folder.0.join("x/../y")), Err(RemovalError::Parent(_))));
}

#[test]
fn no_link_below_the_root_is_followed() {
    let folder = Folder::new();
    let path = folder.0.join("root");
    let outside = folder.0.join("outside");
    let root = Root::made_at(&path).unwrap();
    std::fs::DirBuilder::new().create(&outside).unwrap();
    let before = mode(&outside);
    root.open_to_all(&path.join("real")).unwrap();
    symlink(&outside, path.join("absolute")).unwrap();
    symlink("../outside", path.join("relative")).unwrap();
    symlink("..", path.join("up")).unwrap();
    symlink(".", path.join("itself")).unwrap();
    symlink("nowhere", path.join("dangling")).unwrap();
    symlink("real", path.join("inside")).unwrap();
    symlink("b", path.join("a")).unwrap();
    symlink("a", path.join("b")).unwrap();
    for name in
        ["absolute", "absolute/a", "relative/a/b", "up/outside", "itself", "dangling/a", "inside/deep", "a/x"]
    {
        let refused = root.open_to_all(&path.join(name));
        let link = path.join(name.split('/').next().unwrap());
        assert_eq!(refused, Err(RemovalError::Link(link)), "{name}");
    }
    assert_eq!(mode(&outside), before);
    assert!(outside.join("a").metadata().is_err() && path.join("real/deep").metadata().is_err());
}

#[test]
fn a_root_is_not_reached_through_a_link_that_anyone_can_put_there() {
    let folder = Folder::new();
    folder.folder("others/root");
    folder.folder("open");
    set_mode(&folder.path("open"), 0o777);
    symlink("../others", folder.path("open/link")).unwrap();
    for made in [
        Root::made_at(&folder.path("open/link/root")),
        Root::at(&folder.path("open/link/root")).map(Option::unwrap),
    ] {
        assert_eq!(made.unwrap_err(), RemovalError::Link(folder.path("open/link")));
    }
    // In a folder like /tmp only its owner can replace a link.
    set_mode(&folder.path("open"), 0o1777);
    Root::made_at(&folder.path("open/link/root")).unwrap();
    set_mode(&folder.path("open"), 0o755);
    let root = Root::made_at(&folder.path("open/link/new/root")).unwrap();
    root.open_to_all(&folder.path("open/link/new/root/a")).unwrap();
    assert_eq!(mode(&folder.path("others/new/root/a")), 0o777);
    symlink("circle", folder.path("circle")).unwrap();
    assert!(matches!(Root::at(&folder.path("circle/root")), Err(RemovalError::Io { .. })));
    symlink("not/yet", folder.path("dangling")).unwrap();
    assert!(Root::at(&folder.path("dangling")).unwrap().is_none());
    Root::made_at(&folder.path("dangling")).unwrap();
    assert!(folder.path("not/yet").is_dir());
}

#[test]
fn a_root_behind_a_link_has_two_names() {
    let folder = Folder::new();
    let real = folder.0.join("real");
    std::fs::DirBuilder::new().create(&real).unwrap();
    let link = folder.0.join("link");
    symlink(&real, &link).unwrap();
    let root = Root::made_at(&link).unwrap();
    root.open_to_all(&link.join("a")).unwrap();
    root.open_to_all(&real.join("b")).unwrap();
    assert!(root.is(&real) && root.is(&link));
    assert_eq!((mode(&real.join("a")), mode(&real.join("b"))), (0o777, 0o777));
}

#[test]
fn a_file_in_the_way_is_named() {
    let folder = Folder::new();
    let root = Root::made_at(&folder.0).unwrap();
    std::os::unix::net::UnixListener::bind(folder.0.join("file")).unwrap();
    let error = root.open_to_all(&folder.0.join("file/a")).unwrap_err().to_string();
    assert!(error.ends_with("file/a: not a directory"), "{error}");
}
