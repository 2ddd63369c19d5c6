//! The temporary repository that work is saved through.
//!
//! Takes a work tree, gives its state as trees and commits. It lies beside the target, where no agent writes;
//! what git makes of the work tree comes into it, and only if there is work are the objects handed over.

mod completion;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Mode, OFlags, futimens, openat};
use rustix::io::Errno;

use super::{LARGEST_WORK, SaveError, Work};
use crate::exclusion::Exclusion;
use crate::folder::{Kind, about_if_there, entries, open_file, read_file, read_if_file};
use crate::git::config;
use crate::git::layout::Place;
use crate::git::program::{Git, GitError};
use crate::git::refs::{self, Id, Refs};
use crate::git::{LARGEST_FILE, layout};
use crate::removal::{Removal, RemovalError};
use crate::replace::{made_folder, write_new};
use crate::sync::add_objects;
use crate::tree::{Tree, folder_only};

/// What the folder beside the target is called, around the target's name.
const AROUND: (&str, &str) = (".", ".saving");

/// Trees without anything in them, SHA-1 and SHA-256.
const EMPTY_TREES: [&str; 2] = [
    "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
];

/// Settings of the target's repository that say how its files are to be read, and start no program.
const KEPT_SETTINGS: [&str; 6] =
    ["autocrlf", "eol", "filemode", "ignorecase", "precomposeunicode", "symlinks"];

/// What there is to save.
#[derive(Debug)]
pub(super) struct Found {
    /// The whole work tree.
    tree: Id,
    /// What is staged, if that is something else again.
    staged: Option<Id>,
    /// What the commit hangs on.
    parents: Vec<Id>,
    /// Work that was saved before, if the repository goes: refs and what they point to.
    older: Vec<(String, Id)>,
}

/// The commits of a target.
#[derive(Debug, Default)]
struct Commits {
    /// The one that is checked out, and its tree.
    head: Option<(Id, Id)>,
    /// Those that only the target has a ref for.
    ahead: Vec<Id>,
}

/// The temporary repository.
pub(super) struct Scratch<'a> {
    work: &'a Work<'a>,
    /// The folder that the target lies in.
    beside: Tree,
    name: OsString,
    folder: OwnedFd,
    git: Git<'a>,
    refs: Refs,
}

impl<'a> Scratch<'a> {
    /// Makes it; one that a dead process left goes first.
    pub(super) fn make(work: &'a Work<'a>) -> Result<Self, SaveError> {
        let root = work.target.name(Path::new(""));
        let parent = root.parent().unwrap_or(Path::new("/"));
        let target_name = root.file_name().unwrap_or(OsStr::new("target"));
        let name =
            [OsStr::new(AROUND.0), target_name, OsStr::new(AROUND.1)].into_iter().collect::<OsString>();
        let path = parent.join(&name);
        let failed = |error| work.io(&path, error);
        let beside = Tree::open(parent).map_err(failed)?;
        remove(&beside, &name).map_err(|error| work.removal(error))?;
        let opened = beside.folder(Path::new("")).map_err(failed)?;
        let folder = made_folder(&opened, &name, 0o700).map_err(failed)?;

        let target = Arc::new(Tree::open_itself(&root).map_err(failed)?);
        let own = [Place::of(Arc::clone(&target), work.repository.to_owned())];
        let refs = refs::read(&own).map_err(|error| work.io(work.repository, error))?;
        let mut objects = vec![own[0].name().join("objects")];
        for source in work.sources {
            let place = source.join(OsStr::new("objects"));
            let borrowed = layout::borrowed(&place).map(|(found, _)| found).unwrap_or_default();
            objects.extend([place].into_iter().chain(borrowed).map(|place| place.name()));
        }
        let git = Git {
            search_path: work.search_path,
            repository: path.clone(),
            work_tree: work.target.name(work.path),
            objects,
            now: work.now,
            is_stopped: work.is_stopped,
        };
        let scratch = Self { work, beside, name, folder, git, refs };
        scratch.fill(&own[0]).map_err(failed)?;
        Ok(scratch)
    }

