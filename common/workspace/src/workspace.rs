//! The workspace of a slot, `BASE/SLOT/src`: whose it is, and its removal.
//!
//! Takes the folder of all workspaces and a slot, says who owns what is there, and removes it. An agent's files,
//! its credentials among them, are for nobody but its issue, so whoever takes the slot next begins with nothing.
//! Separate from the sync, which only ever brings a workspace up to date.
//!
//! A removal's order, so that a process that dies at any point leaves nothing that the next one doesn't complete:
//!
//! 1. work that would be lost is saved, beside the slots' folders ([`crate::saved::store`]);
//! 2. the workspace gets another name: a half deleted one must not look like work that deleted files;
//! 3. it is deleted, and then the note about its owner.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, renameat, unlinkat};
use rustix::io::Errno;
use thiserror::Error;

use crate::exclusion;
use crate::fault::step;
use crate::folder::{Kind, about_if_there, entries, read_if_file};
use crate::git::layout::own_repository;
use crate::git::refs::Id;
use crate::git::{self, LARGEST_FILE};
use crate::removal::{Removal, RemovalError};
use crate::replace::{made_folder, replace};
use crate::saved::{SaveError, Work, store};
use crate::sync::{self, Listener, SyncError, SyncReport, SyncRequest};
use crate::tree::Tree;

/// The workspace in the slot's folder.
const NAME: &str = "src";
/// What it is called while it is deleted.
const GOING: &str = ".src.removing";
/// The note about its owner.
const OWNER: &str = ".src.owner";
/// The note about what a sync left in it, if it has no repository to keep that.
const SYNCED: &str = ".src.synced";

/// The largest note about an owner, in bytes.
const LARGEST_NOTE: u64 = 4 << 10;

/// The workspace of a slot.
#[derive(Debug, Clone)]
pub struct Workspace {
    base: PathBuf,
    slot: String,
}

/// How a workspace is removed.
pub struct RemovalRequest<'a> {
    /// The project, for the folder of its saved work.
    pub project: &'a str,
    /// What the name of saved work begins with: `slot-3-issue-7`.
    pub label: &'a str,
    /// Where `git` is looked for: the variable `PATH`.
    pub search_path: &'a OsStr,
    /// When it is, in seconds since 1970; saved work is named after it.
    pub now: i64,
    /// Whoever is told of saved work, and says whether to stop.
    pub listener: &'a dyn Listener,
}

