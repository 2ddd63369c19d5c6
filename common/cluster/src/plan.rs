//! What an apply would do, object by object, in the order of application.
//!
//! What isn't there is created without asking first; what is known to be the same needs nothing; for the rest
//! a dry run asks the server, which writes nothing (`apply.md`, "Unchanged, without a PATCH").

mod dry_run;
pub(crate) mod mend;

use futures::{StreamExt as _, stream};
use serde_json::Value;

use crate::FIELD_MANAGER;
use crate::answer::{self, Answer as Meaning, Conflict, Request};
use crate::api::{Answer, Api, NoAnswer};
use crate::live::{Live, LiveObject};
use crate::ownership::handover::Handover;
use crate::place::Target;
use crate::waves::Wave;
use dry_run::{Question, Verdict};

/// How many dry runs are under way at once.
const DRY_RUNS_AT_ONCE: usize = 16;

/// What happens to an object.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// It is made.
    Create,
    /// It is made; the server can't be asked before, since its kind or namespace comes with the same apply.
    CreateUnchecked,
    /// Nothing.
    Same,
    /// Some of its fields change.
    Change,
    /// Others own fields that are applied.
    Conflict(Vec<Conflict>),
    /// The server refuses it.
    Refused(Box<Meaning>),
    /// A webhook that has a say in it isn't up.
    Blocked(Box<Meaning>),
    /// The server can't list its kind. It is sent after all others, which its failure doesn't keep from being applied.
    Unlisted(Box<Meaning>),
}

impl Action {
    /// The word of reports: `create`, `change`, `same`, `conflict`, `refused`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Create | Self::CreateUnchecked => "create",
            Self::Same => "same",
            Self::Change => "change",
            Self::Conflict(_) => "conflict",
            Self::Refused(_) => "refused",
            Self::Blocked(_) | Self::Unlisted(_) => "unknown",
        }
    }

    /// Whether applying would change the cluster.
    pub fn is_difference(&self) -> bool {
        !matches!(self, Self::Same)
    }
}

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
    /// Whose fields become ours, of values that stay.
    pub handover: Handover,
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
    /// The object as it would be, where the server was asked.
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
    /// Whether the server is asked about new objects too.
    pub ask_for_new: bool,
}

/// Makes the plan; `seen` sees each object as soon as it and all before it are planned. Its order is that of the
/// waves, and within a wave that of the input.
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
    drafts.sort_by_key(|(turn, ..)| *turn);
    let mut plan = Vec::with_capacity(drafts.len());
    let asked = stream::iter(drafts.into_iter().map(|(_, target, live)| one(api, target, live, options)));
    let mut asked = std::pin::pin!(asked.buffered(DRY_RUNS_AT_ONCE));
    while let Some(outcome) = asked.next().await {
        let (planned, comparison) = outcome?;
        seen(&planned, &comparison)?;
        plan.push(planned);
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
            let before = question.owned(kept.value()).await?;
            let verdict = question.about(&before).await?;
            (Some(kept), Some(before), verdict)
        }
    };
    let Verdict { action, after, handover, warnings } = verdict;
    if matches!(&action, Action::Refused(meaning) if **meaning == Meaning::Unauthorized) {
        return Err(PlanError::Unauthorized);
    }
    let comparison = Comparison { before, after };
    let reset_replicas = comparison.reset_replicas(&target);
    Ok((Planned { target, before: kept, reset_replicas, handover, warnings, action }, comparison))
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
