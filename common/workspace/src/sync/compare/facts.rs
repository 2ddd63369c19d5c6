//! What is known of one name on either side, and the numbers that stand for both trees.
//!
//! Separate from comparing: here is how the system is asked, and what it means when a file went away meanwhile.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::super::error::SyncError;
use super::super::note::Note;
use super::super::print;
use super::folder::Here;
use crate::folder::{About, Entry, FileTime, Kind, about, about_if_there, link_text};
use crate::git::layout::Layered;

/// The time of a file that isn't there.
const LONG_AGO: FileTime = FileTime { seconds: i64::MIN, nanoseconds: 0 };

impl Here<'_> {
    pub(super) fn about_source(&mut self, entry: &Layered) -> Result<Option<About>, SyncError> {
        match about(&self.opened[entry.places[0]], &entry.name) {
            Ok(about) if about.kind == entry.kind => Ok(Some(about)),
            Ok(_) | Err(Errno::NOENT) => {
                let name = self.source_name(Some(entry), &entry.name);
                self.gathered.note(Note::Vanished(name));
                Ok(None)
            }
            Err(error) => Err(SyncError::io("read", &self.source_name(Some(entry), &entry.name), error)),
        }
    }

    pub(super) fn about_target(&self, name: &OsStr) -> Result<Option<About>, SyncError> {
        let Some(target) = &self.target else { return Ok(None) };
        match about_if_there(target, name).map_err(|error| self.unread_target(name, error))? {
            Some(about) => Ok(Some(about)),
            // Whatever it was, it is no file now: one that is nothing like the source's stands for it.
            None => Ok(Some(About { kind: Kind::Special, size: 0, modified: LONG_AGO, mode: 0o644 })),
        }
    }

    pub(super) fn source_text(&mut self, entry: &Layered) -> Result<Option<OsString>, SyncError> {
        match link_text(&self.opened[entry.places[0]], &entry.name) {
            Ok(text) => Ok(Some(text)),
            Err(Errno::NOENT | Errno::INVAL) => {
                let name = self.source_name(Some(entry), &entry.name);
                self.gathered.note(Note::Vanished(name));
                Ok(None)
            }
            Err(error) => Err(SyncError::io("read", &self.source_name(Some(entry), &entry.name), error)),
        }
    }

    pub(super) fn target_text(&self, name: &OsStr) -> Result<Option<OsString>, SyncError> {
        let Some(target) = &self.target else { return Ok(None) };
        match link_text(target, name) {
            Ok(text) => Ok(Some(text)),
            Err(Errno::NOENT | Errno::INVAL) => Ok(None),
            Err(error) => Err(self.unread_target(name, error)),
        }
    }

    pub(super) fn print_both(&mut self, path: &Path, new: &About, old: &About) {
        if path.file_name().is_some_and(|name| print::counts(self.area, name)) {
            self.add_source(print::entry(path, new, None));
            self.add_target(print::entry(path, old, None));
        }
    }

    pub(super) fn print_target(&mut self, entry: &Entry, path: &Path) -> Result<(), SyncError> {
        if print::counts(self.area, &entry.name) {
            let Some(about) = self.about_target(&entry.name)? else { return Ok(()) };
            let text = if entry.kind == Kind::Link { self.target_text(&entry.name)? } else { None };
            self.add_target(print::entry(path, &about, text.as_deref()));
        }
        Ok(())
    }

    pub(super) fn add_source(&mut self, number: u64) {
        self.gathered.plan.source_print = self.gathered.plan.source_print.wrapping_add(number);
    }

    pub(super) fn add_target(&mut self, number: u64) {
        self.gathered.plan.target_print = self.gathered.plan.target_print.wrapping_add(number);
    }

    pub(super) fn source_name(&self, entry: Option<&Layered>, name: &OsStr) -> PathBuf {
        let at = entry.and_then(|entry| entry.places.first()).copied().unwrap_or(0);
        self.sources.get(at).map_or_else(|| PathBuf::from(name), |place| place.name().join(name))
    }

    pub(super) fn unread_source(&self, error: Errno) -> SyncError {
        SyncError::io("read", &self.source_name(None, OsStr::new("")), error)
    }

    pub(super) fn unread_target(&self, name: impl AsRef<Path>, error: Errno) -> SyncError {
        SyncError::io("read", &self.comparison.target.name(&self.path.join(name)), error)
    }
}
