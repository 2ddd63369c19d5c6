//! Stories of what lies on this machine: workspaces, saved work and data directories are for one slot alone.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

use codex_tests::binary;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use super::done;
use super::project::{Project, fails};

/// The project in a repository, which leaves out what agents need for themselves.
fn in_git() -> Project {
    let project = Project::new().file(".codexignore", "node_modules\n*.env\n");
    git(
        &project,
        &project.scene.scene().project(),
        "git init -q . && git add -A && git -c user.name=a -c user.email=a@b commit -qm first",
    );
    project
}

fn git(project: &Project, folder: &Path, line: &str) -> String {
    let script =
        format!("cd '{}' && export HOME=/nonexistent GIT_CONFIG_NOSYSTEM=1 && {line}", folder.display());
    done(project.scene.shell(&script)).stdout
}

/// An agent's files in the workspace of slot 1: work, and what a sync leaves alone.
fn work(project: &Project) {
    let workspace = project.base().join("1/src");
    fs::create_dir_all(workspace.join("node_modules/x")).unwrap();
    fs::write(workspace.join("node_modules/x/index.js"), "code").unwrap();
    fs::write(workspace.join("agent.env"), "TOKEN=a-token").unwrap();
    fs::write(workspace.join("new.txt"), "the agent's work").unwrap();
}

/// The names in a folder; none if it isn't there.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn nothing_of_the_old_one(project: &Project) {
    let workspace = project.base().join("1/src");
    assert!(workspace.join("services.yaml").is_file(), "it is synced");
    for name in ["node_modules", "agent.env", "new.txt"] {
        assert!(!workspace.join(name).exists(), "{name}");
    }
}

#[test]
fn cleanup_removes_the_workspace_and_says_where_its_work_is() {
    let project = in_git();
    done(project.slot(&["ready", "--issue", "7"]));
    work(&project);
    let workspace = "/slots/1/src";
    let outcome = done(project.slot(&["cleanup", "--issue", "7", "--with-configmap", "--dry-run"]));
    assert!(
        outcome.stdout.contains(&format!("directory {workspace} deleted (dry run)")),
        "{}",
        outcome.report("dry run")
    );
    assert!(project.base().join("1/src/agent.env").exists());

    let outcome = done(project.slot(&["cleanup", "--issue", "7", "--with-configmap"]));
    assert!(
        outcome.stdout.contains(&format!("directory {workspace} deleted\n")),
        "{}",
        outcome.report("not said")
    );
    assert!(!project.base().join("1").exists());
    let line = outcome.stderr.split_once("in a checkout: ").and_then(|(_, rest)| rest.split_once(')'));
    let (line, _) = line.unwrap_or_else(|| panic!("{}", outcome.report("how to get it back")));
    // Outcomes leave the scene's own folder out.
    let line = line.replace("/slots/", &format!("{}/", project.base().display()));
    git(&project, &project.scene.scene().project(), &line);
    let work = fs::read_to_string(project.scene.scene().path("new.txt")).unwrap();
    assert_eq!(work, "the agent's work");
    assert!(!project.scene.scene().path("agent.env").exists(), "no secret is saved");
    fs::remove_file(project.scene.scene().path("new.txt")).unwrap();

    done(project.slot(&["ready", "--issue", "8"]));
    nothing_of_the_old_one(&project);
}

#[test]
fn the_next_issue_begins_with_nothing_though_the_slot_was_cleaned_up_elsewhere() {
    let project = in_git();
    done(project.slot(&["ready", "--issue", "7"]));
    work(&project);
    // Another machine, where there are no workspaces.
    done(project.slot(&["cleanup", "--issue", "7", "--with-configmap", "--code-root-base", "elsewhere"]));
    assert!(project.base().join("1/src/agent.env").exists());
    let outcome = done(project.slot(&["ready", "--issue", "8"]));
    assert!(outcome.stderr.contains("is of an earlier use of the slot"), "{}", outcome.report("not said"));
    assert!(outcome.stderr.contains("slot-1-issue-7-"), "{}", outcome.report("whose work it is"));
    nothing_of_the_old_one(&project);
}

#[test]
fn ready_again_keeps_the_work_of_its_own_issue() {
    let project = in_git();
    // The first apply isn't done: the slot is as new as after a crash.
    done(project.slot(&["ready", "--issue", "7"]));
    work(&project);
    project.ready(&["--issue", "7"]);
    assert!(project.base().join("1/src/agent.env").exists());
    assert_eq!(project.record(1)["data"]["fresh"], json!(null));
    // Its namespace is lost, and the slot made anew; the work is still of the same issue.
    project.delete_namespace(&project.namespace(1));
    project.ready(&["--issue", "7"]);
    assert!(project.base().join("1/src/node_modules/x/index.js").exists());
    assert!(!project.base().join("saved").exists());
}

