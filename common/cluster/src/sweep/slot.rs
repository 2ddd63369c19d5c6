//! All that was made for one slot alone, wherever it is, and what the slot shared with others.
//!
//! Takes the labels of a slot; gives objects in every namespace and outside of them. Separate from a prune,
//! which looks into one namespace only and has manifests to compare with: a clean-up also takes what is no
//! longer rendered, and waits until it is gone (B12).

use std::collections::BTreeMap;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;
use tokio::time::Instant;

use crate::api::Api;
use crate::discovery::{Kinds, Resource};
use crate::labels::{Owner, is_shared};
use crate::live::{LiveError, escaped};
use crate::prune::{Stays, may_delete};
use crate::watch::{self, Target, WatchError};

use super::{AT_ONCE, Leftover, identified};

/// What carries the labels of a slot's project.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// What was made for this slot alone, being deleted or not.
    pub own: Vec<Leftover>,
    /// What lives outside of namespaces and isn't the slot's alone: it stays.
    pub shared: Vec<Leftover>,
}

/// Finds them. Who may not list a kind in the whole cluster is asked for it in `namespace` only.
///
/// # Errors
/// A list is refused for another reason than that the kind can't be listed, or gets no answer.
pub async fn find(api: &Api, kinds: &Kinds, owner: &Owner, namespace: &str) -> Result<Found, LiveError> {
    let lists = kinds.deletable().map(|resource| list(api, resource, owner, namespace));
    let lists: Vec<Found> = stream::iter(lists).buffered(AT_ONCE).try_collect().await?;
    // A kind of two groups (Event, Ingress long ago) is one object with one uid.
    let mut found = Found::default();
    for list in lists {
        let is_new = |known: &[Leftover], one: &Leftover| known.iter().all(|other| other.uid != one.uid);
        for one in list.own {
            if is_new(&found.own, &one) {
                found.own.push(one);
            }
        }
        found.shared.extend(list.shared);
    }
    Ok(found)
}

async fn list(api: &Api, resource: &Resource, owner: &Owner, namespace: &str) -> Result<Found, LiveError> {
    let selector = if resource.is_namespaced { owner.selector() } else { owner.project_selector() };
    let query = format!("labelSelector={}", escaped(&selector));
    let mut path = format!("{}?{query}", resource.collection(None));
    let mut answer = api.get(&path).await.map_err(LiveError::NoAnswer)?;
    if answer.status == 403 && resource.is_namespaced {
        path = format!("{}?{query}", resource.collection(Some(namespace)));
        answer = api.get(&path).await.map_err(LiveError::NoAnswer)?;
    }
    // Kinds that may not or can't be listed hold nothing of ours: what we made we could list.
    if matches!(answer.status, 403..=405) {
        return Ok(Found::default());
    }
    if !answer.is_success() {
        return Err(LiveError::Refused { path, answer });
    }
    let mut found = Found::default();
    let Value::Array(items) = answer.body["items"].take() else {
        return Ok(found);
    };
    for (item, identity) in items.into_iter().filter_map(|item| identified(item, resource)) {
        // Being deleted is asked last, so that all else is as it must be then.
        let is_own = owner.selects(&item)
            && matches!(may_delete(&item, &identity, owner, true), Ok(()) | Err(Stays::BeingDeleted));
        if is_own {
            found.own.push(Leftover::of(&item, identity, resource));
        } else if is_shared(&item, owner) {
            found.shared.push(Leftover::of(&item, identity, resource));
        }
    }
    Ok(found)
}

/// Why objects are still there, by what kubectl calls them.
pub type Held = BTreeMap<String, String>;

/// Waits until objects that are being deleted are gone. Gives those that weren't at the deadline.
pub async fn until_gone(api: &Api, leftovers: &[&Leftover], deadline: Instant) -> Held {
    let waits = leftovers.iter().map(|leftover| async move {
        let reason = until_one_is_gone(api, leftover, deadline).await?;
        Some((leftover.resource.display(&leftover.identity.name), reason))
    });
    // All at once: each is one watch, and one that is held up must not keep others from being seen.
    stream::iter(waits).buffer_unordered(leftovers.len().max(1)).filter_map(async |held| held).collect().await
}

/// What of a slot is on its way out of a namespace and still there, with the reason, a line each.
///
/// # Errors
/// As [`find`].
pub async fn held_in(
    api: &Api,
    kinds: &Kinds,
    owner: &Owner,
    namespace: &str,
) -> Result<Vec<String>, LiveError> {
    let found = find(api, kinds, owner, namespace).await?;
    let is_leaving = |one: &&Leftover| one.is_going && one.identity.namespace.as_deref() == Some(namespace);
    let leaving: Vec<&Leftover> = found.own.iter().filter(is_leaving).collect();
    let held = until_gone(api, &leaving, Instant::now()).await;
    Ok(held.iter().map(|(name, reason)| format!("{name} {reason}")).collect())
}

async fn until_one_is_gone(api: &Api, leftover: &Leftover, deadline: Instant) -> Option<String> {
    let namespace = leftover.identity.namespace.as_deref();
    let target = Target { resource: &leftover.resource, namespace, name: &leftover.identity.name };
    let mut finalizers = Vec::new();
    let judge = |object: Option<&Value>| {
        // Another object of that name isn't the one that was deleted.
        let Some(object) = object.filter(|object| object["metadata"]["uid"] == leftover.uid.as_str()) else {
            return Some(());
        };
        let named = object["metadata"]["finalizers"].as_array().into_iter().flatten();
        finalizers = named.filter_map(Value::as_str).map(|name| format!("`{name}`")).collect();
        None
    };
    match watch::until(api, target, deadline, judge).await {
        Ok(()) => None,
        Err(WatchError::TimedOut) if finalizers.is_empty() => Some("is still being deleted".to_owned()),
        Err(WatchError::TimedOut) => Some(format!("has finalizer {}", finalizers.join(", "))),
        Err(error) => Some(error.to_string()),
    }
}
