//! One folder of the source beside the same folder of the target.
//!
//! Takes a folder's path, gives what changes in it and the folders in it that have to be looked at next.

use std::cmp::Ordering;
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::super::area::{Area, Rule};
use super::super::changes::{Content, Creation, FolderChanges, Put, Removal};
use super::super::error::SyncError;
use super::super::note::Note;
use super::super::print;
use super::{Comparison, Gathered, State, Task};
use crate::folder::{About, Entry, Kind, about_open, entries, with_executability};
use crate::git;
use crate::git::layout::{Layered, Place, borrowed, layered};

/// A folder that is being looked at.
pub(super) struct Here<'a> {
    pub(super) comparison: &'a Comparison<'a>,
    pub(super) path: PathBuf,
    pub(super) area: Area,
    pub(super) sources: Vec<Place>,
    /// The sources, opened.
    pub(super) opened: Vec<OwnedFd>,
    /// The target's folder, if it has one.
    pub(super) target: Option<OwnedFd>,
    pub(super) changes: FolderChanges,
    pub(super) more: &'a mut Vec<Task>,
    pub(super) gathered: &'a mut Gathered,
}

impl Comparison<'_> {
    pub(super) fn folder(
        &self,
        task: Task,
        more: &mut Vec<Task>,
        gathered: &mut Gathered,
    ) -> Result<(), SyncError> {
        if self.listener.is_stopped() {
            let target = self.target.name(Path::new(""));
            return Err(SyncError::Stopped { target, copied: 0, files: 0, removed: 0 });
        }
        let Task { path, sources, area, state } = task;
        let mut opened = Vec::new();
        for source in &sources {
            match source.tree.folder(&source.path) {
                Ok(folder) => opened.push(folder),
                // It became something else since it was listed.
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {
                    gathered.note(Note::Vanished(source.name()));
                    gathered.kept.push(path);
                    return Ok(());
                }
                Err(error) => return Err(SyncError::io("read", &source.name(), error)),
            }
        }
        let target = match state {
            State::There => Some(
                self.target
                    .folder(&path)
                    .map_err(|error| SyncError::io("read", &self.target.name(&path), error))?,
            ),
            State::Missing | State::Other => None,
        };
        let mut changes = FolderChanges::none(path.clone(), sources.clone(), area);
        let about = match opened.first() {
            Some(folder) => {
                Some(about_open(folder).map_err(|error| SyncError::io("read", &sources[0].name(), error))?)
            }
            None => None,
        };
        if let (Some(about), None) = (&about, &target) {
            changes.creation = Some(Creation { mode: about.mode & 0o777, replaces: state == State::Other });
        }
        let mut here =
            Here { comparison: self, path, area, sources, opened, target, changes, more, gathered };
        here.compare()?;
        here.set_time(about)?;
        let Here { changes, .. } = here;
        gathered.changes(changes);
        Ok(())
    }
}

