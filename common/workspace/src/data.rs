//! The data directories of an environment (inventory F34, H4, S12; B1, B33).
//!
//! Takes `dataPaths` as `services.yaml` gives them, makes the directories, empties them or deletes them. Only
//! what lies strictly below `dataPaths.root` is ever touched: other environments' data lie there, too.
//!
//! - [`targets`]: which directories these are;
//! - [`root`]: directories below a root; what is emptied and deleted there goes through [`crate::removal`].
//!
//! Separate from hooks and slots, which both need it and know when. That a failed look-up of a namespace is no
//! reason to empty anything (B1) is their rule.

mod root;
mod targets;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use codex_common::stack::model::DataPaths;
use thiserror::Error;

use crate::kept::{Kept, Location};
use crate::removal::{Removal, RemovalError};
use root::Root;

/// Why data directories are left as they are.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DataError {
    /// There are directories and no root.
    #[error("dataPaths.root is not set")]
    NoRoot,
    /// One of them is not to be touched, or can't be.
    #[error(transparent)]
    Removal(#[from] RemovalError),
}

/// The data directories of an environment, as absolute paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataDirectories {
    root: PathBuf,
    /// The environment's folder and its directories.
    made: Vec<PathBuf>,
    /// Its directories, or its folder if it has none.
    data: Vec<PathBuf>,
    /// What is not to be touched though it lies below the root.
    kept: Vec<Kept>,
    /// The slot that these are of, and the directories of all.
    neighbours: Option<(u32, Neighbours)>,
}

/// Where the data directories of all slots are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Neighbours(Arc<[(u32, Kept)]>);

impl Neighbours {
    /// Those of some slots. What is wrong with one's directories keeps nobody else from having theirs.
    pub fn of(slots: &[(u32, DataDirectories)]) -> Self {
        let kept = slots.iter().flat_map(|(slot, directories)| {
            let unseen = |_| directories.data.iter().map(|path| Location::unseen(path)).collect();
            let locations = directories.locations().unwrap_or_else(unseen).into_iter();
            locations
                .map(move |location| (*slot, Kept::of(location, format!("a data directory of slot {slot}"))))
        });
        Self(kept.collect())
    }

    /// Another slot than this one whose directory touches the location.
    fn touched(&self, slot: u32, location: &Location) -> Option<&(u32, Kept)> {
        self.0.iter().find(|(other, kept)| *other != slot && kept.is_touched_by(location))
    }
}

/// A data directory that somebody else has, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedDirectory {
    /// Its path.
    pub path: PathBuf,
    /// The slot that has it, too.
    pub with: u32,
}

impl DataDirectories {
    /// The directories that `dataPaths` names; relative paths are meant from `project`, the folder of
    /// `services.yaml`. Nothing if it names none.
    ///
    /// # Errors
    /// There are some, but no root.
    pub fn of(paths: &DataPaths, project: &Path) -> Result<Option<Self>, DataError> {
        let (made, data) = (targets::made(paths), targets::data(paths));
        let root = paths.root.trim();
        match (root.is_empty(), made.is_empty() && data.is_empty()) {
            (true, true) => return Ok(None),
            (true, false) => return Err(DataError::NoRoot),
            _ => {}
        }
        let absolute = |paths: Vec<String>| paths.iter().map(|path| project.join(path)).collect();
        Ok(Some(Self {
            root: project.join(root),
            made: absolute(made),
            data: absolute(data),
            kept: Vec::new(),
            neighbours: None,
        }))
    }

    /// A slot's directories without what another slot has too, or what lies in or around one of theirs; and those
    /// that were left out. Compared is where the paths really lead, and again when something is deleted.
    ///
    /// # Errors
    /// One of them doesn't lie below the root, or can't be looked at.
    pub fn apart(
        self,
        slot: u32,
        neighbours: &Neighbours,
    ) -> Result<(Self, Vec<SharedDirectory>), DataError> {
        let (mut own, mut shared) = (Vec::new(), Vec::new());
        for (path, location) in self.data.iter().zip(self.locations()?) {
            match neighbours.touched(slot, &location) {
                None => own.push(path.clone()),
                Some((with, _)) => shared.push(SharedDirectory { path: path.clone(), with: *with }),
            }
        }
        Ok((Self { data: own, neighbours: Some((slot, neighbours.clone())), ..self }, shared))
    }

