//! What a sync promises, tried on real folders.

use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::time::{Duration, SystemTime};

use super::*;
use crate::fixture::Folder;

mod properties;
mod repositories;
mod stopping;
mod work;

/// A source and a target in a folder of their own.
struct Scene {
    folder: Folder,
    excludes: RefCell<Vec<String>>,
    search_path: OsString,
}

impl Scene {
    fn new() -> Self {
        let folder = Folder::new();
        folder.folder("source");
        let search_path = std::env::var_os("PATH").unwrap_or_default();
        Self { folder, excludes: RefCell::default(), search_path }
    }

    fn exclude(&self, pattern: &str) {
        self.excludes.borrow_mut().push(pattern.to_owned());
    }

    fn try_sync(&self) -> Result<SyncReport, SyncError> {
        self.try_sync_told(&())
    }

    fn try_sync_told(&self, listener: &dyn Listener) -> Result<SyncReport, SyncError> {
        sync(&SyncRequest {
            source: &self.folder.path("source"),
            target: &self.folder.path("base/target"),
            excludes: &self.excludes.borrow(),
            search_path: &self.search_path,
            now: 1_795_358_700,
            listener,
        })
    }

    #[track_caller]
    fn sync(&self) -> SyncReport {
        self.try_sync().unwrap_or_else(|error| panic!("{error}"))
    }

    /// Syncs, and again, which has to change nothing.
    #[track_caller]
    fn sync_twice(&self) -> SyncReport {
        let report = self.sync();
        let again = self.sync();
        assert!(!again.is_changed && again.copied == 0 && again.removed == 0, "{again:?}");
        report
    }

    fn source(&self, path: impl AsRef<OsStr>) -> PathBuf {
        self.folder.path("source").join(Path::new(path.as_ref()))
    }

    fn target(&self, path: impl AsRef<OsStr>) -> PathBuf {
        self.folder.path("base/target").join(Path::new(path.as_ref()))
    }

    fn read(&self, path: &str) -> Option<String> {
        self.folder.read(Path::new("base/target").join(path))
    }
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn modified(path: &Path) -> (i64, i64) {
    let about = fs::symlink_metadata(path).unwrap();
    (about.mtime(), about.mtime_nsec())
}

fn set_modified(path: &Path, time: SystemTime) {
    fs::File::open(path).unwrap().set_modified(time).unwrap();
}

fn time(seconds: u64, nanoseconds: u32) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds)
}

#[test]
fn a_tree_is_copied_with_times_links_and_names_of_any_bytes() {
    let scene = Scene::new();
    let odd = OsStr::from_bytes(b"n\xff\n\t \xc3\xa4");
    fs::write(scene.source(odd), "odd").unwrap();
    scene.folder.file("source/a/b/file", "content");
    set_modified(&scene.source("a/b/file"), time(1_000_000_000, 123_456_789));
    symlink("../nowhere/at/all", scene.source("a/link")).unwrap();
    symlink("/etc", scene.source("absolute")).unwrap();
    scene.folder.folder("source/empty");
    fs::hard_link(scene.source("a/b/file"), scene.source("hard")).unwrap();
    set_modified(&scene.source("a/b"), time(900_000_000, 5));
    set_modified(&scene.source("empty"), time(800_000_000, 6));

    let report = scene.sync_twice();
    assert_eq!((report.copied, report.bytes, report.removed), (5, 17, 0));
    assert_eq!(fs::read(scene.target(odd)).unwrap(), b"odd");
    assert_eq!(scene.read("a/b/file").as_deref(), Some("content"));
    assert_eq!(modified(&scene.target("a/b/file")), (1_000_000_000, 123_456_789));
    assert_eq!(modified(&scene.target("a/b")), (900_000_000, 5));
    assert_eq!(modified(&scene.target("empty")), (800_000_000, 6));
    assert_eq!(modified(&scene.target("a/link")), modified(&scene.source("a/link")));
    assert_eq!(fs::read_link(scene.target("a/link")).unwrap(), Path::new("../nowhere/at/all"));
    assert_eq!(fs::read_link(scene.target("absolute")).unwrap(), Path::new("/etc"));
    assert_ne!(
        fs::metadata(scene.target("hard")).unwrap().ino(),
        fs::metadata(scene.target("a/b/file")).unwrap().ino()
    );
}

