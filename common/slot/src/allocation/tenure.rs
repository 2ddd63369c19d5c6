//! Whether a call that was given a slot still has it: on another machine it may be cleaned up meanwhile, and its
//! number given to somebody else.

use crate::record::Record;

/// How it stands with a slot that a call was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tenure {
    /// It is still the call's.
    Held,
    /// It is being cleaned up: whatever is made now has to go again.
    Cleaning,
    /// There is no record: what was made is nobody's, until somebody is given the number.
    Free,
    /// The number is somebody else's, and with it all that is there.
    Anothers,
}

/// How it stands with a slot: `record` is the one of its number now, `uid` that of the record which the call was
/// given.
pub fn tenure(record: Option<&Record>, uid: &str) -> Tenure {
    match record {
        None => Tenure::Free,
        Some(record) if record.cleaning => Tenure::Cleaning,
        Some(record) if record.uid == uid => Tenure::Held,
        Some(_) => Tenure::Anothers,
    }
}
