//! What differs between a source and a target.
//!
//! Takes two trees, gives a [`Plan`]; changes nothing and reads no file whose size and time are the same on both
//! sides. Folders are looked at by several threads. Separate from carrying the plan out, because an unchanged
//! target ends here, and because what would be lost has to be known before anything is touched.
//!
//! - [`folder`]: one folder of both sides;
//! - [`facts`]: what is known of a name;
//! - [`repository`]: what is different about `.git`.

mod facts;
mod folder;
mod repository;

use std::collections::HashSet;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::area::Area;
use super::changes::{FolderChanges, Plan, WorkTree};
use super::error::SyncError;
use super::listener::Listener;
use super::note::Note;
use super::queue;
use crate::exclusion::Exclusion;
use crate::git::layout::Place;
use crate::tree::Tree;

/// What is compared.
pub(super) struct Comparison<'a> {
    /// The source.
    pub(super) source: &'a Arc<Tree>,
    /// The target.
    pub(super) target: &'a Tree,
    /// What is left alone.
    pub(super) exclusion: &'a Exclusion,
    /// Whoever says whether to stop.
    pub(super) listener: &'a dyn Listener,
}

/// A folder to look at.
struct Task {
    path: PathBuf,
    /// Where the source has it; nowhere if it has to go.
    sources: Vec<Place>,
    area: Area,
    state: State,
}

/// What the target has in a folder's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The folder.
    There,
    /// Nothing.
    Missing,
    /// Something that has to make way.
    Other,
}

/// What one thread found.
#[derive(Default)]
struct Gathered {
    plan: Plan,
    /// Folders that only the target has and that hold something that stays.
    kept: Vec<PathBuf>,
}

impl Comparison<'_> {
    /// Compares everything.
    ///
    /// # Errors
    /// The first folder that can't be looked at, or that can't become what it should.
    pub(super) fn run(&self, threads: NonZero<usize>) -> Result<Plan, SyncError> {
        self.run_from(
            Task {
                path: PathBuf::new(),
                sources: vec![Place::of(Arc::clone(self.source), PathBuf::new())],
                area: Area::Work,
                state: State::There,
            },
            threads,
        )
    }

    /// Compares a folder of objects, which only grows, with one of the target.
    pub(super) fn objects(&self, path: PathBuf, threads: NonZero<usize>) -> Result<Plan, SyncError> {
        let sources = vec![Place::of(Arc::clone(self.source), PathBuf::new())];
        self.run_from(Task { path, sources, area: Area::Objects, state: State::There }, threads)
    }

    fn run_from(&self, task: Task, threads: NonZero<usize>) -> Result<Plan, SyncError> {
        let work = |task, more: &mut Vec<Task>, gathered: &mut Gathered| self.folder(task, more, gathered);
        let gathered = queue::run(threads, vec![task], work)?;
        let mut plan = Plan::default();
        let mut kept = Vec::new();
        for mut one in gathered {
            plan.folders.append(&mut one.plan.folders);
            plan.notes.append(&mut one.plan.notes);
            plan.work_trees.append(&mut one.plan.work_trees);
            plan.own_repositories.append(&mut one.plan.own_repositories);
            plan.files += one.plan.files;
            plan.bytes += one.plan.bytes;
            plan.target_print = plan.target_print.wrapping_add(one.plan.target_print);
            plan.source_print = plan.source_print.wrapping_add(one.plan.source_print);
            kept.append(&mut one.kept);
        }
        plan.folders.sort_unstable_by(|one, other| one.path.cmp(&other.path));
        plan.work_trees.sort_unstable_by(|one, other| one.path.cmp(&other.path));
        plan.own_repositories.sort_unstable();
        plan.notes.sort_unstable();
        self.keep(&mut plan, kept)?;
        Ok(plan)
    }

    /// Takes folders that hold something that stays off the lists of what goes.
    fn keep(&self, plan: &mut Plan, kept: Vec<PathBuf>) -> Result<(), SyncError> {
        if kept.is_empty() {
            return Ok(());
        }
        let mut all: HashSet<&Path> = HashSet::new();
        for path in &kept {
            // A folder that is known is known with those that it lies in.
            for path in path.ancestors().take_while(|path| !path.as_os_str().is_empty()) {
                if !all.insert(path) {
                    break;
                }
            }
        }
        for folder in &mut plan.folders {
            let path = &folder.path;
            if let Some(put) =
                folder.late_puts.iter().find(|put| all.contains(path.join(&put.name).as_path()))
            {
                return Err(SyncError::Blocked(self.target.name(&path.join(&put.name))));
            }
            folder
                .removals
                .retain(|removal| !removal.is_folder || !all.contains(path.join(&removal.name).as_path()));
        }
        plan.folders.retain(|folder| !folder.is_empty());
        Ok(())
    }
}

impl Gathered {
    fn note(&mut self, note: Note) {
        self.plan.notes.push(note);
    }

    fn changes(&mut self, changes: FolderChanges) {
        if !changes.is_empty() {
            self.plan.folders.push(changes);
        }
    }

    fn work_tree(&mut self, path: &Path, source: &Place) {
        self.plan.work_trees.push(WorkTree { path: path.to_owned(), source: source.clone() });
    }
}
