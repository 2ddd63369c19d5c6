//! What happens to an object, as the plan says it.

use crate::answer::{Answer as Meaning, Conflict};

/// What happens to an object.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// It is made.
    Create,
    /// It is made; the server can't be asked before, since its kind or namespace comes with the same apply.
    CreateUnchecked,
    /// Nothing.
    Same,
    /// Nothing but whose its fields are: they are taken over from client-side apply.
    Own,
    /// Some of its fields change.
    Change,
    /// It changes; the server can't say how before the rest of the same apply is there.
    ChangeUnchecked,
    /// It is deleted and made anew, since fields change that can't be.
    Recreate,
    /// Others own fields that are applied.
    Conflict(Vec<Conflict>),
    /// It belongs to this other project.
    OtherProject(String),
    /// The server refuses it.
    Refused(Box<Meaning>),
    /// A webhook that has a say in it isn't up.
    Blocked(Box<Meaning>),
    /// The server can't list its kind. It is sent after all others, which its failure doesn't keep from being applied.
    Unlisted(Box<Meaning>),
}

impl Action {
    /// The word of reports: `create`, `change`, `recreate`, `same`, `conflict`, `refused`, `unknown`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Create | Self::CreateUnchecked => "create",
            Self::Same | Self::Own => "same",
            Self::Change | Self::ChangeUnchecked => "change",
            Self::Recreate => "recreate",
            Self::Conflict(_) | Self::OtherProject(_) => "conflict",
            Self::Refused(_) => "refused",
            Self::Blocked(_) | Self::Unlisted(_) => "unknown",
        }
    }

    /// Whether applying would change the cluster.
    pub fn is_difference(&self) -> bool {
        !matches!(self, Self::Same | Self::Own)
    }

    /// Whether it is known that the object can't be applied, and that nothing of the same apply mends that.
    pub fn is_hopeless(&self) -> bool {
        matches!(self, Self::Conflict(_) | Self::OtherProject(_) | Self::Refused(_))
    }
}
