//! Folders for tests.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder of the test's own, removed at its end.
pub(crate) struct Folder(pub(crate) PathBuf);

#[allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make files and fail by panicking")]
impl Folder {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("codex-workspace-{}-{number}", std::process::id()));
        // Only tests set this up: where it fails, they fail.
        fs::create_dir_all(&path).unwrap();
        // As above.
        Self(path.canonicalize().unwrap())
    }

    /// A path in it.
    pub(crate) fn path(&self, path: impl AsRef<OsStr>) -> PathBuf {
        self.0.join(Path::new(path.as_ref()))
    }

    /// Writes a file, with the folders above it.
    pub(crate) fn file(&self, path: impl AsRef<OsStr>, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        // Only tests set this up: where it fails, they fail.
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // As above.
        fs::write(path, content).unwrap();
    }

    /// Makes a folder, with those above it.
    pub(crate) fn folder(&self, path: impl AsRef<OsStr>) {
        // Only tests set this up: where it fails, they fail.
        fs::create_dir_all(self.path(path)).unwrap();
    }

    /// A file's content, if it is there.
    pub(crate) fn read(&self, path: impl AsRef<OsStr>) -> Option<String> {
        fs::read_to_string(self.path(path)).ok()
    }
}

impl Drop for Folder {
    #[allow(clippy::disallowed_methods, reason = "tests clean up")]
    fn drop(&mut self) {
        // `remove_dir_all` can't go deeper than the system's longest path.
        let _ = std::process::Command::new("rm").arg("-rf").arg(&self.0).status();
    }
}
