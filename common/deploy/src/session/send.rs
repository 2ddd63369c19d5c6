//! Sending the plan, and saying what became of each object.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use codex_cluster::apply::{self, Applied, ApplyOptions, Status, Verb};
use codex_cluster::discovery::Kinds;
use codex_cluster::place::Target;
use codex_cluster::plan::{self, Planned};
use codex_cluster::retry::Retry;
use codex_common::diagnostic::Diagnostic;
use tokio::time::Instant;

use super::Session;
use super::waiting::WaitFor;
use crate::{explain, report};

/// How many of the objects that weren't tried are named.
const NAMED: usize = 20;

/// The longest that `--apply-backoff` grows to.
const LONGEST_BACKOFF: Duration = Duration::from_secs(60);

/// How long after its first failure an object is sent again, however often that may be done.
const SENT_WITHIN: Duration = Duration::from_secs(600);

/// What was sent of a plan.
#[derive(Debug)]
pub(crate) struct Sent {
    /// What became of each object.
    pub(crate) statuses: Vec<Status>,
    /// How it ended.
    pub(crate) end: End,
}

/// How sending a plan ended.
#[derive(Debug)]
pub(crate) enum End {
    /// All of it was sent and taken.
    All,
    /// Something that the rest comes after isn't ready.
    Unready,
    /// Not all was taken, or the user stopped it; this says what.
    Failed(Diagnostic),
}

