//! A sync that dies before each of its steps, and the next one that completes it.
//!
//! The scene has everything that a sync does: new, changed and deleted files, folders that become files and the
//! reverse, links, what is excluded, a repository with work in it that has to be saved. This program runs
//! itself as the sync, once for each step, with `CODEX_FAULT_STEP`. After each death it syncs again, and then
//! the target has to be the source's copy, the work has to be there to get back, and nothing beside the target
//! may have changed. A workspace's removal is tried the same way: at whatever step it dies, the work is saved in the
//! end and the workspace gone.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests make files and start programs, and fail by panicking"
)]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use codex_workspace::data::DataDirectories;
use codex_workspace::lock::{LockRequest, lock};
use codex_workspace::sync::{SyncRequest, sync};

#[path = "faults/removal.rs"]
mod removal;

const KILLED: i32 = 9;

fn main() {
    let arguments: Vec<_> = std::env::args_os().collect();
    if let [_, role, scene] = &arguments[..]
        && role == "--sync"
    {
        return once(Path::new(scene));
    }
    if let [_, role, scene] = &arguments[..]
        && role == "--remove"
    {
        return removal::remove(Path::new(scene));
    }
    let folder = TemporaryFolder::new();
    for (name, prepare) in [("work in the target", changed as fn(&Path)), ("a first copy", first)] {
        let points = try_all(&folder.0, prepare);
        println!("{name}: {points} points of death tried");
        assert!(points > 50, "the scene is too small to show anything");
    }
    let points = removal::try_all(&folder.0);
    println!("a workspace removed: {points} points of death tried");
    assert!(points > 50, "the scene is too small to show anything");
}

/// What the child does: a lock, the data directories, and the sync.
fn once(scene: &Path) {
    let (source, target) = (scene.join("source"), scene.join("base/target"));
    let _lock = lock(&LockRequest {
        path: &scene.join("base/1.lock"),
        purpose: "test",
        limit: std::time::Duration::from_secs(60),
        waiting: &|_| (),
        is_stopped: &|| false,
    })
    .unwrap();
    let data = data(scene);
    data.make().unwrap();
    data.empty(&|| false).unwrap();
    let request = SyncRequest {
        source: &source,
        target: &target,
        excludes: &["/data/".to_owned()],
        search_path: &std::env::var_os("PATH").unwrap(),
        now: 1_795_358_700,
        listener: &(),
    };
    sync(&request).unwrap();
}

fn data(scene: &Path) -> DataDirectories {
    let paths = codex_common::stack::model::DataPaths {
        root: "data".to_owned(),
        env_dir: "data/slots/1".to_owned(),
        dirs: vec!["pg".to_owned()],
        ..Default::default()
    };
    DataDirectories::of(&paths, scene).unwrap().unwrap()
}

/// Tries the points from 1, a few at a time.
fn each(points: u64, work: impl Fn(u64) + Sync) {
    let next = AtomicU64::new(1);
    let thread = || {
        for point in std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed)) {
            if point > points {
                break;
            }
            work(point);
        }
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(thread);
        }
    });
}

/// Tries every point of death of one scene; gives how many there are.
fn try_all(folder: &Path, prepare: fn(&Path)) -> u64 {
    let template = folder.join("template");
    fs::create_dir_all(&template).unwrap();
    prepare(&template);
    let whole = copied(&template, &folder.join("whole"));
    let count_file = folder.join("count");
    let status = run(&whole, &[("CODEX_FAULT_COUNT", count_file.to_str().unwrap())]);
    assert!(status.success(), "without a fault: {status}");
    let points: u64 = fs::read_to_string(&count_file).unwrap().parse().unwrap();
    let wanted = Wanted::of(&whole);
    wanted.check(&whole, "without a fault");

    each(points, |point| {
        let scene = copied(&template, &folder.join(point.to_string()));
        let status = run(&scene, &[("CODEX_FAULT_STEP", &point.to_string())]);
        assert_eq!(status.signal(), Some(KILLED), "point {point} of {points}: {status}");
        let status = run(&scene, &[]);
        assert!(status.success(), "after point {point} of {points}: {status}");
        wanted.check(&scene, &format!("after point {point} of {points}"));
        fs::remove_dir_all(scene).unwrap();
    });
    let beyond = copied(&template, &folder.join("beyond"));
    assert!(
        run(&beyond, &[("CODEX_FAULT_STEP", &(points + 1).to_string())]).success(),
        "there are more points"
    );
    for name in ["template", "whole", "beyond"] {
        fs::remove_dir_all(folder.join(name)).unwrap();
    }
    points
}

