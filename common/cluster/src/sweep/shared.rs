//! What a prune leaves though the manifests no longer have it, since others may use it or data hang on it.
//!
//! Takes the labels of an apply; gives its leftovers outside of namespaces and in other ones. Nothing of this is
//! deleted: it is looked for so that it can be mentioned, and where it may not be looked at, nothing is said.

use futures::{StreamExt as _, stream};

use crate::api::Api;
use crate::discovery::{Kinds, Resource};
use crate::prune::{Keeping, may_delete};

use super::{AT_ONCE, Leftover, Search, listed};

/// Finds them.
pub(super) async fn find(api: &Api, kinds: &Kinds, search: Search<'_>) -> Vec<Leftover> {
    // With `all` those outside of namespaces are looked at by the prune itself.
    let resources = kinds.deletable().filter(|resource| resource.is_namespaced || !search.all);
    let lists = resources.map(|resource| list(api, resource, search));
    let found: Vec<Vec<Leftover>> = stream::iter(lists).buffered(AT_ONCE).collect().await;
    found.into_iter().flatten().collect()
}

async fn list(api: &Api, resource: &Resource, search: Search<'_>) -> Vec<Leftover> {
    // Outside of namespaces there is little of a project; in them there may be a hundred slots.
    let mut selector = match resource.is_namespaced {
        true => search.owner.shared_selector(),
        false => search.owner.project_selector(),
    };
    search.restrict(&mut selector);
    let mut found = Vec::new();
    let outcome = listed(api, resource, None, &selector, |item, identity| {
        let is_here = identity.namespace.as_deref() == Some(search.namespace);
        let is_left = search.kept.keeps(&identity, false) == Keeping::Free;
        if !is_here && is_left && may_delete(&item, &identity, search.owner, true).is_ok() {
            found.push(Leftover::of(&item, identity, resource));
        }
    });
    if outcome.await.is_err() {
        found.clear();
    }
    found
}
