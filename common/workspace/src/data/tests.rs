//! Data directories made, emptied and deleted.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::*;
use crate::fixture::Folder;

const NEVER: fn() -> bool = || false;

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
    assert_eq!(directories.empty(&NEVER).unwrap(), [] as [PathBuf; 0]);
    assert_eq!(directories.delete(&NEVER).unwrap(), [] as [PathBuf; 0]);
    assert!(!folder.path("data").exists(), "asking makes nothing");

    assert_eq!(directories.make().unwrap().len(), 3);
    assert_eq!(fs::metadata(folder.path("data/slots/1/pg")).unwrap().permissions().mode() & 0o777, 0o777);
    folder.file("data/slots/1/pg/deep/file", "x");
    folder.file("data/slots/1/other", "x");
    folder.file("data/slots/2/pg/file", "x");
    assert_eq!(directories.empty(&NEVER).unwrap().len(), 2);
    assert_eq!(fs::read_dir(folder.path("data/slots/1/pg")).unwrap().count(), 0);
    assert_eq!(folder.read("data/slots/1/other").as_deref(), Some("x"));

    folder.file("data/slots/1/pg/deep/file", "x");
    assert_eq!(directories.delete(&NEVER).unwrap().len(), 2);
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
        for result in [directories.empty(&NEVER), directories.delete(&NEVER)] {
            assert!(matches!(result, Err(DataError::Removal(_))), "{bad}: {result:?}");
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
    directories(&folder, "", &["pg"], &[]).empty(&NEVER).unwrap();
    assert_eq!(folder.read("outside/file").as_deref(), Some("x"));
    assert!(fs::symlink_metadata(folder.path("data/pg/link")).is_err());
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

/// The directories of both slots of a project, told apart for the first.
fn of_first(folder: &Folder) -> Result<(DataDirectories, Vec<SharedDirectory>), DataError> {
    let of = |slot: u32| directories(folder, &format!("data/ai-{slot}"), &["uploads", "db"], &[]);
    of(1).apart(1, &Neighbours::of(&[(2, of(2))]))
}

/// Two slots with a file in each directory.
fn two_slots() -> Folder {
    let folder = Folder::new();
    for slot in [1, 2] {
        for name in ["uploads", "db"] {
            folder.file(format!("data/ai-{slot}/{name}/deep/file"), "x");
        }
    }
    folder
}

fn others_are_there(folder: &Folder, when: &str) {
    for name in ["data/ai-2/uploads/deep/file", "data/ai-2/db/deep/file"] {
        assert_eq!(folder.read(name).as_deref(), Some("x"), "{when}: {name}");
    }
}

#[test]
fn a_link_in_place_of_a_directory_never_leads_to_anothers_data() {
    // Where the link is, and what it says: from the leaf up to the root.
    let cases = [
        ("data/ai-1/uploads", "../ai-2/uploads"),
        ("data/ai-1/uploads", "../../data/ai-2/uploads"),
        ("data/ai-1/uploads", "ABSOLUTE/data/ai-2/uploads"),
        ("data/ai-1/uploads", "../ai-2"),
        ("data/ai-1/uploads", "../.."),
        ("data/ai-1/uploads", ".."),
        ("data/ai-1/uploads", "uploads"),
        ("data/ai-1/uploads", "/"),
        ("data/ai-1/uploads", "db"),
        ("data/ai-1", "ai-2"),
        ("data/ai-1", "ABSOLUTE/data/ai-2"),
        ("data/ai-1", ".."),
        ("data/ai-1", "../other-project"),
    ];
    for (at, text) in cases {
        let folder = two_slots();
        folder.file("other-project/uploads/file", "x");
        fs::rename(folder.path(at), folder.path("moved")).unwrap();
        symlink(text.replace("ABSOLUTE", folder.0.to_str().unwrap()), folder.path(at)).unwrap();
        let (own, _) = of_first(&folder).unwrap();
        let refused = DataError::Removal(RemovalError::Link(folder.path(at)));
        for result in [own.empty(&NEVER), own.delete(&NEVER), own.there(), own.make()] {
            assert_eq!(result.as_ref().unwrap_err(), &refused, "{at} -> {text}");
        }
        others_are_there(&folder, text);
        assert_eq!(folder.read("other-project/uploads/file").as_deref(), Some("x"), "{text}");
        let untouched = if at == "data/ai-1" { "moved/db/deep/file" } else { "data/ai-1/db/deep/file" };
        assert_eq!(folder.read(untouched).as_deref(), Some("x"), "{text}: not even its own");
    }
}

#[test]
fn a_root_of_its_own_that_leads_to_anothers_is_shared() {
    let folder = two_slots();
    let of = |slot: u32| {
        let paths = DataPaths {
            root: format!("roots/{slot}"),
            env_dir: format!("roots/{slot}"),
            dirs: vec!["uploads".to_owned()],
            ..DataPaths::default()
        };
        DataDirectories::of(&paths, &folder.0).unwrap().unwrap()
    };
    folder.folder("roots");
    symlink("../data/ai-2", folder.path("roots/1")).unwrap();
    symlink("../data/ai-2", folder.path("roots/2")).unwrap();
    let (own, shared) = of(1).apart(1, &Neighbours::of(&[(2, of(2))])).unwrap();
    assert_eq!(shared, [SharedDirectory { path: folder.path("roots/1/uploads"), with: 2 }]);
    assert_eq!(own.delete(&NEVER).unwrap(), [] as [PathBuf; 0]);
    others_are_there(&folder, "a link to the root");
}

#[test]
fn what_is_or_holds_or_lies_in_anothers_is_shared() {
    let folder = two_slots();
    let of = |paths: &[&str]| directories(&folder, "", &[], paths);
    let others = of(&["data/ai-2/db", "data/common"]);
    let (own, shared) = of(&["data/ai-1/db", "data/common", "data/ai-2", "data/common/x", "data/ai-20/db"])
        .apart(1, &Neighbours::of(&[(2, others)]))
        .unwrap();
    assert_eq!(own.data(), [folder.path("data/ai-1/db"), folder.path("data/ai-20/db")]);
    let shared: Vec<_> = shared.into_iter().map(|shared| shared.path).collect();
    assert_eq!(shared, ["data/common", "data/ai-2", "data/common/x"].map(|path| folder.path(path)));
}

#[test]
fn a_directory_moved_into_anothers_place_after_the_look_is_kept() {
    let folder = two_slots();
    let (own, _) = of_first(&folder).unwrap();
    fs::rename(folder.path("data/ai-1/uploads"), folder.path("moved")).unwrap();
    fs::rename(folder.path("data/ai-2/uploads"), folder.path("data/ai-1/uploads")).unwrap();
    let error = own.delete(&NEVER).unwrap_err().to_string();
    let path = folder.path("data/ai-1/uploads");
    assert_eq!(error, format!("{} is, holds or lies in a data directory of slot 2", path.display()));
    assert_eq!(folder.read("data/ai-1/uploads/deep/file").as_deref(), Some("x"));
}

#[test]
fn workplaces_are_kept() {
    let folder = Folder::new();
    folder.file("data/src/1/file", "x");
    let directories = directories(&folder, "", &[], &["data/src"]);
    let kept = directories.clone().keeping([Kept::itself(&folder.path("data/src/1"), "the workspace")]);
    assert!(matches!(kept.delete(&NEVER), Err(DataError::Removal(RemovalError::Kept { .. }))));
    // In one, but not around it.
    let kept = directories.keeping([Kept::itself(&folder.path("data"), "the project")]);
    assert_eq!(kept.delete(&NEVER).unwrap(), [folder.path("data/src")]);
}

#[test]
fn links_swapped_while_it_runs_lead_nowhere() {
    let folder = two_slots();
    folder.file("outside/deep/file", "x");
    let is_over = AtomicBool::new(false);
    let (swapped, refused, done) = (AtomicU32::new(0), AtomicU32::new(0), AtomicU32::new(0));
    std::thread::scope(|scope| {
        let (folder, is_over, swapped) = (&folder, &is_over, &swapped);
        // One after the other, so that this itself never goes through a link that it put there.
        scope.spawn(move || {
            // At every level: the slot's directory, the data directory, and one in it.
            let levels = [
                ("data/ai-1", "ai-2"),
                ("data/ai-1/uploads", "../ai-2/uploads"),
                ("data/ai-1/uploads/deep", "../../ai-2/uploads/deep"),
                ("data/ai-1/db", "../../outside"),
            ];
            let (folder, aside) = (folder, folder.path("aside"));
            for (at, text) in levels.iter().cycle().take_while(|_| !is_over.load(Ordering::Relaxed)) {
                for name in ["uploads", "db"] {
                    // It is deleted while it is made; the next round makes it.
                    let _ = fs::create_dir_all(folder.path(format!("data/ai-1/{name}/deep/more")));
                }
                // It may have been deleted by now.
                let was_moved = fs::rename(folder.path(at), &aside).is_ok();
                if symlink(text, folder.path(at)).is_ok() {
                    std::thread::yield_now();
                    // A link in a data directory goes with it.
                    let _ = fs::remove_file(folder.path(at));
                }
                if was_moved && fs::rename(&aside, folder.path(at)).is_err() {
                    let _ = fs::remove_dir_all(&aside);
                }
                swapped.fetch_add(1, Ordering::Relaxed);
            }
        });
        let start = std::time::Instant::now();
        while start.elapsed() < std::time::Duration::from_secs(2) {
            if let Ok((own, _)) = of_first(folder) {
                for result in [own.empty(&NEVER), own.delete(&NEVER)] {
                    let counter = if result.is_ok() { &done } else { &refused };
                    counter.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
    others_are_there(&folder, "swapped");
    assert_eq!(folder.read("outside/deep/file").as_deref(), Some("x"));
    let counts = [&swapped, &refused, &done].map(|count| count.load(Ordering::Relaxed));
    assert!(counts.iter().all(|count| *count > 10), "swapped, refused, done: {counts:?}");
}