#[test]
fn what_the_source_has_no_more_goes_and_what_changed_its_kind_changes() {
    let scene = Scene::new();
    for path in
        ["file", "file-to-folder", "folder-to-file/a/b", "folder-to-link/a", "gone/a/b", "link-to-file"]
    {
        scene.folder.file(Path::new("source").join(path), path);
    }
    symlink("file", scene.source("link")).unwrap();
    scene.sync();
    for path in ["file-to-folder", "folder-to-file", "folder-to-link", "gone", "link-to-file", "link"] {
        let path = scene.source(path);
        if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) }.unwrap();
    }
    scene.folder.file("source/file-to-folder/deep/a", "new");
    scene.folder.file("source/folder-to-file", "new");
    symlink("x", scene.source("folder-to-link")).unwrap();
    symlink("y", scene.source("link-to-file")).unwrap();
    scene.folder.file("source/link", "a file now");
    scene.folder.file("base/target/alien/a", "x");

    let report = scene.sync_twice();
    assert_eq!(report.notes, []);
    assert_eq!(scene.read("file-to-folder/deep/a").as_deref(), Some("new"));
    assert_eq!(scene.read("folder-to-file").as_deref(), Some("new"));
    assert_eq!(fs::read_link(scene.target("folder-to-link")).unwrap(), Path::new("x"));
    assert_eq!(scene.read("link").as_deref(), Some("a file now"));
    assert!(!scene.target("gone").exists() && !scene.target("alien").exists());
    assert_eq!(modified(&scene.target("")), modified(&scene.source("")));
}

#[test]
fn files_with_the_same_size_and_time_are_not_read() {
    let scene = Scene::new();
    scene.folder.file("source/file", "one");
    scene.sync();
    let before = modified(&scene.target("file"));
    fs::write(scene.target("file"), "two").unwrap();
    fs::File::options()
        .write(true)
        .open(scene.target("file"))
        .unwrap()
        .set_modified(time(u64::try_from(before.0).unwrap(), u32::try_from(before.1).unwrap()))
        .unwrap();
    set_modified(&scene.target(""), fs::metadata(scene.source("")).unwrap().modified().unwrap());
    assert!(!scene.sync().is_changed);
    assert_eq!(scene.read("file").as_deref(), Some("two"));
    // One nanosecond is enough.
    set_modified(
        &scene.target("file"),
        time(u64::try_from(before.0).unwrap(), u32::try_from(before.1 ^ 1).unwrap()),
    );
    assert!(scene.sync().is_changed);
    assert_eq!(scene.read("file").as_deref(), Some("one"));
}

#[test]
fn permissions_are_the_targets_but_for_whether_a_file_can_be_run() {
    let scene = Scene::new();
    for name in ["plain", "script", "secret", "set-user-id"] {
        scene.folder.file(Path::new("source").join(name), name);
    }
    scene.folder.file("source/read-only/file", "x");
    set_mode(&scene.source("script"), 0o755);
    set_mode(&scene.source("secret"), 0o600);
    set_mode(&scene.source("set-user-id"), 0o4755);
    set_mode(&scene.source("read-only"), 0o555);
    scene.sync_twice();
    assert_eq!(mode(&scene.target("script")) & 0o700, 0o700);
    assert_eq!(mode(&scene.target("secret")), 0o600);
    assert_eq!(mode(&scene.target("set-user-id")) & 0o7000, 0);
    assert_eq!(mode(&scene.target("read-only")) & 0o700, 0o700);

    set_mode(&scene.source("read-only"), 0o755);
    set_mode(&scene.target("secret"), 0o660);
    set_mode(&scene.target("script"), 0o640);
    set_mode(&scene.target("plain"), 0o755);
    fs::write(scene.source("secret"), "changed").unwrap();
    scene.sync_twice();
    assert_eq!(mode(&scene.target("secret")), 0o660, "what is there keeps its own");
    assert_eq!(mode(&scene.target("script")), 0o750);
    assert_eq!(mode(&scene.target("plain")), 0o644);
    set_mode(&scene.source("secret"), 0o700);
    fs::write(scene.source("secret"), "and executable").unwrap();
    scene.sync_twice();
    assert_eq!(mode(&scene.target("secret")), 0o770);
}