    fn fill(&self, own: &Place) -> Result<(), Errno> {
        let repository = own.tree.folder(&own.path)?;
        let read = |name: &str| read_if_file(&repository, OsStr::new(name), LARGEST_FILE);
        let write = |name: &str, bytes: &[u8]| write_new(&self.folder, OsStr::new(name), bytes, 0o600);
        for name in ["refs", "objects", "info"] {
            made_folder(&self.folder, OsStr::new(name), 0o700)?;
        }
        let head = self.refs.head.clone().unwrap_or_else(|| "ref: refs/heads/none".to_owned());
        write("HEAD", format!("{head}\n").as_bytes())?;
        write("config", settings(&read("config")?.unwrap_or_default()).as_bytes())?;
        if let Some(shallow) = read("shallow")? {
            write("shallow", &shallow)?;
        }
        for entry in entries(&repository)? {
            let is_index = entry.name == "index" || entry.name.as_bytes().starts_with(b"sharedindex.");
            if is_index && entry.kind == Kind::File {
                self.copy_index(&repository, &entry.name)?;
            }
        }
        let mut exclude = match repository_info(own) {
            Ok(info) => read_if_file(&info, OsStr::new("exclude"), LARGEST_FILE)?.unwrap_or_default(),
            Err(_) => Vec::new(),
        };
        exclude.push(b'\n');
        exclude.extend_from_slice(self.work.patterns.as_bytes());
        let info = openat(&self.folder, "info", folder_only(), Mode::empty())?;
        write_new(&info, OsStr::new("exclude"), &exclude, 0o600)
    }

    /// An index has to keep its time: git looks again at files that are as young as it.
    fn copy_index(&self, repository: &OwnedFd, name: &OsStr) -> Result<(), Errno> {
        let (_, about) = open_file(repository, name)?;
        write_new(&self.folder, name, &read_file(repository, name, LARGEST_FILE)?, 0o600)?;
        let copy = openat(&self.folder, name, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
        futimens(&copy, &about.modified.alone())
    }

    /// Finds out what there is to save.
    pub(super) fn look(&self) -> Result<Option<Found>, SaveError> {
        let unmerged_or_staged = self.run("write-tree", &["write-tree", "--missing-ok"], None);
        let staged = match unmerged_or_staged {
            Ok(tree) => Some(line(&tree)),
            // In the middle of a merge: the work tree has it all.
            Err(SaveError::Git { .. }) => None,
            Err(error) => return Err(error),
        };
        self.check_sizes()?;
        self.add_all()?;
        let tree = line(&self.run("write-tree", &["write-tree", "--missing-ok"], None)?);
        let Commits { head, ahead } = self.commits()?;
        let head_tree = head.as_ref().map(|(_, tree)| tree.as_str());
        let is_base = |tree: &str| head_tree.map_or(EMPTY_TREES.contains(&tree), |head| head == tree);
        let is_dirty = !is_base(&tree) || !staged.as_deref().is_some_and(is_base);
        let older = if self.work.goes { self.older() } else { Vec::new() };
        if !is_dirty && ahead.is_empty() && older.is_empty() {
            return Ok(None);
        }
        let staged = staged.filter(|staged| *staged != tree && !is_base(staged));
        let mut parents: Vec<Id> = head.into_iter().map(|(head, _)| head).collect();
        parents.extend(ahead);
        let mut seen = std::collections::BTreeSet::new();
        parents.retain(|parent| seen.insert(parent.clone()));
        Ok(Some(Found { tree, staged, parents, older }))
    }

    /// Work that was saved before under names that can be written down.
    fn older(&self) -> Vec<(String, Id)> {
        let is_plain = |name: &String| {
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_'))
        };
        let named = self.refs.own.iter().filter_map(|(name, id)| {
            let name = String::from_utf8(name.clone()).ok()?;
            Some((name, id.clone()))
        });
        named.filter(|(name, _)| is_plain(name)).collect()
    }

    /// Looks for new and changed files that are too large to be saved.
    fn check_sizes(&self) -> Result<(), SaveError> {
        let arguments = ["ls-files", "--others", "--modified", "--exclude-standard", "-z"];
        let listed = self.run("ls-files", &arguments, None)?;
        for name in listed.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
            let path = self.work.path.join(OsStr::from_bytes(name));
            let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { continue };
            let about = self.work.target.folder(parent).and_then(|folder| about_if_there(&folder, name));
            // What can't be looked at is git's to complain about.
            if about.ok().flatten().is_some_and(|about| about.kind == Kind::File && about.size > LARGEST_WORK)
            {
                let (work_tree, path) = (self.work.target.name(self.work.path), self.work.target.name(&path));
                return Err(SaveError::TooLarge { work_tree, path });
            }
        }
        Ok(())
    }

