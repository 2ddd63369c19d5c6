//! The temporary repository made one that stays, when the one that it borrows objects from goes.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

use rustix::fs::{Mode, openat, renameat};

use super::super::SaveError;
use super::{Found, Scratch, settings};
use crate::fault::step;
use crate::folder::read_if_file;
use crate::git::LARGEST_FILE;
use crate::replace::{made_folder, replace};
use crate::tree::{Tree, folder_only};

impl Scratch<'_> {
    /// Makes it a repository that needs no other: it has the commit and the work that was saved before, with all
    /// that they hang on.
    pub(in crate::saved) fn complete(
        &self,
        found: &Found,
        reference: &str,
        commit: &str,
    ) -> Result<(), SaveError> {
        let failed = |error| self.work.io(self.work.repository, error);
        let objects = openat(&self.folder, "objects", folder_only(), Mode::empty()).map_err(failed)?;
        made_folder(&objects, OsStr::new("pack"), 0o700).map_err(failed)?;
        let mut refs: BTreeMap<&str, &str> =
            found.older.iter().map(|(name, id)| (name.as_str(), id.as_str())).collect();
        refs.insert(reference, commit);
        let ids: String = refs.values().map(|id| format!("{id}\n")).collect();
        let packs = self.git.repository.join("objects/pack/pack");
        let arguments = ["pack-objects", "-q", "--revs"].map(OsStr::new);
        let arguments = [&arguments[..], &[packs.as_os_str()]].concat();
        self.run("pack-objects", &arguments, Some(ids.as_bytes()))?;
        let names: String = refs.iter().map(|(name, id)| format!("{id} {name}\n")).collect();
        let write = |name: &str, bytes: &[u8]| {
            replace(&self.folder, &self.folder, OsStr::new(name), bytes, 0o600).map_err(failed)
        };
        write("packed-refs", names.as_bytes())?;
        write("HEAD", format!("{commit}\n").as_bytes())?;
        let repository = self.work.target.folder(self.work.repository).map_err(failed)?;
        let config = read_if_file(&repository, OsStr::new("config"), LARGEST_FILE).map_err(failed)?;
        let config = settings(&config.unwrap_or_default()).replace("bare = false", "bare = true");
        write("config", config.as_bytes())
    }

    /// Moves it to its place in another folder.
    pub(in crate::saved) fn keep_in(self, folder: &Tree, name: &OsStr) -> Result<(), SaveError> {
        let path = folder.name(Path::new(name));
        let failed = |error| self.work.io(&path, error);
        let from = self.beside.folder(Path::new("")).map_err(failed)?;
        let to = folder.folder(Path::new("")).map_err(failed)?;
        step("keep saved work");
        renameat(&from, &self.name, &to, name).map_err(failed)
    }
}
