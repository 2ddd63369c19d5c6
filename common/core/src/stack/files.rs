//! The one place where the core reads files.
//!
//! Takes a path and a limit, gives the text or one fact. Reading stops at the limit whatever is behind the
//! path, so devices and pipes can't fill the memory; and only regular files are opened without a time limit
//! ([`special`]).

mod special;

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use thiserror::Error;

use special::Role;

use crate::diagnostic::{Blame, Diagnostic, system_reason};

/// The largest `services.yaml`, in bytes.
pub const MAX_STACK: u64 = 8 << 20;

/// The largest of any other file, in bytes.
pub const MAX_FILE: u64 = 64 << 20;

/// Why a file could not be read.
#[derive(Debug, Error)]
pub enum FileError {
    /// The system says no.
    #[error("cannot read {name}: {reason}")]
    Io {
        /// The path as the user knows it.
        name: String,
        /// The system's reason.
        reason: String,
    },
    /// It is larger than what is read.
    #[error("{name} is larger than {} MiB", limit >> 20)]
    TooLarge {
        /// The path as the user knows it.
        name: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// It belongs to someone else.
    #[error("{name} is outside the project: it is {}", resolved.display())]
    Outside {
        /// The path as the user knows it.
        name: String,
        /// Where it really is.
        resolved: PathBuf,
    },
    /// It isn't text.
    #[error("{name} is not UTF-8 text: the first bad byte is on line {line}")]
    NotText {
        /// The path as the user knows it.
        name: String,
        /// Where the first bad byte stands.
        line: usize,
    },
}

impl From<FileError> for Diagnostic {
    fn from(error: FileError) -> Self {
        let blame = if matches!(error, FileError::Io { .. }) { Blame::Machine } else { Blame::Input };
        let is_outside = matches!(error, FileError::Outside { .. });
        let hint = "a project's files are in the directory of services.yaml or in its git work tree; \
                    `--allow-outside` reads others too";
        Self { blame, ..Self::input(error.to_string()) }.hint(is_outside.then(|| hint.to_owned()))
    }
}

/// Reads a whole text file; a byte order mark at its start is dropped.
///
/// `name` is what messages call it; `limit` is in bytes.
///
/// # Errors
/// It can't be read, is too large, isn't UTF-8, or is a pipe: nobody may ever write to it.
pub fn read_text(path: &Path, name: &str, limit: u64) -> Result<String, FileError> {
    read_as(Role::File, path, name, limit)
}

/// The same for what the user hands to a command as its input, which may be a pipe: `<(command)`, for instance.
///
/// # Errors
/// As [`read_text`]; a pipe is refused only if nobody opens it for writing within ten seconds.
pub fn read_input(path: &Path, name: &str, limit: u64) -> Result<String, FileError> {
    read_as(Role::Input, path, name, limit)
}

/// Whether a file that somebody else is going to open may be opened: it isn't there, or is a regular file.
///
/// # Errors
/// It is a pipe, a device or a socket, and opening it might take for ever.
#[allow(clippy::disallowed_methods, reason = "the one place where files are opened")]
pub fn check_regular(path: &Path, name: &str) -> Result<(), FileError> {
    match std::fs::metadata(path) {
        Ok(about) if !about.is_file() && !about.is_dir() => {
            Err(FileError::Io { name: name.to_owned(), reason: "it is not a regular file".to_owned() })
        }
        _ => Ok(()),
    }
}

#[allow(clippy::disallowed_methods, reason = "the one place where files are opened")]
fn read_as(role: Role, path: &Path, name: &str, limit: u64) -> Result<String, FileError> {
    let io = |error: std::io::Error| FileError::Io { name: name.to_owned(), reason: system_reason(&error) };
    let about = std::fs::metadata(path).map_err(io)?;
    if about.is_dir() {
        return Err(FileError::Io { name: name.to_owned(), reason: "it is a directory".to_owned() });
    }
    let bytes = if about.is_file() {
        let mut bytes = Vec::with_capacity(usize::try_from(about.len().min(limit)).unwrap_or(0) + 1);
        File::open(path).map_err(io)?.take(limit + 1).read_to_end(&mut bytes).map_err(io)?;
        bytes
    } else {
        special::read(path, &about, role, limit + 1).map_err(io)?
    };
    if bytes.len() as u64 > limit {
        return Err(FileError::TooLarge { name: name.to_owned(), limit });
    }
    text_of(bytes, name)
}

/// The path of a file from `folder` on: its name if it is there, else with as many `../` as lead to the nearest
/// directory above that has it. `None` if none has.
#[allow(clippy::disallowed_methods, reason = "the one place where files are looked for")]
pub fn find_above(folder: &Path, name: &str) -> Option<String> {
    let height = folder.ancestors().position(|folder| folder.join(name).is_file())?;
    Some("../".repeat(height) + name)
}

/// The path without links, `.` and `..`, absolute.
///
/// # Errors
/// There is nothing, or the way to it can't be gone.
#[allow(clippy::disallowed_methods, reason = "the one place where files are reached")]
pub fn resolved(path: &Path) -> std::io::Result<PathBuf> {
    path.canonicalize()
}

/// The names in a directory that are links.
///
/// # Errors
/// It can't be read.
#[allow(clippy::disallowed_methods, reason = "the one place where files are reached")]
pub fn links_in(directory: &Path) -> std::io::Result<Vec<OsString>> {
    let mut links = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_symlink() {
            links.push(entry.file_name());
        }
    }
    Ok(links)
}

/// Whether there is anything under that path, a link that leads nowhere included.
#[allow(clippy::disallowed_methods, reason = "the one place where files are reached")]
pub fn is_there(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

/// The text that `bytes` are, without a byte order mark.
///
/// # Errors
/// They aren't UTF-8.
pub fn text_of(bytes: Vec<u8>, name: &str) -> Result<String, FileError> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count() + 1;
        FileError::NotText { name: name.to_owned(), line }
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}
