//! What a repository's refs point to, and lists of two repositories in one.
//!
//! Takes a repository's folders or the bytes of its files, gives ids and bytes. Separate from running `git`,
//! because a repository that an agent wrote in is only ever read here, never handed to `git` as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use rustix::io::Errno;

use super::LARGEST_FILE;
use super::layout::{Place, Role, layered};
use crate::folder::{Kind, read_if_file};

/// Refs of our own, which a sync leaves alone.
pub(crate) const OWN: &str = "refs/codex/";

/// How far refs that name refs are followed.
const MOST_HOPS: usize = 5;

/// An object's id as git writes it.
pub(crate) type Id = String;

/// A repository's refs.
#[derive(Debug, Default)]
pub(crate) struct Refs {
    /// The commit that is checked out; nothing on a branch without commits.
    pub(crate) head: Option<Id>,
    /// What each ref points to by its name, our own left out.
    pub(crate) refs: BTreeMap<Vec<u8>, Id>,
    /// Refs of our own: work that was saved before.
    pub(crate) own: BTreeMap<Vec<u8>, Id>,
    /// Older stashes, which only the reflog knows.
    pub(crate) stashes: Vec<Id>,
}

impl Refs {
    /// Everything that work may hang on: what is checked out, branches, tags, stashes; not what was fetched.
    pub(crate) fn tips(&self) -> Vec<Id> {
        let own = self.refs.iter().filter(|(name, _)| !name.starts_with(b"refs/remotes/"));
        let own = own.map(|(_, id)| id);
        let mut seen = BTreeSet::new();
        let all = self.head.iter().chain(own).chain(&self.stashes);
        all.filter(|id| seen.insert(*id)).cloned().collect()
    }

    /// What was fetched from elsewhere.
    pub(crate) fn fetched(&self) -> impl Iterator<Item = &Id> {
        self.refs.iter().filter(|(name, _)| name.starts_with(b"refs/remotes/")).map(|(_, id)| id)
    }

    /// Everything that there is.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Id> {
        self.head.iter().chain(self.refs.values())
    }
}

/// Reads a repository's refs.
///
/// # Errors
/// What the system says; a ref that makes no sense is none.
pub(crate) fn read(repository: &[Place]) -> Result<Refs, Errno> {
    let mut raw: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    for place in repository.iter().filter(|place| place.role != Role::WorkTree) {
        if let Some(packed) = read_loose(place, "packed-refs")? {
            raw.extend(packed_entries(&packed).map(|entry| (entry.name.to_vec(), entry.id.to_vec())));
        }
    }
    let mut queue = vec![(PathBuf::from("refs"), repository.to_vec())];
    while let Some((path, places)) = queue.pop() {
        let mut folders = Vec::new();
        let mut there = Vec::new();
        for place in &places {
            match place.tree.folder(&place.path.join(&path)) {
                Ok(folder) => {
                    folders.push(folder);
                    there.push(place.clone());
                }
                Err(Errno::NOENT | Errno::NOTDIR) => {}
                Err(error) => return Err(error),
            }
        }
        for entry in layered(&folders, |_, _| true)? {
            let path = path.join(&entry.name);
            match entry.kind {
                Kind::Folder => queue.push((path, there.clone())),
                Kind::File => {
                    let Some(at) = entry.places.first() else { continue };
                    if let Some(content) = read_if_file(&folders[*at], &entry.name, LARGEST_FILE)? {
                        raw.insert(path.as_os_str().as_bytes().to_vec(), content);
                    }
                }
                Kind::Link | Kind::Special => {}
            }
        }
    }
    let head = match repository.first() {
        Some(place) => read_loose(place, "HEAD")?,
        None => None,
    };
    let (own, refs) = raw
        .iter()
        .filter_map(|(name, content)| Some((name.clone(), resolved(content, &raw)?)))
        .partition(|(name, _)| name.starts_with(OWN.as_bytes()));
    let head = head.and_then(|content| resolved(&content, &raw));
    Ok(Refs { head, refs, own, stashes: stashes(repository)? })
}

