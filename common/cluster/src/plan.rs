//! What an apply would do, object by object, in the order of application.
//!
//! What is known to be the same needs nothing; for what is there a dry run asks the server, which writes nothing
//! (`apply.md`, "Unchanged, without a PATCH"). What isn't there is asked about where a plan is shown, and where
//! something of the same apply is in its namespace already: there half an apply would break what runs. A first apply
//! has nothing to break, and asking would double its requests.

mod action;
mod dry_run;
pub(crate) mod mend;
mod prospect;
mod settle;

use std::collections::{BTreeSet, VecDeque};

use futures::{StreamExt as _, stream};
use serde_json::Value;

use crate::FIELD_MANAGER;
use crate::answer::{self, Answer as Meaning, Conflict, Request};
use crate::api::{Answer, Api, NoAnswer};
use crate::labels;
use crate::live::{Live, LiveObject};
use crate::ownership::handover::Handover;
use crate::place::Target;
use crate::waves::Wave;
use dry_run::{Question, Verdict};
use prospect::Stream;

pub use action::Action;
pub use prospect::may_be_recreated;
pub use settle::refusals;

/// How many dry runs are under way at once.
const DRY_RUNS_AT_ONCE: usize = 16;

/// A target and what happens to it.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The object and where it goes.
    pub target: Target,
    /// The object as it is, where it is and isn't the same.
    pub before: Option<LiveObject>,
    /// The replicas of a workload that go back to the server's default, since a manifest that once had their
    /// number no longer has it: before and after.
    pub reset_replicas: Option<(i64, i64)>,
    /// The other project that it is taken from, by force.
    pub taken_from: Option<String>,
    /// Whether what the server says of it may be mended by the rest of the same apply, which it may take a moment to
    /// notice.
    pub may_be_mended: bool,
    /// Whose fields become ours, of values that stay.
    pub handover: Handover,
    /// Fields that are taken from others by force.
    pub taken: Vec<Conflict>,
    /// What the server warns of.
    pub warnings: Vec<String>,
    /// What happens.
    pub action: Action,
}

/// An object as it is and as it would be, where that is known. It is shown while the plan is made, and not kept.
#[derive(Debug, Clone, Default)]
pub struct Comparison {
    /// The object as it is, where it is and isn't the same.
    pub before: Option<Value>,
    /// The object as it would be: by the server, or as far as it can be told without it.
    pub after: Option<Value>,
}

impl Comparison {
    fn reset_replicas(&self, target: &Target) -> Option<(i64, i64)> {
        let replicas = |object: &Value| object["spec"]["replicas"].as_i64();
        let (before, after) = (replicas(self.before.as_ref()?)?, replicas(self.after.as_ref()?)?);
        (before != after && target.object.value["spec"]["replicas"].is_null()).then_some((before, after))
    }
}

impl Planned {
    /// What is sent together: the waves, and at last what can't be listed.
    pub(crate) fn turn(&self) -> (bool, Wave) {
        let identity = &self.target.object.identity;
        let is_unlisted = matches!(self.action, Action::Unlisted(_));
        (is_unlisted, Wave::of(&identity.group, &identity.kind))
    }
}

/// How a plan is made.
#[derive(Debug, Clone, Copy)]
pub struct PlanOptions {
    /// Whether conflicts are won.
    pub force: bool,
    /// Whether objects are made anew whose immutable fields change.
    pub recreate: bool,
    /// Whether the server is asked about all new objects.
    pub ask_for_new: bool,
}

