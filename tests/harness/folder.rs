//! Folders of a scene: copying, listing, and removing them when the story is over.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder that is removed with the value, unless `KEEP_SCENES` is set.
pub struct TemporaryFolder {
    path: PathBuf,
}

impl TemporaryFolder {
    /// An empty folder with a name of its own.
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("codex-scene-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        // macOS hands out a link; programs print where it leads.
        let path = path.canonicalize().unwrap();
        Self { path }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Default for TemporaryFolder {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        if std::env::var_os("KEEP_SCENES").is_none() {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Copies the files of `from` into `to`, which is made when it isn't there.
pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}

/// The files below `folder`, one relative path and size per line, sorted.
pub(crate) fn listing(folder: &Path) -> String {
    let mut lines = Vec::new();
    collect(folder, folder, &mut lines);
    lines.sort();
    lines.concat()
}

fn collect(root: &Path, folder: &Path, lines: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = path.strip_prefix(root).unwrap_or(&path).display();
        match fs::symlink_metadata(&path) {
            Ok(data) if data.is_dir() => collect(root, &path, lines),
            Ok(data) => lines.push(format!("  {name} ({} bytes)\n", data.len())),
            Err(error) => lines.push(format!("  {name} ({error})\n")),
        }
    }
}
