//! Sending what was planned, wave by wave.
//!
//! Takes a plan, gives what became of each object. The first error that no retry can mend keeps later waves
//! from being tried, unless they are to be sent all the same; the others of its wave finish, unless it is one that all
//! share: then nothing more is begun, and what is under way isn't tried again.

mod ahead;
mod send;

use std::time::Duration;

use futures::{StreamExt as _, stream};
use serde_json::Value;
use tokio::time::Instant;

use crate::answer::{Answer as Meaning, Conflict, RetryReason};
use crate::api::{Api, NoAnswer};
use crate::interrupt::Interrupt;
use crate::notices::SLOW_AFTER;
use crate::ownership::handover::Handover;
use crate::plan::{Action, Planned};
use crate::readiness::{self, Facts, Readiness};
use crate::retry::Retry;
use crate::watch;
use crate::waves::Wave;
use ahead::Ahead;

/// How many objects are sent at once.
const SENT_AT_ONCE: usize = 16;

/// How long the definition of a kind may take until the server knows the kind.
const ESTABLISHED_WITHIN: Duration = Duration::from_secs(60);

/// How objects are sent.
#[derive(Debug, Clone, Copy)]
pub struct ApplyOptions {
    /// Whether conflicts are won.
    pub force: bool,
    /// Whether objects with immutable fields are made anew.
    pub recreate: bool,
    /// How often what may work later is sent again.
    pub retry: Retry,
    /// Whether what doesn't go well keeps nothing else from being sent.
    pub keep_going: bool,
    /// Until when webhooks that aren't up are waited for.
    pub deadline: Instant,
}

/// One apply, as all objects see it.
struct Course<'a> {
    api: &'a Api,
    plan: &'a [Planned],
    options: ApplyOptions,
    interrupt: &'a Interrupt,
    /// Raised when trying again helps nobody.
    hopeless: &'a Interrupt,
    done: &'a dyn Fn(&Planned, &Status),
    ahead: Ahead,
}

/// What an apply did to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// It was made.
    Created,
    /// It was changed.
    Configured,
    /// It is as it was.
    Unchanged,
    /// It was deleted and made anew.
    Recreated,
}

impl Verb {
    /// kubectl's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Configured => "configured",
            Self::Unchanged => "unchanged",
            Self::Recreated => "recreated",
        }
    }
}

/// An object that was applied.
#[derive(Debug, Clone)]
pub struct Applied {
    /// What was done.
    pub verb: Verb,
    /// Fields that were taken from others by force.
    pub overwritten: Vec<Conflict>,
    /// Whose fields became ours, of values that stayed.
    pub handover: Handover,
    /// Whether its number of replicas was left to an autoscaler.
    pub is_autoscaled: bool,
    /// What the server warns of.
    pub warnings: Vec<String>,
}

/// Why an object was not applied.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The server says no.
    Refused(Box<Meaning>),
    /// No answer came.
    NoAnswer(NoAnswer),
    /// It belongs to another project, which this names.
    OtherProject(String),
    /// It has immutable fields and is of a kind that is never deleted for it.
    NotRecreated,
    /// It was applied, but its kind did not become known.
    NotEstablished(String),
}

impl Fault {
    /// What the plan knows already.
    pub fn known(action: &Action) -> Option<Self> {
        match action {
            Action::Conflict(conflicts) => {
                Some(Self::Refused(Box::new(Meaning::Ownership(conflicts.clone()))))
            }
            Action::OtherProject(project) => Some(Self::OtherProject(project.clone())),
            Action::Refused(meaning) => Some(Self::Refused(meaning.clone())),
            _ => None,
        }
    }

    /// Whether it meets all objects alike: the server is away, or doesn't know who asks.
    pub fn is_shared(&self) -> bool {
        match self {
            Self::NoAnswer(_) => true,
            Self::Refused(meaning) => match **meaning {
                Meaning::Unauthorized => true,
                // An internal error may be about one kind alone.
                Meaning::Retry { reason, .. } => reason != RetryReason::Internal,
                _ => false,
            },
            Self::NotRecreated | Self::OtherProject(_) | Self::NotEstablished(_) => false,
        }
    }

    /// Whether it came after all tries.
    fn is_of_many_tries(&self) -> bool {
        matches!(self, Self::Refused(meaning) if matches!(**meaning, Meaning::Retry { .. }))
    }
}

