//! Deleting what an earlier apply made: what the manifests no longer contain (`--prune`), or all of a slot.
//!
//! Takes the labels of one project, environment and slot; gives what may go and deletes it. Labels alone are
//! no proof of origin, [`crate::prune`] has the rule; [`slot`] has what a clean-up of a slot needs besides.

mod content;
mod shared;
pub mod slot;

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

use crate::api::{Api, List, ListRequest, RequestError, Step, escaped};
use crate::discovery::{Kinds, Resource};
use crate::identity::Identity;
use crate::labels::{Owner, is_shared};
use crate::live::LiveObject;
use crate::object_ref::ObjectRef;
use crate::prune::{Keeping, Kept, Stays, may_delete};
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
    /// The object, where it is to be shown.
    live: Option<LiveObject>,
}

impl Leftover {
    /// The object as it was found; null where nobody wanted it.
    pub fn object(&self) -> Value {
        self.live.as_ref().map(LiveObject::value).unwrap_or_default()
    }
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

impl Search<'_> {
    /// Adds the labels that an object must have besides to a selector.
    fn restrict(&self, selector: &mut String) {
        for (key, value) in self.labels {
            selector.push_str(&format!(",{key}={value}"));
        }
    }
}

/// What an earlier apply made and the manifests no longer contain.
#[derive(Debug, Clone, Default)]
pub struct Leftovers {
    /// What may go, in the order in which it goes: who uses before what is used.
    pub going: Vec<Leftover>,
    /// What stays since others need it, or would go along with it, and why.
    pub spared: Vec<(Leftover, String)>,
    /// What goes only with `--prune-all`: others may use it, or data hang on it.
    pub protected: Vec<Leftover>,
    /// What is in other namespaces, where no prune deletes.
    pub elsewhere: Vec<Leftover>,
    /// The kinds that may not be listed, so that nothing is known of them, as kubectl calls them.
    pub unlisted: Vec<String>,
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
    selectors.iter_mut().for_each(|selector| search.restrict(selector));
    let mut lists = Vec::new();
    for resource in kinds.deletable().filter(|resource| resource.is_namespaced || search.all) {
        for selector in &selectors {
            lists.push(list(api, resource, selector, search));
        }
    }
    let lists: Vec<Listed> = stream::iter(lists).buffered(AT_ONCE).try_collect().await?;
    let (mut found, mut leftovers) = (Vec::new(), Leftovers::default());
    for listed in lists {
        match listed {
            Listed::All(candidates) => found.extend(candidates),
            Listed::NotAllowed(name) if !leftovers.unlisted.contains(&name) => leftovers.unlisted.push(name),
            Listed::NotAllowed(_) => {}
        }
    }
    // A kind of two groups (Event, Ingress long ago) is one object with one uid, however the manifests name it.
    let is_listed = |candidate: &&Candidate| candidate.keeping == Keeping::Listed;
    let mut seen: BTreeSet<String> =
        found.iter().filter(is_listed).map(|one| one.leftover.uid.clone()).collect();
    for Candidate { leftover, keeping, needs_all } in found {
        if !seen.insert(leftover.uid.clone()) {
            continue;
        }
        match keeping {
            Keeping::Needed(why) => leftovers.spared.push((leftover, why)),
            _ if needs_all => leftovers.protected.push(leftover),
            _ => leftovers.going.push(leftover),
        }
    }
    for leftover in shared::find(api, kinds, search).await {
        if seen.insert(leftover.uid.clone()) {
            let is_elsewhere = leftover.identity.namespace.is_some();
            let place = if is_elsewhere { &mut leftovers.elsewhere } else { &mut leftovers.protected };
            place.push(leftover);
        }
    }
    leftovers.going.sort_by_key(|one| std::cmp::Reverse(Wave::of(&one.identity.group, &one.identity.kind)));
    content::spare(api, kinds, search, leftovers).await
}

/// An object that was listed, and whether it stays whatever it is.
struct Candidate {
    leftover: Leftover,
    keeping: Keeping,
    /// Whether it goes with `--prune-all` only.
    needs_all: bool,
}

/// What came of listing a kind.
enum Listed {
    All(Vec<Candidate>),
    /// It isn't allowed; the kind as kubectl calls it.
    NotAllowed(String),
}

async fn list(
    api: &Api,
    resource: &Resource,
    selector: &str,
    search: Search<'_>,
) -> Result<Listed, RequestError> {
    let mut candidates = Vec::new();
    let outcome = listed(api, resource, Some(search.namespace), selector, |item, identity| {
        let keeping = search.kept.keeps(&identity, is_shared(&item, search.owner));
        let verdict = may_delete(&item, &identity, search.owner, search.all);
        if keeping == Keeping::Listed || matches!(verdict, Ok(()) | Err(Stays::NeedsAll)) {
            let live = verdict.is_ok().then(|| LiveObject::of(&item));
            let leftover = Leftover { live, ..Leftover::of(&item, identity, resource) };
            candidates.push(Candidate { leftover, keeping, needs_all: verdict == Err(Stays::NeedsAll) });
        }
    });
    match outcome.await {
        Err(RequestError::Refused { answer, .. }) if answer.status == 403 => {
            Ok(Listed::NotAllowed(resource.plural_name()))
        }
        outcome => outcome.or_else(nothing_of_ours).map(|()| Listed::All(candidates)),
    }
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

/// Kinds that can't be listed hold nothing of ours, nor do those that a clean-up may not list: what it made it could
/// list.
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
            live: None,
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
