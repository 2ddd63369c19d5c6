//! A small file written whole: either the old content is there or the new one.
//!
//! Takes an opened folder, a name and bytes. Separate from copying, since what is written here is ours: refs,
//! records, and what a temporary repository consists of.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, Mode, OFlags, RawMode, mkdirat, openat, renameat, unlinkat};
use rustix::io::{Errno, write};

use crate::fault::step;
use crate::sync::TEMPORARY;
use crate::tree::folder_only;

/// Puts the bytes under the name, in one rename. Until then they are in the folder `aside`, of the same file
/// system, where the next sync deletes what a dead process left.
pub(crate) fn replace(
    aside: &OwnedFd,
    folder: &OwnedFd,
    name: &OsStr,
    bytes: &[u8],
    mode: u32,
) -> Result<(), Errno> {
    let temporary = format!("{TEMPORARY}{}.0", std::process::id());
    // Only a dead process with the same number can have left one.
    match unlinkat(aside, &temporary, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(error) => return Err(error),
    }
    write_new(aside, OsStr::new(&temporary), bytes, mode)?;
    step("rename a file of ours");
    renameat(aside, &temporary, folder, name)
}

/// Writes a file that isn't there yet.
pub(crate) fn write_new(folder: &OwnedFd, name: &OsStr, bytes: &[u8], mode: u32) -> Result<(), Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    step("write a file of ours");
    let file = openat(folder, name, flags, Mode::from_raw_mode(mode as RawMode))?;
    write_all(&file, bytes)
}

/// Writes all bytes, however often the system takes only some.
pub(crate) fn write_all(to: &OwnedFd, bytes: &[u8]) -> Result<(), Errno> {
    let mut rest = bytes;
    while !rest.is_empty() {
        match write(to, rest) {
            Ok(0) => return Err(Errno::IO),
            Ok(length) => rest = &rest[length..],
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Opens a folder in a folder, made if it isn't there; a link is `LOOP` or `NOTDIR`.
pub(crate) fn made_folder(folder: &OwnedFd, name: &OsStr, mode: u32) -> Result<OwnedFd, Errno> {
    step("make a folder of ours");
    match mkdirat(folder, name, Mode::from_raw_mode(mode as RawMode)) {
        Ok(()) | Err(Errno::EXIST) => openat(folder, name, folder_only(), Mode::empty()),
        Err(error) => Err(error),
    }
}
