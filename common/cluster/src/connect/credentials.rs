//! A kubeconfig of its own for the programs that hooks start (B6): one context, chosen.
//!
//! Takes a cluster, gives a file that only this user can read and that goes when its holder does: when it is
//! dropped, before a panic ends the process, and, for a process that was killed, when the next one makes its
//! own. Separate from `connect` because it is the one thing here that leaves credentials on disk.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once, PoisonError};

use rustix::process::{Pid, getuid, test_kill_process};

use super::Cluster;

/// What the folders are called, before the process's number.
const PREFIX: &str = "kubectl-codex-";

/// The folders that are there now, for the end of a process that panics.
static HELD: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A kubeconfig on disk, removed when this is dropped.
#[derive(Debug)]
pub struct Credentials {
    folder: PathBuf,
    path: PathBuf,
}

impl Credentials {
    /// Writes the file, in the user's run-time directory, else where temporary files are.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn write(cluster: &Cluster, variables: &BTreeMap<String, String>) -> io::Result<Self> {
        let text = serde_json::to_vec(&cluster.selection.kubeconfig()).map_err(io::Error::other)?;
        let place = |name: &str| variables.get(name).filter(|text| text.starts_with('/')).map(PathBuf::from);
        let places = [place("XDG_RUNTIME_DIR"), place("TMPDIR"), Some(PathBuf::from("/tmp"))];
        let mut reason = io::Error::from(ErrorKind::NotFound);
        for place in places.into_iter().flatten() {
            remove_leftovers(&place);
            match Self::write_in(&place, &text) {
                Ok(credentials) => return Ok(credentials),
                Err(error) => reason = error,
            }
        }
        Err(reason)
    }

    /// The file's path, for `KUBECONFIG`.
    pub fn path(&self) -> &Path {
        &self.path
    }

    #[allow(clippy::disallowed_methods, reason = "the one place where credentials are written")]
    fn write_in(place: &Path, text: &[u8]) -> io::Result<Self> {
        remove_before_panics();
        // Making the folder is what nobody else can have done before: the file then is safe in it.
        let mut number = 0;
        let folder = loop {
            let folder = place.join(format!("{PREFIX}{}-{number}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&folder) {
                Ok(()) => break folder,
                Err(error) if error.kind() == ErrorKind::AlreadyExists && number < 100 => number += 1,
                Err(error) => return Err(error),
            }
        };
        HELD.lock().unwrap_or_else(PoisonError::into_inner).push(folder.clone());
        // From here on dropping it cleans up.
        let credentials = Self { path: folder.join("kubeconfig"), folder };
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&credentials.path)?;
        file.write_all(text)?;
        Ok(credentials)
    }
}

impl Drop for Credentials {
    fn drop(&mut self) {
        remove(&self.folder);
        HELD.lock().unwrap_or_else(PoisonError::into_inner).retain(|folder| folder != &self.folder);
    }
}

/// Removes a folder of ours with all that is in it; programs may have put a lock or a cache beside the file.
#[allow(clippy::disallowed_methods, reason = "the one place where credentials are removed")]
fn remove(folder: &Path) {
    // Whoever removed it before did what is wanted.
    let _ = fs::remove_dir_all(folder);
}

/// Removes all that this process holds, because it is about to end.
pub(crate) fn remove_all() {
    // The thread that ends it may hold the lock: not to wait is better than to hang.
    if let Ok(held) = HELD.try_lock() {
        held.iter().for_each(|folder| remove(folder));
    }
}

/// A panic may end the process without dropping anything; its hook runs before that.
fn remove_before_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            remove_all();
            before(panic);
        }));
    });
}

/// Removes what killed processes of this user left behind.
#[allow(clippy::disallowed_methods, reason = "the one place where credentials are removed")]
fn remove_leftovers(place: &Path) {
    let Ok(entries) = fs::read_dir(place) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let number =
            name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next()?.parse().ok());
        let Some(process) = number.and_then(Pid::from_raw) else {
            continue;
        };
        let is_ours = entry.metadata().is_ok_and(|about| about.is_dir() && about.uid() == getuid().as_raw());
        let is_over = test_kill_process(process) == Err(rustix::io::Errno::SRCH);
        if is_ours && is_over {
            remove(&entry.path());
        }
    }
}
