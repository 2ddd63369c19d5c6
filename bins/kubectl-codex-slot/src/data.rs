//! A slot's data directories, and which of them are its own.
//!
//! Takes `dataPaths` as the slot sees it, and as the others see it; makes, empties and deletes what is the
//! slot's own. A directory that another slot's paths lead to as well, or that lies in or around one of
//! another's, is left alone and said: no slot touches another's data (B33, `slots.md` "cleanup").

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use codex_common::diagnostic::Diagnostic;
use codex_common::stack::Project;
use codex_slot::record::Listed;
use codex_workspace::data::{self, DataDirectories, DataError, SharedDirectory};
use codex_workspace::{Kept, RemovalError};

use crate::scene::Scene;

/// Asks whether the user wants the work to stop.
type IsStopped<'a> = dyn Fn() -> bool + Sync + 'a;

/// The data directories of a slot.
pub(crate) struct Directories {
    /// All that the slot has, to be made.
    all: Option<DataDirectories>,
    /// Those that are its alone, to be emptied and deleted.
    own: Option<DataDirectories>,
    shared: Vec<SharedDirectory>,
}

/// The data directories of all slots: those of any slot must not be touched in the name of another.
pub(crate) struct Neighbours {
    slots: BTreeSet<u32>,
    directories: data::Neighbours,
}

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
        let mut all = Vec::new();
        for slot in &slots {
            all.extend(directories(&scene.project_of(*slot)?)?.map(|directories| (*slot, directories)));
        }
        Ok(Self { directories: data::Neighbours::of(&all), slots })
    }
}

impl Directories {
    /// Those of a slot; `neighbours` are those of all slots, `base` is the folder of all workspaces, if there is one.
    ///
    /// # Errors
    /// services.yaml is wrong for the slot; or there are directories, but no root.
    pub(crate) fn of(
        scene: &Scene<'_>,
        slot: u32,
        neighbours: &Neighbours,
        base: Option<&Path>,
    ) -> Result<Self, Diagnostic> {
        let project = scene.project_of(slot)?;
        let Some(all) = directories(&project)? else {
            return Ok(Self { all: None, own: None, shared: Vec::new() });
        };
        if all.data().is_empty() {
            return Ok(Self { all: Some(all), own: None, shared: Vec::new() });
        }
        let (own, shared) = all.clone().apart(slot, &neighbours.directories).map_err(refused)?;
        let others = neighbours.slots.iter().copied().filter(|other| *other != slot);
        let own = own.keeping(workplaces(&project, base, others));
        Ok(Self { all: Some(all), own: Some(own), shared })
    }

    /// The slot's own that are there.
    ///
    /// # Errors
    /// One of them doesn't lie below the root.
    pub(crate) fn there(&self) -> Result<Vec<PathBuf>, Diagnostic> {
        self.each(DataDirectories::there)
    }

    /// Those that another slot has too, and which slot that is.
    pub(crate) fn shared(&self) -> &[SharedDirectory] {
        &self.shared
    }

    /// Makes all directories, as `codex.ensure-data-dirs` does.
    ///
    /// # Errors
    /// One of them doesn't lie below the root, or can't be made.
    pub(crate) fn make(&self) -> Result<(), Diagnostic> {
        self.all.as_ref().map_or(Ok(Vec::new()), DataDirectories::make).map(drop).map_err(refused)
    }

    /// Empties the slot's own, and stops between two files if asked; gives those that were there.
    ///
    /// # Errors
    /// One of them is refused: then none was touched. Or one can't be emptied.
    pub(crate) fn empty(&self, is_stopped: &IsStopped<'_>) -> Result<Vec<PathBuf>, Diagnostic> {
        self.each(|own| own.empty(is_stopped))
    }

    /// Deletes the slot's own, and stops between two files if asked; gives those that were there.
    ///
    /// # Errors
    /// As [`Self::empty`].
    pub(crate) fn delete(&self, is_stopped: &IsStopped<'_>) -> Result<Vec<PathBuf>, Diagnostic> {
        self.each(|own| own.delete(is_stopped))
    }

    fn each(
        &self,
        act: impl Fn(&DataDirectories) -> Result<Vec<PathBuf>, DataError>,
    ) -> Result<Vec<PathBuf>, Diagnostic> {
        // It waits for the disk only, and looks at signals between batches.
        let done = |own: &DataDirectories| tokio::task::block_in_place(|| act(own));
        self.own.as_ref().map_or(Ok(Vec::new()), done).map_err(refused)
    }
}

fn directories(project: &Project) -> Result<Option<DataDirectories>, Diagnostic> {
    DataDirectories::of(&project.stack.data_paths, &project.root).map_err(refused)
}

/// Where people and agents work: no data directory, whatever services.yaml says.
fn workplaces(project: &Project, base: Option<&Path>, others: impl Iterator<Item = u32>) -> Vec<Kept> {
    let mut kept = vec![Kept::itself(&project.root, "the project's folder")];
    if let Some(base) = base {
        kept.push(Kept::itself(base, "the folder of all workspaces"));
        let workspaces = others.map(|slot| (slot, base.join(slot.to_string())));
        kept.extend(
            workspaces.map(|(slot, path)| Kept::with_content(&path, format!("the workspace of slot {slot}"))),
        );
    }
    kept
}

/// The message about data directories that are left as they are.
fn refused(error: DataError) -> Diagnostic {
    let title = format!("the data directories are left as they are: {error}");
    match error {
        DataError::NoRoot => Diagnostic::input(title),
        DataError::Removal(RemovalError::Stopped(_)) => {
            Diagnostic::interrupted(format!("{error}; running it again goes on where it stopped"))
        }
        DataError::Removal(RemovalError::Io { .. }) => Diagnostic::machine(title),
        DataError::Removal(RemovalError::Link(_)) => Diagnostic::machine(title).hint(Some(
            "below `dataPaths.root` no link is followed: remove it, or mount the directory above it"
                .to_owned(),
        )),
        DataError::Removal(RemovalError::Mount(_)) => {
            Diagnostic::machine(title).hint(Some("unmount it, and run the command again".to_owned()))
        }
        DataError::Removal(_) => Diagnostic::machine(title)
            .hint(Some("data directories lie strictly below `dataPaths.root`".to_owned())),
    }
}
