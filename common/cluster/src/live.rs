//! The objects that are there already, by one LIST per resource and namespace.
//!
//! Who may not list is asked for each object instead. Pages are looked at as they come and forgotten: what is known
//! to be the same isn't kept, so that thousands of objects fit into little memory.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::api::{Answer, Api, List, NoAnswer, Read};
use crate::labels::{self, Owner};
use crate::ownership::same::is_same;
use crate::ownership::takeover::takeover;
use crate::place::Target;

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
    Different(Box<Value>),
    /// The server can't be asked for its kind yet.
    Unknown,
}

/// Why it isn't known what is there.
#[derive(Debug)]
pub enum LiveError {
    /// The server says no.
    Refused {
        /// The path that was asked for.
        path: String,
        /// What it said.
        answer: Answer,
    },
    /// No answer came.
    NoAnswer(NoAnswer),
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
) -> Result<Vec<Live>, LiveError> {
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
    let lists = stream::iter(groups.iter().map(|(path, wanted)| list(api, path, wanted, (placed, unsure))));
    let found: Vec<Vec<Found>> = lists.buffer_unordered(LISTS_AT_ONCE).try_collect().await?;
    for Found { at, state, kept } in found.into_iter().flatten() {
        live[at] = state;
        labels::add(&mut targets[at].object.value, &kept);
    }
    Ok(live)
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
    path: &str,
    wanted: &BTreeMap<&str, usize>,
    (targets, unsure): (&[Target], Option<&Owner>),
) -> Result<Vec<Found>, LiveError> {
    let mut found = Vec::new();
    let mut page = format!("{path}?limit={PAGE}");
    loop {
        // The items are taken apart one by one: as a whole they would need ten times the memory.
        let list: List<Box<RawValue>> = match api.read(&page).await.map_err(LiveError::NoAnswer)? {
            Read::Found(list) => list,
            Read::Refused(answer) if answer.status == 410 => {
                // The list's version is too old by now: begin anew.
                found.clear();
                page = format!("{path}?limit={PAGE}");
                continue;
            }
            Read::Refused(answer) if answer.status == 403 => {
                return each(api, path, wanted, (targets, unsure), answer).await;
            }
            Read::Refused(answer) => return Err(LiveError::Refused { path: path.to_owned(), answer }),
        };
        for item in list.items.into_iter().flatten() {
            // It was read once already, so it is JSON.
            let item: Value = serde_json::from_str(item.get()).unwrap_or_default();
            if let Some(at) = item["metadata"]["name"].as_str().and_then(|name| wanted.get(name)) {
                found.push(found_of(*at, (&targets[*at], unsure), item));
            }
        }
        if list.metadata.r#continue.is_empty() {
            return Ok(found);
        }
        page = format!("{path}?limit={PAGE}&continue={}", escaped(&list.metadata.r#continue));
    }
}

/// The same without a list, which `refusal` says isn't allowed.
async fn each(
    api: &Api,
    path: &str,
    wanted: &BTreeMap<&str, usize>,
    (targets, unsure): (&[Target], Option<&Owner>),
    refusal: Answer,
) -> Result<Vec<Found>, LiveError> {
    let asked = wanted.values().map(async |at| {
        let target = &targets[*at];
        let answer = api.get(&target.path()).await.map_err(LiveError::NoAnswer)?;
        match answer.status {
            404 => Ok(None),
            // Neither is allowed; one list is what was wanted.
            403 => Err(LiveError::Refused { path: path.to_owned(), answer: refusal.clone() }),
            _ if answer.is_success() => Ok(Some(found_of(*at, (target, unsure), answer.body))),
            _ => Err(LiveError::Refused { path: target.path(), answer }),
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
    let is_same = takeover(&listed).is_none() && is_same(&manifest, &listed);
    let state = if is_same { Live::Same } else { Live::Different(Box::new(listed)) };
    Found { at, state, kept }
}

/// A text as a query's value.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => escaped.push(byte.into()),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}