/// Makes the plan; `seen` sees each object as soon as it and all before it are planned. Its order is that of the
/// steps, within a step that of the waves, and within a wave that of the input.
///
/// # Errors
/// The server can't be reached, or `seen` has had enough.
pub async fn plan<E: From<PlanError>>(
    api: &Api,
    targets: Vec<Target>,
    live: Vec<Live>,
    options: PlanOptions,
    mut seen: impl FnMut(&Planned, &Comparison) -> Result<(), E>,
) -> Result<Vec<Planned>, E> {
    let mut drafts: Vec<((bool, Wave), Target, Live)> = targets
        .into_iter()
        .zip(live)
        .map(|(target, live)| {
            let identity = &target.object.identity;
            let is_unlisted = matches!(live, Live::Unlisted(_));
            ((is_unlisted, Wave::of(&identity.group, &identity.kind)), target, live)
        })
        .collect();
    drafts.sort_by_key(|((is_unlisted, wave), target, _)| (*is_unlisted, target.step, *wave));
    let mut around = Stream::default();
    let mut populated = BTreeSet::new();
    for (at, (_, target, live)) in drafts.iter().enumerate() {
        let before = match live {
            Live::Different(before) => Some(before),
            _ => None,
        };
        around.add(at, target, *live != Live::Same, before);
        if matches!(live, Live::Same | Live::Different(_)) {
            populated.extend(target.namespace().map(str::to_owned));
        }
    }
    let mut plan = Vec::with_capacity(drafts.len());
    let asked = stream::iter(drafts.into_iter().map(|(_, target, live)| {
        let is_among_others = match target.namespace() {
            Some(namespace) => populated.contains(namespace),
            None => !populated.is_empty(),
        };
        let ask_for_new = options.ask_for_new || is_among_others;
        one(api, target, live, PlanOptions { ask_for_new, ..options })
    }));
    let mut asked = std::pin::pin!(asked.buffered(DRY_RUNS_AT_ONCE));
    let mut held = VecDeque::new();
    let mut is_over = false;
    while !is_over {
        match asked.next().await {
            Some(outcome) => {
                let (planned, comparison) = outcome?;
                if !planned.action.is_difference() {
                    around.stays(plan.len() + held.len());
                }
                held.push_back((planned, comparison));
            }
            None => is_over = true,
        }
        // Whether a refusal is the last word may depend on what comes further down, which isn't known yet.
        let is_settled = |(planned, _): &(Planned, Comparison), at: usize, around: &Stream| {
            is_over || !settle::is_open(around, at, planned)
        };
        while held.front().is_some_and(|first| is_settled(first, plan.len(), &around)) {
            let Some((mut planned, mut comparison)) = held.pop_front() else { break };
            settle::settle(&around, plan.len(), options, (&mut planned, &mut comparison));
            seen(&planned, &comparison)?;
            plan.push(planned);
        }
    }
    Ok(plan)
}

/// Why there is no plan.
#[derive(Debug)]
pub enum PlanError {
    /// The server can't be reached.
    NoAnswer(NoAnswer),
    /// It doesn't know who asks: so it would be with all other objects.
    Unauthorized,
}

impl From<NoAnswer> for PlanError {
    fn from(no_answer: NoAnswer) -> Self {
        Self::NoAnswer(no_answer)
    }
}

async fn one(
    api: &Api,
    target: Target,
    live: Live,
    options: PlanOptions,
) -> Result<(Planned, Comparison), PlanError> {
    let question = Question { api, target: &target, force: options.force };
    let mut taken_from = None;
    let (kept, before, verdict) = match live {
        Live::Same => (None, None, Verdict::of(Action::Same)),
        Live::Unknown => (None, None, Verdict::of(Action::CreateUnchecked)),
        Live::Unlisted(why) => (None, None, Verdict::of(Action::Unlisted(why))),
        Live::Absent if !options.ask_for_new => (None, None, Verdict::of(Action::Create)),
        Live::Absent => {
            let verdict = question.about_new().await?;
            (None, None, verdict)
        }
        Live::Different(kept) => {
            let before = kept.value();
            taken_from = labels::other_project(&target.object.value, &before);
            if let Some(project) = taken_from.take_if(|_| !options.force) {
                (Some(kept), Some(before), Verdict::of(Action::OtherProject(project)))
            } else {
                let before = question.owned(before).await?;
                let verdict = question.about(&before).await?;
                (Some(kept), Some(before), verdict)
            }
        }
    };
    let Verdict { action, after, handover, taken, warnings } = verdict;
    if matches!(&action, Action::Refused(meaning) if **meaning == Meaning::Unauthorized) {
        return Err(PlanError::Unauthorized);
    }
    let comparison = Comparison { before, after };
    let reset_replicas = comparison.reset_replicas(&target).filter(|_| !action.is_hopeless());
    let planned = Planned {
        target,
        before: kept,
        reset_replicas,
        taken_from,
        may_be_mended: false,
        handover,
        taken,
        warnings,
        action,
    };
    Ok((planned, comparison))
}

/// What an answer about a target means.
pub(crate) fn meaning(target: &Target, answer: &Answer) -> Meaning {
    let resource = &target.resource;
    let request = Request { group: &resource.group, version: &resource.version, kind: &resource.kind };
    answer::classify(answer.reply(), request)
}

/// The path of a server-side apply.
pub(crate) fn apply_path(target: &Target, force: bool, dry_run: bool) -> String {
    let force = if force { "&force=true" } else { "" };
    let dry_run = if dry_run { "&dryRun=All" } else { "" };
    format!("{}?fieldManager={FIELD_MANAGER}{force}{dry_run}", target.path())
}

/// Leaves the number of replicas to whoever else sets it.
pub(crate) fn without_replicas(manifest: &mut Value) {
    if let Some(spec) = manifest.get_mut("spec").and_then(Value::as_object_mut) {
        spec.remove("replicas");
    }
}
