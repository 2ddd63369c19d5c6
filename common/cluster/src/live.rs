//! The objects that are there already, by one LIST per resource and namespace.
//!
//! Who may not list is asked for each object instead. Pages are looked at as they come and forgotten: what is known
//! to be the same isn't kept, so that thousands of objects fit into little memory.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::answer::{Answer as Meaning, RetryReason};
use crate::api::{Api, List, ListRequest, RequestError, Step};
use crate::labels::{self, Owner};
use crate::ownership::same::{is_same, is_same_by};
use crate::ownership::takeover::takeover;
use crate::place::Target;
use crate::plan::meaning;

/// How many objects a page holds.
const PAGE: usize = 500;

/// How many lists are under way at once.
const LISTS_AT_ONCE: usize = 8;

/// How many objects of one kind are asked for at once where lists aren't allowed.
const GETS_AT_ONCE: usize = 8;

/// What is known of a target's object.
#[derive(Debug, Clone, PartialEq)]
pub enum Live {
    /// It isn't there.
    Absent,
    /// It is there and applying it would change nothing.
    Same,
    /// It is there; applying it may change something.
    Different(LiveObject),
    /// The server can't be asked for its kind yet.
    Unknown,
    /// The server should know its kind, and can't list it.
    Unlisted(Box<Meaning>),
}

/// An object of the server, kept as text until it is looked at: as a value it takes five times the memory, and
/// there may be thousands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveObject(Box<str>);

impl LiveObject {
    /// Keeps an object.
    pub fn of(object: &Value) -> Self {
        Self(object.to_string().into())
    }

