//! Carrying out what a comparison found.
//!
//! Takes a [`Plan`], changes the target. The order, so that a process that dies at any point leaves nothing that
//! the next sync doesn't complete:
//!
//! 1. folders are made, those that hold others first;
//! 2. objects of repositories are added: what refs will point to is there before they do;
//! 3. files and links get their new contents, each in one rename;
//! 4. what the source doesn't have goes: nothing is deleted before everything is copied;
//! 5. files that take the place of a folder come in;
//! 6. folders get their times.
//!
//! A file stands under a temporary name until content, permissions and time are right. A temporary file that
//! a dead process left is deleted by the next sync like anything else that the source doesn't have. Nothing
//! waits for the disk: this is about processes that die, not machines.

use std::ffi::OsStr;
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use rustix::fs::{AtFlags, Mode, mkdirat, unlinkat, utimensat};
use rustix::io::Errno;

use super::changes::{FolderChanges, Plan, Put};
use super::error::SyncError;
use super::listener::{Listener, Progress};
use super::note::Note;
use crate::fault::step;
use crate::tree::Tree;

/// How many files a thread takes at once: enough that opening their folder costs nothing beside them.
const BATCH: usize = 64;

/// A sync under way.
pub(super) struct Run<'a> {
    pub(super) target: &'a Tree,
    pub(super) listener: &'a dyn Listener,
    pub(super) threads: NonZero<usize>,
    pub(super) totals: (u64, u64),
    pub(super) files: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) removed: AtomicU64,
    pub(super) temporaries: AtomicU64,
    /// Whether the file systems share blocks between files.
    pub(super) can_share: AtomicBool,
    pub(super) notes: Mutex<Vec<Note>>,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        target: &'a Tree,
        listener: &'a dyn Listener,
        threads: NonZero<usize>,
        plan: &Plan,
    ) -> Self {
        Self {
            target,
            listener,
            threads,
            totals: (plan.files, plan.bytes),
            files: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            removed: AtomicU64::new(0),
            temporaries: AtomicU64::new(0),
            can_share: AtomicBool::new(true),
            notes: Mutex::new(Vec::new()),
        }
    }

    /// Does it all.
    ///
    /// # Errors
    /// The first thing that can't be done.
    pub(super) fn carry_out(&self, plan: &Plan) -> Result<(), SyncError> {
        let folders = &plan.folders;
        for folder in folders {
            self.stop_if_asked()?;
            self.create(folder)?;
        }
        let (objects, others): (Vec<_>, Vec<_>) = folders.iter().partition(|folder| folder.area.only_grows());
        self.in_batches(&objects, |folder| &folder.puts, |folder, puts| self.put_all(folder, puts))?;
        self.in_batches(&others, |folder| &folder.puts, |folder, puts| self.put_all(folder, puts))?;
        for folder in folders.iter().filter(|folder| !folder.modes.is_empty()) {
            self.set_modes(folder)?;
        }
        self.in_batches(&objects, |folder| &folder.removals, |folder, gone| self.unlink_all(folder, gone))?;
        self.in_batches(&others, |folder| &folder.removals, |folder, gone| self.unlink_all(folder, gone))?;
        // From the last path to the first: what lies in a folder goes before it.
        for folder in folders.iter().rev() {
            self.stop_if_asked()?;
            self.remove_folders(folder)?;
        }
        self.in_batches(&others, |folder| &folder.late_puts, |folder, puts| self.put_all(folder, puts))?;
        for folder in folders.iter().rev() {
            self.set_times(folder)?;
        }
        Ok(())
    }

    /// An error if the user wants it to stop.
    fn stop_if_asked(&self) -> Result<(), SyncError> {
        if self.listener.is_stopped() { Err(self.stopped()) } else { Ok(()) }
    }

    pub(super) fn stopped(&self) -> SyncError {
        SyncError::Stopped {
            target: self.target.name(Path::new("")),
            copied: self.files.load(Ordering::Relaxed),
            files: self.totals.0,
            removed: self.removed.load(Ordering::Relaxed),
        }
    }

    /// Hands out what folders have to do, in pieces.
    fn in_batches<'b, T: Sync + 'b>(
        &self,
        folders: &[&'b FolderChanges],
        list: impl Fn(&'b FolderChanges) -> &'b Vec<T>,
        work: impl Fn(&'b FolderChanges, &'b [T]) -> Result<(), SyncError> + Sync,
    ) -> Result<(), SyncError> {
        let batches: Vec<(&FolderChanges, &[T])> = folders
            .iter()
            .flat_map(|folder| list(folder).chunks(BATCH).map(move |batch| (*folder, batch)))
            .collect();
        let next = AtomicUsize::new(0);
        let first_error = Mutex::new(None);
        let thread = || {
            while let Some((folder, batch)) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                if let Err(error) = self.stop_if_asked().and_then(|()| work(folder, batch)) {
                    next.store(batches.len(), Ordering::Relaxed);
                    first_error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                }
            }
        };
        if batches.len() > 1 {
            thread::scope(|scope| {
                for _ in 1..self.threads.get().min(batches.len()) {
                    scope.spawn(thread);
                }
                thread();
            });
        } else {
            thread();
        }
        match first_error.into_inner().unwrap_or_else(PoisonError::into_inner) {
            // The other threads did some more.
            Some(SyncError::Stopped { .. }) => Err(self.stopped()),
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn create(&self, folder: &FolderChanges) -> Result<(), SyncError> {
        let (Some(creation), Some(name)) = (folder.creation, folder.path.file_name()) else { return Ok(()) };
        let failed = |error| SyncError::io("make", &self.target.name(&folder.path), error);
        let parent = self.open(folder.path.parent().unwrap_or(Path::new("")))?;
        if creation.replaces {
            step("make way for a folder");
            match unlinkat(&parent, name, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        // Its owner can always go in and change it: permissions aren't kept in step, and a folder that can't be
        // written in could never be synced again.
        let mode = Mode::from_raw_mode((creation.mode | 0o700) as rustix::fs::RawMode);
        step("make a folder");
        match mkdirat(&parent, name, mode) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }

    fn put_all(&self, folder: &FolderChanges, puts: &[Put]) -> Result<(), SyncError> {
        let target = self.open(&folder.path)?;
        let mut sources: Vec<Option<OwnedFd>> = folder.sources.iter().map(|_| None).collect();
        for put in puts {
            self.put(folder, &target, &mut sources, put)?;
        }
        Ok(())
    }

    fn set_modes(&self, folder: &FolderChanges) -> Result<(), SyncError> {
        let target = self.open(&folder.path)?;
        for (name, mode) in &folder.modes {
            self.set_mode(&target, name, *mode).map_err(|error| {
                SyncError::io("change the permissions of", &self.name(folder, name), error)
            })?;
        }
        Ok(())
    }

    fn unlink_all(
        &self,
        folder: &FolderChanges,
        removals: &[super::changes::Removal],
    ) -> Result<(), SyncError> {
        let files = || removals.iter().filter(|removal| !removal.is_folder);
        if files().next().is_none() {
            return Ok(());
        }
        let target = self.open(&folder.path)?;
        for removal in files() {
            step("delete a file");
            match unlinkat(&target, &removal.name, AtFlags::empty()) {
                Ok(()) => self.count_removed(),
                Err(Errno::NOENT) => {}
                Err(error) => {
                    return Err(SyncError::io("delete", &self.name(folder, &removal.name), error));
                }
            }
        }
        Ok(())
    }

    fn remove_folders(&self, folder: &FolderChanges) -> Result<(), SyncError> {
        let folders = || folder.removals.iter().filter(|removal| removal.is_folder);
        if folders().next().is_none() {
            return Ok(());
        }
        let target = self.open(&folder.path)?;
        for removal in folders() {
            step("delete a folder");
            match unlinkat(&target, &removal.name, AtFlags::REMOVEDIR) {
                Ok(()) => self.count_removed(),
                Err(Errno::NOENT) => {}
                Err(Errno::NOTEMPTY | Errno::EXIST) => {
                    self.note(Note::NotEmpty(self.name(folder, &removal.name)));
                }
                Err(error) => {
                    return Err(SyncError::io("delete", &self.name(folder, &removal.name), error));
                }
            }
        }
        Ok(())
    }

    fn set_times(&self, folder: &FolderChanges) -> Result<(), SyncError> {
        if folder.link_times.is_empty() && folder.time.is_none() {
            return Ok(());
        }
        let target = self.open(&folder.path)?;
        let links = folder.link_times.iter().map(|(name, time)| (name.as_os_str(), *time));
        let own = folder.time.map(|time| (OsStr::new("."), time));
        for (name, time) in links.chain(own) {
            step("set a time");
            match utimensat(&target, name, &time.alone(), AtFlags::SYMLINK_NOFOLLOW) {
                // Someone else's folder may be changed, but only its owner can turn back the clock; it is not
                // worth failing for.
                Ok(()) | Err(Errno::NOENT | Errno::PERM | Errno::ACCESS) => {}
                Err(error) => {
                    return Err(SyncError::io("set the time of", &self.name(folder, name), error));
                }
            }
        }
        Ok(())
    }

    pub(super) fn open(&self, path: &Path) -> Result<OwnedFd, SyncError> {
        self.target.folder(path).map_err(|error| SyncError::io("open", &self.target.name(path), error))
    }

    pub(super) fn name(&self, folder: &FolderChanges, name: &OsStr) -> std::path::PathBuf {
        self.target.name(&folder.path).join(name)
    }

    pub(super) fn note(&self, note: Note) {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(note);
    }

    fn count_removed(&self) {
        self.removed.fetch_add(1, Ordering::Relaxed);
    }

    /// Says how far copying is.
    pub(super) fn progress(&self) {
        self.listener.progress(&Progress {
            files: self.files.load(Ordering::Relaxed),
            files_total: self.totals.0,
            bytes: self.bytes.load(Ordering::Relaxed),
            bytes_total: self.totals.1,
        });
    }
}
