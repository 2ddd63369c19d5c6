//! What a prune leaves though the manifests no longer have it, since others may use it or data hang on it.
//!
//! Takes the labels of an apply; gives its leftovers outside of namespaces and in other ones. Nothing of this is
//! deleted: it is looked for so that it can be mentioned, and where it may not be looked at, nothing is said.

use futures::{StreamExt as _, stream};

use crate::api::{Api, RequestError};
use crate::discovery::{Kinds, Resource};
use crate::prune::{Keeping, may_delete};

use super::{AT_ONCE, Leftover, Search, listed};

/// Finds them.
///
/// # Errors
/// A list gets no answer.
pub(super) async fn find(
    api: &Api,
    kinds: &Kinds,
    search: Search<'_>,
) -> Result<Vec<Leftover>, RequestError> {
    let selectors = [search.owner.selector(), search.owner.shared_selector()].map(|mut selector| {
        search.restrict(&mut selector);
        selector
    });
    // With `all` those outside of namespaces are looked at by the prune itself.
    let resources = kinds.deletable().filter(|resource| resource.is_namespaced || !search.all);
    let lists = resources
        .flat_map(|resource| selectors.iter().map(move |selector| list(api, resource, selector, search)));
    let mut found = Vec::new();
    let mut lists = std::pin::pin!(stream::iter(lists).buffered(AT_ONCE));
    while let Some(listed) = lists.next().await {
        found.extend(listed?);
    }
    Ok(found)
}

async fn list(
    api: &Api,
    resource: &Resource,
    selector: &str,
    search: Search<'_>,
) -> Result<Vec<Leftover>, RequestError> {
    let mut found = Vec::new();
    let outcome = listed(api, resource, None, selector, |item, identity| {
        let is_here = identity.namespace.as_deref() == Some(search.namespace);
        let is_left = search.kept.keeps(&identity, false) == Keeping::Free;
        if !is_here && is_left && may_delete(&item, &identity, search.owner, true).is_ok() {
            found.push(Leftover::of(&item, identity, resource));
        }
    });
    match outcome.await {
        Err(error @ RequestError::NoAnswer(_)) => Err(error),
        _ => Ok(found),
    }
}
