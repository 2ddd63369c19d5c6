//! Workspaces removed, with what was in them.

use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::fixture::Folder;
use crate::saved::SavedWork;
use crate::sync::{SyncReport, SyncRequest, sync};

/// A source with a repository, and its workspace.
struct Scene {
    folder: Folder,
    search_path: RefCell<std::ffi::OsString>,
}

/// When a stop is wanted.
#[derive(Clone, Copy, Debug)]
enum Stop {
    /// When asked for the given time.
    Asked(u32),
    /// When asked for the given time since work was saved.
    AskedSinceSaved(u32),
}

/// Hears what is saved.
#[derive(Default)]
struct Ear {
    saved: Mutex<Vec<SavedWork>>,
    kept: Mutex<Vec<PathBuf>>,
    stop: Option<Stop>,
    asked: AtomicU32,
}

impl Listener for Ear {
    fn saved(&self, work: &SavedWork) {
        self.saved.lock().unwrap().push(work.clone());
        if matches!(self.stop, Some(Stop::AskedSinceSaved(_))) {
            self.asked.store(0, Ordering::Relaxed);
        }
    }

    fn kept(&self, _: &Path, kept: &Path, _: &str) {
        self.kept.lock().unwrap().push(kept.to_owned());
    }

    fn is_stopped(&self) -> bool {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        match self.stop {
            None => false,
            Some(Stop::Asked(at)) => asked >= at,
            Some(Stop::AskedSinceSaved(at)) => asked >= at && !self.saved.lock().unwrap().is_empty(),
        }
    }
}

impl Scene {
    fn new() -> Self {
        let folder = Folder::new();
        let search_path = RefCell::new(std::env::var_os("PATH").unwrap_or_default());
        let scene = Self { folder, search_path };
        scene.folder.file("source/file", "one");
        scene.folder.file("source/.gitignore", "node_modules\n*.env\n");
        scene.folder.file("source/.codexignore", "/scratch/\n");
        scene.git("source", &["init", "-q", "-b", "main"]);
        scene.commit("source", "first");
        scene.sync();
        scene.folder.file("base/1/src/node_modules/x/index.js", "code of an agent");
        scene.folder.file("base/1/src/agent.env", "TOKEN=secret");
        scene.folder.file("base/1/src/scratch/notes", "left alone");
        scene
    }

    fn sync(&self) -> SyncReport {
        let request = SyncRequest {
            source: &self.folder.path("source"),
            target: &self.folder.path("base/1/src"),
            excludes: &[],
            search_path: &self.search_path.borrow(),
            now: 1_795_358_700,
            listener: &(),
        };
        sync(&request).unwrap()
    }