fn read_loose(place: &Place, name: &str) -> Result<Option<Vec<u8>>, Errno> {
    read_if_file(&place.tree.folder(&place.path)?, OsStr::new(name), LARGEST_FILE)
}

/// The id that a ref's content leads to.
fn resolved(content: &[u8], raw: &BTreeMap<Vec<u8>, Vec<u8>>) -> Option<Id> {
    let mut content = content;
    for _ in 0..MOST_HOPS {
        match content.strip_prefix(b"ref:") {
            Some(name) => content = raw.get(name.trim_ascii())?,
            None => return id(content.trim_ascii()),
        }
    }
    None
}

/// An id, SHA-1 or SHA-256.
fn id(text: &[u8]) -> Option<Id> {
    let is_id = matches!(text.len(), 40 | 64) && text.iter().all(u8::is_ascii_hexdigit);
    let text = is_id.then(|| String::from_utf8_lossy(text).into_owned())?;
    // A ref that is being deleted has nothing but zeros.
    text.bytes().any(|digit| digit != b'0').then_some(text)
}

fn stashes(repository: &[Place]) -> Result<Vec<Id>, Errno> {
    let mut stashes = Vec::new();
    for place in repository.iter().filter(|place| place.role != Role::WorkTree) {
        let Ok(logs) = place.tree.folder(&place.path.join("logs/refs")) else { continue };
        let log = read_if_file(&logs, OsStr::new("stash"), LARGEST_FILE)?.unwrap_or_default();
        let lines = log.split(|byte| *byte == b'\n');
        stashes.extend(lines.filter_map(|line| id(line.split(|byte| *byte == b' ').nth(1)?)));
    }
    Ok(stashes)
}

/// An entry of `packed-refs`.
struct Packed<'a> {
    id: &'a [u8],
    name: &'a [u8],
    /// All its lines: a tag's has the id of what it stands for behind it.
    lines: Vec<u8>,
}

fn packed_entries(text: &[u8]) -> impl Iterator<Item = Packed<'_>> {
    let mut lines = text.split(|byte| *byte == b'\n').peekable();
    std::iter::from_fn(move || {
        loop {
            let line = lines.next()?;
            let Some(at) = line.iter().position(|byte| *byte == b' ') else { continue };
            let (id, name) = (&line[..at], &line[at + 1..]);
            if line.starts_with(b"#") || self::id(id).is_none() {
                continue;
            }
            let mut whole = [line, b"\n"].concat();
            while let Some(peeled) = lines.next_if(|line| line.starts_with(b"^")) {
                whole.extend_from_slice(peeled);
                whole.push(b'\n');
            }
            return Some(Packed { id, name, lines: whole });
        }
    })
}

/// Whether a repository's `packed-refs` has this name.
pub(crate) fn is_packed(packed_refs: &[u8], name: &[u8]) -> bool {
    packed_entries(packed_refs).any(|entry| entry.name == name)
}

/// The source's `packed-refs` with the target's refs of our own in it; nothing if there are no refs.
pub(crate) fn packed_of_both(source: Option<&[u8]>, target: Option<&[u8]>) -> Option<Vec<u8>> {
    let is_own = |entry: &Packed<'_>| entry.name.starts_with(OWN.as_bytes());
    let ours: Vec<Packed<'_>> = target.into_iter().flat_map(packed_entries).filter(is_own).collect();
    if ours.is_empty() && !source.into_iter().flat_map(packed_entries).any(|entry| is_own(&entry)) {
        return source.map(<[u8]>::to_vec);
    }
    let theirs = source.into_iter().flat_map(packed_entries).filter(|entry| !is_own(entry));
    let mut all: Vec<Packed<'_>> = theirs.chain(ours).collect();
    if all.is_empty() && source.is_none() {
        return None;
    }
    all.sort_by(|one, other| one.name.cmp(other.name));
    // The first line says that names are sorted and tags have their objects: both hold for ours, too.
    let first = source.or(target).and_then(|text| text.split(|byte| *byte == b'\n').next());
    let mut text = first.filter(|line| line.starts_with(b"#")).map(|line| [line, b"\n"].concat());
    let text = text.get_or_insert_default();
    for entry in all {
        text.extend_from_slice(&entry.lines);
    }
    Some(std::mem::take(text))
}

