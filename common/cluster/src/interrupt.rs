//! Ctrl-C, as something that work can wait for.
//!
//! Takes SIGINT, SIGTERM and SIGHUP, gives a flag that any number of places can look at or wait for. Separate
//! so that whoever holds something (child processes, a file with credentials) can let go of it in order,
//! instead of being killed with it in hand.

use std::io;
use std::thread;

use codex_common::cli::{ExitCode, end_at_once};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::{connect, process_group};

/// Whether the user wants the work to stop. Clones see the same.
#[derive(Debug, Clone)]
pub struct Interrupt {
    raised: watch::Receiver<bool>,
}

/// Raises an [`Interrupt`].
#[derive(Debug)]
pub struct Trigger {
    raised: watch::Sender<bool>,
}

impl Trigger {
    /// Asks the work to stop.
    pub fn raise(&self) {
        self.raised.send_replace(true);
    }
}

impl Interrupt {
    /// An interrupt with its trigger.
    pub fn new() -> (Trigger, Self) {
        let (sender, raised) = watch::channel(false);
        (Trigger { raised: sender }, Self { raised })
    }

    /// An interrupt raised by the first of the process's signals; from then on they don't kill it by themselves.
    /// The second ends the process at once with 130: whoever sends it doesn't want to wait. Both are heard
    /// on a thread of their own, whatever the others do.
    ///
    /// # Errors
    /// The signals can't be listened to.
    pub fn of_process() -> io::Result<Self> {
        let (trigger, interrupt) = Self::new();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let mut signals = {
            let _inside = runtime.enter();
            [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()]
                .map(signal)
                .into_iter()
                .collect::<io::Result<Vec<_>>>()?
        };
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            runtime.block_on(async {
                next(&mut signals).await;
                trigger.raise();
                next(&mut signals).await;
                // Only what must not outlive the process goes before.
                connect::remove_credentials();
                process_group::kill_all();
                end_at_once(ExitCode::Interrupted);
            });
        })?;
        Ok(interrupt)
    }

    /// Whether it was raised.
    pub fn is_raised(&self) -> bool {
        *self.raised.borrow()
    }

    /// Does the work; `None` if it is raised before the work is done, which then is dropped.
    pub async fn unless_raised<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.raised() => None,
            done = work => Some(done),
        }
    }

    /// Returns when it is raised; never if nobody is left who could.
    pub async fn raised(&self) {
        let mut raised = self.raised.clone();
        if raised.wait_for(|raised| *raised).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// The next signal, whichever it is.
async fn next(signals: &mut [Signal]) {
    futures::future::select_all(signals.iter_mut().map(|signal| Box::pin(signal.recv()))).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_waits_is_told_early_and_late() {
        let (trigger, interrupt) = Interrupt::new();
        let other = interrupt.clone();
        let waiting = tokio::spawn(async move { other.raised().await });
        assert!(!interrupt.is_raised());
        trigger.raise();
        waiting.await.unwrap();
        interrupt.raised().await;
        assert!(interrupt.is_raised());
    }

    #[tokio::test]
    async fn work_ends_when_it_is_raised() {
        let (trigger, interrupt) = Interrupt::new();
        assert_eq!(interrupt.unless_raised(async { 1 }).await, Some(1));
        let waiting =
            tokio::spawn(async move { interrupt.unless_raised(std::future::pending::<()>()).await });
        trigger.raise();
        assert_eq!(waiting.await.unwrap(), None);
    }

    #[tokio::test]
    async fn signals_raise_it() {
        let interrupt = Interrupt::of_process().unwrap();
        let this = rustix::process::getpid();
        rustix::process::kill_process(this, rustix::process::Signal::HUP).unwrap();
        interrupt.raised().await;
    }
}
