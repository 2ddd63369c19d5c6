//! The exit codes, one meaning each, the same in every binary.

use crate::diagnostic::Blame;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// 0: done.
    Done,
    /// 1: could not be done.
    Failed,
    /// 2: wrong usage, or an error in what the user wrote.
    Usage,
    /// 3: there are differences; only where they were asked for.
    Differences,
    /// 4: applied, but not ready in time.
    NotReady,
    /// 70: a bug of ours.
    Bug,
    /// 130: the user stopped it.
    Interrupted,
    /// 141: the reader of our output went away, as the shell reports it for other programs.
    ClosedPipe,
}

impl ExitCode {
    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Differences => 3,
            Self::NotReady => 4,
            Self::Bug => 70,
            Self::Interrupted => 130,
            Self::ClosedPipe => 141,
        }
    }
}

/// Ends the process from any thread, for when main can't return: nothing is dropped.
#[allow(clippy::disallowed_methods, reason = "a second signal doesn't wait for main")]
pub fn end_at_once(code: ExitCode) -> ! {
    std::process::exit(code.code().into())
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        code.code().into()
    }
}

impl From<Blame> for ExitCode {
    fn from(blame: Blame) -> Self {
        match blame {
            Blame::Input => Self::Usage,
            Blame::Machine => Self::Failed,
            Blame::User => Self::Interrupted,
        }
    }
}
