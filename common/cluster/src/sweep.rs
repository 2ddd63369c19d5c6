//! Deleting what an earlier apply made: what the manifests no longer contain (`--prune`), or all of a slot.
//!
//! Takes the labels of one project, environment and slot; gives what may go and deletes it. Labels alone are
//! no proof of origin, [`crate::prune`] has the rule; [`slot`] has what a clean-up of a slot needs besides.

mod content;
pub mod slot;

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

use crate::api::{Api, List, ListRequest, RequestError, Step, escaped};
use crate::discovery::{Kinds, Resource};
use crate::identity::Identity;
use crate::labels::{Owner, is_shared};
use crate::object_ref::ObjectRef;
use crate::prune::{Keeping, Kept, may_delete};
use crate::refusal;
use crate::waves::Wave;

/// How many requests are under way at once.
const AT_ONCE: usize = 8;

/// How many objects a page of a list holds.
const PAGE: usize = 500;

/// An object that may be deleted.
#[derive(Debug, Clone)]
pub struct Leftover {
    /// What serves its kind.
    pub resource: Resource,
    /// Which object it is.
    pub identity: Identity,
    /// The item of services.yaml that it came from, as its label says.
    pub item: Option<String>,
    /// Whether it is on its way out already.
    pub is_going: bool,
    uid: String,
}

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// Whose objects.
    pub owner: &'a Owner,
    /// The environment's namespace.
    pub namespace: &'a str,
    /// What stays in any case.
    pub kept: &'a Kept,
    /// Whether shared and protected objects may go too: `--prune-all`.
    pub all: bool,
    /// Labels that an object must have besides: where only such were applied, others aren't gone.
    pub labels: &'a [(String, String)],
}

/// What an earlier apply made and the manifests no longer contain.
#[derive(Debug, Clone, Default)]
pub struct Leftovers {
    /// What may go, in the order in which it goes: who uses before what is used.
    pub going: Vec<Leftover>,
    /// What stays since others need it, or would go along with it, and why.
    pub spared: Vec<(Leftover, String)>,
}

/// Finds the leftovers.
///
/// # Errors
/// A list is refused for another reason than that the kind can't be listed, or gets no answer.
pub async fn find(api: &Api, kinds: &Kinds, search: Search<'_>) -> Result<Leftovers, RequestError> {
    let mut selectors = vec![search.owner.selector()];
    if search.all {
        selectors.push(search.owner.shared_selector());
    }
    for (key, value) in search.labels {
        selectors.iter_mut().for_each(|selector| selector.push_str(&format!(",{key}={value}")));
    }
    let mut lists = Vec::new();
    for resource in kinds.deletable().filter(|resource| resource.is_namespaced || search.all) {
        for selector in &selectors {
            lists.push(list(api, resource, selector, search));
        }
    }
    let found: Vec<Vec<Candidate>> = stream::iter(lists).buffered(AT_ONCE).try_collect().await?;
    let found: Vec<Candidate> = found.into_iter().flatten().collect();
    // A kind of two groups (Event, Ingress long ago) is one object with one uid, however the manifests name it.
    let is_listed = |candidate: &&Candidate| candidate.keeping == Keeping::Listed;
    let mut seen: BTreeSet<String> =
        found.iter().filter(is_listed).map(|one| one.leftover.uid.clone()).collect();
    let mut leftovers = Leftovers::default();
    for Candidate { leftover, keeping } in found {
        if !seen.insert(leftover.uid.clone()) {
            continue;
        }
        match keeping {
            Keeping::Needed(why) => leftovers.spared.push((leftover, why)),
            _ => leftovers.going.push(leftover),
        }
    }
    leftovers.going.sort_by_key(|one| std::cmp::Reverse(Wave::of(&one.identity.group, &one.identity.kind)));
    content::spare(api, kinds, search, leftovers).await
}

/// An object that was listed, and whether it stays whatever it is.
struct Candidate {
    leftover: Leftover,
    keeping: Keeping,
}

async fn list(
    api: &Api,
    resource: &Resource,
    selector: &str,
    search: Search<'_>,
) -> Result<Vec<Candidate>, RequestError> {
    let mut candidates = Vec::new();
    listed(api, resource, Some(search.namespace), selector, |item, identity| {
        let keeping = search.kept.keeps(&identity, is_shared(&item, search.owner));
        let may_go = || may_delete(&item, &identity, search.owner, search.all).is_ok();
        if keeping == Keeping::Listed || may_go() {
            candidates.push(Candidate { leftover: Leftover::of(&item, identity, resource), keeping });
        }
    })
    .await
    .or_else(nothing_of_ours)?;
    Ok(candidates)
}

/// Hands on what a selector selects of a kind, in one namespace or everywhere. Where a list begins anew, objects
/// come again.
async fn listed(
    api: &Api,
    resource: &Resource,
    namespace: Option<&str>,
    selector: &str,
    mut take: impl FnMut(Value, Identity),
) -> Result<(), RequestError> {
    let request = ListRequest::of(resource, namespace, PAGE);
    let mut pages = api.pages(request.query(format!("labelSelector={}", escaped(selector))));
    while let Some(step) = pages.next::<List<Value>>().await? {
        let Step::Page(page) = step else { continue };
        for item in page.items.into_iter().flatten().filter(Value::is_object) {
            if let Some((item, identity)) = identified(item, resource) {
                take(item, identity);
            }
        }
    }
    Ok(())
}

/// Kinds that may not or can't be listed hold nothing of ours: what we made we could list.
fn nothing_of_ours(error: RequestError) -> Result<(), RequestError> {
    match error {
        RequestError::Refused { answer, .. } if matches!(answer.status, 403..=405) => Ok(()),
        error => Err(error),
    }
}

/// An item of a list, which doesn't state its kind, and which object it is.
fn identified(mut item: Value, resource: &Resource) -> Option<(Value, Identity)> {
    item["kind"] = resource.kind.as_str().into();
    item["apiVersion"] = resource.api_version().into();
    let identity = Identity::of(&item)?;
    Some((item, identity))
}

impl Leftover {
    fn of(item: &Value, identity: Identity, resource: &Resource) -> Self {
        Self {
            resource: resource.clone(),
            item: crate::labels::item_of(item).map(str::to_owned),
            is_going: !item["metadata"]["deletionTimestamp"].is_null(),
            uid: item["metadata"]["uid"].as_str().unwrap_or_default().to_owned(),
            identity,
        }
    }
}

/// Deletes a leftover, but only the very object that was found.
///
/// # Errors
/// The server's words, or why none came.
pub async fn delete(api: &Api, leftover: &Leftover) -> Result<(), String> {
    let options = json!({
        "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background",
        "preconditions": {"uid": leftover.uid},
    });
    let object = ObjectRef {
        resource: &leftover.resource,
        namespace: leftover.identity.namespace.as_deref(),
        name: &leftover.identity.name,
    };
    let answer = api.delete_exactly(&object.path(), &options).await;
    match answer.and_then(|answer| object.checked_deletion(answer)) {
        // 409: another object of that name is there by now, which isn't the one that was found.
        Ok(answer) if answer.is_success() || matches!(answer.status, 404 | 409) => Ok(()),
        Ok(answer) => Err(refusal::reason(&answer)),
        Err(no_answer) => Err(no_answer.to_string()),
    }
}