impl Session<'_> {
    /// Applies a plan step by step; `made_namespace` says that this very apply made the environment's namespace before.
    pub(crate) async fn apply(
        &self,
        plan: &[Planned],
        made_namespace: bool,
        kinds: &Kinds,
    ) -> Result<Sent, Diagnostic> {
        let options = || ApplyOptions {
            force: self.request.force,
            recreate: self.request.recreate,
            keep_going: self.request.keep_going,
            retry: Retry {
                retries: self.request.retries,
                backoff: self.request.backoff,
                longest: LONGEST_BACKOFF,
                within: SENT_WITHIN,
            },
            deadline: Instant::now() + self.request.webhook_timeout,
        };
        let (closed, denied) = (Mutex::new(None), Mutex::new(None));
        let goes_on = async || {
            let verdict = self.permission.check().await;
            let is_denied = verdict.is_err();
            *denied.lock().unwrap_or_else(PoisonError::into_inner) = verdict.err();
            !is_denied
        };
        let done = |planned: &Planned, status: &Status| {
            let was_made = made_namespace && self.is_own_namespace(&planned.target);
            let status = &if was_made { as_created(status) } else { status.clone() };
            if let Status::Applied(applied) = status {
                self.remark(planned, applied);
            }
            let line = report::line(planned, status, self.request.output);
            if let Some(Err(error)) = line.map(|line| self.line(&line)) {
                closed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            }
        };
        let mut statuses = Vec::with_capacity(plan.len());
        let mut unready = None;
        for step in plan.chunk_by(|one, next| one.target.step == next.target.step) {
            let (sent, left) = plan.split_at(statuses.len());
            let has_failed = statuses.iter().any(|status| matches!(status, Status::Failed(_)));
            let goes_on_after = self.request.keep_going || !has_failed;
            if unready.is_none() && goes_on_after && !self.interrupt.is_raised() {
                unready = self.unready(sent, &statuses, left, kinds).await?;
            }
            if unready.is_some() || !goes_on_after || self.interrupt.is_raised() {
                statuses.extend(step.iter().map(|_| Status::NotTried));
                continue;
            }
            let api = &self.cluster.api;
            statuses.extend(apply::apply(api, step, options(), self.interrupt, &goes_on, &done).await);
            if let Some(denied) = denied.lock().unwrap_or_else(PoisonError::into_inner).take() {
                return Err(denied);
            }
        }
        let failed: Vec<_> =
            plan.iter().zip(&statuses).filter(|(_, status)| matches!(status, Status::Failed(_))).collect();
        let messages = failed.iter().filter_map(|(planned, status)| match status {
            Status::Failed(fault) => {
                let message = explain::fault(self.cluster, self.manifests, &planned.target, fault);
                Some(explain::with_foreign_ports(message, planned))
            }
            _ => None,
        });
        let ahead = self.ahead(plan, &statuses).await;
        for message in equal_once(messages.chain(ahead)) {
            self.console.say(&message);
        }
        self.unserved.iter().for_each(|(_, message)| self.console.say(message));
        let has_failed = !failed.is_empty() || !self.unserved.is_empty();
        if !has_failed && unready.is_none() && !self.interrupt.is_raised() {
            return match closed.into_inner().unwrap_or_else(PoisonError::into_inner) {
                Some(error) => Err(error),
                None => Ok(Sent { statuses, end: End::All }),
            };
        }
        let count = |wanted: fn(&Status) -> bool| statuses.iter().filter(|status| wanted(status)).count();
        let words = format!(
            "{} applied, {} failed, {} not tried",
            count(|status| matches!(status, Status::Applied(_))),
            failed.len() + self.unserved.len(),
            count(|status| matches!(status, Status::NotTried)),
        );
        if self.interrupt.is_raised() {
            let stopped = Diagnostic::interrupted(format!("stopped: {words}"));
            return Ok(Sent { statuses, end: End::Failed(stopped) });
        }
        let not_tried = plan.iter().zip(&statuses).filter(|(_, status)| matches!(status, Status::NotTried));
        let message = Diagnostic::machine(format!("not everything was applied: {words}"));
        let message = unready.iter().fold(message, |message, words| message.note(words));
        let names: Vec<String> = not_tried.map(|(planned, _)| report::name(planned)).collect();
        let more = names.len().saturating_sub(NAMED);
        let message = names
            .into_iter()
            .take(NAMED)
            .fold(message, |message, name| message.note(format!("not tried: {name}")));
        let message = if more > 0 { message.note(format!("not tried: {more} more")) } else { message };
        if has_failed {
            return Ok(Sent { statuses, end: End::Failed(message) });
        }
        // What was sent is applied: that something of it isn't ready has an exit code of its own.
        self.console.say(&message);
        Ok(Sent { statuses, end: End::Unready })
    }

    /// Waits for what the next step needs, if anything is left to be sent: why that can't be, in words.
    async fn unready(
        &self,
        sent: &[Planned],
        statuses: &[Status],
        left: &[Planned],
        kinds: &Kinds,
    ) -> Result<Option<String>, Diagnostic> {
        let step = left.first().and_then(|planned| self.steps.0.get(planned.target.step));
        let Some(step) = step.filter(|_| left.iter().any(|planned| planned.action.is_difference())) else {
            return Ok(None);
        };
        let is_awaited =
            |target: &Target| step.waits_for(self.manifests.item(&target.object.origin).as_deref(), target);
        let awaited = sent.iter().zip(statuses).filter(|(planned, _)| is_awaited(&planned.target));
        let (targets, statuses): (Vec<Target>, Vec<&Status>) =
            awaited.map(|(planned, status)| (planned.target.clone(), status)).unzip();
        if targets.is_empty() {
            return Ok(None);
        }
        let is_applied = statuses.iter().all(|status| matches!(status, Status::Applied(_)));
        let is_ready = is_applied && self.wait(targets, kinds, WaitFor::Step(step)).await?;
        let words = || format!("{} would come after {}", step.items.join(", "), step.awaited_words());
        Ok((!is_ready).then(words))
    }

    /// Messages about the objects that weren't tried and would be refused too: whoever mends the first hears of all.
    async fn ahead(&self, plan: &[Planned], statuses: &[Status]) -> Vec<Diagnostic> {
        let is_shared = |status: &Status| matches!(status, Status::Failed(fault) if fault.is_shared());
        if self.interrupt.is_raised() || statuses.iter().any(is_shared) {
            return Vec::new();
        }
        let left = plan.iter().zip(statuses).filter(|(_, status)| matches!(status, Status::NotTried));
        let left: Vec<&Planned> = left.map(|(planned, _)| planned).collect();
        let refused = self.interrupt.unless_raised(plan::refusals(&self.cluster.api, &left)).await;
        let refused = refused.and_then(Result::ok).unwrap_or_default();
        let message =
            |(at, meaning): (usize, _)| explain::meaning(self.manifests, &left[at].target, &meaning);
        refused.into_iter().map(message).collect()
    }

    /// What is worth saying of an object that was applied.
    fn remark(&self, planned: &Planned, applied: &Applied) {
        for conflict in &applied.overwritten {
            self.console.info(format!(
                "{}: took `{}` from {}",
                report::name(planned),
                conflict.field,
                explain::owner_words(conflict)
            ));
        }
        self.warn(planned, &applied.warnings);
        for words in report::handover(&applied.handover) {
            self.console.info(format!("{}: {words}", report::name(planned)));
        }
        if applied.is_autoscaled {
            self.console
                .info(format!("{}: the number of replicas is left to its autoscaler", report::name(planned)));
        }
    }
}

/// Messages that differ in the object only, once each: the title of the first says how many more there are.
pub(super) fn equal_once(messages: impl Iterator<Item = Diagnostic>) -> Vec<Diagnostic> {
    let mut once: Vec<(Diagnostic, usize)> = Vec::new();
    for message in messages {
        let is_equal = |(first, _): &&mut (Diagnostic, usize)| {
            let same = Diagnostic { title: first.title.clone(), ..message.clone() };
            same == *first
        };
        match once.iter_mut().find(is_equal) {
            Some((_, more)) => *more += 1,
            None => once.push((message, 0)),
        }
    }
    let counted = |(message, more): (Diagnostic, usize)| match more {
        0 => message,
        _ => Diagnostic { title: format!("{} and {more} more", message.title), ..message },
    };
    once.into_iter().map(counted).collect()
}

/// The status of an object that this very apply made a moment before.
fn as_created(status: &Status) -> Status {
    match status {
        Status::Applied(applied) => Status::Applied(Applied { verb: Verb::Created, ..applied.clone() }),
        status => status.clone(),
    }
}
