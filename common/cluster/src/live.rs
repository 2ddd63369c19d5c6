//! The objects that are there already, by one LIST per resource and namespace.
//!
//! Pages are looked at as they come and forgotten: what is known to be the same isn't kept, so that thousands
//! of objects fit into little memory.

use std::collections::BTreeMap;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;

use crate::api::{Answer, Api, NoAnswer};
use crate::ownership;
use crate::place::Target;

/// How many objects a page holds.
const PAGE: usize = 500;

/// How many lists are under way at once.
const LISTS_AT_ONCE: usize = 8;

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

/// Looks up all targets; the result has one entry per target, in their order.
///
/// # Errors
/// A list is refused or gets no answer.
pub async fn look_up(api: &Api, targets: &[Target]) -> Result<Vec<Live>, LiveError> {
    let mut groups: BTreeMap<String, BTreeMap<&str, usize>> = BTreeMap::new();
    for (at, target) in targets.iter().enumerate().filter(|(_, target)| target.is_served) {
        let collection = target.resource.collection(target.namespace());
        groups.entry(collection).or_default().insert(&target.object.identity.name, at);
    }
    let mut live: Vec<Live> =
        targets.iter().map(|target| if target.is_served { Live::Absent } else { Live::Unknown }).collect();
    let lists = stream::iter(groups.iter().map(|(path, wanted)| list(api, path, wanted, targets)));
    let found: Vec<Vec<(usize, Live)>> = lists.buffer_unordered(LISTS_AT_ONCE).try_collect().await?;
    for (at, state) in found.into_iter().flatten() {
        live[at] = state;
    }
    Ok(live)
}

/// The state of the wanted objects of one collection.
async fn list(
    api: &Api,
    path: &str,
    wanted: &BTreeMap<&str, usize>,
    targets: &[Target],
) -> Result<Vec<(usize, Live)>, LiveError> {
    let mut found = Vec::new();
    let mut page = format!("{path}?limit={PAGE}");
    loop {
        let mut answer = api.get(&page).await.map_err(LiveError::NoAnswer)?;
        if answer.status == 410 {
            // The list's version is too old by now: begin anew.
            found.clear();
            page = format!("{path}?limit={PAGE}");
            continue;
        }
        if !answer.is_success() {
            return Err(LiveError::Refused { path: path.to_owned(), answer });
        }
        let Value::Array(items) = answer.body["items"].take() else {
            return Ok(found);
        };
        for item in items {
            let Some(at) = item["metadata"]["name"].as_str().and_then(|name| wanted.get(name)) else {
                continue;
            };
            found.push((*at, state_of(&targets[*at], item)));
        }
        match answer.body["metadata"]["continue"].as_str() {
            Some(token) if !token.is_empty() => {
                page = format!("{path}?limit={PAGE}&continue={}", escaped(token))
            }
            _ => return Ok(found),
        }
    }
}

/// The state of one object, as it was listed.
fn state_of(target: &Target, mut item: Value) -> Live {
    // Items of a list carry neither apiVersion nor kind.
    item["apiVersion"] = target.object.api_version().into();
    item["kind"] = target.object.identity.kind.as_str().into();
    if ownership::takeover::takeover(&item).is_none() && ownership::same::is_same(&target.object.value, &item)
    {
        return Live::Same;
    }
    Live::Different(Box::new(item))
}

/// A text as a query's value.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => escaped.push(byte.into()),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}
