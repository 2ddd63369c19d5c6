//! What a sync has to say besides its result.
//!
//! Facts with their sentences; a warning each, none stops the sync. Separate because both the comparison and
//! the copying find such things.

use std::fmt;
use std::path::PathBuf;

/// Something that the user may want to know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// A device, pipe or socket was left out.
    Special(PathBuf),
    /// The source's file went away, or became something else, while it was looked at.
    Vanished(PathBuf),
    /// A config was copied without credentials.
    Credentials {
        /// The config in the target.
        config: PathBuf,
        /// What isn't in it: names, no values.
        omitted: Vec<String>,
    },
    /// Git can't read the source's config, so it was not copied.
    UnreadableConfig {
        /// The config in the source.
        config: PathBuf,
        /// The line that makes no sense, if it is a file at all.
        line: Option<usize>,
    },
    /// A folder of the target stays, because it is a repository of its own that the source doesn't have.
    OwnRepository(PathBuf),
    /// The target's repository stays, although the source has something else there.
    RepositoryStays(PathBuf),
    /// The source's `.git` names a repository that isn't there; it was not copied.
    LostRepository {
        /// The file.
        file: PathBuf,
        /// What it names.
        repository: PathBuf,
    },
    /// A folder that the source borrows objects from isn't there.
    LostObjects(PathBuf),
    /// A folder was to be deleted, but something came into it meanwhile.
    NotEmpty(PathBuf),
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Special(path) => {
                write!(f, "{} is neither file, folder nor link and was left out", path.display())
            }
            Self::Vanished(path) => write!(f, "{} went away during the sync", path.display()),
            Self::Credentials { config, omitted } => {
                write!(f, "left out of {}: {}", config.display(), omitted.join(", "))
            }
            Self::UnreadableConfig { config, line: Some(line) } => {
                write!(f, "{} was left out: line {line} makes no sense", config.display())
            }
            Self::UnreadableConfig { config, line: None } => {
                write!(f, "{} was left out: it is no file", config.display())
            }
            Self::OwnRepository(path) => {
                write!(
                    f,
                    "{} stays: it is a repository of its own that the source doesn't have",
                    path.display()
                )
            }
            Self::RepositoryStays(path) => {
                write!(f, "{} stays: the source has no folder there", path.display())
            }
            Self::LostRepository { file, repository } => {
                write!(f, "{} was left out: there is no repository {}", file.display(), repository.display())
            }
            Self::LostObjects(path) => {
                write!(f, "objects are borrowed from {}, which isn't there", path.display())
            }
            Self::NotEmpty(path) => write!(f, "{} stays: something was written into it", path.display()),
        }
    }
}
