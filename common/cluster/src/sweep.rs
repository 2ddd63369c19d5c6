//! Deleting what an earlier apply made: what the manifests no longer contain (`--prune`), or all of a slot.
//!
//! Takes the labels of one project, environment and slot; gives what may go and deletes it. Labels alone are
//! no proof of origin, [`crate::prune`] has the rule; [`slot`] has what a clean-up of a slot needs besides.

pub mod slot;

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

use crate::api::{Api, NoAnswer};
use crate::discovery::{Kinds, Resource};
use crate::identity::Identity;
use crate::labels::Owner;
use crate::live::{LiveError, escaped};
use crate::prune::may_delete;

/// How many requests are under way at once.
const AT_ONCE: usize = 8;

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
    /// The objects of the manifests: these stay.
    pub kept: &'a BTreeSet<Identity>,
    /// Whether shared and protected objects may go too: `--prune-all`.
    pub all: bool,
    /// Labels that an object must have besides: where only such were applied, others aren't gone.
    pub labels: &'a [(String, String)],
}

/// Finds the leftovers.
///
/// # Errors
/// A list is refused for another reason than that the kind can't be listed, or gets no answer.
pub async fn find(api: &Api, kinds: &Kinds, search: Search<'_>) -> Result<Vec<Leftover>, LiveError> {
    let mut selectors = vec![search.owner.selector()];
    if search.all {
        selectors.push(search.owner.shared_selector());
    }
    for (key, value) in search.labels {
        selectors.iter_mut().for_each(|selector| selector.push_str(&format!(",{key}={value}")));
    }
    let mut lists = Vec::new();
    for resource in kinds.deletable().filter(|resource| resource.is_namespaced || search.all) {
        let namespace = Some(search.namespace).filter(|_| resource.is_namespaced);
        for selector in &selectors {
            let path = format!("{}?labelSelector={}", resource.collection(namespace), escaped(selector));
            lists.push(list(api, resource, path, search));
        }
    }
    let found: Vec<Vec<Leftover>> = stream::iter(lists).buffered(AT_ONCE).try_collect().await?;
    let mut seen = BTreeSet::new();
    Ok(found.into_iter().flatten().filter(|leftover| seen.insert(leftover.uid.clone())).collect())
}

async fn list(
    api: &Api,
    resource: &Resource,
    path: String,
    search: Search<'_>,
) -> Result<Vec<Leftover>, LiveError> {
    let answer = api.get(&path).await.map_err(LiveError::NoAnswer)?;
    // Kinds that may not or can't be listed hold nothing of ours: what we made we could list.
    if matches!(answer.status, 403..=405) {
        return Ok(Vec::new());
    }
    if !answer.is_success() {
        return Err(LiveError::Refused { path, answer });
    }
    let leftovers = answer.into_objects().into_iter().filter_map(|item| {
        let (item, identity) = identified(item, resource)?;
        let may_go = !search.kept.contains(&identity)
            && may_delete(&item, &identity, search.owner, search.all).is_ok();
        may_go.then(|| Leftover::of(&item, identity, resource))
    });
    Ok(leftovers.collect())
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
    let path = leftover.resource.object(leftover.identity.namespace.as_deref(), &leftover.identity.name);
    match api.delete(&path, &options).await {
        // 409: another object of that name is there by now, which isn't the one that was found.
        Ok(answer) if answer.is_success() || matches!(answer.status, 404 | 409) => Ok(()),
        Ok(answer) => Err(answer.message()),
        Err(no_answer) => Err(NoAnswer::to_string(&no_answer)),
    }
}
