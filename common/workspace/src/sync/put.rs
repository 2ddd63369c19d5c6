//! One file or link brought into place.
//!
//! Takes an opened folder of the target and what is to stand in it, leaves it there. Separate from the order of
//! a sync because all of what makes a single file safe is here: a name of its own until it is complete, and no
//! link followed on either side.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;

use rustix::fs::{
    AtFlags, Mode, OFlags, RawMode, fchmod, futimens, openat, renameat, symlinkat, unlinkat, utimensat,
};
use rustix::io::{Errno, read};

use super::area::TEMPORARY;
use super::changes::{Content, FolderChanges, Put};
use super::error::SyncError;
use super::note::Note;
use super::run::Run;
use crate::fault::step;
use crate::folder::{About, open_file, with_executability};
use crate::replace::write_all;

/// How much is copied at a time, in bytes.
const PIECE: usize = 1 << 20;

/// Files up to this length, in bytes, are read and written: for them that is quicker than asking the kernel to
/// copy.
const SMALL: u64 = 64 << 10;

/// Why a file isn't there after all.
enum Failure {
    /// The source's file is gone or is no file any more.
    Vanished,
    Read(Errno),
    Write(Errno),
    /// The user wants it to stop.
    Stopped,
}

impl Run<'_> {
    /// Brings one file or link into place.
    pub(super) fn put(
        &self,
        folder: &FolderChanges,
        target: &OwnedFd,
        sources: &mut [Option<OwnedFd>],
        put: &Put,
    ) -> Result<(), SyncError> {
        let done = match &put.content {
            Content::Link { text, modified } => self.put_link(target, &put.name, text, |name| {
                utimensat(target, name, &modified.alone(), AtFlags::SYMLINK_NOFOLLOW)
            }),
            Content::Bytes { bytes, mode, modified } => {
                self.put_file(target, &put.name, *mode, None, |file| {
                    write_all(file, bytes).map_err(Failure::Write)?;
                    self.count_bytes(bytes.len());
                    match modified {
                        Some(modified) => futimens(file, &modified.alone()).map_err(Failure::Write),
                        None => Ok(()),
                    }
                })
            }
            Content::File { source, replaced_mode, .. } => {
                let place = &folder.sources[*source];
                let from = match &mut sources[*source] {
                    Some(from) => Ok(from),
                    none => place.tree.folder(&place.path).map(|from| none.insert(from)),
                };
                match from.map_err(gone).and_then(|from| open_file(from, &put.name).map_err(gone)) {
                    Ok((from, about)) => self.copy(&from, &about, target, &put.name, *replaced_mode),
                    Err(failure) => Err(failure),
                }
            }
        };
        let source_name = || match &put.content {
            Content::File { source, .. } => folder.sources[*source].name().join(&put.name),
            _ => self.name(folder, &put.name),
        };
        match done {
            Ok(()) => {}
            Err(Failure::Vanished) => self.note(Note::Vanished(source_name())),
            Err(Failure::Stopped) => return Err(self.stopped()),
            Err(Failure::Read(error)) => return Err(SyncError::io("read", &source_name(), error)),
            Err(Failure::Write(error)) => {
                return Err(SyncError::io("write", &self.name(folder, &put.name), error));
            }
        }
        self.files.fetch_add(1, Ordering::Relaxed);
        self.progress();
        Ok(())
    }

    fn copy(
        &self,
        from: &OwnedFd,
        about: &About,
        target: &OwnedFd,
        name: &OsStr,
        replaced_mode: Option<u32>,
    ) -> Result<(), Failure> {
        let mode = replaced_mode.map(|mode| with_executability(mode, about).unwrap_or(mode));
        self.put_file(target, name, about.mode & 0o777, mode, |file| {
            self.copy_content(from, file, about.size)?;
            step("set a file's time");
            futimens(file, &about.modified.alone()).map_err(Failure::Write)
        })
    }

    /// Writes a file under another name and renames it. A new one has `new_mode` less what the process masks, one
    /// that replaces another exactly `replaced_mode`.
    fn put_file(
        &self,
        target: &OwnedFd,
        name: &OsStr,
        new_mode: u32,
        replaced_mode: Option<u32>,
        fill: impl FnOnce(&OwnedFd) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        // Whoever may not read the old one may not read the new one before it has its permissions.
        let first_mode = replaced_mode.map_or(new_mode, |mode| mode & new_mode);
        let (temporary, file) = self.under_new_name(|temporary| {
            step("write a file");
            openat(target, temporary, flags, mode_of(first_mode))
        })?;
        let done = fill(&file).and_then(|()| {
            if let Some(mode) = replaced_mode.filter(|mode| *mode != first_mode) {
                step("set a file's permissions");
                fchmod(&file, mode_of(mode)).map_err(Failure::Write)?;
            }
            step("rename a file");
            renameat(target, &temporary, target, name).map_err(Failure::Write)
        });
        self.clean_up(target, &temporary, done)
    }

    fn put_link(
        &self,
        target: &OwnedFd,
        name: &OsStr,
        text: &OsStr,
        set_time: impl FnOnce(&OsStr) -> Result<(), Errno>,
    ) -> Result<(), Failure> {
        let (temporary, ()) = self.under_new_name(|temporary| {
            step("write a link");
            symlinkat(text, target, temporary)
        })?;
        let done = set_time(&temporary).and_then(|()| {
            step("rename a link");
            renameat(target, &temporary, target, name)
        });
        self.clean_up(target, &temporary, done.map_err(Failure::Write))
    }

    /// Makes something under a name that nothing has.
    fn under_new_name<T>(&self, make: impl Fn(&OsStr) -> Result<T, Errno>) -> Result<(OsString, T), Failure> {
        let process = std::process::id();
        loop {
            let number = self.temporaries.fetch_add(1, Ordering::Relaxed);
            let name = OsString::from(format!("{TEMPORARY}{process}.{number}"));
            match make(&name) {
                Ok(made) => return Ok((name, made)),
                // A dead process with the same number left it.
                Err(Errno::EXIST) => {}
                Err(error) => return Err(Failure::Write(error)),
            }
        }
    }

    /// Deletes what failed; that it can't be isn't worth more than the failure itself.
    fn clean_up(
        &self,
        target: &OwnedFd,
        temporary: &OsStr,
        done: Result<(), Failure>,
    ) -> Result<(), Failure> {
        if done.is_err() {
            step("delete a temporary file");
            let _ = unlinkat(target, temporary, AtFlags::empty());
        }
        done
    }

    /// Changes the permissions of a file, not of what a link leads to.
    pub(super) fn set_mode(&self, target: &OwnedFd, name: &OsStr, mode: u32) -> Result<(), Errno> {
        match open_file(target, name) {
            Ok((file, _)) => {
                step("set a file's permissions");
                fchmod(&file, mode_of(mode))
            }
            // It was replaced meanwhile; the next sync sees to it.
            Err(Errno::NOENT | Errno::LOOP | Errno::INVAL) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn copy_content(&self, from: &OwnedFd, to: &OwnedFd, size: u64) -> Result<(), Failure> {
        if size == 0 {
            return Ok(());
        }
        if self.shares_blocks(from, to) {
            self.count_bytes(usize::try_from(size).unwrap_or(usize::MAX));
            return Ok(());
        }
        if size > SMALL && self.copied_by_kernel(from, to)? {
            return Ok(());
        }
        let length = usize::try_from(size.saturating_add(1)).map_or(PIECE, |size| size.min(PIECE));
        let mut piece = vec![0; length];
        loop {
            self.stop_in_file()?;
            match read(from, &mut piece) {
                Ok(0) => return Ok(()),
                Ok(length) => {
                    write_all(to, &piece[..length]).map_err(Failure::Write)?;
                    self.count_bytes(length);
                }
                Err(Errno::INTR) => {}
                Err(error) => return Err(Failure::Read(error)),
            }
        }
    }

    /// Whether the new file now has the old one's blocks, as file systems with reflinks can do.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn shares_blocks(&self, from: &OwnedFd, to: &OwnedFd) -> bool {
        if !self.can_share.load(Ordering::Relaxed) {
            return false;
        }
        let is_shared = rustix::fs::ioctl_ficlone(to, from).is_ok();
        if !is_shared {
            // Whatever the reason, it is hardly that of one file.
            self.can_share.store(false, Ordering::Relaxed);
        }
        is_shared
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn shares_blocks(&self, _from: &OwnedFd, _to: &OwnedFd) -> bool {
        false
    }

    /// Whether the kernel copied it all; where it can't, nothing is copied yet.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn copied_by_kernel(&self, from: &OwnedFd, to: &OwnedFd) -> Result<bool, Failure> {
        use rustix::fs::copy_file_range;

        let mut is_begun = false;
        loop {
            self.stop_in_file()?;
            match copy_file_range(from, None, to, None, 8 * PIECE) {
                // Some file systems say so of files that do have a content.
                Ok(0) => return Ok(is_begun),
                Ok(length) => {
                    is_begun = true;
                    self.count_bytes(length);
                }
                Err(Errno::INTR) => {}
                Err(_) if !is_begun => return Ok(false),
                Err(error) => return Err(Failure::Write(error)),
            }
        }
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn copied_by_kernel(&self, _from: &OwnedFd, _to: &OwnedFd) -> Result<bool, Failure> {
        Ok(false)
    }

    /// A single file may be large.
    fn stop_in_file(&self) -> Result<(), Failure> {
        if self.listener.is_stopped() { Err(Failure::Stopped) } else { Ok(()) }
    }

    fn count_bytes(&self, length: usize) {
        self.bytes.fetch_add(length as u64, Ordering::Relaxed);
        if length >= PIECE {
            self.progress();
        }
    }
}

/// What it means that a file of the source can't be opened.
fn gone(error: Errno) -> Failure {
    match error {
        Errno::NOENT | Errno::LOOP | Errno::INVAL | Errno::NOTDIR | Errno::NXIO => Failure::Vanished,
        error => Failure::Read(error),
    }
}

fn mode_of(mode: u32) -> Mode {
    Mode::from_raw_mode(mode as RawMode)
}
