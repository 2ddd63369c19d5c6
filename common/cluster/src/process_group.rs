//! The process group of a program that was started here: what the program starts belongs to it, so one signal
//! reaches all of it. Only what moves to another group by itself (`setsid`) escapes.

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Child;

/// A group, killed when dropped.
pub(crate) struct ProcessGroup(Option<Pid>);

impl ProcessGroup {
    /// The group of a program that was started with `process_group(0)`.
    pub(crate) fn of(leader: &Child) -> Self {
        Self(leader.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }

    /// No group: for a program that shares ours.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Sends a signal to all of it.
    pub(crate) fn signal(&self, signal: Signal) {
        if let Some(leader) = self.0 {
            // A group without members is what is wanted.
            let _ = kill_process_group(leader, signal);
        }
    }

    /// Lets it run on.
    pub(crate) fn release(&mut self) {
        self.0 = None;
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}
