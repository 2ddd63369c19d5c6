//! The data directories of an environment (inventory F34, H4, S12; B1, B33).
//!
//! Takes `dataPaths` as `services.yaml` gives them, makes the directories, empties them or deletes them. Only
//! what lies strictly below `dataPaths.root` is ever touched: other environments' data lie there, too.
//!
//! - [`targets`]: which directories these are;
//! - [`root`]: directories below a root, whatever links lie on the way.
//!
//! Separate from hooks and slots, which both need it and know when. That a failed look-up of a namespace is no
//! reason to empty anything (B1) is their rule.

mod root;
mod targets;

use std::path::{Path, PathBuf};

use codex_common::stack::model::DataPaths;
use thiserror::Error;

use root::Root;
pub use root::RootError;

/// Why data directories are left as they are.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DataError {
    /// There are directories and no root.
    #[error("dataPaths.root is not set")]
    NoRoot,
    /// One of them is not to be touched, or can't be.
    #[error(transparent)]
    Root(#[from] RootError),
}

/// The data directories of an environment, as absolute paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataDirectories {
    root: PathBuf,
    /// The environment's folder and its directories.
    made: Vec<PathBuf>,
    /// Its directories, or its folder if it has none.
    data: Vec<PathBuf>,
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
        Ok(Some(Self { root: project.join(root), made: absolute(made), data: absolute(data) }))
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

    /// Deletes everything in the directories, which stay. Gives those that were there.
    ///
    /// # Errors
    /// One of them doesn't lie below the root: then none was touched. Or one can't be emptied.
    pub fn empty(&self) -> Result<Vec<PathBuf>, DataError> {
        self.each(Root::empty)
    }

    /// Deletes the directories with everything in them. Gives those that were there.
    ///
    /// # Errors
    /// As [`Self::empty`].
    pub fn delete(&self) -> Result<Vec<PathBuf>, DataError> {
        self.each(Root::delete)
    }

    /// The directories that [`Self::empty`] and [`Self::delete`] are about, whether they are there or not.
    pub fn data(&self) -> &[PathBuf] {
        &self.data
    }

    /// Those of them that are there.
    ///
    /// # Errors
    /// One of them doesn't lie below the root.
    pub fn there(&self) -> Result<Vec<PathBuf>, DataError> {
        self.each(Root::has)
    }

    fn each(&self, act: impl Fn(&Root, &Path) -> Result<bool, RootError>) -> Result<Vec<PathBuf>, DataError> {
        let Some(root) = Root::at(&self.root)? else { return Ok(Vec::new()) };
        // All are looked at first: a path that is refused means that the list is wrong.
        for path in &self.data {
            root.check(path)?;
        }
        let mut there = Vec::new();
        for path in &self.data {
            if act(&root, path)? {
                there.push(path.clone());
            }
        }
        Ok(there)
    }
}

#[cfg(test)]
mod tests;
