//! A source folder copied to a target, as `rsync -a --delete` does it, with `.git` understood.
//!
//! ```text
//! source ─┐                                  nothing differs ──▶ done
//!         ├─ compare ──▶ Plan ── could work be lost? ──┤
//! target ─┘                              └─ saved ──▶ run ──▶ the target is as the source
//! ```
//!
//! Takes two paths and what to leave alone, gives what was done. What holds of every file:
//!
//! - one with the same size and time (to the nanosecond) is the same and isn't read; a copy has its source's time;
//! - permissions and owners are not kept in step, as with `--no-perms --no-owner --no-group`: a file that is
//!   there keeps its own, a new one has its source's less what the process's umask takes, without
//!   set-user-id and its like. One thing is, as with rsync's `--executability`: whether a file can be run,
//!   since git takes a difference for a change. New folders can always be entered and written by their owner;
//! - links stay links and have their source's text, wherever that leads; hard links become files of their own;
//!   devices, pipes and sockets are left out, and whatever the target has under their names stays;
//! - what [`.codexignore`](crate::exclusion) or a pattern names is neither copied nor deleted. A folder that would go but holds
//!   such a thing stays with it;
//! - a folder that only the target has and that is a git repository of its own stays, as with `git clean`;
//! - no link of the target is followed, neither in writing nor in deleting.
//!
//! `.git` has rules of its own: [`area`].
//!
//! A process may die at any point: the next sync completes its work ([`run`]). Two at a time must not
//! happen; [`crate::lock`] sees to that.

mod area;
mod changes;
mod compare;
mod error;
mod listener;
mod note;
mod print;
mod put;
mod queue;
mod record;
mod run;

use std::ffi::OsStr;
use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::available_parallelism;

use codex_common::diagnostic::system_reason;
use rustix::io::Errno;

pub use error::SyncError;
pub use listener::{Listener, Progress};
pub use note::Note;

pub(crate) use area::TEMPORARY;

use crate::exclusion::{self, Exclusion};
use crate::folder::{Kind, about_if_there, read_file, read_file_if_there, read_if_file};
use crate::git::layout::{GitEntry, Place, git_entry, inside, named_folder, own_repository};
use crate::git::{self, LARGEST_FILE, refs};
use crate::replace::replace;
use crate::saved::{SavedWork, Work};
use crate::tree::{Tree, resolved};
use area::RECORD;
use changes::Plan;
use compare::Comparison;
use record::Record;
use run::Run;

/// The largest `.codexignore`, in bytes.
const LARGEST_PATTERNS: u64 = 8 << 20;

/// Threads that copy, for each core: they wait for the disk as much as they work.
const COPIES_PER_CORE: usize = 2;

/// The most threads at a time.
const MOST_THREADS: usize = 8;

/// What is to be synced.
pub struct SyncRequest<'a> {
    /// The folder to copy.
    pub source: &'a Path,
    /// The folder that becomes like it; made if it isn't there. The folder that it lies in must be one where only
    /// the user writes, not an agent.
    pub target: &'a Path,
    /// Patterns of what is left alone, in `.gitignore`'s syntax, besides the source's `.codexignore`.
    pub excludes: &'a [String],
    /// Where `git` is looked for if work may have to be saved: the variable `PATH`.
    pub search_path: &'a OsStr,
    /// When it is, in seconds since 1970; saved work is named after it.
    pub now: i64,
    /// Whoever is told how far it is.
    pub listener: &'a dyn Listener,
}

/// What a sync did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SyncReport {
    /// Files and links that got a new content.
    pub copied: u64,
    /// The bytes of those files.
    pub bytes: u64,
    /// Files, links and folders that were deleted.
    pub removed: u64,
    /// Work that was saved before.
    pub saved: Vec<SavedWork>,
    /// What else is to be known; the listener was told.
    pub notes: Vec<Note>,
    /// Whether anything changed but times.
    pub is_changed: bool,
    /// What the target holds now, as one number: [`crate::workspace`] tells by it whether anyone worked there.
    pub print: u64,
}

