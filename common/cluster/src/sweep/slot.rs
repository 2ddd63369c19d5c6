//! All that was made for slots alone, wherever it is, and what they share with others.
//!
//! Takes the labels of an environment; gives objects in every namespace and outside of them, by slot. Separate from
//! a prune, which looks into one namespace only and has manifests to compare with: a clean-up also takes what is no
//! longer rendered, and waits until it is gone (B12). One list of each kind is enough for any number of slots.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;
use tokio::time::Instant;

use crate::api::{Api, RequestError};
use crate::discovery::{Kinds, Resource};
use crate::identity::Identity;
use crate::labels::{self, Owner, is_shared};
use crate::object_ref::ObjectRef;
use crate::prune::{Stays, may_delete};
use crate::watch::{self, WatchError};

use super::{AT_ONCE, Leftover, listed, nothing_of_ours};

/// What carries the labels of slots.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// What was made for each slot alone, being deleted or not.
    pub own: BTreeMap<u32, Vec<Leftover>>,
    /// What lives outside of namespaces and is no slot's alone: it stays.
    pub shared: Vec<Leftover>,
}

/// Finds what belongs to slots of an environment: `slots` are their numbers and namespaces. Who may not list a kind
/// in the whole cluster is asked for it in these namespaces only.
///
/// # Errors
/// A list is refused for another reason than that the kind can't be listed, or gets no answer.
pub async fn find(
    api: &Api,
    kinds: &Kinds,
    owner: &Owner,
    slots: &BTreeMap<u32, String>,
) -> Result<Found, RequestError> {
    let lists = kinds.deletable().map(|resource| list(api, resource, owner, slots));
    let lists: Vec<Vec<(Option<u32>, Leftover)>> =
        stream::iter(lists).buffered(AT_ONCE).try_collect().await?;
    // A kind of two groups (Event, Ingress long ago) is one object with one uid.
    let (mut found, mut seen) = (Found::default(), BTreeSet::new());
    for (slot, one) in lists.into_iter().flatten() {
        if !seen.insert(one.uid.clone()) {
            continue;
        }
        match slot {
            Some(slot) => found.own.entry(slot).or_default().push(one),
            None => found.shared.push(one),
        }
    }
    Ok(found)
}

/// The objects of one kind, with the slot whose they are; `None` for what slots share.
async fn list(
    api: &Api,
    resource: &Resource,
    owner: &Owner,
    slots: &BTreeMap<u32, String>,
) -> Result<Vec<(Option<u32>, Leftover)>, RequestError> {
    let selector = match slots.keys().next() {
        _ if !resource.is_namespaced => owner.project_selector(),
        Some(slot) if slots.len() == 1 => Owner { slot: Some(*slot), ..owner.clone() }.selector(),
        _ => owner.slots_selector(),
    };
    let mut found = Vec::new();
    let mut take = |item: Value, identity: Identity| {
        let slot = labels::slot_of(&item, owner);
        let is_own = slot.filter(|slot| slots.contains_key(slot)).is_some_and(|slot| {
            let owner = Owner { slot: Some(slot), ..owner.clone() };
            // Being deleted is asked last, so that all else is as it must be then.
            matches!(may_delete(&item, &identity, &owner, true), Ok(()) | Err(Stays::BeingDeleted))
        });
        if is_own {
            found.push((slot, Leftover::of(&item, identity, resource)));
        } else if is_shared(&item, owner) && !resource.is_namespaced {
            found.push((None, Leftover::of(&item, identity, resource)));
        }
    };
    let outcome = listed(api, resource, None, &selector, &mut take).await;
    let is_forbidden = matches!(&outcome, Err(RequestError::Refused { answer, .. }) if answer.status == 403);
    outcome.or_else(nothing_of_ours)?;
    if is_forbidden && resource.is_namespaced {
        let namespaces: BTreeSet<&str> = slots.values().map(String::as_str).collect();
        for namespace in namespaces {
            listed(api, resource, Some(namespace), &selector, &mut take).await.or_else(nothing_of_ours)?;
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
) -> Result<Vec<String>, RequestError> {
    let slots = owner.slot.map(|slot| (slot, namespace.to_owned())).into_iter().collect();
    let found = find(api, kinds, owner, &slots).await?;
    let is_leaving = |one: &&Leftover| one.is_going && one.identity.namespace.as_deref() == Some(namespace);
    let leaving: Vec<&Leftover> = found.own.values().flatten().filter(is_leaving).collect();
    let held = until_gone(api, &leaving, Instant::now()).await;
    Ok(held.iter().map(|(name, reason)| format!("{name} {reason}")).collect())
}

async fn until_one_is_gone(api: &Api, leftover: &Leftover, deadline: Instant) -> Option<String> {
    let namespace = leftover.identity.namespace.as_deref();
    let target = ObjectRef { resource: &leftover.resource, namespace, name: &leftover.identity.name };
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