#[test]
fn what_is_excluded_is_neither_copied_nor_deleted() {
    let scene = Scene::new();
    scene.folder.file("source/.codexignore", "*.log\n/build/\n!keep.log\n");
    scene.exclude("cache");
    for path in ["a.log", "keep.log", "build/x", "sub/build/x", "sub/cache", "sub/file"] {
        scene.folder.file(Path::new("source").join(path), "source");
    }
    for path in ["b.log", "build/y", "gone/c.log", "gone/file", "gone/deep/cache/x", "empty-folder/x"] {
        scene.folder.file(Path::new("base/target").join(path), "target");
    }
    let report = scene.sync_twice();
    assert_eq!(report.notes, []);
    for (path, wanted) in [
        (".codexignore", Some("*.log\n/build/\n!keep.log\n")),
        ("a.log", None),
        ("keep.log", Some("source")),
        ("build/x", None),
        ("build/y", Some("target")),
        ("sub/build/x", Some("source")),
        ("sub/cache", None),
        ("b.log", Some("target")),
        ("gone/c.log", Some("target")),
        ("gone/file", None),
        ("gone/deep/cache/x", Some("target")),
        ("empty-folder/x", None),
    ] {
        assert_eq!(scene.read(path).as_deref(), wanted, "{path}");
    }
    assert!(!scene.target("empty-folder").exists());

    scene.folder.file("source/gone", "a file where excluded files lie");
    let error = scene.try_sync().unwrap_err();
    assert!(matches!(&error, SyncError::Blocked(path) if path.ends_with("gone")), "{error}");
    assert_eq!(scene.read("gone/c.log").as_deref(), Some("target"));
}

#[test]
fn a_pattern_that_is_none_stops_it() {
    let scene = Scene::new();
    scene.folder.file("source/.codexignore", "[z-a]\n");
    scene.folder.file("base/target/file", "x");
    assert!(matches!(scene.try_sync(), Err(SyncError::Exclusion(_))));
    assert_eq!(scene.read("file").as_deref(), Some("x"));
}

#[test]
fn links_in_the_target_lead_nowhere() {
    let scene = Scene::new();
    scene.folder.file("outside/file", "outside");
    scene.folder.file("outside/sub/x", "outside");
    let before = modified(&scene.folder.path("outside"));
    scene.folder.file("source/dir/file", "source");
    scene.folder.file("source/file", "source");
    scene.folder.folder("base/target");
    symlink(scene.folder.path("outside"), scene.target("dir")).unwrap();
    symlink(scene.folder.path("outside/file"), scene.target("file")).unwrap();
    symlink(scene.folder.path("outside"), scene.target("gone")).unwrap();
    scene.sync_twice();
    assert_eq!(scene.folder.read("outside/file").as_deref(), Some("outside"));
    assert_eq!(scene.folder.read("outside/sub/x").as_deref(), Some("outside"));
    assert_eq!(modified(&scene.folder.path("outside")), before);
    assert_eq!(scene.read("dir/file").as_deref(), Some("source"));
    assert!(fs::symlink_metadata(scene.target("file")).unwrap().is_file());
    assert!(fs::symlink_metadata(scene.target("gone")).is_err());

    // Nor is the target one itself.
    fs::remove_dir_all(scene.target("")).unwrap();
    symlink(scene.folder.path("outside"), scene.folder.path("base/target")).unwrap();
    assert!(scene.try_sync().is_err());
    assert_eq!(scene.folder.read("outside/file").as_deref(), Some("outside"));
}

#[test]
fn special_files_are_left_out_and_said_so() {
    let scene = Scene::new();
    let _socket = std::os::unix::net::UnixListener::bind(scene.source("socket")).unwrap();
    let _other = std::os::unix::net::UnixListener::bind(scene.source("other")).unwrap();
    scene.folder.file("base/target/socket", "what the target has stays");
    let report = scene.sync();
    assert_eq!(report.notes, [Note::Special(scene.source("other")), Note::Special(scene.source("socket"))]);
    assert!(scene.read("socket").is_some());
    let _gone = std::os::unix::net::UnixListener::bind(scene.target("gone")).unwrap();
    scene.sync();
    assert!(!scene.target("gone").exists());
}

