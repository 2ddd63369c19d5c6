//! `--wait`: how long, how often, and what it ends with.

mod lines;
mod live;
mod words;

use std::time::Duration;

use codex_cluster::discovery::Kinds;
use codex_cluster::place::Target;
use codex_cluster::readiness::GONE;
use codex_cluster::readiness::pods::{Limits, Stuck};
use codex_cluster::wait::{self, Evidence, Report, WaitOptions, WaitOutcome};
use codex_common::diagnostic::Diagnostic;

use super::Session;
use crate::arguments::duration;
use crate::order::Step;
use lines::Lines;
use live::Live;
use words::{name, seconds};

/// How long is waited when nothing says so.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(600);

/// What is waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum WaitFor<'a> {
    /// All that was applied.
    Everything,
    /// What a step needs before it is sent.
    Step(&'a Step),
}

/// How it stands with what an earlier run applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// All of it is ready.
    Ready,
    /// Something isn't ready in time, or won't be.
    NotReady,
    /// These are gone: only applying them again helps.
    Missing(Vec<String>),
}

impl WaitFor<'_> {
    fn words(self) -> String {
        match self {
            Self::Everything => "everything".to_owned(),
            Self::Step(step) => step.awaited_words(),
        }
    }
}

impl Session<'_> {
    /// Waits until everything that was planned, or what a step needs, is ready, unchanged objects too: whether it is.
    pub(crate) async fn wait(
        &self,
        targets: Vec<Target>,
        kinds: &Kinds,
        what: WaitFor<'_>,
    ) -> Result<bool, Diagnostic> {
        let outcome = self.outcome(&targets, kinds, what).await?;
        self.ended(&targets, &outcome, what)
    }

    /// The same of what an earlier run applied: [`Standing::Missing`] where some of it is gone.
    pub(crate) async fn wait_for_applied(
        &self,
        targets: Vec<Target>,
        kinds: &Kinds,
    ) -> Result<Standing, Diagnostic> {
        let what = WaitFor::Everything;
        let outcome = self.outcome(&targets, kinds, what).await?;
        let gone: Vec<String> = outcome
            .failed
            .iter()
            .filter(|failed| failed.reason == GONE)
            .map(|failed| name(&targets[failed.target]))
            .collect();
        if !gone.is_empty() && !outcome.interrupted {
            return Ok(Standing::Missing(gone));
        }
        let is_ready = self.ended(&targets, &outcome, what)?;
        Ok(if is_ready { Standing::Ready } else { Standing::NotReady })
    }

    async fn outcome(
        &self,
        targets: &[Target],
        kinds: &Kinds,
        what: WaitFor<'_>,
    ) -> Result<WaitOutcome, Diagnostic> {
        if let WaitFor::Step(step) = what {
            let (awaited, items) = (what.words(), step.items.join(", "));
            self.console.info(format!("waiting for {awaited}, then: {items}"));
        }
        let waiting = &self.request.waiting;
        let options = WaitOptions {
            timeout: self.wait_timeout()?,
            limits: waiting.fail_after.map_or_else(Limits::default, Limits::scaled),
            await_load_balancer: self.request.await_load_balancer,
            rules: self.gathered.project.as_ref().map_or(&[], |project| &project.stack.ready),
        };
        let mut tries = 0;
        loop {
            let outcome = self.wait_once(targets, kinds, options).await;
            let is_over = outcome.is_success() || outcome.interrupted || !outcome.failed.is_empty();
            if is_over || tries >= waiting.wait_retries {
                return Ok(outcome);
            }
            let pause = waiting.wait_backoff.saturating_mul(2_u32.saturating_pow(tries));
            tries += 1;
            self.console.info(format!("not ready in time; waiting again in {}", seconds(pause)));
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                // The next try sees it at once, and says what isn't ready.
                () = self.interrupt.raised() => {}
            }
        }
    }

    async fn wait_once(&self, targets: &[Target], kinds: &Kinds, options: WaitOptions<'_>) -> WaitOutcome {
        let (mut lines, mut live);
        let report: &mut dyn Report = if self.console.is_live() {
            live = Live::new(self.console, targets);
            &mut live
        } else {
            lines = Lines::new(self.console, targets);
            &mut lines
        };
        wait::wait(&self.cluster.api, kinds, targets, options, self.interrupt, report).await
    }

    /// `--wait-timeout`, else what services.yaml says, else ten minutes.
    fn wait_timeout(&self) -> Result<Duration, Diagnostic> {
        if let Some(given) = self.request.waiting.wait_timeout {
            return Ok(given);
        }
        let stack = self.gathered.project.as_ref().map(|project| &project.stack);
        match stack.map(|stack| stack.codex.timeouts.deploy_wait.trim()).filter(|text| !text.is_empty()) {
            None => Ok(DEFAULT_TIMEOUT),
            Some(text) => duration(text)
                .map_err(|why| Diagnostic::input(format!("`codex.timeouts.deployWait` is `{text}`: {why}"))),
        }
    }

    /// Says how the wait ended.
    fn ended(
        &self,
        targets: &[Target],
        outcome: &WaitOutcome,
        what: WaitFor<'_>,
    ) -> Result<bool, Diagnostic> {
        let timeout = self.wait_timeout()?;
        for ready in &outcome.ready {
            if let Some(note) = &ready.note {
                self.console.info(format!("{}: ready, but {note}", name(&targets[ready.target])));
            }
        }
        if outcome.interrupted {
            let stopped = match what {
                WaitFor::Everything => "stopped while waiting; everything is applied".to_owned(),
                WaitFor::Step(_) => format!("stopped while waiting for {}", what.words()),
            };
            return Err(outcome.late.iter().fold(Diagnostic::interrupted(stopped), |message, late| {
                message.note(format!("{}: {}", name(&targets[late.target]), late.reason))
            }));
        }
        if outcome.is_success() {
            let is_or_are =
                if matches!(what, WaitFor::Step(step) if step.is_plural()) { "are" } else { "is" };
            self.console.info(format!("{} {is_or_are} ready", what.words()));
            return Ok(true);
        }
        // What comes after it isn't sent, so it is more than a warning.
        let is_soft = self.request.waiting.wait_soft_fail && matches!(what, WaitFor::Everything);
        let new =
            |title: String| if is_soft { Diagnostic::warning(title) } else { Diagnostic::machine(title) };
        for failed in &outcome.failed {
            let mut message =
                new(format!("{} won't get ready: {}", name(&targets[failed.target]), failed.reason));
            for stuck in &failed.stuck {
                message = message.note(stuck_words(stuck));
            }
            self.console.say(&with_evidence(message, &failed.evidence));
        }
        let has_failed = !outcome.failed.is_empty();
        for late in &outcome.late {
            let target = name(&targets[late.target]);
            if has_failed {
                self.console.info(format!("{target} wasn't ready either: {}", late.reason));
                continue;
            }
            let message = new(format!("{target} is not ready after {}: {}", seconds(timeout), late.reason));
            self.console.say(&with_evidence(message, &late.evidence));
        }
        Ok(false)
    }
}

fn stuck_words(stuck: &Stuck) -> String {
    let container = stuck.container.as_deref().map(|name| format!(", container {name}")).unwrap_or_default();
    let message = if stuck.message.is_empty() { String::new() } else { format!(": {}", stuck.message) };
    let event = stuck.event.as_deref().map(|event| format!("\n{event}")).unwrap_or_default();
    format!("pod {}{container}: {}{message}{event}", stuck.pod, stuck.reason)
}

/// The message with the newest warning and the last log lines, which may hold anything.
fn with_evidence(mut message: Diagnostic, evidence: &Evidence) -> Diagnostic {
    if let Some(warning) = &evidence.warning {
        message = message.note(warning);
    }
    if let Some((pod, container)) = evidence.log_of.as_ref().filter(|_| !evidence.log_tail.is_empty()) {
        message = message.note(format!("the last lines of the log of {pod}, container {container}:"));
        for line in &evidence.log_tail {
            message = message.note(format!("| {}", line));
        }
    }
    message
}