/// Makes the target like the source.
///
/// # Errors
/// What can't be read, written or saved. Nothing is overwritten before what has to be saved is.
pub fn sync(request: &SyncRequest<'_>) -> Result<SyncReport, SyncError> {
    let source = absolute(request.source)?;
    let source_tree = Tree::open(&source).map_err(|error| SyncError::io("read", request.source, error))?;
    let source_tree = Arc::new(source_tree);
    let exclusion = exclusion(&source_tree, request.excludes)?;
    let target = prepared_target(request.target, &source, &exclusion)?;
    let target_tree = Tree::open_itself(&target).map_err(|error| SyncError::io("open", &target, error))?;

    let comparison = Comparison {
        source: &source_tree,
        target: &target_tree,
        exclusion: &exclusion,
        listener: request.listener,
    };
    let plan = comparison.run(threads(1))?;
    for note in &plan.notes {
        request.listener.note(note);
    }
    let mut report = SyncReport {
        notes: plan.notes.clone(),
        is_changed: plan.folders.iter().any(changes::FolderChanges::has_changes),
        print: plan.source_print,
        ..SyncReport::default()
    };
    let state =
        State { request, source: &source_tree, target: &target_tree, exclusion: &exclusion, plan: &plan };
    let record = state.record()?;
    if plan.may_cost_work() && record.as_ref().is_none_or(|record| record.print != plan.target_print) {
        state.save(record.as_ref(), &mut report)?;
    }
    if !plan.folders.is_empty() {
        let run = Run::new(&target_tree, request.listener, threads(COPIES_PER_CORE), &plan);
        run.carry_out(&plan)?;
        report.copied = run.files.load(Ordering::Relaxed);
        report.bytes = run.bytes.load(Ordering::Relaxed);
        report.removed = run.removed.load(Ordering::Relaxed);
        let notes = run.notes.into_inner().unwrap_or_default();
        notes.iter().for_each(|note| request.listener.note(note));
        report.notes.extend(notes);
    }
    state.write_record(record.as_ref())?;
    Ok(report)
}

/// What a directory holds, as the number that a [sync](sync) to it reports.
///
/// # Errors
/// It can't be read, or the user wants it to stop.
pub(crate) fn print_of(target: &Path, listener: &dyn Listener) -> Result<u64, SyncError> {
    let tree = Tree::open_itself(target).map_err(|error| SyncError::io("open", target, error))?;
    let tree = Arc::new(tree);
    let exclusion = exclusion(&tree, &[])?;
    let comparison = Comparison { source: &tree, target: &tree, exclusion: &exclusion, listener };
    Ok(comparison.run(threads(1))?.source_print)
}

/// The commits that came with the last sync.
pub(crate) fn known(target: &Tree) -> Result<Vec<refs::Id>, Errno> {
    let Some(repository) = own_repository(target, Path::new(""))? else { return Ok(Vec::new()) };
    let text = read_if_file(&target.folder(&repository)?, OsStr::new(RECORD), LARGEST_FILE)?;
    Ok(text.as_deref().and_then(Record::parse).map(|record| record.tips).unwrap_or_default())
}

/// Adds what a folder of objects has to the objects of a repository in a tree.
pub(crate) fn add_objects(
    from: &Arc<Tree>,
    target: &Tree,
    path: PathBuf,
    exclusion: &Exclusion,
    threads: NonZero<usize>,
    listener: &dyn Listener,
) -> Result<(), SyncError> {
    let plan = Comparison { source: from, target, exclusion, listener }.objects(path, threads)?;
    Run::new(target, listener, threads, &plan).carry_out(&plan)
}

/// What is known between comparing and changing.
struct State<'a> {
    request: &'a SyncRequest<'a>,
    source: &'a Arc<Tree>,
    target: &'a Tree,
    exclusion: &'a Exclusion,
    plan: &'a Plan,
}

impl State<'_> {
    /// Saves the work in every work tree that the sync may change.
    fn save(&self, record: Option<&Record>, report: &mut SyncReport) -> Result<(), SyncError> {
        let work_trees = &self.plan.work_trees;
        let mut others: Vec<PathBuf> = work_trees.iter().map(|work_tree| work_tree.path.clone()).collect();
        others.extend_from_slice(&self.plan.own_repositories);
        for work_tree in work_trees {
            let Some(repository) = self.repository(&work_tree.path)? else { continue };
            let is_root = work_tree.path.as_os_str().is_empty();
            let sources = self.source_repository(&work_tree.source)?;
            let known = record.filter(|_| is_root).map_or(&[][..], |record| &record.tips);
            let saved = Work {
                target: self.target,
                path: &work_tree.path,
                repository: &repository,
                sources: &sources,
                goes: false,
                known,
                others: &others,
                // They are about paths from the root.
                patterns: if is_root { self.exclusion.text() } else { "" },
                search_path: self.request.search_path,
                now: self.request.now,
                is_stopped: &|| self.request.listener.is_stopped(),
            }
            .save()?;
            if let Some(saved) = saved {
                self.request.listener.saved(&saved);
                report.saved.push(saved);
            }
        }
        Ok(())
    }

    /// The repository of a work tree in the target, if it lies in the target.
    fn repository(&self, work: &Path) -> Result<Option<PathBuf>, SyncError> {
        own_repository(self.target, work)
            .map_err(|error| SyncError::io("read", &self.target.name(work), error))
    }

    /// The repository of a work tree in the source; nothing if it has none.
    fn source_repository(&self, work: &Place) -> Result<Vec<Place>, SyncError> {
        let failed = |error| SyncError::io("read", &work.name(), error);
        let folder = work.tree.folder(&work.path).map_err(failed)?;
        let name = OsStr::new(git::FOLDER);
        let Some(about) = about_if_there(&folder, name).map_err(failed)? else { return Ok(Vec::new()) };
        Ok(match git_entry(work, about.kind).map_err(failed)? {
            GitEntry::Repository(places) => places,
            GitEntry::Plain if about.kind == Kind::File => {
                let named = named_folder(&read_file(&folder, name, LARGEST_FILE).map_err(failed)?);
                let path = named.and_then(|named| inside(&work.path, &named));
                path.map(|path| Place::of(Arc::clone(&work.tree), path)).into_iter().collect()
            }
            GitEntry::Plain | GitEntry::Lost(_) => Vec::new(),
        })
    }

    fn record(&self) -> Result<Option<Record>, SyncError> {
        let Some(repository) = self.repository(Path::new(""))? else { return Ok(None) };
        let failed = |error| SyncError::io("read", &self.target.name(&repository.join(RECORD)), error);
        let folder = self.target.folder(&repository).map_err(failed)?;
        let text = read_if_file(&folder, OsStr::new(RECORD), LARGEST_FILE).map_err(failed)?;
        Ok(text.as_deref().and_then(Record::parse))
    }

    /// Writes what this sync brought, unless that is known already.
    fn write_record(&self, old: Option<&Record>) -> Result<(), SyncError> {
        let Some(repository) = self.repository(Path::new(""))? else { return Ok(()) };
        let is_new = old.is_none_or(|old| old.print != self.plan.source_print);
        if !is_new && !self.plan.may_cost_work() {
            return Ok(());
        }
        let place = Place::of(Arc::clone(self.source), PathBuf::new());
        let sources = self.source_repository(&place)?;
        let refs = refs::read(&sources)
            .map_err(|error| SyncError::io("read", &self.target.name(&repository), error))?;
        let record = Record { print: self.plan.source_print, tips: refs.tips() };
        if old == Some(&record) {
            return Ok(());
        }
        let failed = |error| SyncError::io("write", &self.target.name(&repository.join(RECORD)), error);
        let folder = self.target.folder(&repository).map_err(failed)?;
        replace(&folder, &folder, OsStr::new(RECORD), record.text().as_bytes(), 0o666).map_err(failed)
    }
}