/// Why a workspace is left as it is, or half deleted: the next removal goes on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WorkspaceError {
    /// Its work can't be saved.
    #[error(transparent)]
    Save(#[from] SaveError),
    /// It can't be deleted.
    #[error(transparent)]
    Removal(#[from] RemovalError),
}

impl Workspace {
    /// That of a slot in the folder of all workspaces.
    pub fn new(base: &Path, slot: u32) -> Self {
        Self { base: base.to_owned(), slot: slot.to_string() }
    }

    /// Where it is, or would be.
    pub fn path(&self) -> PathBuf {
        self.base.join(&self.slot).join(NAME)
    }

    /// Whether it is there, or something of it is that has to go.
    ///
    /// # Errors
    /// It can't be looked at.
    pub fn is_there(&self) -> Result<bool, WorkspaceError> {
        let Some((_, folder)) = self.folder()? else { return Ok(false) };
        let has = |name: &str| about_if_there(&folder, OsStr::new(name)).map(|about| about.is_some());
        Ok(has(NAME).map_err(|error| self.failed("read", error))?
            || has(GOING).map_err(|error| self.failed("read", error))?)
    }

    /// The note of whoever it is for; nothing if there is none.
    ///
    /// # Errors
    /// It can't be read.
    pub fn owner(&self) -> Result<Option<String>, WorkspaceError> {
        let Some((_, folder)) = self.folder()? else { return Ok(None) };
        let note = read_if_file(&folder, OsStr::new(OWNER), LARGEST_NOTE);
        let note = note.map_err(|error| self.failed("read", error))?;
        Ok(note.map(|note| String::from_utf8_lossy(&note).into_owned()))
    }

    /// Notes whom it is for, before anything is put into it.
    ///
    /// # Errors
    /// The folder can't be made or the note not be written.
    #[allow(clippy::disallowed_methods, reason = "the first workspace may be the first thing below its base")]
    pub fn claim(&self, owner: &str) -> Result<(), WorkspaceError> {
        if self.owner()?.as_deref() == Some(owner) {
            return Ok(());
        }
        let made = std::fs::create_dir_all(&self.base).map_err(|error| crate::folder::errno(&error));
        let written = made.and_then(|()| {
            let base = Tree::open(&self.base)?.folder(Path::new(""))?;
            let folder = made_folder(&base, OsStr::new(&self.slot), 0o755)?;
            replace(&folder, &folder, OsStr::new(OWNER), owner.as_bytes(), 0o600)
        });
        written.map_err(|error| self.failed("write to", error))
    }

    /// Notes what a sync left in it: in a workspace that is no git work tree nothing else tells what is work.
    ///
    /// # Errors
    /// The note can't be written.
    pub fn note_sync(&self, report: &SyncReport) -> Result<(), WorkspaceError> {
        let Some((_, folder)) = self.folder()? else { return Ok(()) };
        let noted = Tree::open_itself(&self.path()).and_then(|target| {
            if own_repository(&target, Path::new(""))?.is_some() {
                return Ok(());
            }
            let text = print_text(report.print);
            match read_if_file(&folder, OsStr::new(SYNCED), LARGEST_NOTE)? {
                Some(old) if old == text.as_bytes() => Ok(()),
                _ => replace(&folder, &folder, OsStr::new(SYNCED), text.as_bytes(), 0o600),
            }
        });
        noted.map_err(|error| self.failed("write to", error))
    }

    /// Copies a workspace without a repository beside the slots' folders if it isn't any more what the last sync left:
    /// the next sync overwrites it, and only a repository could keep its work in place.
    ///
    /// # Errors
    /// It can't be read or copied, or the user wants it to stop; nothing was changed.
    pub fn save_before_sync(&self, request: &RemovalRequest<'_>) -> Result<(), SyncError> {
        let failed = |error: WorkspaceError| match error {
            WorkspaceError::Save(error) => SyncError::Save(error),
            WorkspaceError::Removal(error) => {
                SyncError::Save(SaveError::Removal { work_tree: self.path(), error })
            }
        };
        let io = |error| SyncError::io("read", &self.path(), error);
        let Some((base, folder)) = self.folder().map_err(failed)? else { return Ok(()) };
        if about_if_there(&folder, OsStr::new(NAME)).map_err(io)?.is_none() {
            return Ok(());
        }
        let target = Tree::open_itself(&self.path()).map_err(io)?;
        if own_repository(&target, Path::new("")).map_err(io)?.is_some()
            || !self.has_changed(&folder, &target, request).map_err(SyncError::Save)?
        {
            return Ok(());
        }
        let store = store::path(&base, request.project);
        let made = store::made(&base, request.project).and_then(|saved| {
            let name = store::free_name(&saved, request.label, request.now)?;
            Ok(saved.name(Path::new(&name)))
        });
        let kept = made.map_err(|error| SyncError::io("write to", &store, error))?;
        sync::sync(&SyncRequest {
            source: &self.path(),
            target: &kept,
            excludes: &[],
            search_path: request.search_path,
            now: request.now,
            listener: request.listener,
        })?;
        request.listener.kept(&self.path(), &kept, &SaveError::NoRepository(self.path()).to_string());
        Ok(())
    }

    /// Saves the work in it that would be lost, and removes it; gives whether it was there.
    ///
    /// What git can't read is not looked through: then all of it is kept with the saved work. So is a workspace
    /// without a repository that isn't any more what the last sync left.
    ///
    /// # Errors
    /// The work can't be saved: then nothing was removed. Or it can't be deleted, or the user wants it to stop.
    pub fn remove(&self, request: &RemovalRequest<'_>) -> Result<bool, WorkspaceError> {
        let Some((base, folder)) = self.folder()? else { return Ok(false) };
        let is_stopped = || request.listener.is_stopped();
        let removal = Removal { root: &base, keeper: &|_| None, is_stopped: &is_stopped };
        let within = |name: &str| Path::new(&self.slot).join(name);
        // What is called so was saved already.
        let was_going = removal.delete(&within(GOING))?;
        let is_there = removal.find(&within(NAME))?.is_some();
        if is_there {
            let target = Tree::open_itself(&self.path()).map_err(|error| self.failed("open", error))?;
            match self.save(&base, &folder, &target, request) {
                Ok(()) => {
                    step("rename a workspace that goes");
                    renameat(&folder, NAME, &folder, GOING).map_err(|error| self.failed("delete", error))?;
                    removal.delete(&within(GOING))?;
                }
                Err(
                    error @ (SaveError::Git { .. }
                    | SaveError::NoGit(_)
                    | SaveError::NoRepository(_)
                    | SaveError::TooLarge { .. }
                    | SaveError::RefFormat { .. }),
                ) => {
                    self.keep_whole(&base, &folder, &error, request)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        for note in [SYNCED, OWNER] {
            step("delete a note about a workspace");
            match unlinkat(&folder, note, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(error) => return Err(self.failed("delete", error)),
            }
        }
        let top = base.folder(Path::new("")).map_err(|error| self.failed("open", error))?;
        step("delete a slot's folder");
        match unlinkat(&top, &*self.slot, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST) => {}
            Err(error) => return Err(self.failed("delete", error)),
        }
        Ok(is_there || was_going)
    }

    /// Saves the work in every work tree of the workspace.
    fn save(
        &self,
        base: &Tree,
        folder: &OwnedFd,
        target: &Tree,
        request: &RemovalRequest<'_>,
    ) -> Result<(), SaveError> {
        let failed = |error: RemovalError| SaveError::Removal { work_tree: self.path(), error };
        let io = |error| failed(RemovalError::io("read", &self.path(), error));
        let work_trees = work_trees(target).map_err(io)?;
        if request.listener.is_stopped() {
            return Err(SaveError::Stopped(self.path()));
        }
        let has_repository = work_trees.first().is_some_and(|first| first.as_os_str().is_empty());
        if !has_repository && self.has_changed(folder, target, request)? {
            return Err(SaveError::NoRepository(self.path()));
        }
        let Some(first) = work_trees.first() else { return Ok(()) };
        let store = store::path(base, request.project);
        let folder = store::made(base, request.project)
            .map_err(|error| failed(RemovalError::io("open", &store, error)))?;
        let patterns = match target.folder(Path::new("")) {
            Ok(root) => read_if_file(&root, OsStr::new(exclusion::FILE), LARGEST_FILE).map_err(io)?,
            Err(error) => return Err(io(error)),
        };
        let patterns = String::from_utf8(patterns.unwrap_or_default()).unwrap_or_default();
        let known: Vec<Id> = match first.as_os_str().is_empty() {
            true => sync::known(target).map_err(io)?,
            false => Vec::new(),
        };
        for path in &work_trees {
            let Some(repository) = own_repository(target, path).map_err(io)? else {
                return Err(SaveError::NoRepository(target.name(path)));
            };
            let is_root = path.as_os_str().is_empty();
            let saved = Work {
                target,
                path,
                repository: &repository,
                sources: &[],
                goes: true,
                known: if is_root { &known } else { &[] },
                others: &work_trees,
                patterns: if is_root { &patterns } else { "" },
                search_path: request.search_path,
                now: request.now,
                is_stopped: &|| request.listener.is_stopped(),
            }
            .save_in(&folder, request.label)?;
            if let Some(saved) = saved {
                request.listener.saved(&saved);
            }
        }
        Ok(())
    }

    /// Whether a workspace without a repository isn't what the last sync left. Without a note nobody knows; where
    /// there is nothing, nothing can be lost.
    fn has_changed(
        &self,
        folder: &OwnedFd,
        target: &Tree,
        request: &RemovalRequest<'_>,
    ) -> Result<bool, SaveError> {
        let io = |error| SaveError::Removal {
            work_tree: self.path(),
            error: RemovalError::io("read", &self.path(), error),
        };
        if entries(&target.folder(Path::new("")).map_err(io)?).map_err(io)?.is_empty() {
            return Ok(false);
        }
        let Some(note) = read_if_file(folder, OsStr::new(SYNCED), LARGEST_NOTE).map_err(io)? else {
            return Ok(true);
        };
        match sync::print_of(&self.path(), request.listener) {
            Ok(print) => Ok(note != print_text(print).as_bytes()),
            Err(SyncError::Stopped { .. }) => Err(SaveError::Stopped(self.path())),
            // What can't be compared may be work.
            Err(_) => Ok(true),
        }
    }

    /// Keeps a workspace as it is with the saved work, because it can't be told what in it is work.
    fn keep_whole(
        &self,
        base: &Tree,
        folder: &OwnedFd,
        reason: &SaveError,
        request: &RemovalRequest<'_>,
    ) -> Result<(), WorkspaceError> {
        let kept = store::made(base, request.project).and_then(|saved| {
            let name = store::free_name(&saved, request.label, request.now)?;
            let to = saved.folder(Path::new(""))?;
            step("keep a workspace as it is");
            renameat(folder, NAME, &to, &*name)?;
            Ok(saved.name(Path::new(&name)))
        });
        let kept = kept.map_err(|error| self.failed("move", error))?;
        request.listener.kept(&self.path(), &kept, &reason.to_string());
        Ok(())
    }

    /// The folder of all workspaces and the slot's folder in it; nothing if there is none.
    fn folder(&self) -> Result<Option<(Tree, OwnedFd)>, WorkspaceError> {
        let opened = Tree::open(&self.base).and_then(|base| {
            let folder = base.folder(Path::new(&self.slot))?;
            Ok((base, folder))
        });
        match opened {
            Ok(opened) => Ok(Some(opened)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(RemovalError::io("open", &self.base.join(&self.slot), error).into()),
        }
    }

    fn failed(&self, verb: &'static str, error: Errno) -> WorkspaceError {
        RemovalError::io(verb, &self.path(), error).into()
    }
}

/// The note about what a sync left.
fn print_text(print: u64) -> String {
    format!("codex-sync 1\n{print:016x}\n")
}

/// Every folder with a repository of its own, or with something that stands for one elsewhere; the root first.
fn work_trees(target: &Tree) -> Result<Vec<PathBuf>, Errno> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(path) = folders.pop() {
        let folder = match target.folder_on_its_mount(&path) {
            Ok(folder) => folder,
            // It went away, or shows what lies elsewhere.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::XDEV) => continue,
            Err(error) => return Err(error),
        };
        for entry in entries(&folder)? {
            match (entry.name == git::FOLDER, entry.kind) {
                // Not what git takes for a repository.
                (true, Kind::Folder)
                    if !path.as_os_str().is_empty() && own_repository(target, &path)?.is_none() => {}
                (true, _) => found.push(path.clone()),
                (false, Kind::Folder) => folders.push(path.join(entry.name)),
                _ => {}
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

#[cfg(test)]
mod tests;
