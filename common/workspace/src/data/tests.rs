//! Data directories made, emptied and deleted.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;
use crate::fixture::Folder;

fn directories(folder: &Folder, env_dir: &str, dirs: &[&str], paths: &[&str]) -> DataDirectories {
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let paths = DataPaths {
        root: "data".to_owned(),
        env_dir: env_dir.to_owned(),
        dirs: list(dirs),
        paths: list(paths),
    };
    DataDirectories::of(&paths, &folder.0).unwrap().unwrap()
}

#[test]
fn they_are_made_emptied_and_deleted() {
    let folder = Folder::new();
    let directories = directories(&folder, "data/slots/1", &["pg", "redis"], &[]);
    assert_eq!(directories.empty().unwrap(), [] as [PathBuf; 0]);
    assert_eq!(directories.delete().unwrap(), [] as [PathBuf; 0]);
    assert!(!folder.path("data").exists(), "asking makes nothing");

    assert_eq!(directories.make().unwrap().len(), 3);
    assert_eq!(fs::metadata(folder.path("data/slots/1/pg")).unwrap().permissions().mode() & 0o777, 0o777);
    folder.file("data/slots/1/pg/deep/file", "x");
    folder.file("data/slots/1/other", "x");
    folder.file("data/slots/2/pg/file", "x");
    assert_eq!(directories.empty().unwrap().len(), 2);
    assert_eq!(fs::read_dir(folder.path("data/slots/1/pg")).unwrap().count(), 0);
    assert_eq!(folder.read("data/slots/1/other").as_deref(), Some("x"));

    folder.file("data/slots/1/pg/deep/file", "x");
    assert_eq!(directories.delete().unwrap().len(), 2);
    assert!(!folder.path("data/slots/1/pg").exists() && !folder.path("data/slots/1/redis").exists());
    assert_eq!(folder.read("data/slots/1/other").as_deref(), Some("x"));
    assert_eq!(folder.read("data/slots/2/pg/file").as_deref(), Some("x"));
}

#[test]
fn one_path_that_is_refused_saves_all() {
    let folder = Folder::new();
    folder.file("data/mine/file", "x");
    folder.file("outside/file", "x");
    symlink("../outside", folder.path("data/link")).unwrap();
    symlink("..", folder.path("data/up")).unwrap();
    for bad in
        ["outside", "data", "data/.", "data/../outside", "data/link", "data/up", "data/up/outside", "/"]
    {
        let directories = directories(&folder, "", &[], &["data/mine", bad]);
        for result in [directories.empty(), directories.delete()] {
            assert!(matches!(result, Err(DataError::Root(_))), "{bad}: {result:?}");
        }
        assert_eq!(folder.read("data/mine/file").as_deref(), Some("x"), "{bad}");
        assert_eq!(folder.read("outside/file").as_deref(), Some("x"), "{bad}");
    }
}

#[test]
fn links_in_the_data_go_and_what_they_lead_to_stays() {
    let folder = Folder::new();
    folder.file("data/pg/file", "x");
    folder.file("outside/file", "x");
    symlink("../../outside", folder.path("data/pg/link")).unwrap();
    directories(&folder, "", &["pg"], &[]).empty().unwrap();
    assert_eq!(folder.read("outside/file").as_deref(), Some("x"));
    assert!(fs::symlink_metadata(folder.path("data/pg/link")).is_err());
}

#[test]
fn a_directory_behind_a_link_below_the_root_goes_with_the_link() {
    let folder = Folder::new();
    folder.file("data/real/pg/file", "x");
    symlink("real/pg", folder.path("data/pg")).unwrap();
    let directories = directories(&folder, "", &["pg"], &[]);
    assert_eq!(directories.empty().unwrap().len(), 1);
    assert!(folder.path("data/real/pg").is_dir() && folder.read("data/real/pg/file").is_none());
    assert_eq!(directories.delete().unwrap().len(), 1);
    assert!(!folder.path("data/real/pg").exists() && fs::symlink_metadata(folder.path("data/pg")).is_err());
    assert!(folder.path("data/real").is_dir());
}

#[test]
fn directories_need_a_root() {
    let paths = DataPaths { dirs: vec!["pg".to_owned()], ..DataPaths::default() };
    assert_eq!(DataDirectories::of(&paths, Path::new("/project")), Err(DataError::NoRoot));
    assert_eq!(DataDirectories::of(&DataPaths::default(), Path::new("/project")), Ok(None));
    let paths = DataPaths { root: "/data".to_owned(), ..DataPaths::default() };
    let directories = DataDirectories::of(&paths, Path::new("/project")).unwrap().unwrap();
    assert_eq!((directories.made.len(), directories.data.len()), (0, 0));
}