fn exclusion(source: &Tree, patterns: &[String]) -> Result<Exclusion, SyncError> {
    let failed = |error| SyncError::io("read", &source.name(Path::new(exclusion::FILE)), error);
    let folder = source.folder(Path::new("")).map_err(failed)?;
    let file = match read_file_if_there(&folder, OsStr::new(exclusion::FILE), LARGEST_PATTERNS) {
        Ok(file) => file,
        Err(Errno::INVAL | Errno::NXIO) => {
            let path = source.name(Path::new(exclusion::FILE));
            return Err(SyncError::Io { verb: "read", path, reason: "it is not a regular file".to_owned() });
        }
        Err(error) => return Err(failed(error)),
    };
    Ok(Exclusion::of(file, patterns)?)
}

/// Makes the target if it isn't there, once it is known that it doesn't lie in the source or around it.
#[allow(clippy::disallowed_methods, reason = "the one place where a workspace is made")]
fn prepared_target(target: &Path, source: &Path, exclusion: &Exclusion) -> Result<PathBuf, SyncError> {
    let failed = |error: std::io::Error| SyncError::Io {
        verb: "make",
        path: target.to_owned(),
        reason: system_reason(&error),
    };
    let (Some(parent), Some(name)) = (target.parent(), target.file_name()) else {
        return Err(SyncError::Overlap { from: source.to_owned(), target: target.to_owned() });
    };
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    let is_left_alone = |below: &Path| !below.as_os_str().is_empty() && exclusion.covers_from_root(below);
    let lies_apart =
        |path: &Path| !source.starts_with(path) && path.strip_prefix(source).map_or(true, is_left_alone);
    let overlap = |target: PathBuf| SyncError::Overlap { from: source.to_owned(), target };
    let planned = resolved(parent).join(name);
    if !lies_apart(&planned) {
        return Err(overlap(planned));
    }
    fs::create_dir_all(parent).map_err(failed)?;
    // Now it is known where it is, whatever the path has in it.
    let path = fs::canonicalize(parent).map_err(failed)?.join(name);
    if !lies_apart(&path) {
        return Err(overlap(path));
    }
    crate::fault::step("make the target");
    match fs::create_dir(&path) {
        Ok(()) => Ok(path),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(path),
        Err(error) => Err(failed(error)),
    }
}

#[allow(clippy::disallowed_methods, reason = "paths that git is told must not depend on where it runs")]
fn absolute(path: &Path) -> Result<PathBuf, SyncError> {
    fs::canonicalize(path).map_err(|error| SyncError::Io {
        verb: "read",
        path: path.to_owned(),
        reason: system_reason(&error),
    })
}

fn threads(per_core: usize) -> NonZero<usize> {
    let cores = available_parallelism().map_or(1, NonZero::get);
    NonZero::new((cores * per_core).clamp(1, MOST_THREADS)).unwrap_or(NonZero::<usize>::MIN)
}

#[cfg(test)]
mod tests;