    /// Brings the index to the state of the work tree.
    fn add_all(&self) -> Result<(), SaveError> {
        let listed = self.run("ls-files", &["ls-files", "-v", "-s", "-z"], None)?;
        let mut unwatched = Vec::new();
        // Git would look into other repositories, and there do what their configs say.
        let mut others: Vec<Vec<u8>> = Vec::new();
        for entry in listed.split(|byte| *byte == 0) {
            let Some(at) = entry.iter().position(|byte| *byte == b'\t') else { continue };
            let (about, path) = (&entry[..at], &entry[at + 1..]);
            if about.first().is_some_and(u8::is_ascii_lowercase) {
                unwatched.extend_from_slice(path);
                unwatched.push(0);
            }
            if about.get(2..).is_some_and(|about| about.starts_with(b"160000")) {
                others.push(path.to_vec());
            }
        }
        if !unwatched.is_empty() {
            let arguments = ["update-index", "--no-assume-unchanged", "-z", "--stdin"];
            self.run("update-index", &arguments, Some(&unwatched))?;
        }
        let below = |path: &PathBuf| {
            let path = path.strip_prefix(self.work.path).ok()?;
            (!path.as_os_str().is_empty()).then(|| path.as_os_str().as_bytes().to_vec())
        };
        others.extend(self.work.others.iter().filter_map(below));
        let mut arguments: Vec<OsString> = ["add", "--all", "--", "."].map(OsString::from).to_vec();
        arguments.extend(others.iter().map(|path| {
            let mut pattern = b":(exclude,literal,top)".to_vec();
            pattern.extend_from_slice(path);
            OsString::from_vec(pattern)
        }));
        self.run("add", &arguments, None).map(drop)
    }

    /// The commit that is checked out with its tree, and the commits that only the target has a ref for.
    fn commits(&self) -> Result<Commits, SaveError> {
        let tips = self.refs.tips();
        let mut questions = String::new();
        if let Some(head) = &self.refs.head {
            questions += &format!("{head}^{{commit}}\n{head}^{{tree}}\n");
        }
        for tip in &tips {
            questions += &format!("{tip}^{{commit}}\n");
        }
        if questions.is_empty() {
            return Ok(Commits::default());
        }
        let arguments = ["cat-file", "--batch-check=%(objectname)"];
        let answers = self.run("cat-file", &arguments, Some(questions.as_bytes()))?;
        let mut answers = answers.split(|byte| *byte == b'\n').map(|answer| {
            // Anything else says that there is no such object.
            let is_id = answer.iter().all(u8::is_ascii_hexdigit) && !answer.is_empty();
            is_id.then(|| String::from_utf8_lossy(answer).into_owned())
        });
        let head = match self.refs.head {
            Some(_) => answers.next().flatten().zip(answers.next().flatten()),
            None => None,
        };
        let tips: Vec<Id> = answers.take(tips.len()).flatten().collect();
        if (self.work.sources.is_empty() && !self.work.goes) || tips.is_empty() {
            // The target's refs stay as they are, and with them all commits.
            return Ok(Commits { head, ahead: Vec::new() });
        }
        let mut list = String::new();
        for tip in &tips {
            list += &format!("{tip}\n");
        }
        let source =
            refs::read(self.work.sources).map_err(|error| self.work.io(self.work.repository, error))?;
        let fetched =
            self.refs.fetched().filter(|_| self.work.goes && !self.work.path.as_os_str().is_empty());
        for known in source.all().chain(self.work.known).chain(fetched) {
            list += &format!("^{known}\n");
        }
        let arguments = ["rev-list", "--ignore-missing", "--stdin"];
        let unknown = self.run("rev-list", &arguments, Some(list.as_bytes()))?;
        let unknown: std::collections::HashSet<&[u8]> = unknown.split(|byte| *byte == b'\n').collect();
        let ahead = tips.into_iter().filter(|tip| unknown.contains(tip.as_bytes())).collect();
        Ok(Commits { head, ahead })
    }

