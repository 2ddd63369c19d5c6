//! A number that tells whether anyone changed a tree.
//!
//! Takes what is known of each entry without reading files, gives one number that doesn't depend on the order.
//! Separate because it stands for a question of its own: does the target still hold what the last sync left?
//! Then nothing in it is anyone's work. What is staged is in it, too; since git may rewrite `index` whenever it
//! looks at a work tree, another number only means that git has to be asked.

use std::ffi::OsStr;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

use super::area::Area;
use crate::folder::About;

/// The number of one entry; those of a tree are added up.
///
/// `text` is where a link leads. Folders don't count: git knows none,
/// and one may stay for what lies in it.
pub(super) fn entry(path: &Path, about: &About, text: Option<&OsStr>) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.as_os_str().hash(&mut hasher);
    text.hash(&mut hasher);
    about.kind.hash(&mut hasher);
    if text.is_none() {
        (about.is_executable(), about.size, about.modified).hash(&mut hasher);
    }
    hasher.finish()
}

/// Whether entries of this folder count.
pub(super) fn counts(area: Area, name: &OsStr) -> bool {
    match area {
        Area::Work | Area::Refs | Area::Plain => true,
        Area::Repository => name == "HEAD" || name == "index",
        Area::Objects | Area::Logs | Area::LargeFiles | Area::Modules => false,
    }
}