#[test]
fn source_and_target_must_lie_apart() {
    let scene = Scene::new();
    scene.folder.file("source/inner/file", "x");
    let search_path = OsString::new();
    let attempt = |source: &str, target: &str, excludes: &[String]| {
        let (source, target) = (scene.folder.path(source), scene.folder.path(target));
        let (search_path, now, listener) = (&search_path, 0, &());
        sync(&SyncRequest { source: &source, target: &target, excludes, search_path, now, listener })
    };
    for (source, target) in [
        ("source", "source"),
        ("source", "source/inner"),
        ("source", "source/not/there/yet"),
        ("source/inner", "source"),
        ("source/inner", "source/../source"),
    ] {
        let result = attempt(source, target, &[]);
        assert!(matches!(result, Err(SyncError::Overlap { .. })), "{source} {target}: {result:?}");
    }
    assert!(!scene.source("not").exists());
    attempt("source", "source/.slots/1/src", &["/.slots/".to_owned()]).unwrap();
    assert_eq!(scene.folder.read("source/.slots/1/src/inner/file").as_deref(), Some("x"));
    assert!(!scene.folder.path("source/.slots/1/src/.slots").exists());
}

#[test]
fn what_a_dead_process_left_goes() {
    let scene = Scene::new();
    scene.folder.file("source/sub/file", "x");
    scene.folder.file("base/target/.codex-sync.12.0", "half");
    scene.folder.file("base/target/sub/.codex-sync.12.1", "half");
    scene.sync_twice();
    assert!(!scene.target(".codex-sync.12.0").exists() && !scene.target("sub/.codex-sync.12.1").exists());
}

#[test]
fn depth_is_no_limit() {
    let scene = Scene::new();
    let mut here = Tree::open(&scene.source("")).unwrap().folder(Path::new("")).unwrap();
    for _ in 0..1_000 {
        here = crate::replace::made_folder(&here, OsStr::new("folder"), 0o755).unwrap();
    }
    crate::replace::write_new(&here, OsStr::new("file"), b"x", 0o644).unwrap();
    assert_eq!(scene.sync_twice().copied, 1);
    // Only names, but they are too long for the standard library.
    assert!(
        std::process::Command::new("rm").arg("-rf").arg(scene.source("folder")).status().unwrap().success()
    );
    assert_eq!(scene.sync_twice().removed, 1_001);
}

#[test]
fn large_files_and_empty_ones_are_whole() {
    let scene = Scene::new();
    let large: Vec<u8> = (0..3_000_000_u32).flat_map(|number| number.to_le_bytes()).collect();
    fs::write(scene.source("large"), &large).unwrap();
    fs::write(scene.source("medium"), &large[..70_000]).unwrap();
    fs::write(scene.source("empty"), "").unwrap();
    let report = scene.sync_twice();
    assert_eq!(report.bytes, 12_070_000);
    assert_eq!(fs::read(scene.target("large")).unwrap(), large);
    assert_eq!(fs::read(scene.target("medium")).unwrap(), &large[..70_000]);
    assert_eq!(fs::read(scene.target("empty")).unwrap(), b"");
}

#[test]
fn whoever_listens_is_told_how_far_it_is() {
    #[derive(Default)]
    struct Last(std::sync::Mutex<(u64, Progress)>);
    impl Listener for Last {
        fn progress(&self, progress: &Progress) {
            let mut last = self.0.lock().unwrap();
            last.0 += 1;
            last.1.files = last.1.files.max(progress.files);
            last.1.bytes = last.1.bytes.max(progress.bytes);
            (last.1.files_total, last.1.bytes_total) = (progress.files_total, progress.bytes_total);
        }
    }
    let scene = Scene::new();
    for number in 0..200 {
        scene.folder.file(format!("source/{number}"), "12345");
    }
    let last = Last::default();
    scene.try_sync_told(&last).unwrap();
    let all = Progress { files: 200, files_total: 200, bytes: 1_000, bytes_total: 1_000 };
    assert_eq!(last.0.into_inner().unwrap(), (200, all));
}
