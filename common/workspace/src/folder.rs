//! What lies in one opened folder: names, kinds, and what tells two files apart.
//!
//! Takes opened folders, gives plain values. Separate because both the sync and the data directories look at
//! folders in the same way, and because nothing here changes anything.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, Stat, Timespec, Timestamps, UTIME_OMIT, fstat, openat, readlinkat,
    statat,
};
use rustix::io::Errno;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A regular file.
    File,
    /// A symbolic link.
    Link,
    /// A folder.
    Folder,
    /// A device, a pipe or a socket.
    Special,
}

impl Kind {
    fn of(kind: FileType) -> Self {
        match kind {
            FileType::RegularFile => Self::File,
            FileType::Symlink => Self::Link,
            FileType::Directory => Self::Folder,
            _ => Self::Special,
        }
    }
}

/// One name in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The name, whatever bytes it has.
    pub(crate) name: OsString,
    /// What it is; a link is a link, wherever it leads.
    pub(crate) kind: Kind,
}

/// A point in time as files have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct FileTime {
    /// Seconds since 1970.
    pub(crate) seconds: i64,
    /// And nanoseconds, below 1,000,000,000.
    pub(crate) nanoseconds: i64,
}

impl FileTime {
    /// This time to be set, and when something was last read left as it is.
    pub(crate) fn alone(self) -> Timestamps {
        Timestamps {
            last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
            last_modification: Timespec { tv_sec: self.seconds, tv_nsec: self.nanoseconds as _ },
        }
    }
}

/// What the system says about an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct About {
    /// What it is.
    pub(crate) kind: Kind,
    /// Its length in bytes.
    pub(crate) size: u64,
    /// When its content was last changed.
    pub(crate) modified: FileTime,
    /// Its permissions, without the kind.
    pub(crate) mode: u32,
}

impl About {
    /// Whether anyone may run it.
    pub(crate) fn is_executable(&self) -> bool {
        self.mode & 0o111 != 0
    }
}

#[allow(clippy::useless_conversion, clippy::unnecessary_cast, reason = "systems differ in these types")]
impl From<Stat> for About {
    fn from(stat: Stat) -> Self {
        Self {
            kind: Kind::of(FileType::from_raw_mode(stat.st_mode)),
            size: u64::try_from(stat.st_size).unwrap_or(0),
            modified: FileTime { seconds: i64::from(stat.st_mtime), nanoseconds: stat.st_mtime_nsec as i64 },
            mode: u32::from(stat.st_mode) & 0o7777,
        }
    }
}

/// What lies in the folder, in the order of the names' bytes.
pub(crate) fn entries(folder: &OwnedFd) -> Result<Vec<Entry>, Errno> {
    let mut entries = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name == "." || name == ".." {
            continue;
        }
        let kind = match entry.file_type() {
            FileType::Unknown => match about(folder, name) {
                Ok(about) => about.kind,
                // It went away since.
                Err(Errno::NOENT) => continue,
                Err(error) => return Err(error),
            },
            kind => Kind::of(kind),
        };
        entries.push(Entry { name: name.to_owned(), kind });
    }
    entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    Ok(entries)
}

/// What the system says about a name in the folder; a link stands for itself.
pub(crate) fn about(folder: &OwnedFd, name: &OsStr) -> Result<About, Errno> {
    statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).map(About::from)
}

/// The same, or nothing where there is no such name.
pub(crate) fn about_if_there(folder: &OwnedFd, name: &OsStr) -> Result<Option<About>, Errno> {
    match about(folder, name) {
        Ok(about) => Ok(Some(about)),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What the system says about what is open.
pub(crate) fn about_open(file: &OwnedFd) -> Result<About, Errno> {
    fstat(file).map(About::from)
}

/// Where a link leads, as it is written.
pub(crate) fn link_text(folder: &OwnedFd, name: &OsStr) -> Result<OsString, Errno> {
    readlinkat(folder, name, Vec::new()).map(|text| OsString::from_vec(text.into_bytes()))
}

/// Opens a regular file for reading; anything else is `INVAL`, a link is `LOOP`.
pub(crate) fn open_file(folder: &OwnedFd, name: &OsStr) -> Result<(OwnedFd, About), Errno> {
    // Opening a pipe would wait for a writer.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = openat(folder, name, flags, Mode::empty())?;
    let about = about_open(&file)?;
    if about.kind != Kind::File {
        return Err(Errno::INVAL);
    }
    Ok((file, about))
}

/// The content of a regular file of at most `limit` bytes; a larger one is `FBIG`.
pub(crate) fn read_file(folder: &OwnedFd, name: &OsStr, limit: u64) -> Result<Vec<u8>, Errno> {
    let (file, about) = open_file(folder, name)?;
    let mut bytes = Vec::with_capacity(usize::try_from(about.size.min(limit)).unwrap_or(0) + 1);
    let read = std::fs::File::from(file).take(limit + 1).read_to_end(&mut bytes);
    read.map_err(|error| errno(&error))?;
    if bytes.len() as u64 > limit { Err(Errno::FBIG) } else { Ok(bytes) }
}

/// The same, or nothing where there is no such file.
pub(crate) fn read_file_if_there(
    folder: &OwnedFd,
    name: &OsStr,
    limit: u64,
) -> Result<Option<Vec<u8>>, Errno> {
    match read_file(folder, name, limit) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The content of a name that is a regular file; nothing where there is none or something else.
///
/// For files that an agent may have replaced: a link or folder in their place means that they are gone.
pub(crate) fn read_if_file(folder: &OwnedFd, name: &OsStr, limit: u64) -> Result<Option<Vec<u8>>, Errno> {
    match read_file_if_there(folder, name, limit) {
        Err(Errno::LOOP | Errno::INVAL | Errno::ISDIR | Errno::NOTDIR | Errno::NXIO) => Ok(None),
        other => other,
    }
}

/// The system's number of an error of the standard library.
pub(crate) fn errno(error: &io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}

/// The permissions of a file that is to be executable as the source's is, if they aren't so already.
///
/// As with rsync's `--executability`: whoever may read may execute, or nobody may.
pub(crate) fn with_executability(mode: u32, source: &About) -> Option<u32> {
    match (source.is_executable(), mode & 0o111 != 0) {
        (true, false) => Some(mode | (mode & 0o444) >> 2),
        (false, true) => Some(mode & !0o111),
        _ => None,
    }
}
