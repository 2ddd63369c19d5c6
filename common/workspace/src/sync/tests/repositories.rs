//! `.git` understood: what of a repository is copied, kept, cleaned and put together.

use std::process::Command;

use super::*;

/// Runs git as a user would, in a folder of the scene.
#[track_caller]
pub(super) fn git(scene: &Scene, folder: &str, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(scene.folder.path(folder))
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_NAME", "a")
        .env("GIT_AUTHOR_EMAIL", "a@b")
        .env("GIT_COMMITTER_NAME", "a")
        .env("GIT_COMMITTER_EMAIL", "a@b")
        .env("GIT_ALLOW_PROTOCOL", "file")
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// A source with a repository of two commits.
pub(super) fn with_repository() -> Scene {
    let scene = Scene::new();
    git(&scene, "source", &["init", "-q", "-b", "main"]);
    scene.folder.file("source/file", "one");
    scene.folder.file("source/.gitignore", "ignored\n");
    commit(&scene, "source", "first");
    scene.folder.file("source/file", "two");
    scene.folder.file("source/sub/run.sh", "#!/bin/sh\n");
    set_mode(&scene.source("sub/run.sh"), 0o755);
    commit(&scene, "source", "second");
    scene
}

pub(super) fn commit(scene: &Scene, folder: &str, message: &str) -> String {
    git(scene, folder, &["add", "-A"]);
    git(scene, folder, &["commit", "-q", "-m", message]);
    git(scene, folder, &["rev-parse", "HEAD"])
}

#[track_caller]
fn assert_sound(scene: &Scene, folder: &str) {
    git(scene, folder, &["fsck", "--strict", "--connectivity-only"]);
}

#[test]
fn a_copy_is_a_repository_in_the_same_state() {
    let scene = with_repository();
    git(&scene, "source", &["tag", "-a", "v1", "-m", "v1"]);
    git(&scene, "source", &["branch", "a/b"]);
    git(&scene, "source", &["pack-refs", "--all"]);
    git(&scene, "source", &["branch", "c"]);
    scene.folder.file("source/staged", "x");
    git(&scene, "source", &["add", "staged"]);
    scene.folder.file("source/file", "changed");
    scene.folder.file("source/.git/index.lock.lock", "x");
    scene.folder.file("source/.git/refs/heads/c.lock", "x");
    scene.sync_twice();
    for question in [&["status", "--porcelain"][..], &["show-ref", "--head"], &["log", "--format=%H %s"]] {
        assert_eq!(git(&scene, "source", question), git(&scene, "base/target", question));
    }
    assert_sound(&scene, "base/target");
    assert!(
        !scene.target(".git/index.lock.lock").exists() && !scene.target(".git/refs/heads/c.lock").exists()
    );
}

#[test]
fn objects_reflogs_and_our_refs_stay() {
    let scene = with_repository();
    scene.sync();
    scene.folder.file("base/target/file", "by an agent");
    let theirs = commit(&scene, "base/target", "agent's");
    git(&scene, "base/target", &["update-ref", "refs/codex/saved/mine", "HEAD"]);
    git(&scene, "base/target", &["update-ref", "refs/codex/saved/packed", "HEAD"]);
    git(&scene, "base/target", &["pack-refs", "--all"]);
    git(&scene, "base/target", &["update-ref", "refs/codex/saved/loose", "HEAD"]);
    git(&scene, "base/target", &["branch", "stray"]);
    git(&scene, "source", &["update-ref", "refs/codex/saved/of-the-source", "HEAD"]);
    scene.sync_twice();
    let refs = git(&scene, "base/target", &["for-each-ref", "--format=%(refname)"]);
    let refs: Vec<&str> = refs.lines().filter(|name| !name.contains("Z")).collect();
    assert_eq!(
        refs,
        ["refs/codex/saved/loose", "refs/codex/saved/mine", "refs/codex/saved/packed", "refs/heads/main"]
    );
    let head = |folder| git(&scene, folder, &["rev-parse", "HEAD"]);
    assert_eq!(head("base/target"), head("source"));
    assert_eq!(git(&scene, "base/target", &["cat-file", "-t", &theirs]), "commit");
    assert!(git(&scene, "base/target", &["reflog"]).contains("agent's"));
    assert_sound(&scene, "base/target");
}

#[test]
fn credentials_stay_behind() {
    let scene = with_repository();
    let set = |name: &str, value: &str| git(&scene, "source", &["config", name, value]);
    set("remote.origin.url", "https://x-access-token:SECRET@github.com/a/b");
    set("http.https://github.com/.extraheader", "AUTHORIZATION: basic SECRET");
    set("url.https://u:SECRET@github.com/.insteadOf", "gh:");
    set("user.name", "someone");
    scene.folder.file("source/.git/credentials", "https://u:SECRET@github.com");
    let report = scene.sync_twice();
    let config = scene.target(".git/config");
    assert_eq!(
        report.notes,
        [Note::Credentials {
            config: config.clone(),
            omitted: vec![
                "credentials in remote.origin.url".to_owned(),
                "http.https://github.com/.extraheader".to_owned(),
                "url.https://github.com/.insteadof".to_owned(),
            ],
        }]
    );
    let found = Command::new("grep").args(["-r", "SECRET"]).arg(scene.target("")).output().unwrap();
    assert_eq!(String::from_utf8(found.stdout).unwrap(), "");
    let read = |name| git(&scene, "base/target", &["config", name]);
    assert_eq!(read("remote.origin.url"), "https://github.com/a/b");
    assert_eq!(read("user.name"), "someone");
    assert!(!scene.target(".git/credentials").exists());

    fs::write(scene.source(".git/config"), "[core\n").unwrap();
    let report = scene.sync();
    assert!(matches!(&report.notes[..], [Note::UnreadableConfig { line: Some(1), .. }]), "{report:?}");
    assert!(fs::read_to_string(&config).unwrap().contains("someone"));
}

#[test]
fn a_linked_work_tree_becomes_a_repository_of_its_own() {
    let scene = with_repository();
    fs::rename(scene.source(""), scene.folder.path("main")).unwrap();
    git(&scene, "main", &["worktree", "add", "-q", "-b", "feature", "../source"]);
    scene.folder.file("source/file", "feature");
    commit(&scene, "source", "on the feature");
    scene.folder.file("source/staged", "x");
    git(&scene, "source", &["add", "staged"]);
    scene.sync_twice();
    assert!(scene.target(".git/HEAD").is_file() && !scene.target(".git/commondir").exists());
    for question in [&["status", "--porcelain"][..], &["show-ref", "--head"], &["symbolic-ref", "HEAD"]] {
        assert_eq!(git(&scene, "source", question), git(&scene, "base/target", question));
    }
    fs::remove_dir_all(scene.folder.path("main")).unwrap();
    assert_sound(&scene, "base/target");
    // What is left of the source is no repository.
    let report = scene.sync();
    assert!(matches!(&report.notes[..], [Note::LostRepository { .. }]), "{report:?}");
    assert!(scene.target(".git/HEAD").is_file());
}

#[test]
fn borrowed_objects_are_copied() {
    let scene = with_repository();
    fs::rename(scene.source(""), scene.folder.path("lender")).unwrap();
    git(&scene, "", &["clone", "-q", "--shared", "lender", "source"]);
    scene.sync_twice();
    fs::remove_dir_all(scene.folder.path("lender")).unwrap();
    assert_sound(&scene, "base/target");
    assert!(!scene.target(".git/objects/info/alternates").exists());
    assert_eq!(git(&scene, "base/target", &["status", "--porcelain"]), "");
}

#[test]
fn histories_that_are_cut_off_stay_sound() {
    let scene = with_repository();
    fs::rename(scene.source(""), scene.folder.path("main")).unwrap();
    let url = format!("file://{}", scene.folder.path("main").display());
    git(&scene, "", &["clone", "-q", "--depth", "1", &url, "source"]);
    scene.sync_twice();
    scene.folder.file("base/target/file", "by an agent");
    commit(&scene, "base/target", "agent's");
    fs::remove_dir_all(scene.source("")).unwrap();
    scene.folder.file("main/file", "three");
    commit(&scene, "main", "third");
    scene.folder.file("main/file", "four");
    commit(&scene, "main", "fourth");
    git(&scene, "", &["clone", "-q", "--depth", "1", &url, "source"]);
    let report = scene.sync_twice();
    assert_eq!(report.saved.len(), 1);
    assert_sound(&scene, "base/target");
    git(&scene, "base/target", &["gc", "-q", "--prune=now"]);
    assert_eq!(
        git(&scene, "base/target", &["show", &format!("{}:file", report.saved[0].commit)]),
        "by an agent"
    );
    // A copy that nobody worked in has nothing to save, although its commits are not in the source.
    scene.folder.file("main/file", "five");
    commit(&scene, "main", "fifth");
    fs::remove_dir_all(scene.source("")).unwrap();
    git(&scene, "", &["clone", "-q", "--depth", "1", &url, "source"]);
    assert_eq!(scene.sync_twice().saved, []);
}

#[test]
fn submodules_are_repositories_too() {
    let scene = with_repository();
    let library = Scene::new();
    git(&library, "source", &["init", "-q", "-b", "main"]);
    library.folder.file("source/lib", "lib");
    commit(&library, "source", "lib");
    let url = library.source("").display().to_string();
    git(&scene, "source", &["submodule", "add", "-q", &url, "vendor/lib"]);
    commit(&scene, "source", "with a submodule");
    git(&scene, "source/vendor/lib", &["config", "http.extraheader", "SECRET"]);
    let report = scene.sync_twice();
    assert!(matches!(&report.notes[..], [Note::Credentials { .. }]), "{report:?}");
    assert_eq!(git(&scene, "base/target", &["status", "--porcelain"]), "");
    assert_eq!(git(&scene, "base/target/vendor/lib", &["log", "--format=%s"]), "lib");
    let modules = scene.target(".git/modules/vendor/lib");
    assert!(!fs::read_to_string(modules.join("config")).unwrap().contains("SECRET"));

    // Work in it is saved in its own repository.
    scene.folder.file("base/target/vendor/lib/lib", "by an agent");
    scene.folder.file("base/target/vendor/lib/new", "by an agent");
    let report = scene.sync_twice();
    assert_eq!(report.saved.len(), 1, "{report:?}");
    assert_eq!(report.saved[0].work_tree, scene.target("vendor/lib"));
    git(&scene, "base/target/vendor/lib", &["checkout", &report.saved[0].reference, "--", "."]);
    assert_eq!(scene.read("vendor/lib/new").as_deref(), Some("by an agent"));
}

#[test]
fn a_repository_of_the_targets_own_stays() {
    let scene = with_repository();
    scene.sync();
    scene.folder.folder("base/target/clone/deep");
    git(&scene, "base/target/clone/deep", &["init", "-q"]);
    scene.folder.file("base/target/clone/deep/work", "x");
    scene.folder.file("base/target/clone/file", "goes");
    let report = scene.sync_twice();
    assert_eq!(report.notes, [Note::OwnRepository(scene.target("clone/deep"))]);
    assert_eq!(scene.read("clone/deep/work").as_deref(), Some("x"));
    assert_eq!(scene.read("clone/file"), None);
}

#[test]
fn a_repository_that_the_source_does_not_have_stays() {
    let scene = with_repository();
    scene.sync();
    fs::remove_dir_all(scene.source(".git")).unwrap();
    scene.folder.file("source/file", "three");
    scene.sync_twice();
    assert_eq!(git(&scene, "base/target", &["log", "--format=%s"]), "second\nfirst");
    fs::write(scene.source(".git"), "gitdir: .git-elsewhere\n").unwrap();
    let report = scene.sync();
    assert_eq!(report.notes, [Note::RepositoryStays(scene.target(".git"))]);
}

#[test]
fn links_in_a_repository_lead_nowhere() {
    let scene = with_repository();
    scene.folder.file("outside/file", "x");
    for planted in [".git", ".git/refs", ".git/hooks", ".git/config", ".git/refs/heads", ".git/HEAD"] {
        let _ = fs::remove_dir_all(scene.target(""));
        scene.folder.folder("base/target/.git/refs");
        let path = scene.target(planted);
        let _ = fs::remove_dir_all(&path);
        symlink(scene.folder.path("outside"), &path).unwrap();
        scene.sync_twice();
        assert_sound(&scene, "base/target");
    }
    for planted in [".git/objects", ".git/objects/info", ".git/logs"] {
        let _ = fs::remove_dir_all(scene.target(""));
        scene.folder.folder("base/target/.git/objects");
        let path = scene.target(planted);
        let _ = fs::remove_dir_all(&path);
        symlink(scene.folder.path("outside"), &path).unwrap();
        let _ = scene.try_sync();
    }
    let left: Vec<_> =
        fs::read_dir(scene.folder.path("outside")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["file"]);
}

#[test]
fn links_in_place_of_gits_own_files_hold_nothing_up() {
    for planted in
        ["config", "index", "packed-refs", "info/exclude", "info", "logs/refs/stash", "codex-sync", "hooks"]
    {
        let scene = with_repository();
        scene.sync();
        git(&scene, "base/target", &["pack-refs", "--all"]);
        scene.folder.file("outside/file", "x");
        scene.folder.file("base/target/file", "by an agent");
        let path = scene.target(".git").join(planted);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path).or(Ok(())) }.unwrap();
        symlink(scene.folder.path("outside"), &path).unwrap();
        let report = scene.sync_twice();
        assert_eq!(report.saved.len(), 1, "{planted}");
        let file = git(&scene, "base/target", &["show", &format!("{}:file", report.saved[0].commit)]);
        assert_eq!(file, "by an agent", "{planted}");
        assert_eq!(fs::read_dir(scene.folder.path("outside")).unwrap().count(), 1, "{planted}");
    }
}