fn run(scene: &Path, variables: &[(&str, &str)]) -> ExitStatus {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("--sync").arg(scene).envs(variables.iter().copied()).status().unwrap()
}

/// What has to be there in the end.
struct Wanted {
    work_tree: BTreeMap<PathBuf, Entry>,
    outside: BTreeMap<PathBuf, Entry>,
    refs: String,
    status: String,
    /// The tree and the commit of the agent's; nothing where there was no work.
    saved: Option<(String, String)>,
}

/// A file's kind and content, whether it can be run, and its time.
type Entry = (char, Vec<u8>, bool, (i64, i64));

impl Wanted {
    fn of(scene: &Path) -> Self {
        let mut work_tree = tree(&scene.join("source"));
        let kept = tree(&scene.join("base/target"));
        work_tree.retain(|path, _| !path.starts_with("data"));
        work_tree.extend(kept.into_iter().filter(|(path, _)| path.starts_with("data")));
        let saved = saved(scene).pop().map(|commit| {
            let tree = git(scene, "base/target", &["rev-parse", &format!("{commit}^{{tree}}")]);
            (tree, git(scene, "base/target", &["rev-parse", &format!("{commit}^1")]))
        });
        let (refs, status) = (refs(scene, "source"), git(scene, "source", &["status", "--porcelain"]));
        Self { work_tree, outside: tree(&scene.join("outside")), refs, status, saved }
    }

    fn check(&self, scene: &Path, when: &str) {
        let found = tree(&scene.join("base/target"));
        for (path, wanted) in &self.work_tree {
            assert_eq!(found.get(path), Some(wanted), "{when}: {}", path.display());
        }
        let surplus = found.keys().find(|path| !self.work_tree.contains_key(*path));
        assert_eq!(surplus, None, "{when}");
        assert_eq!(tree(&scene.join("outside")), self.outside, "{when}");
        assert_eq!(refs(scene, "base/target"), self.refs, "{when}");
        git(scene, "base/target", &["fsck", "--strict", "--connectivity-only"]);
        assert_eq!(git(scene, "base/target", &["status", "--porcelain"]), self.status, "{when}");
        if let Some((tree, ahead)) = &self.saved {
            let is_it = |commit: &String| {
                git(scene, "base/target", &["rev-parse", &format!("{commit}^{{tree}}")]) == *tree
            };
            let commit = saved(scene).into_iter().find(is_it);
            let commit = commit.unwrap_or_else(|| panic!("{when}: the work is not to be got back"));
            git(scene, "base/target", &["merge-base", "--is-ancestor", ahead, &commit]);
        }
        let beside: Vec<_> = names(&scene.join("base"));
        assert_eq!(beside, ["1.lock", "target"], "{when}");
        let temporary =
            Command::new("find").arg(scene.join("base")).args(["-name", ".codex-sync.*"]).output().unwrap();
        assert_eq!(String::from_utf8(temporary.stdout).unwrap(), "", "{when}");
        assert_eq!(names(&scene.join("data/slots/1")), ["pg"], "{when}");
        assert_eq!(names(&scene.join("data/slots/1/pg")), [""; 0], "{when}");
        assert_eq!(
            fs::read_to_string(scene.join("data/slots/2/pg/file")).unwrap(),
            "of another slot",
            "{when}"
        );
    }
}

fn saved(scene: &Path) -> Vec<String> {
    let refs = git(scene, "base/target", &["for-each-ref", "--format=%(objectname)", "refs/codex/saved"]);
    refs.lines().map(str::to_owned).collect()
}

/// All refs but our own, and what is checked out.
fn refs(scene: &Path, folder: &str) -> String {
    let all = git(scene, folder, &["show-ref", "--head"]);
    let others = all.lines().filter(|line| !line.contains("refs/codex/"));
    others.collect::<Vec<_>>().join("\n") + &git(scene, folder, &["symbolic-ref", "HEAD"])
}

