//! Which files are the project's own: those in its directory, or in the git work tree around it.
//!
//! A manifest may come from anybody's pull request, and what it names is printed or applied. So a file is asked
//! where it really is, links and `..` resolved, before it is read.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::diagnostic::{Diagnostic, Place};

use super::Mode;
use super::files::{self, FileError};

/// What happens to a file outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outside {
    /// It is refused.
    Refused,
    /// It is read, with a warning.
    Warned,
    /// It is read.
    Allowed,
}

impl Outside {
    /// What `mode` does with it, and `--allow-outside`.
    pub fn of(mode: Mode, is_allowed: bool) -> Self {
        match mode {
            _ if is_allowed => Self::Allowed,
            Mode::Plain => Self::Refused,
            Mode::Codexctl => Self::Warned,
        }
    }
}

/// The directory that a project's files are to be in.
#[derive(Debug, Clone)]
pub struct Boundary {
    /// What relative paths start from.
    root: PathBuf,
    /// The git work tree around it or, without one, itself; links resolved.
    inside: PathBuf,
    outside: Outside,
    /// Directories that were looked at already, by what the project calls them: there are many files in few of
    /// them, and asking the system about each file would take a tenth of the time of rendering it.
    directories: Arc<Mutex<HashMap<String, Directory>>>,
}

/// A directory that files are in.
#[derive(Debug)]
struct Directory {
    /// Where it really is.
    real: PathBuf,
    /// Whether that is inside.
    is_inside: bool,
    /// The names in it that are links.
    links: Vec<OsString>,
}

/// A file that was read.
#[derive(Debug)]
pub struct Inspected {
    /// Its text.
    pub text: String,
    /// Where it really is, if that is outside and worth a warning.
    pub warned: Option<PathBuf>,
}

impl Boundary {
    /// The boundary of the project in the directory `root`.
    pub fn around(root: &Path, outside: Outside) -> Self {
        // What can't be resolved can't be read either: the message about that is the better one.
        let real = files::resolved(root).unwrap_or_else(|_| root.to_owned());
        let work_tree = real.ancestors().find(|directory| files::is_there(&directory.join(".git")));
        let inside = work_tree.unwrap_or(&real).to_owned();
        Self { root: root.to_owned(), inside, outside, directories: Arc::default() }
    }

    /// Reads the text file that the project calls `name`; `limit` is in bytes.
    ///
    /// # Errors
    /// As [`files::read_text`], and if it is outside where that is refused.
    pub fn read(&self, name: &str, limit: u64) -> Result<Inspected, FileError> {
        if self.outside == Outside::Allowed {
            return Ok(Inspected {
                text: files::read_text(&self.root.join(name), name, limit)?,
                warned: None,
            });
        }
        let (real, is_inside) = self.resolved(name).unwrap_or_else(|| self.judged(self.root.join(name)));
        if !is_inside && self.outside == Outside::Refused {
            return Err(FileError::Outside { name: name.to_owned(), resolved: real });
        }
        let text = files::read_text(&real, name, limit)?;
        let warned = (!is_inside && self.outside == Outside::Warned).then_some(real);
        Ok(Inspected { text, warned })
    }

    /// Where a file really is, and whether that is inside; `None` if it isn't there.
    fn resolved(&self, name: &str) -> Option<(PathBuf, bool)> {
        let (directory, file) = match name.rfind('/') {
            Some(slash) => name.split_at(slash + 1),
            None => ("", name),
        };
        if matches!(file, "" | "." | "..") {
            return Some(self.judged(files::resolved(&self.root.join(name)).ok()?));
        }
        let mut known = self.directories.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.contains_key(directory) {
            let path = self.root.join(directory);
            let (real, is_inside) = self.judged(files::resolved(&path).ok()?);
            known.insert(
                directory.to_owned(),
                Directory { real, is_inside, links: files::links_in(&path).ok()? },
            );
        }
        let found = known.get(directory)?;
        let path = found.real.join(file);
        match found.links.iter().any(|link| link == file) {
            true => Some(self.judged(files::resolved(&path).ok()?)),
            false => Some((path, found.is_inside)),
        }
    }

    fn judged(&self, real: PathBuf) -> (PathBuf, bool) {
        let is_inside = real.starts_with(&self.inside);
        (real, is_inside)
    }
}

impl Inspected {
    /// The warning that the file `name`, named at `place`, is outside.
    pub fn warning(&self, name: &str, place: Option<Place>) -> Option<Diagnostic> {
        let real = self.warned.as_ref()?;
        let message = Diagnostic::warning(format!("{name} is outside the project: it is {}", real.display()))
            .hint(Some("`--allow-outside` says that this is meant".to_owned()));
        Some(match place {
            Some(place) => message.at(place),
            None => message,
        })
    }
}
