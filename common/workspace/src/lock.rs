//! One `ready` or `cleanup` per slot and machine.
//!
//! Takes a path beside the slot's workspace, gives a lock that ends with the process that holds it, however it
//! ends: there is no such thing as a stale one. The file stays for ever, also when the workspace goes; what
//! stands in it only tells the next one whom it waits for.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use codex_common::diagnostic::system_reason;
use rustix::fs::{FlockOperation, Mode, OFlags, flock, fstat, ftruncate, open, stat};
use rustix::io::{Errno, pwrite, read};
use thiserror::Error;

use crate::fault::step;

/// How often is asked whether the lock is free. The system can wait for a lock, but not until a time.
const PAUSE: Duration = Duration::from_millis(20);

/// How much of another's note is read, in bytes.
const LONGEST_NOTE: usize = 200;

/// A lock that is held; dropping it lets go.
#[derive(Debug)]
pub struct Lock {
    _file: OwnedFd,
}

/// Which lock, and how long to wait for it.
pub struct LockRequest<'a> {
    /// The file; made if it isn't there, with the folders above it.
    pub path: &'a Path,
    /// What the holder does, for the one that waits: `ready`, for instance.
    pub purpose: &'a str,
    /// How long to wait.
    pub limit: Duration,
    /// Told once if someone else has it.
    pub waiting: &'a dyn Fn(&Holder),
    /// Whether waiting has become pointless; asked often.
    pub is_stopped: &'a dyn Fn() -> bool,
}

/// Who has a lock, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The number of its process.
    pub process: Option<u32>,
    /// What it does.
    pub purpose: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.process, self.purpose.as_str()) {
            (None, _) => f.write_str("another process"),
            (Some(process), "") => write!(f, "process {process}"),
            (Some(process), purpose) => write!(f, "process {process} ({purpose})"),
        }
    }
}

/// Why there is no lock.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LockError {
    /// Someone else has it still.
    #[error("{} is still locked by {holder} after {limit:?}", path.display())]
    TimedOut {
        /// The lock's file.
        path: PathBuf,
        /// Who has it.
        holder: Holder,
        /// How long was waited.
        limit: Duration,
    },
    /// Waiting was given up.
    #[error("interrupted while waiting for {}", .0.display())]
    Stopped(PathBuf),
    /// The system says no.
    #[error("cannot lock {}: {reason}", path.display())]
    Io {
        /// The lock's file.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
}

/// The lock's file of a slot: beside its workspace's folder, so that it outlives that.
///
/// `base` is where the workspaces of all slots lie.
pub fn path(base: &Path, slot: u64) -> PathBuf {
    base.join(OsString::from(format!("{slot}.lock")))
}

/// Takes the lock, and waits for it if need be.
///
/// # Errors
/// It isn't free in time, waiting was stopped, or the system says no.
pub fn lock(request: &LockRequest<'_>) -> Result<Lock, LockError> {
    let failed =
        |error: Errno| LockError::Io { path: request.path.to_owned(), reason: system_reason(&error.into()) };
    make_folder(request.path)
        .map_err(|error| LockError::Io { path: request.path.to_owned(), reason: system_reason(&error) })?;
    let start = Instant::now();
    let mut is_told = false;
    loop {
        let file = opened(request.path).map_err(failed)?;
        step("lock a slot");
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) if is_at(&file, request.path).map_err(failed)? => {
                write_note(&file, request.purpose).map_err(failed)?;
                return Ok(Lock { _file: file });
            }
            // Someone deleted the file, and so others don't meet us there.
            Ok(()) => continue,
            Err(Errno::WOULDBLOCK | Errno::INTR) => {}
            Err(error) => return Err(failed(error)),
        }
        let holder = holder(&file);
        if start.elapsed() >= request.limit {
            let (path, limit) = (request.path.to_owned(), request.limit);
            return Err(LockError::TimedOut { path, holder, limit });
        }
        if !is_told {
            (request.waiting)(&holder);
            is_told = true;
        }
        if (request.is_stopped)() {
            return Err(LockError::Stopped(request.path.to_owned()));
        }
        pause();
    }
}