/// What became of an object.
#[derive(Debug, Clone)]
pub enum Status {
    /// It is applied.
    Applied(Applied),
    /// It isn't.
    Failed(Fault),
    /// It wasn't sent: something before it failed, or the user stopped the apply.
    NotTried,
}

/// Applies a plan; `done` hears of each object as soon as it is done. Before each wave `goes_on` is asked whether
/// it is sent.
///
/// The result has one status per object, in the plan's order.
pub async fn apply(
    api: &Api,
    plan: &[Planned],
    options: ApplyOptions,
    interrupt: &Interrupt,
    goes_on: impl AsyncFn() -> bool,
    done: impl Fn(&Planned, &Status),
) -> Vec<Status> {
    let mut statuses: Vec<Status> = plan.iter().map(|_| Status::NotTried).collect();
    let (give_up, hopeless) = Interrupt::new();
    let (hopeless, done) = (&hopeless, &done);
    let course = Course { api, plan, options, interrupt, hopeless, done, ahead: Ahead::default() };
    let mut worn_out = 0;
    let mut at = 0;
    for wave in plan.chunk_by(|one, next| one.turn() == next.turn()) {
        let first = at;
        at += wave.len();
        if interrupt.is_raised() || !goes_on().await {
            break;
        }
        let course = &course;
        let sent = (first..at).map(|index| async move { (index, course.send(index).await) });
        let mut sent = stream::iter(sent).buffer_unordered(SENT_AT_ONCE);
        let mut has_failed = false;
        while let Some((index, status)) = sent.next().await {
            // What can't be listed fails alone.
            let is_apart = matches!(plan[index].action, Action::Unlisted(_));
            if let Some(Status::Failed(fault)) = status.as_ref().filter(|_| !is_apart) {
                has_failed = true;
                worn_out += usize::from(fault.is_of_many_tries());
                if fault.is_shared() || worn_out >= SENT_AT_ONCE {
                    give_up.raise();
                }
            }
            let Some(status) = status else { continue };
            done(&plan[index], &status);
            statuses[index] = status;
        }
        if has_failed && !options.keep_going {
            break;
        }
    }
    for (index, status) in course.ahead.into_statuses() {
        statuses[index] = status;
    }
    statuses
}

impl Course<'_> {
    /// Sends an object of the plan; `None` if it went ahead of its wave.
    async fn send(&self, index: usize) -> Option<Status> {
        if self.ahead.has(index).await { None } else { Some(self.one(&self.plan[index]).await) }
    }

    async fn one(&self, planned: &Planned) -> Status {
        if planned.action == Action::Same {
            return Status::Applied(Applied {
                verb: Verb::Unchanged,
                overwritten: Vec::new(),
                handover: Handover::default(),
                is_autoscaled: false,
                warnings: Vec::new(),
            });
        }
        // The plan has asked: sending it would only be refused again.
        if let Some(fault) = Fault::known(&planned.action) {
            return Status::Failed(fault);
        }
        if self.hopeless.is_raised() {
            return Status::NotTried;
        }
        let status = tokio::select! {
            status = send::send(self, planned) => status,
            () = self.interrupt.raised() => return Status::NotTried,
        };
        match status {
            Status::Applied(applied) if planned.turn().1 == Wave::Definitions => {
                match self.interrupt.unless_raised(established(self.api, planned)).await {
                    Some(Ok(())) | None => Status::Applied(applied),
                    Some(Err(fault)) => Status::Failed(fault),
                }
            }
            status => status,
        }
    }
}

/// Waits until the kind of a definition is served.
async fn established(api: &Api, planned: &Planned) -> Result<(), Fault> {
    let judge = |object: Option<&Value>| match readiness::judge(object?, &Facts::default()) {
        Readiness::Ready { .. } => Some(Ok(())),
        Readiness::Failed { reason } => Some(Err(Fault::NotEstablished(reason))),
        Readiness::Waiting { .. } => None,
    };
    let target = &planned.target;
    let words =
        || format!("waiting for {} to be established", target.resource.display(&target.object.identity.name));
    let established = watch::until(api, target.reference(), Instant::now() + ESTABLISHED_WITHIN, judge);
    match api.notices().during(SLOW_AFTER, words, established).await {
        Ok(verdict) => verdict,
        Err(error) => Err(Fault::NotEstablished(error.to_string())),
    }
}