    /// Makes the commit that holds it all.
    pub(super) fn commit(&self, found: &Found) -> Result<Id, SaveError> {
        let mut parents = found.parents.clone();
        if let Some(staged) = &found.staged {
            parents.push(self.commit_tree(
                staged,
                &found.parents[..found.parents.len().min(1)],
                "what was staged",
            )?);
        }
        self.commit_tree(
            &found.tree,
            &parents,
            if self.work.goes {
                "work saved before its workspace was removed"
            } else {
                "work saved before a sync"
            },
        )
    }

    fn commit_tree(&self, tree: &str, parents: &[Id], message: &str) -> Result<Id, SaveError> {
        let mut arguments = vec!["commit-tree", tree, "-m", message];
        for parent in parents {
            arguments.extend(["-p", parent]);
        }
        self.run("commit-tree", &arguments, None).map(|commit| line(&commit))
    }

    /// Adds the new objects to the target's.
    pub(super) fn hand_over(&self) -> Result<(), SaveError> {
        let objects = Tree::open(&self.git.repository.join("objects"))
            .map_err(|error| self.work.io(self.work.repository, error))?;
        let path = self.work.repository.join("objects");
        let threads = NonZero::<usize>::MIN;
        add_objects(&Arc::new(objects), self.work.target, path, &Exclusion::none(), threads, &()).map_err(
            |error| SaveError::Io {
                work_tree: self.work.target.name(self.work.path),
                path: self.work.target.name(self.work.repository),
                reason: error.to_string(),
            },
        )
    }

    /// Deletes it.
    pub(super) fn remove(self) -> Result<(), SaveError> {
        remove(&self.beside, &self.name).map_err(|error| self.work.removal(error))
    }

    fn run(
        &self,
        command: &'static str,
        arguments: &[impl AsRef<OsStr>],
        input: Option<&[u8]>,
    ) -> Result<Vec<u8>, SaveError> {
        let input = match input {
            Some(bytes) => Some((self.input().map_err(|error| self.work.git(command, error))?, bytes)),
            None => None,
        };
        self.git.run(arguments, input).map_err(|error| self.work.git(command, error))
    }

    fn input(&self) -> Result<File, GitError> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(&self.folder, "input", flags, Mode::RUSR | Mode::WUSR);
        file.map(File::from).map_err(|error| GitError::Start(error.into()))
    }
}

fn repository_info(own: &Place) -> Result<OwnedFd, Errno> {
    own.tree.folder(&own.path.join("info"))
}

/// Deletes it, if it is there. What git wrote in there is ours, and quickly gone.
fn remove(beside: &Tree, name: &OsStr) -> Result<(), RemovalError> {
    Removal { root: beside, keeper: &|_| None, is_stopped: &|| false }.delete(Path::new(name)).map(drop)
}

/// A config for the temporary repository.
fn settings(own: &[u8]) -> String {
    let format = config::value(own, "extensions", "objectformat");
    let version = u8::from(format.is_some());
    let mut text = format!(
        "[core]\n\trepositoryformatversion = {version}\n\tbare = false\n\tfsmonitor = false\n\tuntrackedCache = false\n\
         \thooksPath = /dev/null\n\tattributesFile = /dev/null\n\texcludesFile = /dev/null\n\tsafecrlf = false\n"
    );
    let is_plain =
        |value: &String| !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_alphanumeric());
    for name in KEPT_SETTINGS {
        if let Some(value) = config::value(own, "core", name).filter(is_plain) {
            text += &format!("\t{name} = {value}\n");
        }
    }
    text += "[gc]\n\tauto = 0\n[commit]\n\tgpgSign = false\n";
    if let Some(format) = format.filter(is_plain) {
        text += &format!("[extensions]\n\tobjectFormat = {format}\n");
    }
    text
}

fn line(output: &[u8]) -> String {
    String::from_utf8_lossy(output.trim_ascii()).into_owned()
}
