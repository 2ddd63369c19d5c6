//! A slot's workspace on this machine: whose it is, and its removal.
//!
//! Takes a slot's record, says whether what lies in its workspace is its own. It belongs to one giving of the
//! slot, that is to a record and the issue in it: whoever is given the slot next begins with an empty one, since
//! an agent's files and credentials lie in it. A call that was stopped and runs again is the same giving.

use std::ffi::OsStr;
use std::path::Path;

use codex_cluster::interrupt::Interrupt;
use codex_common::cli::{Console, Host};
use codex_common::diagnostic::Diagnostic;
use codex_slot::record::{Links, Record};
use codex_workspace::RemovalError;
use codex_workspace::saved::{SaveError, SavedWork};
use codex_workspace::sync::{Listener, SyncError, SyncReport};
use codex_workspace::workspace::{RemovalRequest, Workspace, WorkspaceError};

/// Whom a workspace is for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Owner {
    project: String,
    env: String,
    /// The uid of the record.
    record: String,
    links: Links,
}

impl Owner {
    fn of(project: &str, record: &Record) -> Self {
        let (env, uid) = (record.env.clone(), record.uid.clone());
        Self { project: project.to_owned(), env, record: uid, links: record.links }
    }

    fn text(&self) -> String {
        let Self { project, env, record, links: Links { issue, pr } } = self;
        format!("project={project}\nenv={env}\nrecord={record}\nissue={issue}\npr={pr}\n")
    }

    /// What a note says; what it doesn't say is empty, and so nobody's.
    fn parse(text: &str) -> Self {
        let value = |key: &str| {
            let line = text.lines().find_map(|line| line.split_once('=').filter(|(name, _)| *name == key));
            line.map(|(_, value)| value.to_owned()).unwrap_or_default()
        };
        let number = |key| value(key).parse().unwrap_or(0);
        let links = Links { issue: number("issue"), pr: number("pr") };
        Self { project: value("project"), env: value("env"), record: value("record"), links }
    }

    /// Whether both are the same giving of a slot. An issue or pull request may be linked later.
    fn is(&self, other: &Self) -> bool {
        let same = |one: u64, other: u64| one == other || one == 0 || other == 0;
        (&self.project, &self.env, &self.record) == (&other.project, &other.env, &other.record)
            && same(self.links.issue, other.links.issue)
            && same(self.links.pr, other.links.pr)
    }
}

/// A slot's workspace, and what to do with it.
pub(crate) struct Workplace<'a> {
    workspace: Workspace,
    record: &'a Record,
    project: &'a str,
    host: &'a Host,
    console: &'a Console,
    interrupt: &'a Interrupt,
}

