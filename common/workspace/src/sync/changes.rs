//! What a sync has to do, folder by folder.
//!
//! Plain values: comparing makes them, carrying out reads them. Separate from both, since between the two
//! stands the question whether work would be lost.

use std::ffi::OsString;
use std::path::PathBuf;

use super::area::Area;
use super::note::Note;
use crate::folder::FileTime;
use crate::git::layout::Place;

/// What changes in one folder of the target.
#[derive(Debug)]
pub(super) struct FolderChanges {
    /// The folder in the target; empty for its root.
    pub(super) path: PathBuf,
    /// The folders of the source that it is made of; none if it only has to go.
    pub(super) sources: Vec<Place>,
    /// What it belongs to.
    pub(super) area: Area,
    /// How it is made, if it isn't there.
    pub(super) creation: Option<Creation>,
    /// Files and links that get a new content, but for those below.
    pub(super) puts: Vec<Put>,
    /// Those that take the place of a folder: it has to be gone first.
    pub(super) late_puts: Vec<Put>,
    /// Files that become executable or cease to be, with their new permissions.
    pub(super) modes: Vec<(OsString, u32)>,
    /// Links that only have another time.
    pub(super) link_times: Vec<(OsString, FileTime)>,
    /// What goes.
    pub(super) removals: Vec<Removal>,
    /// The folder's own time, to be set when all else is done.
    pub(super) time: Option<FileTime>,
}

/// How a folder is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Creation {
    /// The permissions that the source has.
    pub(super) mode: u32,
    /// Whether something else has to make way.
    pub(super) replaces: bool,
}

/// A file or link that gets a new content.
#[derive(Debug)]
pub(super) struct Put {
    /// Its name.
    pub(super) name: OsString,
    /// What it becomes.
    pub(super) content: Content,
}

/// Where a content comes from.
#[derive(Debug)]
pub(super) enum Content {
    /// A file of the source.
    File {
        /// Which of the folder's sources has it.
        source: usize,
        /// The permissions of the file that it replaces.
        replaced_mode: Option<u32>,
    },
    /// A link with this text.
    Link {
        /// Where it leads.
        text: OsString,
        /// Its time.
        modified: FileTime,
    },
    /// These bytes.
    Bytes {
        /// The content.
        bytes: Vec<u8>,
        /// The permissions of a new file.
        mode: u32,
        /// Its time; now, if it has none of the source.
        modified: Option<FileTime>,
    },
}

/// Something that goes.
#[derive(Debug)]
pub(super) struct Removal {
    /// Its name.
    pub(super) name: OsString,
    /// Whether it is a folder; what lies in it has entries of its own.
    pub(super) is_folder: bool,
}

/// All that a comparison found.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// By path, so that a folder comes before those in it.
    pub(super) folders: Vec<FolderChanges>,
    /// What is to be said.
    pub(super) notes: Vec<Note>,
    /// Files to copy.
    pub(super) files: u64,
    /// And their bytes.
    pub(super) bytes: u64,
    /// The target as it is, and the source.
    pub(super) target_print: u64,
    /// The source as it is.
    pub(super) source_print: u64,
    /// Git work trees in the target whose files the sync may change.
    pub(super) work_trees: Vec<WorkTree>,
    /// Folders of the target that are repositories of their own and stay as they are.
    pub(super) own_repositories: Vec<PathBuf>,
}

/// A git work tree of the target that the source has a folder for.
#[derive(Debug, Clone)]
pub(crate) struct WorkTree {
    /// Its folder in the target; empty for the root.
    pub(crate) path: PathBuf,
    /// The folder in the source.
    pub(crate) source: Place,
}

impl FolderChanges {
    /// Nothing yet.
    pub(super) fn none(path: PathBuf, sources: Vec<Place>, area: Area) -> Self {
        Self {
            path,
            sources,
            area,
            creation: None,
            puts: Vec::new(),
            late_puts: Vec::new(),
            modes: Vec::new(),
            link_times: Vec::new(),
            removals: Vec::new(),
            time: None,
        }
    }

    /// Whether names or contents change.
    pub(super) fn has_changes(&self) -> bool {
        self.creation.is_some()
            || !(self.puts.is_empty()
                && self.late_puts.is_empty()
                && self.modes.is_empty()
                && self.removals.is_empty())
    }

    /// Whether there is nothing to do at all.
    pub(super) fn is_empty(&self) -> bool {
        !self.has_changes() && self.link_times.is_empty() && self.time.is_none()
    }
}

impl Plan {
    /// Whether work could be lost: something changes that isn't only added.
    pub(super) fn may_cost_work(&self) -> bool {
        self.folders.iter().any(|folder| folder.area.may_hold_work() && folder.has_changes())
    }
}
