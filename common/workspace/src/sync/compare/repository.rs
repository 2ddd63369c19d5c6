//! What is different about `.git`: which repository a work tree has, and files made of both sides.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::super::area::Area;
use super::super::changes::{Content, Put, Removal};
use super::super::error::SyncError;
use super::super::note::Note;
use super::folder::Here;
use super::{State, Task};
use crate::folder::{About, Entry, Kind, about_if_there, read_file};
use crate::git::config::{self, Origin};
use crate::git::layout::{GitEntry, Layered, Place, Role, git_entry, is_repository};
use crate::git::{LARGEST_FILE, refs};

/// The permissions of a file that the source doesn't have.
const NEW_FILE: u32 = 0o644;

impl Here<'_> {
    /// Whether a place of the source shows a name at the top of a repository that is made of two.
    pub(super) fn is_seen(&self, at: usize, name: &OsStr) -> bool {
        let name = name.as_bytes();
        match self.sources.get(at).map(|place| place.role) {
            Some(Role::WorkTree) => !matches!(name, b"commondir" | b"gitdir" | b"locked"),
            Some(Role::Shared) => !is_of_one_work_tree(name),
            Some(Role::Whole) | None => true,
        }
    }

    /// A work tree's `.git`.
    pub(super) fn git(
        &mut self,
        source: Option<&Layered>,
        target: Option<&Entry>,
        path: &Path,
    ) -> Result<(), SyncError> {
        let Some(work) = self.sources.first().cloned() else { return Ok(()) };
        if target.is_some_and(|entry| matches!(entry.kind, Kind::Folder | Kind::File)) {
            self.gathered.work_tree(&self.path, &work);
        }
        let Some(entry) = source else {
            // Whatever work is in it stays with it.
            return Ok(());
        };
        let found = git_entry(&work, entry.kind)
            .map_err(|error| SyncError::io("read", &self.source_name(source, &entry.name), error))?;
        match found {
            GitEntry::Repository(sources) => {
                let state = match target {
                    Some(Entry { kind: Kind::Folder, .. }) => State::There,
                    Some(_) => State::Other,
                    None => State::Missing,
                };
                self.more.push(Task { path: path.to_owned(), sources, area: Area::Repository, state });
                Ok(())
            }
            GitEntry::Lost(repository) => {
                let file = self.source_name(source, &entry.name);
                self.gathered.note(Note::LostRepository { file, repository });
                Ok(())
            }
            GitEntry::Plain if self.has_repository(target, path)? => {
                self.gathered.note(Note::RepositoryStays(self.comparison.target.name(path)));
                Ok(())
            }
            GitEntry::Plain if entry.kind == Kind::Special => {
                self.gathered.note(Note::Special(self.source_name(source, &entry.name)));
                Ok(())
            }
            GitEntry::Plain if target.is_some() => self.both(source, target, path.to_owned(), Area::Plain),
            GitEntry::Plain => self.missing(source, path.to_owned(), Area::Plain, State::Missing),
        }
    }

    fn has_repository(&self, target: Option<&Entry>, path: &Path) -> Result<bool, SyncError> {
        Ok(target.is_some_and(|entry| entry.kind == Kind::Folder) && self.is_module_of_target(path)?)
    }

    /// Whether a folder of the target is a repository's own.
    pub(super) fn is_module_of_target(&self, path: &Path) -> Result<bool, SyncError> {
        let unread = |error| SyncError::io("read", &self.comparison.target.name(path), error);
        let folder = self.comparison.target.folder(path).map_err(unread)?;
        let has = |name: &str| about_if_there(&folder, OsStr::new(name)).map(|about| about.is_some());
        Ok(has("HEAD").map_err(unread)? && has("objects").map_err(unread)?)
    }

    /// Whether a folder of the source is a repository's own.
    pub(super) fn is_module(&self, place: &Place) -> Result<bool, SyncError> {
        is_repository(place).map_err(|error| SyncError::io("read", &place.name(), error))
    }

    /// Files of a repository that are made of both sides.
    pub(super) fn merged_files(&mut self, source: &[Layered], target: &[Entry]) -> Result<(), SyncError> {
        for name in ["config", "config.worktree", "packed-refs", "shallow"] {
            let name = OsStr::new(name);
            let of_source = source.iter().find(|entry| entry.name == name);
            let of_target = target.iter().find(|entry| entry.name == name);
            if of_source.is_some() || of_target.is_some() {
                self.merged_file(name, of_source, of_target)?;
            }
        }
        Ok(())
    }

    fn merged_file(
        &mut self,
        name: &OsStr,
        source: Option<&Layered>,
        target: Option<&Entry>,
    ) -> Result<(), SyncError> {
        let is_config = name.as_bytes().starts_with(b"config");
        let about = match source {
            Some(entry) => self.about_merged(entry)?,
            None => None,
        };
        let old_about = self.about_old(name)?;
        let same = |new: &About, old: &About| (new.size, new.modified) == (old.size, old.modified);
        if !is_config && about.zip(old_about).is_some_and(|(new, old)| same(&new, &old)) {
            return Ok(());
        }
        let new = match source {
            Some(entry) => match read_file(&self.opened[entry.places[0]], name, LARGEST_FILE) {
                Ok(bytes) => Some(bytes),
                Err(Errno::LOOP | Errno::INVAL | Errno::ISDIR | Errno::NOENT) => {
                    let config = self.source_name(source, name);
                    self.gathered.note(Note::UnreadableConfig { config, line: None });
                    return Ok(());
                }
                Err(error) => return Err(SyncError::io("read", &self.source_name(source, name), error)),
            },
            None => None,
        };
        let old = match (&self.target, old_about) {
            (Some(folder), Some(_)) => {
                Some(read_file(folder, name, LARGEST_FILE).map_err(|error| self.unread_target(name, error))?)
            }
            _ => None,
        };
        let wanted = if is_config {
            match self.config(source, name, new.as_deref(), old.as_deref())? {
                Some(config) => Some(config),
                // The target may as well keep what it has.
                None => return Ok(()),
            }
        } else if name == "packed-refs" {
            refs::packed_of_both(new.as_deref(), old.as_deref())
        } else {
            refs::shallow_of_both(new.as_deref(), old.as_deref())
        };
        // A link in the file's place goes, whatever it leads to.
        if wanted == old && target.is_none_or(|entry| entry.kind == Kind::File) {
            return Ok(());
        }
        match wanted {
            Some(bytes) => {
                let modified = about.or(old_about).map(|about| about.modified);
                let mode = about.map_or(NEW_FILE, |about| about.mode & 0o777);
                self.gathered.plan.files += 1;
                self.gathered.plan.bytes += bytes.len() as u64;
                let content = Content::Bytes { bytes, mode, modified };
                self.changes.puts.push(Put { name: name.to_owned(), content });
            }
            None if target.is_some_and(|entry| entry.kind != Kind::Folder) => {
                self.changes.removals.push(Removal { name: name.to_owned(), is_folder: false });
            }
            None => {}
        }
        Ok(())
    }

    /// The config that the target gets; nothing if the source has none that git could read.
    fn config(
        &mut self,
        source: Option<&Layered>,
        name: &OsStr,
        new: Option<&[u8]>,
        old: Option<&[u8]>,
    ) -> Result<Option<Vec<u8>>, SyncError> {
        let Some(new) = new else { return Ok(None) };
        // A repository that doesn't lie in its work tree's `.git` is one of its own tree.
        let is_in_place = self.sources.first().is_some_and(|place| !place.path.as_os_str().is_empty());
        let origin = if is_in_place { Origin::InPlace } else { Origin::Linked };
        match config::clean(new, origin) {
            Ok(cleaned) => {
                if !cleaned.omitted.is_empty() && old != Some(&cleaned.text) {
                    let config = self.comparison.target.name(&self.path.join(name));
                    self.gathered.note(Note::Credentials { config, omitted: cleaned.omitted });
                }
                Ok(Some(cleaned.text))
            }
            Err(line) => {
                let config: PathBuf = self.source_name(source, name);
                self.gathered.note(Note::UnreadableConfig { config, line: Some(line) });
                Ok(None)
            }
        }
    }

    fn about_merged(&mut self, entry: &Layered) -> Result<Option<About>, SyncError> {
        about_if_there(&self.opened[entry.places[0]], &entry.name)
            .map_err(|error| SyncError::io("read", &self.source_name(Some(entry), &entry.name), error))
    }

    /// What the target has, if it is a file.
    fn about_old(&self, name: &OsStr) -> Result<Option<About>, SyncError> {
        let Some(folder) = &self.target else { return Ok(None) };
        let about = about_if_there(folder, name).map_err(|error| self.unread_target(name, error))?;
        Ok(about.filter(|about| about.kind == Kind::File))
    }
}

/// Files that each work tree of a repository has for itself.
fn is_of_one_work_tree(name: &[u8]) -> bool {
    name == b"HEAD"
        || name.ends_with(b"_HEAD")
        || matches!(name, b"index" | b"config.worktree" | b"sequencer" | b"AUTO_MERGE" | b"SQUASH_MSG")
        || matches!(name, b"COMMIT_EDITMSG" | b"modules")
        || [&b"MERGE_"[..], b"BISECT_", b"rebase-", b"sharedindex."]
            .iter()
            .any(|start| name.starts_with(start))
}