    fn git(&self, folder: &str, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args(arguments).current_dir(self.folder.path(folder)).env("GIT_CONFIG_GLOBAL", "/dev/null");
        for name in ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"] {
            command.env(name, "a@b");
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    fn commit(&self, folder: &str, message: &str) {
        self.git(folder, &["add", "-A"]);
        self.git(folder, &["commit", "-q", "-m", message]);
    }

    fn workspace(&self) -> Workspace {
        Workspace::new(&self.folder.path("base"), 1)
    }

    fn try_remove(&self, listener: &dyn Listener) -> Result<bool, WorkspaceError> {
        self.workspace().remove(&RemovalRequest {
            project: "shop",
            label: "slot-1-issue-7",
            search_path: &self.search_path.borrow(),
            now: 1_795_358_700,
            listener,
        })
    }

    /// Removes it, and gives what was saved.
    fn remove(&self) -> Vec<SavedWork> {
        let ear = Ear::default();
        assert!(self.try_remove(&ear).unwrap());
        assert!(!self.folder.path("base/1").exists());
        ear.saved.into_inner().unwrap()
    }

    fn saved_names(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.folder.path("base/saved/shop")) else { return Vec::new() };
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    /// Does what the message says, in a checkout that knows nothing of it.
    fn get_back(&self, saved: &SavedWork) {
        let text = saved.to_string();
        let line = text.split_once("in a checkout: ").unwrap().1.trim_end_matches(')');
        self.folder.folder("checkout");
        self.git("checkout", &["init", "-q"]);
        let done = Command::new("sh").args(["-ec", line]).current_dir(self.folder.path("checkout")).output();
        let done = done.unwrap();
        assert!(done.status.success(), "{line}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

#[test]
fn what_nobody_would_miss_goes_without_a_trace() {
    let scene = Scene::new();
    assert_eq!(scene.remove(), []);
    assert_eq!(scene.saved_names(), [""; 0]);
    assert!(!scene.try_remove(&()).unwrap(), "it is gone");
    let nowhere = Workspace::new(&scene.folder.path("nowhere"), 1);
    assert!(!nowhere.is_there().unwrap() && nowhere.owner().unwrap().is_none());
}

#[test]
fn work_is_saved_and_the_line_says_how_to_get_it_back() {
    let scene = Scene::new();
    scene.folder.file("base/1/src/file", "only here");
    scene.git("base/1/src", &["commit", "-q", "-a", "-m", "a commit of the agent"]);
    let ahead = scene.git("base/1/src", &["rev-parse", "HEAD"]);
    scene.folder.file("base/1/src/file", "not committed");
    scene.folder.file("base/1/src/deep/new", "untracked");
    let [saved] = &scene.remove()[..] else { panic!() };
    let repository = saved.repository.clone().unwrap();
    assert_eq!(repository, scene.folder.path("base/saved/shop/slot-1-issue-7-20261122T144500Z"));
    for path in [&repository, repository.parent().unwrap(), &scene.folder.path("base/saved")] {
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700, "{}", path.display());
    }
    scene.get_back(saved);
    assert_eq!(scene.folder.read("checkout/file").as_deref(), Some("not committed"));
    assert_eq!(scene.folder.read("checkout/deep/new").as_deref(), Some("untracked"));
    scene.git("checkout", &["merge-base", "--is-ancestor", &ahead, "FETCH_HEAD"]);
    scene.git("checkout", &["fsck", "--strict"]);
    // What git ignores or a sync leaves alone is no work, and may be a secret.
    for name in ["node_modules", "agent.env", "scratch"] {
        assert!(!scene.folder.path("checkout").join(name).exists(), "{name}");
    }
}

#[test]
fn a_commit_is_work_and_so_is_what_an_earlier_sync_saved() {
    let scene = Scene::new();
    scene.git("base/1/src", &["checkout", "-q", "-b", "topic"]);
    scene.folder.file("base/1/src/file", "on a branch");
    scene.commit("base/1/src", "a commit of the agent");
    scene.git("base/1/src", &["checkout", "-q", "main"]);
    let [saved] = &scene.remove()[..] else { panic!() };
    scene.get_back(saved);
    assert_eq!(scene.git("checkout", &["show", "FETCH_HEAD^2:file"]), "on a branch");

    let scene = Scene::new();
    scene.folder.file("base/1/src/file", "before a sync");
    scene.folder.file("source/file", "two");
    scene.commit("source", "second");
    scene.sync();
    assert_eq!(scene.folder.read("base/1/src/file").as_deref(), Some("two"));
    let [saved] = &scene.remove()[..] else { panic!() };
    let repository = saved.repository.as_ref().unwrap();
    let older = scene.git(repository.to_str().unwrap(), &["for-each-ref", "--format=%(refname)"]);
    assert_eq!(older.lines().count(), 1, "one second has one name: {older}");
}

#[test]
fn a_shallow_workspace_can_be_got_back_too() {
    let scene = Scene::new();
    scene.folder.file("source/file", "two");
    scene.commit("source", "second");
    let url = format!("file://{}", scene.folder.path("source").display());
    scene.git(".", &["clone", "-q", "--depth", "1", &url, "shallow"]);
    fs::remove_dir_all(scene.folder.path("source")).unwrap();
    fs::remove_dir_all(scene.folder.path("base")).unwrap();
    fs::rename(scene.folder.path("shallow"), scene.folder.path("source")).unwrap();
    scene.sync();
    scene.folder.file("base/1/src/new", "untracked");
    let [saved] = &scene.remove()[..] else { panic!() };
    scene.git(".", &["clone", "-q", saved.repository.as_ref().unwrap().to_str().unwrap(), "clone"]);
    assert_eq!(scene.folder.read("clone/new").as_deref(), Some("untracked"));
    assert_eq!(scene.folder.read("clone/file").as_deref(), Some("two"));
}

#[test]
fn repositories_inside_are_looked_at_too() {
    let scene = Scene::new();
    scene.git(".", &["clone", "-q", "source", "base/1/src/vendor/clean"]);
    scene.git(".", &["clone", "-q", "source", "base/1/src/vendor/changed"]);
    scene.folder.file("base/1/src/vendor/changed/file", "changed");
    let saved = scene.remove();
    let [saved] = &saved[..] else { panic!("{saved:?}") };
    assert_eq!(saved.work_tree, scene.folder.path("base/1/src/vendor/changed"));
    scene.get_back(saved);
    assert_eq!(scene.folder.read("checkout/file").as_deref(), Some("changed"));
}

#[test]
fn what_git_cannot_read_is_kept_as_it_is() {
    let scene = Scene::new();
    scene.folder.file("base/1/src/file", "changed");
    scene.folder.file("base/1/src/.git/index", "no index");
    let ear = Ear::default();
    assert!(scene.try_remove(&ear).unwrap());
    let [kept] = &ear.kept.into_inner().unwrap()[..] else { panic!() };
    assert_eq!(fs::read_to_string(kept.join("file")).unwrap(), "changed");
    assert!(!scene.folder.path("base/1").exists());

    let scene = Scene::new();
    scene.search_path.replace("/nowhere".into());
    let ear = Ear::default();
    assert!(scene.try_remove(&ear).unwrap());
    assert_eq!(ear.kept.into_inner().unwrap().len(), 1, "without git nothing is known");
}

/// What someone does to a workspace.
type Change = fn(&Scene);

#[test]
fn work_beside_a_repository_that_is_none_is_kept_as_it_is() {
    let makes: [(&str, Change); 4] = [
        ("no repository", |scene| fs::remove_dir_all(scene.folder.path("base/1/src/.git")).unwrap()),
        ("a link to one", |scene| {
            fs::rename(scene.folder.path("base/1/src/.git"), scene.folder.path("elsewhere")).unwrap();
            symlink("../../../elsewhere", scene.folder.path("base/1/src/.git")).unwrap();
        }),
        ("a file that names one elsewhere", |scene| {
            fs::rename(scene.folder.path("base/1/src/.git"), scene.folder.path("elsewhere")).unwrap();
            let text = format!("gitdir: {}\n", scene.folder.path("elsewhere").display());
            scene.folder.file("base/1/src/.git", &text);
        }),
        ("a directory within that names one elsewhere", |scene| {
            scene.folder.file("base/1/src/part/.git", "gitdir: /elsewhere\n");
            scene.folder.file("base/1/src/part/new", "work");
        }),
    ];
    for (what, make) in makes {
        let scene = Scene::new();
        scene.folder.file("base/1/src/new", "work");
        make(&scene);
        let ear = Ear::default();
        assert!(scene.try_remove(&ear).unwrap(), "{what}");
        let kept = ear.kept.into_inner().unwrap();
        let [kept] = &kept[..] else { panic!("{what}: {kept:?}") };
        assert_eq!(fs::read_to_string(kept.join("new")).unwrap(), "work", "{what}");
        assert!(!scene.folder.path("base/1").exists(), "{what}");
    }
}

#[test]
fn sources_without_git_leave_a_trace_only_where_someone_worked() {
    let changes: [(&str, Change); 5] = [
        ("nothing", |_| {}),
        ("what the project leaves alone", |scene| scene.folder.file("base/1/src/scratch/notes", "mine")),
        ("a new file", |scene| scene.folder.file("base/1/src/new", "work")),
        ("another content", |scene| scene.folder.file("base/1/src/file", "two")),
        ("a file that is gone", |scene| fs::remove_file(scene.folder.path("base/1/src/file")).unwrap()),
    ];
    for (at, (what, change)) in changes.into_iter().enumerate() {
        let scene = Scene::new();
        fs::remove_dir_all(scene.folder.path("source/.git")).unwrap();
        fs::remove_dir_all(scene.folder.path("base/1/src")).unwrap();
        scene.workspace().note_sync(&scene.sync()).unwrap();
        change(&scene);
        let ear = Ear::default();
        assert!(scene.try_remove(&ear).unwrap(), "{what}");
        assert_eq!(ear.kept.into_inner().unwrap().len(), usize::from(at > 1), "{what}");
        assert!(!scene.folder.path("base/1").exists(), "{what}");
    }
}

#[test]
fn a_sync_overwrites_no_work_that_is_nowhere_else() {
    let scene = Scene::new();
    fs::remove_dir_all(scene.folder.path("source/.git")).unwrap();
    fs::remove_dir_all(scene.folder.path("base/1/src")).unwrap();
    let sync = |ear: &Ear| {
        let search_path = scene.search_path.borrow();
        let request = RemovalRequest {
            project: "shop",
            label: "slot-1-issue-7",
            search_path: &search_path,
            now: 1_795_358_700,
            listener: ear,
        };
        scene.workspace().save_before_sync(&request).unwrap();
        scene.workspace().note_sync(&scene.sync()).unwrap();
    };
    let ear = Ear::default();
    sync(&ear);
    scene.folder.file("base/1/src/scratch/notes", "left alone");
    sync(&ear);
    assert_eq!(scene.saved_names(), [""; 0], "nobody worked there");
    scene.folder.file("base/1/src/file", "changed");
    scene.folder.file("base/1/src/new", "work");
    sync(&ear);
    let [kept] = &ear.kept.into_inner().unwrap()[..] else { panic!() };
    assert_eq!(fs::read_to_string(kept.join("file")).unwrap(), "changed");
    assert_eq!(fs::read_to_string(kept.join("new")).unwrap(), "work");
    assert!(!kept.join("scratch").exists(), "what is left alone stays in place");
    assert_eq!(scene.folder.read("base/1/src/file").as_deref(), Some("one"));
    assert!(!scene.folder.path("base/1/src/new").exists());
    assert_eq!(scene.folder.read("base/1/src/scratch/notes").as_deref(), Some("left alone"));
}

#[test]
fn a_file_that_is_too_large_for_git_is_kept_with_the_whole() {
    let sparse = |scene: &Scene, name: &str| {
        let file = fs::File::create(scene.folder.path(format!("base/1/src/{name}"))).unwrap();
        file.set_len((1 << 30) + 1).unwrap();
    };
    let scene = Scene::new();
    sparse(&scene, "core");
    let ear = Ear::default();
    assert!(scene.try_remove(&ear).unwrap());
    assert_eq!(ear.kept.into_inner().unwrap().len(), 1);

    let scene = Scene::new();
    sparse(&scene, "node_modules/image");
    assert_eq!(scene.remove(), [], "what no one would save may be of any size");
}

#[test]
fn links_lead_nowhere() {
    let scene = Scene::new();
    scene.folder.file("outside/file", "x");
    symlink("../../../outside", scene.folder.path("base/1/src/link")).unwrap();
    let [_] = &scene.remove()[..] else { panic!("the link is new") };
    for (at, text) in [("base/1/src", "../../outside"), ("base/1", "../outside")] {
        let _ = fs::remove_dir_all(scene.folder.path("base/1"));
        if at == "base/1/src" {
            scene.folder.folder("base/1");
        }
        symlink(text, scene.folder.path(at)).unwrap();
        assert!(scene.try_remove(&()).is_err(), "{at}");
        fs::remove_file(scene.folder.path(at)).unwrap();
    }
    assert_eq!(scene.folder.read("outside/file").as_deref(), Some("x"));
}

#[test]
fn a_stopped_removal_goes_on_and_saves_no_deletion() {
    let scene = || {
        let scene = Scene::new();
        scene.folder.file("base/1/src/file", "changed");
        for number in 0..300 {
            scene.folder.file(format!("base/1/src/node_modules/{number}"), "x");
        }
        scene
    };
    for stop in
        [Stop::Asked(1), Stop::Asked(2), Stop::Asked(5), Stop::AskedSinceSaved(1), Stop::AskedSinceSaved(4)]
    {
        let scene = scene();
        let ear = Ear { stop: Some(stop), ..Ear::default() };
        let error = scene.try_remove(&ear).unwrap_err();
        let is_stop = matches!(
            error,
            WorkspaceError::Save(SaveError::Stopped(_)) | WorkspaceError::Removal(RemovalError::Stopped(_))
        );
        assert!(is_stop, "{stop:?}: {error}");
        assert!(scene.workspace().is_there().unwrap(), "{stop:?}");
        let again = Ear::default();
        assert!(scene.try_remove(&again).unwrap());
        let saved: Vec<SavedWork> =
            [ear, again].into_iter().flat_map(|ear| ear.saved.into_inner().unwrap()).collect();
        let [saved] = &saved[..] else { panic!("{stop:?}: {saved:?}") };
        let repository = saved.repository.as_ref().unwrap().to_str().unwrap();
        assert_eq!(scene.git(repository, &["show", "HEAD:file"]), "changed");
    }
}

#[test]
fn an_owner_is_noted_and_goes_with_the_workspace() {
    let scene = Scene::new();
    let workspace = scene.workspace();
    assert_eq!(workspace.owner().unwrap(), None);
    workspace.claim("issue 7").unwrap();
    workspace.claim("issue 8").unwrap();
    assert_eq!(workspace.owner().unwrap().as_deref(), Some("issue 8"));
    scene.remove();
    assert_eq!(workspace.owner().unwrap(), None);
    workspace.claim("issue 9").unwrap();
    assert!(!workspace.is_there().unwrap());
}