impl<'a> Workplace<'a> {
    /// That of a slot in the folder of all workspaces.
    pub(crate) fn of(
        (base, project): (&Path, &'a str),
        record: &'a Record,
        (host, console): (&'a Host, &'a Console),
        interrupt: &'a Interrupt,
    ) -> Self {
        Self { workspace: Workspace::new(base, record.slot), record, project, host, console, interrupt }
    }

    /// Makes the workspace the slot's own before its sources are synced; what another issue left goes.
    ///
    /// `is_new` says that the slot's first apply isn't done: what lies in the workspace without a note about its
    /// owner then can't be the slot's.
    ///
    /// # Errors
    /// It can't be removed, or the note not be written.
    pub(crate) fn take_over(&self, is_new: bool) -> Result<(), Diagnostic> {
        let me = Owner::of(self.project, self.record);
        let is_mine = match self.workspace.owner().map_err(refused)? {
            Some(note) => Owner::parse(&note).is(&me),
            None => !is_new,
        };
        if !is_mine && self.workspace.is_there().map_err(refused)? {
            let path = self.workspace.path();
            self.console.info(format!("{} is of an earlier use of the slot: it is removed", path.display()));
            self.remove()?;
        }
        self.workspace.claim(&me.text()).map_err(refused)
    }

    /// Notes what a sync left in it.
    ///
    /// # Errors
    /// The note can't be written.
    pub(crate) fn note_sync(&self, report: &SyncReport) -> Result<(), Diagnostic> {
        self.workspace.note_sync(report).map_err(refused)
    }

    /// Whether there is a workspace that goes with the slot: not one that another project or environment has there.
    ///
    /// # Errors
    /// It can't be looked at.
    pub(crate) fn goes(&self) -> Result<bool, Diagnostic> {
        if !self.workspace.is_there().map_err(refused)? {
            return Ok(false);
        }
        let owner = self.workspace.owner().map_err(refused)?.map(|note| Owner::parse(&note));
        let other =
            owner.filter(|owner| (owner.project.as_str(), &owner.env) != (self.project, &self.record.env));
        if let Some(Owner { project, env, .. }) = &other {
            let path = self.workspace.path();
            self.console
                .info(format!("{} stays: it is of project `{project}`, environment `{env}`", path.display()));
        }
        Ok(other.is_none())
    }

    /// Removes the workspace, its work saved before; gives whether it was there.
    ///
    /// # Errors
    /// The work can't be saved, or the workspace not be deleted.
    pub(crate) fn remove(&self) -> Result<bool, Diagnostic> {
        let owner = self.workspace.owner().map_err(refused)?.map(|note| Owner::parse(&note).links);
        let label = label(self.record.slot, owner.unwrap_or(self.record.links));
        // It waits for the disk only, and looks at signals between batches.
        tokio::task::block_in_place(|| self.workspace.remove(&self.request(&label))).map_err(refused)
    }

    /// Saves what a sync would overwrite where no repository in the workspace can keep it.
    ///
    /// # Errors
    /// It can't be saved; nothing was changed.
    pub(crate) fn save_before_sync(&self) -> Result<(), SyncError> {
        let label = label(self.record.slot, self.record.links);
        tokio::task::block_in_place(|| self.workspace.save_before_sync(&self.request(&label)))
    }

    fn request<'b>(&'b self, label: &'b str) -> RemovalRequest<'b> {
        RemovalRequest {
            project: self.project,
            label,
            search_path: OsStr::new(self.host.variable("PATH").unwrap_or_default()),
            now: self.host.now().0,
            listener: self,
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.workspace.path()
    }
}

impl Listener for Workplace<'_> {
    fn saved(&self, work: &SavedWork) {
        self.console.say(&Diagnostic::warning(work.to_string()));
    }

    fn kept(&self, workspace: &Path, kept: &Path, reason: &str) {
        let title =
            format!("{} may hold work and is kept as it is in {}", workspace.display(), kept.display());
        self.console.say(&Diagnostic::warning(title).note(reason));
    }

    fn is_stopped(&self) -> bool {
        self.interrupt.is_raised()
    }
}

/// What saved work is called: `slot-3-issue-7`.
fn label(slot: u32, links: Links) -> String {
    let part =
        |name: &str, number: u64| if number == 0 { String::new() } else { format!("-{name}-{number}") };
    format!("slot-{slot}{}{}", part("issue", links.issue), part("pr", links.pr))
}

/// The message about a workspace that is left as it is.
fn refused(error: WorkspaceError) -> Diagnostic {
    match error {
        WorkspaceError::Save(SaveError::Stopped(_)) | WorkspaceError::Removal(RemovalError::Stopped(_)) => {
            Diagnostic::interrupted(format!("{error}; running it again goes on where it stopped"))
        }
        WorkspaceError::Save(_) => Diagnostic::machine(error.to_string()),
        WorkspaceError::Removal(RemovalError::Io { .. }) => Diagnostic::machine(error.to_string()),
        WorkspaceError::Removal(_) => Diagnostic::machine(format!("the workspace is left as it is: {error}"))
            .hint(Some("remove it by hand, and run the command again".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(record: &str, issue: u64, pr: u64) -> Owner {
        let (project, env) = ("shop".to_owned(), "ai".to_owned());
        Owner { project, env, record: record.to_owned(), links: Links { issue, pr } }
    }

    #[test]
    fn a_workspace_is_for_one_giving_of_a_slot() {
        let mine = owner("u-1", 7, 0);
        assert!(
            mine.is(&owner("u-1", 7, 0)) && mine.is(&owner("u-1", 7, 12)) && owner("u-1", 0, 0).is(&mine)
        );
        assert!(!mine.is(&owner("u-2", 7, 0)), "the slot was given anew");
        assert!(!mine.is(&owner("u-1", 8, 0)) && !owner("u-1", 7, 1).is(&owner("u-1", 7, 2)));
        assert!(!mine.is(&Owner { env: "ai-repair".into(), ..mine.clone() }));
    }

    #[test]
    fn a_note_says_all() {
        let mine = owner("u-1", 7, 12);
        assert_eq!(Owner::parse(&mine.text()), mine);
        assert!(!Owner::parse("nonsense").is(&mine));
        assert_eq!(label(3, mine.links), "slot-3-issue-7-pr-12");
        assert_eq!(label(3, Links::default()), "slot-3");
    }
}