impl Here<'_> {
    fn compare(&mut self) -> Result<(), SyncError> {
        let is_seen = |at: usize, name: &OsStr| self.is_seen(at, name);
        let source = layered(&self.opened, is_seen).map_err(|error| self.unread_source(error))?;
        let target = match &self.target {
            Some(folder) => entries(folder).map_err(|error| self.unread_target(Path::new(""), error))?,
            None => Vec::new(),
        };
        if self.is_own_repository(&target) {
            return Ok(());
        }
        let (mut left, mut right) = (source.iter().peekable(), target.iter().peekable());
        loop {
            let order = match (left.peek(), right.peek()) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(one), Some(other)) => one.name.cmp(&other.name),
            };
            let one = if order.is_le() { left.next() } else { None };
            let other = if order.is_ge() { right.next() } else { None };
            self.name(one, other)?;
        }
        if self.area == Area::Repository && !self.sources.is_empty() {
            self.merged_files(&source, &target)?;
        }
        Ok(())
    }

    /// Whether this folder, which the source doesn't have, is a repository of its own: then all of it stays.
    fn is_own_repository(&mut self, target: &[Entry]) -> bool {
        let has_git = |entry: &Entry| entry.name == git::FOLDER && entry.kind != Kind::Special;
        let is_own = self.sources.is_empty() && self.area == Area::Work && target.iter().any(has_git);
        if is_own {
            self.gathered.note(Note::OwnRepository(self.comparison.target.name(&self.path)));
            self.gathered.plan.own_repositories.push(self.path.clone());
            self.gathered.kept.push(self.path.clone());
        }
        is_own
    }

    /// One name of either side or both.
    fn name(&mut self, source: Option<&Layered>, target: Option<&Entry>) -> Result<(), SyncError> {
        let Some(name) = source.map(|entry| &entry.name).or(target.map(|entry| &entry.name)) else {
            return Ok(());
        };
        let path = self.path.join(name);
        let rule = |kind| self.area.rule(name, &path, kind == Kind::Folder, self.comparison.exclusion);
        let of_source = source.map(|entry| rule(entry.kind));
        let of_target = target.map(|entry| rule(entry.kind));
        if of_source == Some(Rule::Git) || of_target == Some(Rule::Git) {
            return self.git(source, target, &path);
        }
        if source.is_some_and(|entry| entry.kind == Kind::Special)
            && matches!(of_source, Some(Rule::Mirror(_)))
        {
            self.gathered.note(Note::Special(self.source_name(source, name)));
            return Ok(());
        }
        match (of_source, of_target) {
            (Some(Rule::Merge), _) | (_, Some(Rule::Merge)) => Ok(()),
            (Some(Rule::Mirror(_)), Some(Rule::Leave)) => {
                Err(SyncError::Blocked(self.comparison.target.name(&path)))
            }
            (_, Some(Rule::Leave)) => {
                if self.sources.is_empty() {
                    self.gathered.kept.push(self.path.clone());
                }
                Ok(())
            }
            (Some(Rule::Mirror(area)), Some(Rule::Mirror(_) | Rule::Drop)) => {
                self.both(source, target, path, area)
            }
            (Some(Rule::Mirror(area)), _) => self.missing(source, path, area, State::Missing),
            (_, Some(Rule::Mirror(area))) => self.surplus(target, path, area),
            (_, Some(Rule::Drop)) => {
                self.remove(target, path, Area::Plain);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// What both sides have under one name.
    pub(super) fn both(
        &mut self,
        source: Option<&Layered>,
        target: Option<&Entry>,
        path: PathBuf,
        area: Area,
    ) -> Result<(), SyncError> {
        let (Some(one), Some(other)) = (source, target) else { return Ok(()) };
        match (one.kind, other.kind) {
            (Kind::Folder, Kind::Folder) => self.descend(source, path, area, State::There),
            _ if self.area.only_grows() => Ok(()),
            (Kind::Folder, _) => {
                self.print_target(other, &path)?;
                self.missing(source, path, area, State::Other)
            }
            (_, Kind::Folder) => {
                self.remove(target, path.clone(), area);
                let before = self.changes.puts.len();
                self.missing(source, path, area, State::Missing)?;
                let put = self.changes.puts.split_off(before);
                self.changes.late_puts.extend(put);
                Ok(())
            }
            (Kind::File, Kind::File) => self.files(one, &path),
            (Kind::Link, Kind::Link) => self.links(one, &path),
            _ => {
                self.print_target(other, &path)?;
                self.missing(source, path, area, State::Missing)
            }
        }
    }

    /// Two files: the same if size and time are.
    fn files(&mut self, source: &Layered, path: &Path) -> Result<(), SyncError> {
        let (Some(new), Some(old)) = (self.about_source(source)?, self.about_target(&source.name)?) else {
            return Ok(());
        };
        self.print_both(path, &new, &old);
        let name = &source.name;
        if (new.size, new.modified) != (old.size, old.modified) {
            let content = Content::File { source: source.places[0], replaced_mode: Some(old.mode) };
            self.put(name, content, new.size);
        } else if let Some(mode) = with_executability(old.mode, &new) {
            self.changes.modes.push((name.clone(), mode));
        }
        Ok(())
    }

    fn links(&mut self, source: &Layered, path: &Path) -> Result<(), SyncError> {
        let (Some(new), Some(old)) = (self.about_source(source)?, self.about_target(&source.name)?) else {
            return Ok(());
        };
        let name = &source.name;
        let Some(new_text) = self.source_text(source)? else { return Ok(()) };
        let old_text = self.target_text(name)?;
        if print::counts(self.area, name) {
            self.add_source(print::entry(path, &new, Some(&new_text)));
            self.add_target(print::entry(path, &old, old_text.as_deref()));
        }
        if old_text.as_ref() != Some(&new_text) {
            self.put(name, Content::Link { text: new_text, modified: new.modified }, 0);
        } else if new.modified != old.modified {
            self.changes.link_times.push((name.clone(), new.modified));
        }
        Ok(())
    }

    /// What the target lacks, or has something else for.
    pub(super) fn missing(
        &mut self,
        source: Option<&Layered>,
        path: PathBuf,
        area: Area,
        state: State,
    ) -> Result<(), SyncError> {
        let Some(entry) = source else { return Ok(()) };
        if entry.kind == Kind::Folder {
            return self.descend(source, path, area, state);
        }
        let Some(about) = self.about_source(entry)? else { return Ok(()) };
        let text = match entry.kind {
            Kind::Link => match self.source_text(entry)? {
                Some(text) => Some(text),
                None => return Ok(()),
            },
            _ => None,
        };
        if print::counts(self.area, &entry.name) {
            self.add_source(print::entry(&path, &about, text.as_deref()));
        }
        let (size, content) = match text {
            Some(text) => (0, Content::Link { text, modified: about.modified }),
            None => {
                let source = entry.places[0];
                (about.size, Content::File { source, replaced_mode: None })
            }
        };
        self.put(&entry.name, content, size);
        Ok(())
    }

    /// Goes on with a folder that the source has.
    fn descend(
        &mut self,
        source: Option<&Layered>,
        path: PathBuf,
        area: Area,
        state: State,
    ) -> Result<(), SyncError> {
        let Some(entry) = source else { return Ok(()) };
        let mut sources: Vec<Place> =
            entry.places.iter().map(|at| self.sources[*at].join(&entry.name)).collect();
        let mut area = area;
        if area == Area::Modules && self.is_module(&sources[0])? {
            area = Area::Repository;
        }
        if area == Area::Objects && self.area != Area::Objects {
            self.add_borrowed(&mut sources)?;
        }
        self.more.push(Task { path, sources, area, state });
        Ok(())
    }

    fn add_borrowed(&mut self, sources: &mut Vec<Place>) -> Result<(), SyncError> {
        for source in sources.clone() {
            let (mut found, missing) =
                borrowed(&source).map_err(|error| SyncError::io("read", &source.name(), error))?;
            sources.append(&mut found);
            for path in missing {
                self.gathered.note(Note::LostObjects(path));
            }
        }
        Ok(())
    }

    /// What only the target has.
    fn surplus(&mut self, target: Option<&Entry>, path: PathBuf, area: Area) -> Result<(), SyncError> {
        let Some(entry) = target else { return Ok(()) };
        if self.area.only_grows() {
            if entry.kind == Kind::Folder {
                // A dead process may have left something in it.
                self.more.push(Task { path, sources: Vec::new(), area, state: State::There });
            }
            return Ok(());
        }
        if area == Area::Modules && entry.kind == Kind::Folder && self.is_module_of_target(&path)? {
            self.gathered.note(Note::OwnRepository(self.comparison.target.name(&path)));
            if self.sources.is_empty() {
                self.gathered.kept.push(self.path.clone());
            }
            return Ok(());
        }
        if entry.kind != Kind::Folder {
            self.print_target(entry, &path)?;
        }
        self.remove(target, path, area);
        Ok(())
    }

    fn remove(&mut self, target: Option<&Entry>, path: PathBuf, area: Area) {
        let Some(entry) = target else { return };
        let is_folder = entry.kind == Kind::Folder;
        self.changes.removals.push(Removal { name: entry.name.clone(), is_folder });
        if is_folder {
            self.more.push(Task { path, sources: Vec::new(), area, state: State::There });
        }
    }

    pub(super) fn put(&mut self, name: &OsStr, content: Content, bytes: u64) {
        self.gathered.plan.files += 1;
        self.gathered.plan.bytes += bytes;
        self.changes.puts.push(Put { name: name.to_owned(), content });
    }

    /// The folder's own time counts last: every change in it changes it, too.
    fn set_time(&mut self, source: Option<About>) -> Result<(), SyncError> {
        let Some(source) = source.filter(|_| self.area.has_folder_times()) else { return Ok(()) };
        let is_same = match &self.target {
            Some(target) => {
                let target = about_open(target).map_err(|error| self.unread_target(Path::new(""), error))?;
                target.modified == source.modified
            }
            None => false,
        };
        // A folder that comes into being in this one, or makes something else make way, is on its own list.
        if !is_same || self.changes.has_changes() || self.has_new_folders() {
            self.changes.time = Some(source.modified);
        }
        Ok(())
    }

    fn has_new_folders(&self) -> bool {
        let is_here = |task: &&Task| task.path.parent() == Some(&self.path);
        self.more.iter().filter(is_here).any(|task| task.state != State::There)
    }
}
