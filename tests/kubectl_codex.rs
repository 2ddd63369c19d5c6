//! Stories of `kubectl-codex`: it lists the programs of the suite, and becomes one of them.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use codex_tests::{ClusterScene, Expectation, Scene, binary};

/// A scene with folders of programs, which are its `PATH` in the order in which they are first used.
struct Programs {
    scene: Scene,
    folders: Vec<PathBuf>,
}

impl Programs {
    fn new() -> Self {
        Self { scene: Scene::new(), folders: Vec::new() }
    }

    fn folder(&mut self, name: &str) -> PathBuf {
        let folder = self.scene.path(name);
        fs::create_dir_all(&folder).unwrap();
        if !self.folders.contains(&folder) {
            self.folders.push(folder.clone());
        }
        folder
    }

    /// Adds a program that is this line of shell.
    fn script(mut self, folder: &str, name: &str, line: &str) -> Self {
        let path = self.folder(folder).join(name);
        fs::write(&path, format!("#!/bin/sh\n{line}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    /// Adds a program that says this of itself.
    fn program(self, folder: &str, name: &str, version: &str, about: &str) -> Self {
        self.script(
            folder,
            name,
            &format!(
                "case $1 in --version) echo '{name} {version}';; --help) echo '{about}.'; echo more;; esac"
            ),
        )
    }

    /// Adds a name for a program of another folder, as krew does.
    fn link(mut self, folder: &str, name: &str, to: &str) -> Self {
        let (link, to) = (self.folder(folder).join(name), self.scene.path(to));
        symlink(to, link).unwrap();
        self
    }

    /// Runs `kubectl-codex` from a folder in which it is alone.
    fn run(self, arguments: &[&str]) -> Expectation {
        let alone = self.scene.path("alone/kubectl-codex");
        fs::create_dir_all(alone.parent().unwrap()).unwrap();
        fs::copy(binary("kubectl-codex"), &alone).unwrap();
        let system = ["/usr/bin", "/bin"].map(PathBuf::from);
        let path = std::env::join_paths([&self.folders[..], &system].concat()).unwrap();
        self.scene.env("PATH", path).run_program(&alone, arguments)
    }
}

/// Nothing of the release is missing.
fn released() -> Programs {
    Programs::new()
        .program("a", "kubectl-codex-apply", "1.2.0", "Applies things")
        .program("a", "kubectl-codex-render", "1.2.3-rc.1", "Renders things")
        .program("a", "kubectl-codex-slot", "v2.0", "Keeps slots")
}

#[test]
fn the_programs_that_are_installed_are_listed() {
    released()
        .program("a", "codexctl", "1.0.0", "Takes old lines")
        .program("a", "gh-codex-plan", "0.3.0", "Plans an issue")
        .program("a", "git-codex-review-apply", "0.4.0", "Applies a review")
        .program("a", "kubectl-other", "9.9.9", "Is no program of the suite")
        .run(&[])
        .stdout(
            "COMMAND                  VERSION      ABOUT
kubectl codex apply      1.2.0        Applies things
kubectl codex render     1.2.3-rc.1   Renders things
kubectl codex slot       2.0          Keeps slots
codexctl                 1.0.0        Takes old lines
gh codex-plan            0.3.0        Plans an issue
git codex-review-apply   0.4.0        Applies a review
",
        )
        .check();
}

#[test]
fn of_one_name_the_first_on_the_path_counts_and_links_are_no_second_program() {
    released()
        .program("b", "kubectl-codex-apply", "9.9.9", "Is hidden")
        .link("b", "kubectl-codex_apply", "a/kubectl-codex-apply")
        .program("b", "kubectl-codex_look_up", "3.0.0", "Came with krew")
        .link("b", "kubectl-codex_gone", "nowhere")
        .run(&[])
        .stdout(
            "COMMAND                 VERSION      ABOUT
kubectl codex apply     1.2.0        Applies things
kubectl codex render    1.2.3-rc.1   Renders things
kubectl codex slot      2.0          Keeps slots
kubectl codex-look-up   3.0.0        Came with krew
",
        )
        .check();
}

#[test]
fn programs_that_hang_chatter_or_fail_hold_nothing_up() {
    let start = Instant::now();
    let outcome = released()
        .script("a", "kubectl-codex-hangs", "sleep 300")
        .script("a", "kubectl-codex-leaves", "sleep 300 & echo 'leaves 1.0.0'")
        .script("a", "kubectl-codex-chatters", "yes chatter")
        .script("a", "kubectl-codex-fails", "echo 'fails 1.0.0'; exit 3")
        .script("a", "kubectl-codex-lies", "printf '\\033[2Jlies and no number\\n'")
        .script("a", "kubectl-codex-reads", "cat; echo 'reads 1.0.0'")
        .run(&["version"])
        .any_stdout()
        .check();
    let took = start.elapsed();
    assert!(took < Duration::from_secs(30), "{took:?}");
    let expected = format!(
        "kubectl codex {}
kubectl codex apply 1.2.0
kubectl codex chatters -
kubectl codex fails -
kubectl codex hangs -
kubectl codex leaves -
kubectl codex lies -
kubectl codex reads 1.0.0
kubectl codex render 1.2.3-rc.1
kubectl codex slot 2.0
",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(outcome.stdout, expected, "{}", outcome.report("other lines"));
}

#[test]
fn what_is_missing_of_the_release_is_said() {
    Programs::new()
        .program("a", "kubectl-codex-render", "1.0.0", "Renders things")
        .run(&[])
        .any_stdout()
        .stderr("info: not installed: kubectl-codex-apply, kubectl-codex-slot\n")
        .check();
}

#[test]
fn a_program_is_run_as_it_is() {
    let mut programs =
        released().script("a", "kubectl-codex-echo", "cat; echo \"$@\"; echo said >&2; exit 42");
    programs.scene = programs.scene.stdin("input\n");
    programs
        .run(&["echo", "--env", "dev", "--", "-x"])
        .exit(42)
        .stdout("input\n--env dev -- -x\n")
        .stderr("said\n")
        .check();
}

#[test]
fn a_program_that_came_with_krew_is_run_too() {
    let krew = || Programs::new().script("a", "kubectl-codex_look_up", "echo \"$1\"");
    krew().run(&["look-up", "it"]).stdout("it\n").check();
    krew().run(&["help", "look-up"]).stdout("--help\n").check();
}

#[test]
fn the_help_of_a_program_and_of_its_verbs() {
    let help =
        |arguments: &[&str]| released().script("a", "kubectl-codex-echo", "echo \"$@\"").run(arguments);
    help(&["help", "echo"]).stdout("--help\n").check();
    help(&["help", "echo", "verb"]).stdout("verb --help\n").check();
    help(&["help"]).stdout_mentions(&["kubectl codex help render"]).check();
    // The real one shows what was typed.
    let scene = Scene::new();
    scene
        .run("kubectl-codex", &["help", "slot", "ensure"])
        .stdout_mentions(&["kubectl codex slot ensure"])
        .check();
}

#[test]
fn a_program_of_the_release_that_is_not_installed_says_how_to_get_it() {
    Programs::new()
        .program("a", "kubectl-codex-render", "1.0.0", "Renders things")
        .run(&["slot", "list"])
        .fails(
            1,
            &[
                "`kubectl codex slot` is not installed",
                "kubectl krew install codex/codex-slot",
                "make install",
            ],
        );
}

#[test]
fn a_slip_gets_what_was_meant() {
    released().run(&["rendr"]).fails(2, &["unknown program `rendr`", "did you mean `kubectl codex render`?"]);
    released()
        .program("a", "gh-codex-plan", "0.3.0", "Plans an issue")
        .run(&["plan"])
        .fails(2, &["did you mean `gh codex-plan`?"]);
    released()
        .script("a", "kubectl-codex-deploy", "")
        .run(&["help", "deplyo"])
        .fails(2, &["did you mean `kubectl codex deploy`?"]);
    released().run(&["zzzzzz"]).fails(2, &["`kubectl codex` lists the programs that are installed"]);
    released().run(&["../a/kubectl-codex-apply"]).fails(2, &["unknown program"]);
}

#[test]
fn kubectl_finds_it_and_hands_over_what_it_does_not_find() {
    let scene = ClusterScene::new();
    let version = env!("CARGO_PKG_VERSION");
    let run = |line: &str| scene.shell(line).any_stdout().check().stdout;
    assert!(run("kubectl codex").contains(&format!("kubectl codex slot     {version}")));
    assert_eq!(run("kubectl codex render --version"), format!("kubectl codex render {version}\n"));
    assert!(run("kubectl codex help render").starts_with("Prints the manifests"));
    scene.shell("kubectl codex aply").fails(2, &["did you mean `kubectl codex apply`?"]);
}