/// The commits whose parents either repository lacks, where the source lacks some at all.
///
/// Saved work and reflogs of the target may need its own; a complete source fills all gaps but theirs.
pub(crate) fn shallow_of_both(source: Option<&[u8]>, target: Option<&[u8]>) -> Option<Vec<u8>> {
    let source = source?;
    let lines = |text| <[u8]>::split(text, |byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let theirs: Vec<&[u8]> = lines(source).filter(|line| !line.is_empty()).collect();
    let mut more: Vec<&[u8]> = target
        .into_iter()
        .flat_map(lines)
        .filter(|line| id(line).is_some() && !theirs.contains(line))
        .collect();
    if more.is_empty() {
        return Some(source.to_vec());
    }
    more.extend(theirs);
    more.sort_unstable();
    more.dedup();
    Some(more.into_iter().flat_map(|line| [line, b"\n"].concat()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "# pack-refs with: peeled fully-peeled sorted \n";

    fn line(digit: char, name: &str) -> String {
        format!("{} {name}\n", String::from(digit).repeat(40))
    }

    #[test]
    fn packed_refs_of_our_own_stay_and_those_of_the_source_do_not_come() {
        let tag = format!("{}^{}\n", line('2', "refs/tags/v1"), "3".repeat(40));
        let source =
            format!("{HEADER}{}{}{tag}", line('9', "refs/codex/saved/x"), line('1', "refs/heads/main"));
        let target = format!("{HEADER}{}{}", line('a', "refs/codex/saved/y"), line('b', "refs/heads/old"));
        let both = packed_of_both(Some(source.as_bytes()), Some(target.as_bytes())).unwrap();
        let wanted =
            format!("{HEADER}{}{}{tag}", line('a', "refs/codex/saved/y"), line('1', "refs/heads/main"));
        assert_eq!(String::from_utf8(both.clone()).unwrap(), wanted);
        assert_eq!(packed_of_both(Some(source.as_bytes()), Some(&both)).unwrap(), both);
        let alone = packed_of_both(None, Some(target.as_bytes())).unwrap();
        assert_eq!(String::from_utf8(alone).unwrap(), format!("{HEADER}{}", line('a', "refs/codex/saved/y")));
        assert_eq!(packed_of_both(None, Some(line('b', "refs/heads/old").as_bytes())), None);
        let plain = line('1', "refs/heads/main");
        assert_eq!(packed_of_both(Some(plain.as_bytes()), None).unwrap(), plain.as_bytes());
    }

    #[test]
    fn gaps_of_both_are_known() {
        let (a, b) = ("a".repeat(40) + "\n", "b".repeat(40) + "\n");
        let both = |source: Option<&str>, target: Option<&str>| {
            shallow_of_both(source.map(str::as_bytes), target.map(str::as_bytes))
                .map(|text| String::from_utf8(text).unwrap())
        };
        assert_eq!(both(Some(&b), Some(&a)), Some(format!("{a}{b}")));
        assert_eq!(both(Some(&b), Some(&format!("{a}{b}nonsense\n"))), Some(format!("{a}{b}")));
        assert_eq!(both(Some(&b), None), Some(b));
        assert_eq!(both(None, Some(&a)), None);
    }

    #[test]
    fn only_ids_are_ids() {
        assert_eq!(id("a1".repeat(20).as_bytes()), Some("a1".repeat(20)));
        assert!(id("A1".repeat(32).as_bytes()).is_some());
        for text in ["", "abc", &"0".repeat(40), &"g1".repeat(20), &"a".repeat(41)] {
            assert_eq!(id(text.as_bytes()), None);
        }
    }
}
