//! Work in a target is saved before it is overwritten, and can be got back.

use std::collections::BTreeMap;
use std::process::Command;

use super::repositories::{commit, git, with_repository};
use super::*;

/// Everything in a work tree but `.git` and what is ignored: names, contents, whether it can be run.
fn work(scene: &Scene) -> BTreeMap<PathBuf, (Vec<u8>, bool)> {
    let mut found = BTreeMap::new();
    let root = scene.target("");
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&root).unwrap().to_owned();
            let about = fs::symlink_metadata(&path).unwrap();
            if name == Path::new(".git") || name == Path::new("ignored") {
            } else if about.is_dir() {
                folders.push(path);
            } else if about.is_symlink() {
                let text = fs::read_link(&path).unwrap().into_os_string();
                found.insert(name, (text.as_bytes().to_vec(), false));
            } else {
                found.insert(name, (fs::read(&path).unwrap(), about.mode() & 0o100 != 0));
            }
        }
    }
    found
}

fn restore(scene: &Scene, saved: &SavedWork) {
    git(scene, "base/target", &["rm", "-r", "-q", "-f", "."]);
    git(scene, "base/target", &["checkout", &saved.reference, "--", "."]);
}

fn change_source(scene: &Scene) {
    scene.folder.file("source/file", "three");
    commit(scene, "source", "third");
}

#[test]
fn everything_can_be_got_back() {
    let scene = with_repository();
    scene.sync();
    scene.folder.file("base/target/file", "by an agent");
    scene.folder.file("base/target/untracked/deep/new", "new");
    scene.folder.file("base/target/staged", "staged");
    scene.folder.file(Path::new("base/target").join(OsStr::from_bytes(b"odd\xff\nname")), "odd");
    scene.folder.file("base/target/ignored", "ignored");
    git(&scene, "base/target", &["add", "staged"]);
    symlink("../nowhere", scene.target("link")).unwrap();
    scene.folder.file("base/target/tool", "#!/bin/sh\n");
    set_mode(&scene.target("tool"), 0o755);
    fs::remove_file(scene.target("sub/run.sh")).unwrap();
    let before = work(&scene);
    let status = git(&scene, "base/target", &["status", "--porcelain"]);
    change_source(&scene);

    let report = scene.sync_twice();
    let [saved] = &report.saved[..] else { panic!("{report:?}") };
    assert_eq!(saved.reference, "refs/codex/saved/20261122T144500Z");
    assert_eq!(saved.work_tree, scene.folder.path("base/target"));
    assert_eq!(scene.read("file").as_deref(), Some("three"));
    assert_eq!(git(&scene, "base/target", &["status", "--porcelain"]), "");
    assert!(!scene.folder.path("base/.target.saving").exists());

    restore(&scene, saved);
    assert_eq!(work(&scene), before, "{status}");
    let show = git(&scene, "base/target", &["log", "-1", "--format=%an|%s|%ct", &saved.commit]);
    assert_eq!(show, "kubectl-codex|work saved before a sync|1795358700");
}

#[test]
fn a_clean_target_is_not_saved_and_needs_no_git() {
    let mut scene = with_repository();
    let path = std::mem::take(&mut scene.search_path);
    scene.sync_twice();
    change_source(&scene);
    assert_eq!(scene.sync_twice().saved, [], "nobody touched it");
    // A source with changes of its own is nobody's work in the target.
    scene.folder.file("source/file", "not committed");
    scene.folder.file("source/new", "not committed");
    scene.sync_twice();
    scene.folder.file("source/file", "not committed either");
    assert_eq!(scene.sync_twice().saved, []);
    scene.search_path = path;
    fs::remove_file(scene.source("new")).unwrap();
    git(&scene, "source", &["checkout", "file"]);
    scene.sync_twice();
    // Git was here, and nothing else.
    git(&scene, "base/target", &["status"]);
    git(&scene, "base/target", &["gc", "-q"]);
    scene.folder.file("base/target/ignored", "ignored");
    scene.folder.file("source/file", "four");
    commit(&scene, "source", "fourth");
    scene.folder.file("source/file", "not committed");
    assert_eq!(scene.sync_twice().saved, []);
}

#[test]
fn without_git_nothing_is_overwritten() {
    let mut scene = with_repository();
    scene.sync();
    scene.folder.file("base/target/file", "by an agent");
    change_source(&scene);
    let path = std::mem::take(&mut scene.search_path);
    let error = scene.try_sync().unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "cannot tell whether {} holds work to save: there is no git",
            scene.folder.path("base/target").display()
        )
    );
    assert_eq!(scene.read("file").as_deref(), Some("by an agent"));
    assert!(!scene.folder.path("base/.target.saving").exists());
    scene.search_path = path;
    assert_eq!(scene.sync_twice().saved.len(), 1);
}

