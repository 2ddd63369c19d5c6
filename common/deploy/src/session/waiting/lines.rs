//! A wait in a log: one line for each change, and who is still waited for each half minute.
//!
//! What is ready at the first look gets no line: most of what is applied is.

use std::collections::BTreeSet;
use std::time::Duration;

use codex_cluster::place::Target;
use codex_cluster::readiness::Readiness;
use codex_cluster::wait::{Report, Waiting};
use codex_common::cli::Console;
use codex_common::diagnostic::Diagnostic;

use super::words::{name, seconds};

/// How often it is said who is still waited for.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// Lines, one after the other.
pub(super) struct Lines<'a> {
    console: &'a Console,
    targets: &'a [Target],
    /// Those of which it was said that they are waited for.
    awaited: BTreeSet<usize>,
    /// When a heartbeat is due.
    heartbeat: Duration,
}

impl<'a> Lines<'a> {
    pub(super) fn new(console: &'a Console, targets: &'a [Target]) -> Self {
        Self { console, targets, awaited: BTreeSet::new(), heartbeat: HEARTBEAT }
    }
}

impl Report for Lines<'_> {
    fn changed(&mut self, target: usize, readiness: &Readiness, elapsed: Duration) {
        let words = match readiness {
            Readiness::Ready { .. } if !self.awaited.contains(&target) => return,
            Readiness::Ready { .. } => "ready".to_owned(),
            Readiness::Waiting { reason } => format!("waiting: {}", reason),
            Readiness::Failed { reason } => format!("failed: {}", reason),
        };
        self.awaited.insert(target);
        self.console.info(format!("{} {words} ({})", name(&self.targets[target]), seconds(elapsed)));
    }

    fn standing(&mut self, waiting: &[Waiting<'_>], elapsed: Duration) {
        if elapsed < self.heartbeat || waiting.is_empty() {
            return;
        }
        self.heartbeat = elapsed + HEARTBEAT;
        let (count, all) = (waiting.len(), self.targets.len());
        self.console.info(format!("still waiting for {count} of {all} ({})", seconds(elapsed)));
        for one in waiting {
            self.console.info(format!(
                "  {}: {} for {}",
                name(&self.targets[one.target]),
                one.reason,
                seconds(one.waited)
            ));
        }
    }

    fn disturbed(&mut self, message: &str) {
        self.console.say(&Diagnostic::warning(message));
    }
}
