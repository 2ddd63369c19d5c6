//! Sending the plan, and saying what became of each object.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use codex_cluster::apply::{self, Applied, ApplyOptions, Status, Verb};
use codex_cluster::plan::Planned;
use codex_cluster::retry::Retry;
use codex_common::diagnostic::Diagnostic;
use tokio::time::Instant;

use super::Session;
use crate::{explain, report};

/// How many of the objects that weren't tried are named.
const NAMED: usize = 20;

/// The longest that `--apply-backoff` grows to.
const LONGEST_BACKOFF: Duration = Duration::from_secs(60);

/// How long after its first failure an object is sent again, however often that may be done.
const SENT_WITHIN: Duration = Duration::from_secs(600);

impl Session<'_> {
    /// Applies a plan; `made_namespace` says that this very apply made the environment's namespace before.
    pub(crate) async fn apply(
        &self,
        plan: &[Planned],
        made_namespace: bool,
    ) -> Result<Vec<Status>, Diagnostic> {
        let options = ApplyOptions {
            force: self.request.force,
            recreate: self.request.recreate,
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
        let statuses = apply::apply(&self.cluster.api, plan, options, self.interrupt, goes_on, done).await;
        if let Some(denied) = denied.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(denied);
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
        for message in equal_once(messages) {
            self.console.say(&message);
        }
        self.unserved.iter().for_each(|(_, message)| self.console.say(message));
        if failed.is_empty() && self.unserved.is_empty() && !self.interrupt.is_raised() {
            return match closed.into_inner().unwrap_or_else(PoisonError::into_inner) {
                Some(error) => Err(error),
                None => Ok(statuses),
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
            return Err(Diagnostic::interrupted(format!("stopped: {words}")));
        }
        let not_tried = plan.iter().zip(&statuses).filter(|(_, status)| matches!(status, Status::NotTried));
        let message = Diagnostic::machine(format!("not everything was applied: {words}"));
        let names: Vec<String> = not_tried.map(|(planned, _)| report::name(planned)).collect();
        let more = names.len().saturating_sub(NAMED);
        let message = names
            .into_iter()
            .take(NAMED)
            .fold(message, |message, name| message.note(format!("not tried: {name}")));
        Err(if more > 0 { message.note(format!("not tried: {more} more")) } else { message })
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
fn equal_once(messages: impl Iterator<Item = Diagnostic>) -> Vec<Diagnostic> {
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