#[allow(clippy::disallowed_methods, reason = "a lock that is waited for until a time has to be asked for")]
fn pause() {
    std::thread::sleep(PAUSE);
}

#[allow(clippy::disallowed_methods, reason = "the first lock may come before the first workspace")]
fn make_folder(path: &Path) -> std::io::Result<()> {
    path.parent().filter(|path| !path.as_os_str().is_empty()).map_or(Ok(()), fs::create_dir_all)
}

fn opened(path: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    open(path, flags, Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH)
}

/// Whether the opened file still has its name.
fn is_at(file: &OwnedFd, path: &Path) -> Result<bool, Errno> {
    let here = fstat(file)?;
    match stat(path) {
        Ok(there) => Ok((here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)),
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(error),
    }
}

fn write_note(file: &OwnedFd, purpose: &str) -> Result<(), Errno> {
    ftruncate(file, 0)?;
    pwrite(file, format!("{} {purpose}\n", std::process::id()).as_bytes(), 0).map(drop)
}

fn holder(file: &OwnedFd) -> Holder {
    let mut note = vec![0; LONGEST_NOTE];
    let length = read(file, &mut note).unwrap_or(0);
    let note = String::from_utf8_lossy(&note[..length]).into_owned();
    let (process, purpose) = note.trim().split_once(' ').unwrap_or((note.trim(), ""));
    Holder { process: process.parse().ok(), purpose: purpose.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Folder;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    fn take(path: &Path, limit: Duration, waiting: &dyn Fn(&Holder)) -> Result<Lock, LockError> {
        lock(&LockRequest { path, purpose: "ready", limit, waiting, is_stopped: &|| false })
    }

    #[test]
    fn the_second_waits_says_for_whom_and_gets_it() {
        let folder = Folder::new();
        let path = path(&folder.path("base"), 7);
        let first = take(&path, Duration::ZERO, &|_| panic!("nobody has it")).unwrap();
        let told = AtomicU32::new(0);
        let is_waiting = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                take(&path, Duration::from_secs(60), &|holder| {
                    assert_eq!(holder.to_string(), format!("process {} (ready)", std::process::id()));
                    told.fetch_add(1, Ordering::Relaxed);
                    is_waiting.store(true, Ordering::Release);
                })
                .unwrap();
            });
            while !is_waiting.load(Ordering::Acquire) {
                std::thread::yield_now();
            }
            drop(first);
        });
        assert_eq!(told.into_inner(), 1);
        assert!(path.is_file(), "the file stays");
    }

    #[test]
    fn waiting_ends() {
        let folder = Folder::new();
        let path = folder.path("7.lock");
        let _first = take(&path, Duration::ZERO, &|_| ()).unwrap();
        let error = take(&path, Duration::from_millis(30), &|_| ()).unwrap_err();
        assert!(matches!(error, LockError::TimedOut { .. }), "{error}");
        let request = LockRequest {
            path: &path,
            purpose: "",
            limit: Duration::from_secs(60),
            waiting: &|_| (),
            is_stopped: &|| true,
        };
        assert_eq!(lock(&request).unwrap_err(), LockError::Stopped(path.clone()));
    }

    #[test]
    fn a_file_that_is_gone_locks_nobody_out() {
        let folder = Folder::new();
        let path = folder.path("7.lock");
        let _first = take(&path, Duration::ZERO, &|_| ()).unwrap();
        std::fs::remove_file(&path).unwrap();
        take(&path, Duration::ZERO, &|_| ()).unwrap();
    }

    #[test]
    fn a_link_is_no_lock() {
        let folder = Folder::new();
        folder.file("outside", "x");
        std::os::unix::fs::symlink("outside", folder.path("7.lock")).unwrap();
        assert!(matches!(take(&folder.path("7.lock"), Duration::ZERO, &|_| ()), Err(LockError::Io { .. })));
        assert_eq!(folder.read("outside").as_deref(), Some("x"));
    }
}