    /// The object.
    pub fn value(&self) -> Value {
        // It was a value before.
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

/// Looks up all targets; nothing can be in the namespaces that are `missing`. The result has one entry per target, in their order.
///
/// What a target can't know of its labels it takes over from the live object of the same owner
/// ([`labels::to_keep`]): they would come and go otherwise. `unsure` is the owner whose apply doesn't know which
/// objects other slots share.
///
/// # Errors
/// A list is refused or gets no answer.
pub async fn look_up(
    api: &Api,
    targets: &mut [Target],
    missing: &BTreeSet<String>,
    unsure: Option<&Owner>,
) -> Result<Vec<Live>, RequestError> {
    let can_be_asked = |target: &Target| {
        target.is_served && target.namespace().is_none_or(|namespace| !missing.contains(namespace))
    };
    let mut groups: BTreeMap<String, BTreeMap<&str, usize>> = BTreeMap::new();
    for (at, target) in targets.iter().enumerate().filter(|(_, target)| can_be_asked(target)) {
        let collection = target.resource.collection(target.namespace());
        groups.entry(collection).or_default().insert(&target.object.identity.name, at);
    }
    let mut live: Vec<Live> = targets
        .iter()
        .map(|target| if can_be_asked(target) { Live::Absent } else { Live::Unknown })
        .collect();
    let placed: &[Target] = &*targets;
    let lists = stream::iter(groups.values().map(async |wanted| {
        let found = list(api, wanted, (placed, unsure)).await;
        (wanted, found)
    }));
    let mut found = Vec::new();
    let mut broken = Vec::new();
    {
        let mut lists = std::pin::pin!(lists.buffer_unordered(LISTS_AT_ONCE));
        while let Some((wanted, outcome)) = lists.next().await {
            match outcome {
                Ok(some) => found.extend(some),
                Err(error @ RequestError::NoAnswer(_)) => return Err(error),
                Err(error) => broken.push((wanted, error)),
            }
        }
    }
    // What meets every kind is no kind's own.
    let is_general = broken.len() == groups.len();
    for (wanted, error) in broken {
        match of_one_kind(placed, wanted, &error) {
            Some(meaning) if !is_general || matches!(meaning, Meaning::WebhookDown { .. }) => {
                wanted.values().for_each(|at| live[*at] = Live::Unlisted(Box::new(meaning.clone())));
            }
            _ => return Err(error),
        }
    }
    for Found { at, state, kept } in found {
        live[at] = state;
        labels::add(&mut targets[at].object.value, &kept);
    }
    settle_by_definitions(targets, &mut live);
    Ok(live)
}

/// Looks once more at objects of someone's own kinds: definitions among the targets that stay as they are tell what
/// of them is owned as a whole.
fn settle_by_definitions(targets: &[Target], live: &mut [Live]) {
    let mut definitions = BTreeMap::new();
    for (at, target) in targets.iter().enumerate() {
        let is_definition = target.object.identity.is("apiextensions.k8s.io", "CustomResourceDefinition");
        if is_definition && live[at] == Live::Same {
            let spec = &target.object.value["spec"];
            if let (Some(group), Some(kind)) = (spec["group"].as_str(), spec["names"]["kind"].as_str()) {
                definitions.insert((group, kind), &target.object.value);
            }
        }
    }
    for (target, live) in targets.iter().zip(live) {
        let identity = &target.object.identity;
        let Some(definition) = definitions.get(&(identity.group.as_str(), identity.kind.as_str())) else {
            continue;
        };
        let Live::Different(kept) = &*live else { continue };
        let (manifest, listed) = (&target.object.value, kept.value());
        if takeover(&listed, manifest).is_none() && is_same_by(definition, manifest, &listed) {
            *live = Live::Same;
        }
    }
}

/// Why a kind can't be listed, if that says nothing of others: what converts it is down, or its own API server.
fn of_one_kind(targets: &[Target], wanted: &BTreeMap<&str, usize>, error: &RequestError) -> Option<Meaning> {
    let RequestError::Refused { answer, .. } = error else { return None };
    match meaning(&targets[*wanted.values().next()?], answer) {
        Meaning::Unauthorized
        | Meaning::Forbidden(_)
        | Meaning::Retry { reason: RetryReason::Busy | RetryReason::Connection, .. } => None,
        meaning => Some(meaning),
    }
}

/// A live object that was wanted.
struct Found {
    /// Whose it is: an index of the targets.
    at: usize,
    state: Live,
    /// The labels that the target takes over from it.
    kept: Vec<(&'static str, String)>,
}

/// The state of the wanted objects of one collection.
async fn list(
    api: &Api,
    wanted: &BTreeMap<&str, usize>,
    (targets, unsure): (&[Target], Option<&Owner>),
) -> Result<Vec<Found>, RequestError> {
    let Some(any) = wanted.values().next().map(|at| &targets[*at]) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    let mut pages = api.pages(ListRequest::of(&any.resource, any.namespace(), PAGE));
    loop {
        // Its items are taken apart one by one: as a whole they would need ten times the memory.
        let page = match pages.next::<List<Box<RawValue>>>().await {
            Ok(Some(Step::Page(page))) => page,
            Ok(Some(Step::Anew)) => {
                found.clear();
                continue;
            }
            Ok(None) => return Ok(found),
            Err(RequestError::Refused { path, answer }) if answer.status == 403 => {
                let refusal = RequestError::Refused { path, answer };
                return each(api, wanted, (targets, unsure), refusal).await;
            }
            Err(error) => return Err(error),
        };
        for item in page.items.into_iter().flatten() {
            // It was read once already, so it is JSON.
            let item: Value = serde_json::from_str(item.get()).unwrap_or_default();
            if let Some(at) = item["metadata"]["name"].as_str().and_then(|name| wanted.get(name)) {
                found.push(found_of(*at, (&targets[*at], unsure), item));
            }
        }
    }
}

/// The same without a list, which `refusal` says isn't allowed.
async fn each(
    api: &Api,
    wanted: &BTreeMap<&str, usize>,
    (targets, unsure): (&[Target], Option<&Owner>),
    refusal: RequestError,
) -> Result<Vec<Found>, RequestError> {
    let asked = wanted.values().map(async |at| {
        let target = &targets[*at];
        let answer = target.reference().checked(api.get(&target.path()).await?)?;
        match answer.status {
            404 => Ok(None),
            // Neither is allowed; one list is what was wanted.
            403 => Err(refusal.clone()),
            _ if answer.is_success() => Ok(Some(found_of(*at, (target, unsure), answer.body))),
            _ => Err(RequestError::Refused { path: target.path(), answer }),
        }
    });
    let found: Vec<Option<Found>> = stream::iter(asked).buffer_unordered(GETS_AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

/// What one listed object says of its target.
fn found_of(at: usize, (target, unsure): (&Target, Option<&Owner>), mut listed: Value) -> Found {
    // Items of a list carry neither apiVersion nor kind.
    listed["apiVersion"] = target.object.api_version().into();
    listed["kind"] = target.object.identity.kind.as_str().into();
    let kept = labels::to_keep(&target.object.value, &listed, unsure);
    let mut manifest = Cow::Borrowed(&target.object.value);
    if !kept.is_empty() {
        labels::add(manifest.to_mut(), &kept);
    }
    let is_same = takeover(&listed, &manifest).is_none() && is_same(&manifest, &listed);
    let state = if is_same { Live::Same } else { Live::Different(LiveObject::of(&listed)) };
    Found { at, state, kept }
}
