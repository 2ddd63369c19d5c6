//! What goes wrong, and with which calls.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// From this call on the server's port is closed, until the proxy is armed anew: who is
    /// refused can't be counted.
    Refused,
    /// A 500 with the reason InternalError; the server doesn't see the call.
    Error,
    /// No answer until the client gives up; the server doesn't see the call.
    TimeOut,
    /// The client is killed while it sends the call; the server doesn't see it.
    KilledBefore,
    /// The client is killed once the server has done the call, before it gets the answer.
    KilledAfter,
    /// A 429 that asks for a second; the server doesn't see the call.
    Busy,
    /// A 503; the server doesn't see the call.
    Unavailable,
    /// The connection ends; the server doesn't see the call.
    LostBefore,
    /// The connection ends once the server has done the call.
    LostAfter,
    /// The connection ends in the middle of the answer; the server has done the call.
    Half,
}

impl Fault {
    /// Those after which the next run must end well.
    pub const ALL: [Self; 5] =
        [Self::Refused, Self::Error, Self::TimeOut, Self::KilledBefore, Self::KilledAfter];

    /// Those that pass: the very run that meets one must end well.
    pub const PASSING: [Self; 6] =
        [Self::Error, Self::Busy, Self::Unavailable, Self::LostBefore, Self::LostAfter, Self::Half];
}

/// Which calls go wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Plan {
    /// None.
    #[default]
    None,
    /// The one with this number.
    Call(usize, Fault),
    /// So many of a hundred.
    Random { seed: u64, percent: u64 },
}

impl Plan {
    /// What the call with this number meets.
    pub(super) fn fault_of(self, number: usize) -> Option<Fault> {
        match self {
            Self::Call(planned, fault) if planned == number => Some(fault),
            // It was on its way when the port closed.
            Self::Call(planned, Fault::Refused) if number > planned => Some(Fault::Refused),
            Self::None | Self::Call(..) => None,
            Self::Random { seed, percent } => {
                let mut hasher = DefaultHasher::new();
                (seed, number).hash(&mut hasher);
                let chance = hasher.finish();
                let among = Fault::PASSING.len() as u64;
                let fault = Fault::PASSING[usize::try_from(chance / 100 % among).unwrap()];
                (chance % 100 < percent).then_some(fault)
            }
        }
    }
}
