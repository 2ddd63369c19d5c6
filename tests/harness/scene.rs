//! One story: a folder, an environment, and the program that runs in them.

use std::ffi::OsString;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::binary::{binary, repository};
use crate::folder::{TemporaryFolder, copy_folder, listing};
use crate::outcome::{Expectation, Outcome};
use crate::terminal::Terminal;

/// Hardly a command of the suite needs longer on any input; an endless one must not hang the tests.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A folder with a project in it, an empty environment, and a home of its own.
///
/// Programs run in `project/`; in what they print, the scene's own folder is cut from
/// the front of paths, so that expectations say `/project/services.yaml`.
pub struct Scene {
    folder: TemporaryFolder,
    environment: Vec<(OsString, OsString)>,
    stdin: Vec<u8>,
    programs: Vec<PathBuf>,
    time_limit: Duration,
}

impl Default for Scene {
    fn default() -> Self {
        Self::new()
    }
}

impl Scene {
    /// An empty project folder and an environment that holds nothing but `HOME`.
    pub fn new() -> Self {
        let folder = TemporaryFolder::new();
        for name in ["home", "project"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let home = folder.path().join("home").into_os_string();
        Self {
            folder,
            environment: vec![("HOME".into(), home)],
            stdin: Vec::new(),
            programs: Vec::new(),
            time_limit: TIME_LIMIT,
        }
    }

    /// A copy of `examples/shop`.
    pub fn shop() -> Self {
        Self::new().copy(&repository().join("examples/shop"))
    }

    /// Copies the files of a folder into the project.
    pub fn copy(self, from: &Path) -> Self {
        copy_folder(from, &self.project());
        self
    }

    /// Copies the files of a folder into a folder of the project.
    pub fn copy_to(self, from: &Path, to: &str) -> Self {
        copy_folder(from, &self.path(to));
        self
    }

    /// Writes a file of the project, with the folders it needs.
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// Replaces `from`, which must occur exactly once, in a file of the project.
    pub fn replace(self, path: &str, from: &str, to: &str) -> Self {
        let text = fs::read_to_string(self.path(path)).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{from:?} in {path}");
        self.file(path, text.replace(from, to))
    }

    /// Sets a variable of the environment.
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// What the program finds on its standard input; nothing unless this is called.
    pub fn stdin(mut self, text: impl AsRef<[u8]>) -> Self {
        self.stdin = text.as_ref().to_vec();
        self
    }

    /// Lets lines of shell find the programs of a folder.
    pub fn programs(mut self, folder: &Path) -> Self {
        self.programs.push(folder.into());
        self
    }

    /// Gives programs more time than a minute, for stories of great patience.
    pub fn time_limit(mut self, longest: Duration) -> Self {
        self.time_limit = longest;
        self
    }

    /// The folder that programs run in.
    pub fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    /// A path inside the project.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.project().join(relative)
    }

    /// Runs a binary of the suite.
    pub fn run(&self, name: &str, arguments: &[&str]) -> Expectation {
        self.run_program(&binary(name), arguments)
    }

    /// Runs `kubectl-codex-render`.
    pub fn render(&self, arguments: &[&str]) -> Expectation {
        self.run("kubectl-codex-render", arguments)
    }

    /// Runs a binary of the suite through a link with another name, as kubectl and krew do.
    pub fn run_as(&self, link: &str, name: &str, arguments: &[&str]) -> Expectation {
        let link = self.folder.path().join(link);
        if !link.exists() {
            std::os::unix::fs::symlink(binary(name), &link).unwrap();
        }
        self.run_program(&link, arguments)
    }

    /// Runs a line of shell in the project, with the suite's binaries on the `PATH`.
    pub fn shell(&self, script: &str) -> Expectation {
        let own = binary("kubectl-codex-render");
        let own = own.parent().unwrap().to_path_buf();
        let system = ["/usr/bin", "/bin"].map(PathBuf::from);
        let folders = [&[own], &self.programs[..], &system].concat();
        let path = std::env::join_paths(folders).unwrap();
        let script = format!("export PATH='{}'\n{script}", path.display());
        self.run_program(Path::new("/bin/sh"), &["-c", &script])
    }

    /// Runs a binary of the suite with this standard input.
    pub fn run_with(&self, name: &str, arguments: &[&str], input: impl AsRef<[u8]>) -> Expectation {
        self.run_program_with(&binary(name), arguments, input)
    }

    /// Runs a program and waits for it.
    ///
    /// # Panics
    ///
    /// When it takes longer than a minute, or the scene's own time limit.
    pub fn run_program(&self, program: &Path, arguments: &[&str]) -> Expectation {
        self.run_program_with(program, arguments, &self.stdin)
    }

    /// Runs a program with this standard input and waits for it.
    ///
    /// # Panics
    ///
    /// When it takes longer than a minute, or the scene's own time limit.
    pub fn run_program_with(
        &self,
        program: &Path,
        arguments: &[&str],
        input: impl AsRef<[u8]>,
    ) -> Expectation {
        let mut child = self.start(program, arguments);
        let mut stdin = child.stdin.take().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let input = input.as_ref().to_vec();
        // A program may end without reading its input: a closed pipe is no failure here.
        let write = thread::spawn(move || drop(stdin.write_all(&input)));
        let out = thread::spawn(move || read_all(&mut stdout));
        let err = thread::spawn(move || read_all(&mut stderr));
        let command = command_line(program, arguments);
        let status = wait(&mut child, &command, self.time_limit);
        write.join().unwrap();
        let outcome = Outcome {
            command,
            listing: listing(&self.project()),
            stdout: self.shorten_paths(&out.join().unwrap()),
            stderr: self.shorten_paths(&err.join().unwrap()),
            exit: exit_code(status),
        };
        Expectation::of(outcome)
    }

    /// Starts a program with its three streams piped, for stories that need the process itself.
    pub fn start(&self, program: &Path, arguments: &[&str]) -> Child {
        self.command(program, arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run {}: {error}", program.display()))
    }

    /// Starts a binary of the suite with this standard input, and with its output on a terminal of this size.
    pub fn on_terminal(
        &self,
        (rows, columns): (u16, u16),
        name: &str,
        arguments: &[&str],
        input: impl AsRef<[u8]>,
    ) -> Terminal {
        let mut terminal = Terminal::start(rows, columns, self.command(&binary(name), arguments));
        terminal.type_in(input.as_ref());
        terminal
    }

    /// The program in this scene; only its standard input is set.
    fn command(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.project())
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped());
        command
    }

    fn shorten_paths(&self, text: &[u8]) -> String {
        let folder = self.folder.path().to_str().unwrap();
        String::from_utf8_lossy(text).replace(folder, "")
    }
}

fn read_all(stream: &mut impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

fn wait(child: &mut Child, command: &str, longest: Duration) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if start.elapsed() > longest {
            child.kill().unwrap();
            panic!("{command}: no end after {longest:?}");
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// The exit code as a shell reports it: 128 and the signal's number for a killed program.
fn exit_code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}

fn command_line(program: &Path, arguments: &[&str]) -> String {
    let name = program.file_name().unwrap().to_string_lossy().into_owned();
    arguments.iter().fold(name, |line, argument| {
        if argument.contains([' ', '\n', '"', '{']) || argument.is_empty() {
            line + &format!(" '{argument}'")
        } else {
            line + " " + argument
        }
    })
}
