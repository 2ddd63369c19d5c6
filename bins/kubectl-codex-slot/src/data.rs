//! A slot's data directories, and which of them are its own.
//!
//! Takes `dataPaths` as the slot sees it, and as the others see it; makes, empties and deletes what is the
//! slot's own. A directory that another slot's paths lead to as well, or that lies in or around one of
//! another's, is left alone and said: no slot touches another's data (B33, `slots.md` "cleanup").

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use codex_common::diagnostic::Diagnostic;
use codex_common::stack::Project;
use codex_common::stack::model::DataPaths;
use codex_slot::record::Listed;
use codex_workspace::data::{DataDirectories, DataError, RootError};

use crate::scene::Scene;

/// The data directories of a slot.
pub(crate) struct Directories {
    /// All that the slot has, to be made.
    all: Option<DataDirectories>,
    /// Those that are its alone, to be emptied and deleted.
    own: Option<DataDirectories>,
    shared: Vec<(PathBuf, u32)>,
}

/// The data directories of all slots: those of any slot must not be touched in the name of another.
pub(crate) struct Neighbours(Vec<(PathBuf, u32)>);

impl Neighbours {
    /// Those of `slots`, of which only one may be going, and of all that have a record.
    ///
    /// # Errors
    /// services.yaml is wrong for one of them.
    pub(crate) fn of(
        scene: &Scene<'_>,
        slots: impl IntoIterator<Item = u32>,
        listed: &[Listed],
    ) -> Result<Self, Diagnostic> {
        // The slot above stands for all that have no record.
        let slots = slots.into_iter().flat_map(|slot| [Some(slot), slot.checked_add(1)]).flatten();
        let slots: BTreeSet<u32> = listed.iter().map(|other| other.slot).chain(slots).collect();
        let mut paths = Vec::new();
        for slot in slots {
            let project = scene.project_of(slot)?;
            let directories = directories(&project.stack.data_paths, &project)?;
            let of_slot = directories.iter().flat_map(DataDirectories::data);
            paths.extend(of_slot.map(|path| (path.clone(), slot)));
        }
        Ok(Self(paths))
    }
}

impl Directories {
    /// Those of a slot; `neighbours` are those of all slots.
    ///
    /// # Errors
    /// services.yaml is wrong for the slot; or there are directories, but no root.
    pub(crate) fn of(scene: &Scene<'_>, slot: u32, neighbours: &Neighbours) -> Result<Self, Diagnostic> {
        let project = scene.project_of(slot)?;
        let all = directories(&project.stack.data_paths, &project)?;
        let wanted = all.as_ref().map_or(&[][..], DataDirectories::data);
        if wanted.is_empty() {
            return Ok(Self { all, own: None, shared: Vec::new() });
        }
        let (own, shared) = apart(wanted, slot, &neighbours.0);
        let paths = own.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        let root = project.stack.data_paths.root.clone();
        let own = self::directories(&DataPaths { root, paths, ..DataPaths::default() }, &project)?;
        Ok(Self { all, own, shared })
    }

    /// The slot's own that are there.
    ///
    /// # Errors
    /// One of them doesn't lie below the root.
    pub(crate) fn there(&self) -> Result<Vec<PathBuf>, Diagnostic> {
        self.each(DataDirectories::there)
    }

    /// Those that another slot has too, and which slot that is.
    pub(crate) fn shared(&self) -> &[(PathBuf, u32)] {
        &self.shared
    }

    /// Makes all directories, as `codex.ensure-data-dirs` does.
    ///
    /// # Errors
    /// One of them doesn't lie below the root, or can't be made.
    pub(crate) fn make(&self) -> Result<(), Diagnostic> {
        self.all.as_ref().map_or(Ok(Vec::new()), DataDirectories::make).map(drop).map_err(refused)
    }

    /// Empties the slot's own; gives those that were there.
    ///
    /// # Errors
    /// One of them doesn't lie below the root: then none was touched. Or one can't be emptied.
    pub(crate) fn empty(&self) -> Result<Vec<PathBuf>, Diagnostic> {
        self.each(DataDirectories::empty)
    }

    /// Deletes the slot's own; gives those that were there.
    ///
    /// # Errors
    /// As [`Self::empty`].
    pub(crate) fn delete(&self) -> Result<Vec<PathBuf>, Diagnostic> {
        self.each(DataDirectories::delete)
    }

    fn each(
        &self,
        act: impl Fn(&DataDirectories) -> Result<Vec<PathBuf>, DataError>,
    ) -> Result<Vec<PathBuf>, Diagnostic> {
        // It waits for the disk only; the other thread of the runtime hears signals meanwhile.
        let done = |own: &DataDirectories| tokio::task::block_in_place(|| act(own));
        self.own.as_ref().map_or(Ok(Vec::new()), done).map_err(refused)
    }
}

fn directories(paths: &DataPaths, project: &Project) -> Result<Option<DataDirectories>, Diagnostic> {
    DataDirectories::of(paths, &project.root).map_err(refused)
}

/// Tells a slot's own directories from those that it shares.
fn apart(
    wanted: &[PathBuf],
    slot: u32,
    neighbours: &[(PathBuf, u32)],
) -> (Vec<PathBuf>, Vec<(PathBuf, u32)>) {
    let (mut own, mut shared) = (Vec::new(), Vec::new());
    for path in wanted {
        let touches = |other: &Path| other.starts_with(path) || path.starts_with(other);
        match neighbours.iter().find(|(other, whose)| *whose != slot && touches(other)) {
            None => own.push(path.clone()),
            Some((_, whose)) => shared.push((path.clone(), *whose)),
        }
    }
    (own, shared)
}

/// The message about data directories that are left as they are.
fn refused(error: DataError) -> Diagnostic {
    let title = format!("the data directories are left as they are: {error}");
    match error {
        DataError::NoRoot => Diagnostic::input(title),
        DataError::Root(RootError::Io { .. }) => Diagnostic::machine(title),
        DataError::Root(_) => Diagnostic::machine(title)
            .hint(Some("data directories lie strictly below `dataPaths.root`".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn what_touches_another_slots_directory_is_shared() {
        let neighbours = [(PathBuf::from("/data/ai-2/db"), 2), (PathBuf::from("/data/common"), 2)];
        let (own, shared) = apart(&paths(&["/data/ai-1/db", "/data/common"]), 1, &neighbours);
        assert_eq!((own, shared), (paths(&["/data/ai-1/db"]), vec![("/data/common".into(), 2)]));
        // Around another's, and in it.
        let (own, shared) = apart(&paths(&["/data", "/data/common/x", "/data/ai-20/db"]), 20, &neighbours);
        assert_eq!(own, paths(&["/data/ai-20/db"]));
        assert_eq!(shared.len(), 2);
    }
}
