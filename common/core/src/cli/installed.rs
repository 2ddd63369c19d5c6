//! The programs of the suite on this machine: which there are, and becoming one of them.
//!
//! Takes names and the `PATH`, gives files. kubectl, git and gh find their extensions by file names on the
//! `PATH`, so the suite finds its own programs there too.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli::Host;
use crate::diagnostic::{Diagnostic, system_reason};

/// A program on the `PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// What its file is called: `kubectl-codex-render`.
    pub name: String,
    /// The file that is found first.
    pub path: PathBuf,
}

/// The programs on the `PATH` whose names `wanted` wants, by name; of each name the first one that is found.
#[allow(clippy::disallowed_methods, reason = "the one place where the PATH is looked through")]
pub fn installed(host: &Host, wanted: impl Fn(&str) -> bool) -> Vec<Installed> {
    let mut found: Vec<Installed> = Vec::new();
    for folder in folders(host) {
        // Folders of a PATH need not be there.
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let is_new = || found.iter().all(|known| known.name != name);
            if wanted(&name) && is_new() && is_program(&entry.path()) {
                found.push(Installed { name, path: entry.path() });
            }
        }
    }
    found.sort_by(|one, another| one.name.cmp(&another.name));
    found
}

/// The file on the `PATH` that is the first of these programs.
pub fn on_path(host: &Host, names: &[&str]) -> Option<PathBuf> {
    folders(host).find_map(|folder| program_in(&folder, names))
}

/// The file beside this program that is one of these.
#[allow(clippy::disallowed_methods, reason = "the one place where a program looks beside itself")]
pub fn beside(names: &[&str]) -> Option<PathBuf> {
    program_in(std::env::current_exe().ok()?.parent()?, names)
}

fn program_in(folder: &Path, names: &[&str]) -> Option<PathBuf> {
    names.iter().map(|name| folder.join(name)).find(|path| is_program(path))
}

/// The file that a path leads to in the end, through all links; the path itself if that can't be told.
#[allow(clippy::disallowed_methods, reason = "the one place where links of programs are followed")]
pub fn resolved(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Replaces this process by the program of a file, which sees `typed` as its name; comes back only if that
/// doesn't work.
#[allow(clippy::disallowed_methods, reason = "the one place where another program of the suite is started")]
pub fn become_program(path: &Path, typed: &str, words: impl IntoIterator<Item = OsString>) -> Diagnostic {
    let error = Command::new(path).arg0(typed).args(words).exec();
    cannot_start(path, &error)
}

fn cannot_start(path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::machine(format!("cannot start {}: {}", path.display(), system_reason(error)))
}

/// The folders of the `PATH`. Relative ones would find another program in each directory.
fn folders(host: &Host) -> impl Iterator<Item = PathBuf> + use<> {
    let path = host.variable("PATH").map(OsString::from).unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(OsStr::new(&path)).collect();
    folders.into_iter().filter(|folder| folder.is_absolute())
}

/// Whether a path leads to a file that may be executed.
#[allow(clippy::disallowed_methods, reason = "the one place where it is told what a program is")]
fn is_program(path: &Path) -> bool {
    std::fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}
