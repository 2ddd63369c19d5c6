//! A slot's data directories, and which of them are its own.
//!
//! Takes `dataPaths` as the slot sees it, and as the others see it; gives the directories that may be emptied
//! and deleted. A directory that another slot's paths lead to as well, or that lies in or around one of
//! another's, is nobody's own: it is left alone and said (B33, `slots.md` "cleanup").

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use codex_common::diagnostic::Diagnostic;
use codex_slot::record::Listed;

use crate::scene::Scene;

/// The data directories of a slot.
pub(crate) struct Directories {
    own: Vec<PathBuf>,
    shared: Vec<(PathBuf, String)>,
}

impl Directories {
    /// Those of a slot; `listed` are all records.
    ///
    /// # Errors
    /// services.yaml is wrong for the slot, or for one of the others.
    pub(crate) fn of(scene: &Scene<'_>, slot: u32, listed: &[Listed]) -> Result<Self, Diagnostic> {
        let wanted = paths(scene, slot)?;
        if wanted.is_empty() {
            return Ok(Self { own: Vec::new(), shared: Vec::new() });
        }
        // The slot above stands for all that have no record.
        let others: BTreeSet<u32> =
            listed.iter().map(|other| other.slot).chain([slot + 1]).filter(|other| *other != slot).collect();
        let mut neighbours = Vec::new();
        for other in others {
            neighbours.extend(paths(scene, other)?.into_iter().map(|path| (path, other)));
        }
        Ok(Self::apart(wanted, &neighbours))
    }

    /// Tells a slot's own directories from those that it shares.
    fn apart(wanted: Vec<PathBuf>, neighbours: &[(PathBuf, u32)]) -> Self {
        let mut directories = Self { own: Vec::new(), shared: Vec::new() };
        for path in wanted {
            let touches = |other: &Path| other.starts_with(&path) || path.starts_with(other);
            match neighbours.iter().find(|(other, _)| touches(other)) {
                None => directories.own.push(path),
                Some((_, slot)) => {
                    let why = format!("it is a data directory of slot {slot} too");
                    directories.shared.push((path, why));
                }
            }
        }
        directories
    }

    /// The slot's own.
    pub(crate) fn own(&self) -> &[PathBuf] {
        &self.own
    }

    /// Those that are left alone, and why.
    pub(crate) fn shared(&self) -> &[(PathBuf, String)] {
        &self.shared
    }
}

fn paths(scene: &Scene<'_>, slot: u32) -> Result<Vec<PathBuf>, Diagnostic> {
    let _ = scene.project_of(slot)?;
    Ok(Vec::new())
}

impl Directories {
    pub(crate) fn has_content(&self, _path: &Path) -> Result<bool, Diagnostic> {
        Ok(false)
    }
    pub(crate) fn empty(&self, _path: &Path) -> Result<(), Diagnostic> {
        Ok(())
    }
    pub(crate) fn delete(&self, _path: &Path) -> Result<bool, Diagnostic> {
        Ok(false)
    }
    pub(crate) fn make(&self) -> Result<(), Diagnostic> {
        Ok(())
    }
}
