//! The process group of a program that was started here: what the program starts belongs to it, so one signal
//! reaches all of it. Only what moves to another group by itself (`setsid`) escapes.

use std::sync::{Mutex, PoisonError};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Child;

/// The groups that are there now, for the end of a process that can't wait for them.
static RUNNING: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// Kills all groups, because this process is about to end.
pub(crate) fn kill_all() {
    // The thread that ends it may hold the lock: not to wait is better than to hang.
    if let Ok(running) = RUNNING.try_lock() {
        for leader in running.iter() {
            // A group without members is what is wanted.
            let _ = kill_process_group(*leader, Signal::KILL);
        }
    }
}

/// A group, killed when dropped.
pub(crate) struct ProcessGroup(Option<Pid>);

impl ProcessGroup {
    /// The group of a program that was started with `process_group(0)`.
    pub(crate) fn of(leader: &Child) -> Self {
        let leader = leader.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).extend(leader);
        Self(leader)
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
        let leader = self.0.take();
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).retain(|running| Some(*running) != leader);
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        self.release();
    }
}