#[test]
fn commits_stashes_and_other_branches_stay_within_reach() {
    let scene = with_repository();
    scene.sync();
    git(&scene, "base/target", &["checkout", "-q", "-b", "side"]);
    scene.folder.file("base/target/file", "side");
    let side = commit(&scene, "base/target", "side");
    git(&scene, "base/target", &["tag", "-a", "mine", "-m", "mine"]);
    let mut stashes = Vec::new();
    for number in ["1", "2"] {
        scene.folder.file("base/target/file", format!("stash {number}"));
        git(&scene, "base/target", &["stash", "-q"]);
        stashes.push(git(&scene, "base/target", &["rev-parse", "refs/stash"]));
    }
    git(&scene, "base/target", &["checkout", "-q", "--detach", "main"]);
    scene.folder.file("base/target/file", "detached");
    let detached = commit(&scene, "base/target", "detached");
    git(&scene, "base/target", &["checkout", "-q", "main"]);
    change_source(&scene);

    let report = scene.sync_twice();
    let [saved] = &report.saved[..] else { panic!("{report:?}") };
    git(&scene, "base/target", &["reflog", "expire", "--expire=now", "--all"]);
    let _ = fs::remove_dir_all(scene.target(".git/logs"));
    git(&scene, "base/target", &["gc", "-q", "--prune=now"]);
    for commit in [&side, &stashes[0], &stashes[1]] {
        git(&scene, "base/target", &["merge-base", "--is-ancestor", commit, &saved.commit]);
    }
    // Nothing but the reflog had this one.
    let _ = detached;
    assert_eq!(
        git(&scene, "base/target", &["for-each-ref", "--format=%(refname)", "refs/heads"]),
        "refs/heads/main"
    );
}

#[test]
fn commits_that_the_source_has_are_no_work() {
    let scene = with_repository();
    scene.sync();
    scene.folder.file("base/target/file", "by an agent");
    commit(&scene, "base/target", "pushed");
    git(&scene, "source", &["fetch", "-q", "../base/target", "main"]);
    git(&scene, "source", &["merge", "-q", "--ff-only", "FETCH_HEAD"]);
    scene.folder.file("source/file", "and on");
    commit(&scene, "source", "next");
    assert_eq!(scene.sync_twice().saved, []);
}

#[test]
fn what_is_only_staged_is_saved_too() {
    let scene = with_repository();
    scene.sync();
    scene.folder.file("base/target/file", "staged");
    git(&scene, "base/target", &["add", "file"]);
    scene.folder.file("base/target/file", "on top");
    change_source(&scene);
    let report = scene.sync_twice();
    let commit = &report.saved[0].commit;
    assert_eq!(git(&scene, "base/target", &["show", &format!("{commit}:file")]), "on top");
    assert_eq!(git(&scene, "base/target", &["show", &format!("{commit}^2:file")]), "staged");
}

#[test]
fn a_merge_that_was_left_undone_is_saved() {
    let scene = with_repository();
    scene.sync();
    git(&scene, "base/target", &["checkout", "-q", "-b", "side"]);
    scene.folder.file("base/target/file", "side");
    commit(&scene, "base/target", "side");
    git(&scene, "base/target", &["checkout", "-q", "main"]);
    scene.folder.file("base/target/file", "main");
    commit(&scene, "base/target", "main");
    let merge = Command::new("git").args(["merge", "side"]).current_dir(scene.target("")).output().unwrap();
    assert!(!merge.status.success());
    let conflict = scene.read("file").unwrap();
    assert!(conflict.contains("<<<<<<<"));
    change_source(&scene);
    let report = scene.sync_twice();
    assert_eq!(
        git(&scene, "base/target", &["show", &format!("{}:file", report.saved[0].commit)]),
        conflict.trim_end()
    );
}

#[test]
fn a_first_sync_over_a_dirty_work_tree_saves_it() {
    let scene = with_repository();
    git(&scene, "", &["clone", "-q", "source", "base/target"]);
    scene.folder.file("base/target/file", "mine");
    scene.folder.file("base/target/new", "mine");
    git(&scene, "base/target", &["update-index", "--assume-unchanged", "file"]);
    change_source(&scene);
    let report = scene.sync_twice();
    let [saved] = &report.saved[..] else { panic!("{report:?}") };
    restore(&scene, saved);
    assert_eq!(scene.read("file").as_deref(), Some("mine"));
    assert_eq!(scene.read("new").as_deref(), Some("mine"));
}

#[test]
fn a_repository_without_commits_is_saved() {
    let scene = with_repository();
    scene.folder.folder("base/target");
    git(&scene, "base/target", &["init", "-q"]);
    scene.folder.file("base/target/new", "mine");
    let report = scene.sync_twice();
    restore(&scene, &report.saved[0]);
    assert_eq!(scene.read("new").as_deref(), Some("mine"));
}

#[test]
fn refs_have_names_of_their_own() {
    let scene = with_repository();
    scene.sync();
    for number in 1..=3 {
        scene.folder.file("base/target/file", format!("by an agent {number}"));
        let report = scene.sync();
        let end = if number == 1 { String::new() } else { format!("-{number}") };
        assert_eq!(report.saved[0].reference, format!("refs/codex/saved/20261122T144500Z{end}"));
        git(&scene, "base/target", &["pack-refs", "--all"]);
    }
}