    fn keeper(&self, location: &Location) -> Option<String> {
        let others = self.neighbours.as_ref().and_then(|(slot, all)| all.touched(*slot, location));
        let kept = others
            .map(|(_, kept)| kept)
            .or_else(|| self.kept.iter().find(|kept| kept.is_touched_by(location)));
        kept.map(|kept| kept.owner.clone())
    }

    /// The same, with directories that are never touched whatever lies where.
    #[must_use]
    pub fn keeping(mut self, kept: impl IntoIterator<Item = Kept>) -> Self {
        self.kept.extend(kept);
        self
    }

    /// Where the directories are.
    fn locations(&self) -> Result<Vec<Location>, DataError> {
        let root = Root::at(&self.root)?;
        let locations = self.data.iter().map(|path| match &root {
            Some(root) => Ok(root.location(path)?),
            None => Ok(Location::to(path)),
        });
        locations.collect()
    }

    /// Makes the root, and below it the environment's folder and every directory; those can be written by
    /// everyone, since the containers' users are. Gives what is there now.
    ///
    /// # Errors
    /// The first one that doesn't lie below the root or can't be made.
    pub fn make(&self) -> Result<Vec<PathBuf>, DataError> {
        let root = Root::made_at(&self.root)?;
        let mut there = Vec::new();
        for path in &self.made {
            // The root itself stays as it is: other environments' data lie in it.
            if !root.is(path) {
                root.open_to_all(path)?;
                there.push(path.clone());
            }
        }
        Ok(there)
    }

    /// Deletes everything in the directories, which stay. Gives those that were there. `is_stopped` is asked now
    /// and then whether the user wants it to stop.
    ///
    /// # Errors
    /// One of them is refused: then none was touched. Or one can't be emptied.
    pub fn empty(&self, is_stopped: &(dyn Fn() -> bool + Sync)) -> Result<Vec<PathBuf>, DataError> {
        self.each(is_stopped, |removal, path| removal.empty(path))
    }

    /// Deletes the directories with everything in them. Gives those that were there.
    ///
    /// # Errors
    /// As [`Self::empty`].
    pub fn delete(&self, is_stopped: &(dyn Fn() -> bool + Sync)) -> Result<Vec<PathBuf>, DataError> {
        self.each(is_stopped, |removal, path| removal.delete(path))
    }

    /// The directories that [`Self::empty`] and [`Self::delete`] are about, whether they are there or not.
    pub fn data(&self) -> &[PathBuf] {
        &self.data
    }

    /// Those of them that are there.
    ///
    /// # Errors
    /// One of them is refused.
    pub fn there(&self) -> Result<Vec<PathBuf>, DataError> {
        self.each(&|| false, |removal, path| Ok(removal.find(path)?.is_some()))
    }

    fn each(
        &self,
        is_stopped: &(dyn Fn() -> bool + Sync),
        act: impl Fn(&Removal<'_>, &Path) -> Result<bool, RemovalError>,
    ) -> Result<Vec<PathBuf>, DataError> {
        let Some(root) = Root::at(&self.root)? else { return Ok(Vec::new()) };
        let keeper = |location: &Location| self.keeper(location);
        let removal = root.removal(&keeper, is_stopped);
        // All are looked at first: a path that is refused means that the list is wrong.
        for path in &self.data {
            removal.find(root.below(path)?)?;
        }
        let mut there = Vec::new();
        for path in &self.data {
            if act(&removal, root.below(path)?)? {
                there.push(path.clone());
            }
        }
        Ok(there)
    }
}

#[cfg(test)]
mod tests;
