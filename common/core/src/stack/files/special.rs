//! What isn't a regular file: pipes, devices, sockets.
//!
//! Takes a path that leads to one, gives its bytes or says why not. Whoever opens a pipe that nobody writes to
//! waits for ever, and deep inside a command no signal is heard. So nothing here is opened or read without a
//! time limit, but for what the user hands to the command as its input. Separate because regular files need
//! none of it.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// How long something may take that is no regular file: to be opened, and all but the user's input to be read.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who names a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The user hands it to the command as input: `-f`, `--var-file`.
    Input,
    /// A file of the project or of the machine.
    File,
}

/// Reads at most `most` bytes of what is no regular file.
///
/// # Errors
/// It is a pipe or a socket in a file's place, nothing comes of it in time, or the system says no.
pub(super) fn read(path: &Path, about: &Metadata, role: Role, most: u64) -> io::Result<Vec<u8>> {
    let kind = about.file_type();
    if kind.is_socket() || (kind.is_fifo() && role == Role::File && !is_handed_over(path)) {
        return Err(refused("it is not a regular file"));
    }
    let (opened, bytes) = on_a_thread(path.to_owned(), most);
    within(&opened, Some(PATIENCE), "nothing writes to it")??;
    let patience = (role == Role::File).then_some(PATIENCE);
    within(&bytes, patience, "it was not read to its end")?
}

/// Whether the process was started with it open, as the shell's `<(command)` is: then somebody writes to it.
fn is_handed_over(path: &Path) -> bool {
    ["/dev/fd/", "/proc/self/fd/", "/dev/stdin"].iter().any(|start| path.to_string_lossy().starts_with(start))
}

type Answer<T> = Receiver<io::Result<T>>;

/// Opens and reads on a thread of its own, which waits alone if nothing comes; tells of both.
#[allow(clippy::disallowed_methods, reason = "opened with a time limit")]
fn on_a_thread(path: PathBuf, most: u64) -> (Answer<()>, Answer<Vec<u8>>) {
    let ((opened, is_opened), (read, is_read)) = (channel(), channel());
    thread::spawn(move || {
        // Whoever doesn't wait any more doesn't need to know.
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) => return drop(opened.send(Err(error))),
        };
        let _ = opened.send(Ok(()));
        let mut bytes = Vec::new();
        let done = file.take(most).read_to_end(&mut bytes);
        let _ = read.send(done.map(|_| bytes));
    });
    (is_opened, is_read)
}

fn within<T>(answer: &Receiver<T>, patience: Option<Duration>, what: &str) -> io::Result<T> {
    let received = match patience {
        Some(patience) => answer.recv_timeout(patience),
        None => answer.recv().map_err(|_| RecvTimeoutError::Disconnected),
    };
    received.map_err(|_| refused(&format!("it is not a regular file, and {what} in {PATIENCE:?}")))
}

fn refused(why: &str) -> io::Error {
    io::Error::other(why.to_owned())
}