#[test]
fn nothing_that_a_repository_names_is_run() {
    let scene = with_repository();
    scene.folder.file("source/.gitattributes", "* filter=evil\n");
    commit(&scene, "source", "attributes");
    scene.sync();
    let trap = scene.folder.path("trap");
    let touch = format!("touch '{}'; cat", trap.display());
    for name in
        ["filter.evil.clean", "filter.evil.process", "core.fsmonitor", "core.sshCommand", "gpg.program"]
    {
        git(&scene, "base/target", &["config", name, &touch]);
    }
    git(&scene, "base/target", &["config", "commit.gpgsign", "true"]);
    for hook in ["pre-commit", "post-index-change", "reference-transaction", "fsmonitor-watchman"] {
        let path = Path::new("base/target/.git/hooks").join(hook);
        scene.folder.file(&path, format!("#!/bin/sh\n{touch}\n"));
        set_mode(&scene.folder.path(&path), 0o755);
    }
    scene.folder.folder("base/target/nested");
    git(&scene, "base/target/nested", &["init", "-q"]);
    scene.folder.file("base/target/nested/file", "x");
    git(&scene, "base/target/nested", &["add", "file"]);
    git(&scene, "base/target/nested", &["commit", "-q", "-m", "x"]);
    git(
        &scene,
        "base/target",
        &[
            "-c",
            "core.fsmonitor=",
            "-c",
            "core.hooksPath=/x",
            "update-index",
            "--add",
            "--cacheinfo",
            &format!("160000,{},nested", git(&scene, "base/target/nested", &["rev-parse", "HEAD"])),
        ],
    );
    git(&scene, "base/target/nested", &["config", "core.fsmonitor", &touch]);
    let _ = fs::remove_file(&trap);
    scene.folder.file("base/target/file", "by an agent");
    change_source(&scene);
    let report = scene.sync();
    assert!(!report.saved.is_empty());
    assert!(!trap.exists(), "a program of the agent's was run");
}

#[test]
fn excluded_files_are_left_alone_and_not_saved() {
    let scene = with_repository();
    scene.folder.file("source/.codexignore", "/data/\n");
    commit(&scene, "source", "patterns");
    scene.sync();
    scene.folder.file("base/target/data/large", "data");
    scene.folder.file("base/target/file", "by an agent");
    change_source(&scene);
    let report = scene.sync_twice();
    let names = git(&scene, "base/target", &["ls-tree", "-r", "--name-only", &report.saved[0].commit]);
    assert_eq!(names, ".codexignore\n.gitignore\nfile\nsub/run.sh");
    assert_eq!(scene.read("data/large").as_deref(), Some("data"));
}

#[test]
fn a_folder_that_a_dead_process_left_is_no_obstacle() {
    let scene = with_repository();
    scene.sync();
    scene.folder.file("base/.target.saving/objects/x", "half");
    scene.folder.file("base/target/file", "by an agent");
    assert_eq!(scene.sync_twice().saved.len(), 1);
}

#[test]
fn what_is_staged_and_nowhere_else_is_saved() {
    let scene = with_repository();
    scene.sync();
    scene.folder.file("blob", "staged alone");
    let blob = git(&scene, "base/target", &["hash-object", "-w", "../../blob"]);
    git(&scene, "base/target", &["update-index", "--add", "--cacheinfo", &format!("100644,{blob},new")]);
    change_source(&scene);
    let report = scene.sync_twice();
    let commit = &report.saved[0].commit;
    assert_eq!(git(&scene, "base/target", &["show", &format!("{commit}^2:new")]), "staged alone");
}

#[test]
fn refs_that_are_no_files_are_said_so_before_anything_is_overwritten() {
    let scene = with_repository();
    scene.sync();
    git(&scene, "base/target", &["config", "extensions.refStorage", "reftable"]);
    scene.folder.file("base/target/file", "by an agent");
    let error = scene.try_sync().unwrap_err().to_string();
    assert!(error.ends_with("its refs are kept as reftable"), "{error}");
    assert_eq!(scene.read("file").as_deref(), Some("by an agent"));
}

#[test]
fn whoever_listens_is_told_of_saved_work_before_it_is_overwritten() {
    struct Look(PathBuf, std::sync::Mutex<Vec<String>>);
    impl Listener for Look {
        fn saved(&self, work: &SavedWork) {
            assert_eq!(fs::read(&self.0).unwrap(), b"by an agent");
            self.1.lock().unwrap().push(work.to_string());
        }
    }
    let scene = with_repository();
    scene.sync();
    scene.folder.file("base/target/file", "by an agent");
    change_source(&scene);
    let look = Look(scene.target("file"), std::sync::Mutex::default());
    scene.try_sync_told(&look).unwrap();
    let path = scene.folder.path("base/target").display().to_string();
    assert_eq!(
        look.1.into_inner().unwrap(),
        [format!(
            "{path} held work that is not in the source; it is saved as refs/codex/saved/20261122T144500Z \
             (to get it back: git -C {path} checkout refs/codex/saved/20261122T144500Z -- .)"
        )]
    );
}
