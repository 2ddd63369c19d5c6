//! A sync that the user stops, wherever it is, and the next one that goes on.

use std::sync::atomic::{AtomicU32, Ordering};

use super::repositories::{commit, with_repository};
use super::*;
use crate::saved::SaveError;

/// Stops when it is asked for the given time, from 1.
struct Stop {
    at: u32,
    asked: AtomicU32,
}

impl Stop {
    fn at(at: u32) -> Self {
        Self { at, asked: AtomicU32::new(0) }
    }
}

impl Listener for Stop {
    fn is_stopped(&self) -> bool {
        self.asked.fetch_add(1, Ordering::Relaxed) + 1 >= self.at
    }
}

/// Files to copy, others to delete.
fn scene() -> Scene {
    let scene = Scene::new();
    for number in 0..2_000 {
        scene.folder.file(format!("source/{}/{number}", number % 7), "new");
        scene.folder.file(format!("base/target/{}/old-{number}", number % 7), "old");
    }
    scene
}

#[test]
fn a_sync_stops_between_batches_and_the_next_goes_on() {
    let whole = Stop::at(u32::MAX);
    scene().try_sync_told(&whole).unwrap();
    let times = whole.asked.into_inner();
    assert!(times > 60, "it is asked {times} times");
    for at in [1, 2, times / 4, times / 2, times * 3 / 4, times - 1] {
        let scene = scene();
        let error = scene.try_sync_told(&Stop::at(at)).unwrap_err();
        let SyncError::Stopped { copied, .. } = error else { panic!("{at}: {error}") };
        let there = (0..2_000).filter(|number| scene.target(format!("{}/{number}", number % 7)).exists());
        assert_eq!(there.count() as u64, copied, "{at} of {times}: {error}");
        let report = scene.sync_twice();
        assert_eq!(report.copied, 2_000 - copied, "{at} of {times}");
        assert!(!scene.target("0/old-0").exists());
    }
}

#[test]
fn a_large_file_is_no_batch() {
    let scene = Scene::new();
    scene.folder.file("source/large", vec![b'x'; 5_000_000]);
    let whole = Stop::at(u32::MAX);
    scene.try_sync_told(&whole).unwrap();
    fs::remove_file(scene.target("large")).unwrap();
    // The last look is in the middle of the file, or after its only piece.
    let error = scene.try_sync_told(&Stop::at(3)).unwrap_err();
    assert!(matches!(error, SyncError::Stopped { copied: 0, .. }), "{error}");
    assert_eq!(fs::read_dir(scene.target("")).unwrap().count(), 0, "nothing half done stays");
    scene.sync_twice();
}

#[test]
fn work_is_not_overwritten_when_saving_it_is_stopped() {
    let scene = with_repository();
    scene.sync();
    scene.folder.file("base/target/file", "by an agent");
    scene.folder.file("source/file", "three");
    commit(&scene, "source", "third");
    let mut stopped_while_saving = 0;
    for at in 1.. {
        match scene.try_sync_told(&Stop::at(at)) {
            Err(SyncError::Save(SaveError::Stopped(_))) => stopped_while_saving += 1,
            Err(SyncError::Stopped { .. }) => {}
            other => panic!("{other:?}"),
        }
        if stopped_while_saving == 3 {
            break;
        }
        assert_eq!(scene.read("file").as_deref(), Some("by an agent"), "{at}");
    }
    assert_eq!(scene.sync_twice().saved.len(), 1);
    assert!(!scene.folder.path("base/.target.saving").exists());
}
