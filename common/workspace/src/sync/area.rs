//! Which rule a name in a folder follows.
//!
//! Takes where a folder is and a name in it, gives what becomes of the name. Pure. It stands alone because
//! this table is what "`.git` understood" means:
//!
//! | in `.git` | what becomes of it |
//! |---|---|
//! | `objects/`, `logs/`, `lfs/objects/` | missing files are added, nothing is changed or deleted |
//! | `refs/codex/` | stays as it is: saved work |
//! | `refs/`, `HEAD`, `index`, `hooks/`, `info/`, all else | as in the source |
//! | `packed-refs` | the source's, with the target's refs of our own |
//! | `config`, `config.worktree` | the source's, without credentials |
//! | `shallow` | the source's, with what the target's own history needs |
//! | `modules/` | each submodule by the same rules; one that only the target has stays |
//! | `worktrees/`, `credentials` | not copied, and the target's stay: they belong to one machine |
//! | `*.lock`, `gc.pid`, objects half written | not copied |
//!
//! `.codexignore` has no say inside `.git`: a pattern like `logs` must not tear a repository apart.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use crate::exclusion::Exclusion;
use crate::git;

/// What our temporary files' names begin with; a number follows.
pub(crate) const TEMPORARY: &str = ".codex-sync.";

/// Where a repository keeps what its last sync brought.
pub(crate) const RECORD: &str = "codex-sync";

/// What a folder belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Area {
    /// The work tree.
    Work,
    /// A repository's own folder.
    Repository,
    /// A repository's `refs`, at the top.
    Refs,
    /// Objects.
    Objects,
    /// Reflogs.
    Logs,
    /// What git's extension for large files keeps.
    LargeFiles,
    /// Repositories of submodules.
    Modules,
    /// Anything else in a repository.
    Plain,
}

/// What becomes of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// As in the source; folders belong to this area.
    Mirror(Area),
    /// Neither copied nor deleted.
    Leave,
    /// Not copied, and deleted.
    Drop,
    /// A work tree's `.git`.
    Git,
    /// A file made of both sides.
    Merge,
}

impl Area {
    /// The rule for a name; `path` is where it lies in the work tree.
    pub(crate) fn rule(self, name: &OsStr, path: &Path, is_folder: bool, exclusion: &Exclusion) -> Rule {
        if is_temporary(name) {
            return Rule::Drop;
        }
        let bytes = name.as_bytes();
        let is_lock = bytes.ends_with(b".lock") && !is_folder;
        match self {
            Self::Work if exclusion.covers(path, is_folder) => Rule::Leave,
            Self::Work if name == git::FOLDER => Rule::Git,
            Self::Work => Rule::Mirror(Self::Work),
            Self::Repository => match bytes {
                b"objects" => Rule::Mirror(Self::Objects),
                b"logs" => Rule::Mirror(Self::Logs),
                b"refs" => Rule::Mirror(Self::Refs),
                b"modules" => Rule::Mirror(Self::Modules),
                b"lfs" => Rule::Mirror(Self::LargeFiles),
                b"worktrees" | b"credentials" | b".git-credentials" => Rule::Leave,
                b"config" | b"config.worktree" | b"packed-refs" | b"shallow" => Rule::Merge,
                b"gc.pid" => Rule::Drop,
                _ if name == RECORD => Rule::Leave,
                _ if is_lock => Rule::Drop,
                _ => Rule::Mirror(Self::Plain),
            },
            Self::Refs if bytes == b"codex" => Rule::Leave,
            Self::Refs if is_lock => Rule::Drop,
            Self::Refs => Rule::Mirror(Self::Plain),
            Self::Objects if is_lock || is_unfinished(bytes) => Rule::Leave,
            // What is borrowed through it is copied.
            Self::Objects if matches!(bytes, b"alternates" | b"http-alternates") => Rule::Leave,
            Self::LargeFiles if bytes == b"objects" => Rule::Mirror(Self::Objects),
            Self::LargeFiles => Rule::Mirror(Self::Plain),
            Self::Plain if is_lock => Rule::Drop,
            Self::Objects | Self::Logs | Self::Modules | Self::Plain => Rule::Mirror(self),
        }
    }

    /// Whether files are only ever added.
    pub(crate) fn only_grows(self) -> bool {
        matches!(self, Self::Objects | Self::Logs)
    }

    /// Whether a change here could cost work: objects and logs that are added can't.
    pub(crate) fn may_hold_work(self) -> bool {
        !self.only_grows()
    }

    /// Whether folders have their source's times.
    pub(crate) fn has_folder_times(self) -> bool {
        self == Self::Work
    }
}

/// Objects that git hasn't given their names yet.
fn is_unfinished(name: &[u8]) -> bool {
    name.starts_with(b"tmp_") || name.starts_with(b"incoming-") || name.starts_with(b".tmp-")
}

/// Whether a name is one that only an interrupted sync leaves behind.
pub(crate) fn is_temporary(name: &OsStr) -> bool {
    let number = name.as_bytes().strip_prefix(TEMPORARY.as_bytes());
    number.is_some_and(|number| {
        !number.is_empty() && number.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(area: Area, name: &str) -> Rule {
        let exclusion = Exclusion::of(Some("logs\n*.pack\n.codex*\n".into()), &[]).unwrap();
        area.rule(OsStr::new(name), Path::new(name), false, &exclusion)
    }

    #[test]
    fn patterns_count_in_the_work_tree_only() {
        assert_eq!(rule(Area::Work, "logs"), Rule::Leave);
        assert_eq!(rule(Area::Repository, "logs"), Rule::Mirror(Area::Logs));
        assert_eq!(rule(Area::Objects, "x.pack"), Rule::Mirror(Area::Objects));
    }

    #[test]
    fn what_an_interrupted_sync_left_goes_whatever_patterns_say() {
        assert_eq!(rule(Area::Work, ".codex-sync.12.3"), Rule::Drop);
        assert_eq!(rule(Area::Objects, ".codex-sync.12.3"), Rule::Drop);
        assert_eq!(rule(Area::Work, ".codex-sync.mine"), Rule::Leave);
        assert!(!is_temporary(OsStr::new(".codex-sync.")) && !is_temporary(OsStr::new(".codex-sync")));
    }

    #[test]
    fn locks_are_files_of_repositories() {
        assert_eq!(rule(Area::Work, "Cargo.lock"), Rule::Mirror(Area::Work));
        assert_eq!(rule(Area::Repository, "index.lock"), Rule::Drop);
        assert_eq!(rule(Area::Objects, "pack-1.lock"), Rule::Leave);
        assert_eq!(rule(Area::Refs, "codex"), Rule::Leave);
        assert_eq!(rule(Area::Plain, "codex"), Rule::Mirror(Area::Plain));
    }
}