/// Everything below a folder but `.git`.
fn tree(root: &Path) -> BTreeMap<PathBuf, Entry> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            let about = fs::symlink_metadata(&path).unwrap();
            let time = (about.mtime(), about.mtime_nsec());
            let name = path.strip_prefix(root).unwrap().to_owned();
            if name == Path::new(".git") {
                continue;
            }
            let entry = if about.is_dir() {
                folders.push(path);
                ('d', Vec::new(), false, time)
            } else if about.is_symlink() {
                ('l', fs::read_link(&path).unwrap().as_os_str().as_bytes().to_vec(), false, time)
            } else {
                ('f', fs::read(&path).unwrap(), about.mode() & 0o100 != 0, time)
            };
            found.insert(name, entry);
        }
    }
    found
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A scene with nothing in the target.
fn first(scene: &Path) {
    write(scene, "source/file", "one");
    write(scene, "source/deep/er/file", "deep");
    write(scene, "source/.gitignore", "/data/\n");
    write(scene, "source/data/left-alone", "not copied");
    write(scene, "source/run.sh", "#!/bin/sh\n");
    fs::set_permissions(scene.join("source/run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("../nowhere", scene.join("source/link")).unwrap();
    write(scene, "outside/file", "outside");
    write(scene, "data/slots/2/pg/file", "of another slot");
    git(scene, "source", &["init", "-q", "-b", "main"]);
    git(scene, "source", &["config", "http.extraheader", "SECRET"]);
    commit(scene, "source", "first");
    git(scene, "source", &["branch", "packed"]);
    git(scene, "source", &["pack-refs", "--all"]);
}

/// A scene with work in the target, and a source that has changed since it was copied.
fn changed(scene: &Path) {
    first(scene);
    for name in
        ["gone/deep/er/file", "gone/file", "gone-file", "to-file/a/b", "to-folder", "to-link/a", "mode.sh"]
    {
        write(scene, &format!("source/{name}"), name);
    }
    commit(scene, "source", "before");
    once(scene);

    write(scene, "data/slots/1/pg/deep/file", "old data");
    write(scene, "base/target/file", "by an agent");
    commit(scene, "base/target", "only here");
    write(scene, "base/target/file", "by an agent, not committed");
    write(scene, "base/target/new/file", "untracked");
    write(scene, "base/target/staged", "staged");
    git(scene, "base/target", &["add", "staged"]);
    write(scene, "base/target/staged", "staged and changed");
    write(scene, "base/target/data/kept", "left alone");
    symlink(scene.join("outside"), scene.join("base/target/trap")).unwrap();
    write(scene, "base/target/.codex-sync.1.1", "left by a dead process");
    git(scene, "base/target", &["update-ref", "refs/codex/saved/older", "HEAD~1"]);
    git(scene, "base/target", &["pack-refs", "--all"]);
    git(scene, "base/target", &["branch", "stray"]);

    for name in ["gone", "gone-file", "to-file", "to-folder", "to-link", "link"] {
        let path = scene.join("source").join(name);
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
    }
    write(scene, "source/file", "two");
    write(scene, "source/to-file", "a file now");
    write(scene, "source/to-folder/a/b", "a folder now");
    write(scene, "source/trap/file", "a folder where the target has a link");
    symlink("file", scene.join("source/to-link")).unwrap();
    symlink("elsewhere", scene.join("source/link")).unwrap();
    fs::set_permissions(scene.join("source/mode.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(scene.join("source").join(OsStr::from_bytes(b"odd\xff")), "odd").unwrap();
    fs::write(scene.join("source/large"), vec![b'x'; 300_000]).unwrap();
    commit(scene, "source", "after");
    git(scene, "source", &["config", "user.name", "someone"]);
    git(scene, "source", &["branch", "-D", "-q", "packed"]);
}

fn write(scene: &Path, path: &str, content: &str) {
    let path = scene.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn commit(scene: &Path, folder: &str, message: &str) {
    git(scene, folder, &["add", "-A"]);
    git(scene, folder, &["commit", "-q", "-m", message]);
}

fn git(scene: &Path, folder: &str, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.args(arguments).current_dir(scene.join(folder));
    for (name, value) in [
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_AUTHOR_NAME", "a"),
        ("GIT_AUTHOR_EMAIL", "a@b"),
        ("GIT_COMMITTER_NAME", "a"),
        ("GIT_COMMITTER_EMAIL", "a@b"),
    ] {
        command.env(name, value);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// A copy of a scene, with all times.
fn copied(template: &Path, to: &Path) -> PathBuf {
    assert!(Command::new("cp").arg("-a").arg(template).arg(to).status().unwrap().success());
    to.to_owned()
}

/// A folder that goes with the value.
struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("codex-faults-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path.canonicalize().unwrap())
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