#[test]
fn saved_work_goes_when_its_time_is_over() {
    let project = Project::new();
    let saved = project.base().join("saved").join(project.scene.name());
    let (old, young) =
        (saved.join("slot-1-issue-7-20200101T000000Z"), saved.join("slot-1-issue-8-20991231T000000Z"));
    let shown = format!("/slots/saved/{}/slot-1-issue-7-20200101T000000Z", project.scene.name());
    for path in [&old, &young] {
        fs::create_dir_all(path.join("objects")).unwrap();
    }
    let outcome = done(project.slot(&["gc", "--ttl", "24h", "--dry-run"]));
    assert_eq!(outcome.stdout, format!("directory {shown} deleted (dry run)\n"));
    done(project.slot(&["gc", "--ttl", "24h", "--saved-ttl", "0"]));
    assert!(old.exists());
    let outcome = done(project.slot(&["gc", "--ttl", "24h"]));
    assert_eq!(outcome.stdout, format!("directory {shown} deleted\n"));
    assert_eq!(names(&saved), ["slot-1-issue-8-20991231T000000Z"]);
}

#[test]
fn a_link_to_another_slots_data_is_refused() {
    let project = Project::new();
    done(project.slot(&["ready", "--issue", "7"]));
    done(project.slot(&["ready", "--issue", "8"]));
    let (mine, others) = (project.fill_data(1), project.fill_data(2));
    fs::remove_dir_all(mine.parent().unwrap()).unwrap();
    symlink("../ai-2/db", project.data(1)).unwrap();
    let named = "/data/ai-1/db is a symbolic link";
    fails(
        project.slot(&["ready", "--issue", "7"]),
        1,
        &[named, "below `dataPaths.root` no link is followed"],
    );
    fails(project.slot(&["cleanup", "--issue", "7", "--with-configmap"]), 1, &[named]);
    assert_eq!(fs::read_to_string(others).unwrap(), "rows");
    fs::remove_file(project.data(1)).unwrap();
    done(project.slot(&["cleanup", "--issue", "7", "--with-configmap"]));
}

#[test]
fn a_signal_ends_a_sync_and_the_next_goes_on() {
    let project = Project::new();
    let source = project.scene.scene().project();
    for number in 0..20_000 {
        let folder = source.join(format!("files/{}", number % 50));
        if number < 50 {
            fs::create_dir_all(&folder).unwrap();
        }
        fs::write(folder.join(number.to_string()), "x").unwrap();
    }
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let program = binary("kubectl-codex-slot");
        let mut child = project.scene.scene().start(&program, &["ready", "--issue", "7"]);
        let copied = project.base().join("1/src/files");
        let limit = Instant::now() + Duration::from_secs(60);
        while names(&copied).is_empty() {
            assert!(Instant::now() < limit && child.try_wait().unwrap().is_none(), "it never began");
        }
        let start = Instant::now();
        kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let code = child.wait().unwrap().code();
        assert_eq!(code, Some(130), "{signal}: {said}");
        assert!(
            said.contains("stopped while syncing to") && said.contains("running it again goes on"),
            "{said}"
        );
        assert!(start.elapsed() < Duration::from_secs(3), "{signal}: {:?}", start.elapsed());
        // The second signal of the loop finds some of it done.
        fs::remove_dir_all(&copied).unwrap();
    }
    done(project.slot(&["ready", "--issue", "7"]));
    assert_eq!(names(&project.base().join("1/src/files")).len(), 50);
}

#[test]
fn a_pipe_in_place_of_a_kubeconfig_is_not_waited_for() {
    let project = Project::new();
    done(project.scene.shell("mkfifo pipe"));
    let start = Instant::now();
    fails(project.slot(&["list", "--kubeconfig", "pipe"]), 1, &["pipe", "it is not a regular file"]);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let project = Project::new();
    // A lock that somebody holds is waited for; the hook of a deploy has its time to end.
    let services = fs::read_to_string(project.scene.scene().path("services.yaml")).unwrap();
    let hook = "hooks:\n  beforeAll: [{name: slow, run: 'trap \"\" TERM INT; echo begun; sleep 100'}]\n";
    let project = project.file("services.yaml", &format!("{services}{hook}"));
    let program = binary("kubectl-codex-slot");
    let mut child = project.scene.scene().start(&program, &["ready", "--issue", "7", "--apply"]);
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("begun") {
        assert!(stderr.read_line(&mut said).unwrap() > 0, "{said}");
    }
    let process = Pid::from_raw(child.id().cast_signed());
    kill(process, Signal::SIGTERM).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let start = Instant::now();
    kill(process, Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}
