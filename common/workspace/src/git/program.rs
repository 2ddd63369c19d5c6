//! Running `git` on files that an agent wrote.
//!
//! Takes a temporary repository and arguments, gives what `git` printed. Separate because of what must not
//! happen: a repository's config can name programs (filters, monitors, hooks, signers), so `git` never gets to
//! see the agent's own config. It gets a repository of ours with a handful of settings, which borrows the
//! agent's objects, and an environment with nothing else in it.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Seek as _, Write as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use crate::fault::step;

/// How often is asked whether git has ended: first soon, since most of its commands take a moment.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
/// And this much later at most.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// Who saves work, in the eyes of git.
const NAME: &str = "kubectl-codex";
/// There is no such address.
const MAIL: &str = "kubectl-codex@localhost";

/// `git` for one work tree.
pub(crate) struct Git<'a> {
    /// Where `git` is looked for: the variable `PATH`.
    pub(crate) search_path: &'a OsStr,
    /// The temporary repository.
    pub(crate) repository: PathBuf,
    /// The folder with the files.
    pub(crate) work_tree: PathBuf,
    /// Folders with the objects of both sides.
    pub(crate) objects: Vec<PathBuf>,
    /// When it is, in seconds since 1970.
    pub(crate) now: i64,
    /// Whether the user wants it to stop: then git is killed.
    pub(crate) is_stopped: &'a (dyn Fn() -> bool + Sync),
}

/// Why `git` gave no answer.
#[derive(Debug)]
pub(crate) enum GitError {
    /// It isn't installed.
    Missing,
    /// It was killed because the user wants an end.
    Stopped,
    /// It can't be started.
    Start(io::Error),
    /// It says no, and this is what it prints.
    Failed(String),
}

impl Git<'_> {
    /// Runs it with bytes on its standard input, and gives its standard output.
    ///
    /// # Errors
    /// It isn't there or ends with anything but 0.
    #[allow(clippy::disallowed_methods, reason = "the one place where git is started")]
    pub(crate) fn run(
        &self,
        arguments: &[impl AsRef<OsStr>],
        input: Option<(File, &[u8])>,
    ) -> Result<Vec<u8>, GitError> {
        let date = format!("@{} +0000", self.now);
        let mut command = Command::new("git");
        command
            .args(arguments)
            .current_dir(&self.work_tree)
            .env_clear()
            .env("PATH", self.search_path)
            .env("HOME", &self.repository)
            .env("XDG_CONFIG_HOME", &self.repository)
            .env("GIT_DIR", &self.repository)
            .env("GIT_WORK_TREE", &self.work_tree)
            .env("GIT_INDEX_FILE", self.repository.join("index"))
            .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", list(&self.objects))
            .envs([
                ("LC_ALL", "C"),
                ("GIT_CONFIG_NOSYSTEM", "1"),
                ("GIT_CONFIG_GLOBAL", "/dev/null"),
                ("GIT_ATTR_NOSYSTEM", "1"),
                ("GIT_NO_LAZY_FETCH", "1"),
                ("GIT_NO_REPLACE_OBJECTS", "1"),
                ("GIT_TERMINAL_PROMPT", "0"),
                ("GIT_AUTHOR_NAME", NAME),
                ("GIT_AUTHOR_EMAIL", MAIL),
                ("GIT_AUTHOR_DATE", &date),
                ("GIT_COMMITTER_NAME", NAME),
                ("GIT_COMMITTER_EMAIL", MAIL),
                ("GIT_COMMITTER_DATE", &date),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C reaches a whole group: whether git has to end is for us to say.
            .process_group(0);
        if let Some((mut file, bytes)) = input {
            // A file rather than a pipe: nobody has to read and write at the same time.
            file.write_all(bytes).and_then(|()| file.rewind()).map_err(GitError::Start)?;
            command.stdin(file);
        }
        step("run git");
        match self.output(&mut command) {
            _ if (self.is_stopped)() => Err(GitError::Stopped),
            Ok(Output { status, stdout, .. }) if status.success() => Ok(stdout),
            Ok(Output { status, stderr, .. }) => {
                let text = String::from_utf8_lossy(&stderr);
                let text = text.trim();
                Err(GitError::Failed(if text.is_empty() { status.to_string() } else { text.to_owned() }))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(GitError::Missing),
            Err(error) => Err(GitError::Start(error)),
        }
    }

    /// Runs it to its end, or to when the user wants one.
    fn output(&self, command: &mut Command) -> io::Result<Output> {
        let mut child = command.spawn()?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        thread::scope(|scope| {
            let stdout = scope.spawn(|| read_whole(out));
            let stderr = scope.spawn(|| read_whole(err));
            let mut pause = SHORTEST_PAUSE;
            let status = loop {
                if let Some(status) = child.try_wait()? {
                    break status;
                }
                if (self.is_stopped)() {
                    // It may have ended by itself just now.
                    let _ = child.kill();
                    break child.wait()?;
                }
                wait(pause);
                pause = (pause * 2).min(LONGEST_PAUSE);
            };
            let joined = |read: thread::ScopedJoinHandle<'_, io::Result<Vec<u8>>>| {
                read.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            Ok(Output { status, stdout: joined(stdout)?, stderr: joined(stderr)? })
        })
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "the system can wait for a program, but not for a signal as well"
)]
fn wait(pause: Duration) {
    thread::sleep(pause);
}

fn read_whole(from: Option<impl Read>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.map_or(Ok(0), |mut from| from.read_to_end(&mut bytes)).map(|_| bytes)
}

/// Paths in a list as git reads it: between colons, in quotes if they have something special in them.
fn list(paths: &[PathBuf]) -> OsString {
    let quoted: Vec<Vec<u8>> = paths.iter().map(|path| quoted(path)).collect();
    OsString::from_vec(quoted.join(&b':'))
}

fn quoted(path: &Path) -> Vec<u8> {
    let bytes = path.as_os_str().as_bytes();
    if !bytes.iter().any(|byte| matches!(byte, b':' | b'"' | b'\\' | b'\n')) {
        return bytes.to_vec();
    }
    let mut quoted = vec![b'"'];
    for byte in bytes {
        match byte {
            b'"' | b'\\' => quoted.extend([b'\\', *byte]),
            b'\n' => quoted.extend(*b"\\n"),
            other => quoted.push(*other),
        }
    }
    quoted.push(b'"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_survive_any_name() {
        let paths = ["/plain name", "/with:colon", "/with\"quote\\and\nline"].map(PathBuf::from);
        assert_eq!(list(&paths), "/plain name:\"/with:colon\":\"/with\\\"quote\\\\and\\nline\"");
    }
}
