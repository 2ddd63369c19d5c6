//! What would go along with a leftover, though nobody asked for that.
//!
//! Takes leftovers of a prune, gives them without those whose end would be the end of somebody else's objects: a
//! namespace takes all that is in it along, a definition all objects of its kind in the whole cluster, and a
//! volume the data of the claim that it is bound to. Separate because labels don't tell: the server is asked what
//! there is.

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;

use crate::api::{Api, List, ListRequest, RequestError, Step, escaped};
use crate::discovery::{Kinds, Resource};
use crate::identity::Identity;

use crate::prune::may_delete;

use super::{AT_ONCE, Leftover, Leftovers, PAGE, Search, identified};

/// Spares the leftovers that somebody else's objects hang on.
///
/// # Errors
/// It can't be told what hangs on one.
pub(super) async fn spare(
    api: &Api,
    kinds: &Kinds,
    search: Search<'_>,
    leftovers: Leftovers,
) -> Result<Leftovers, RequestError> {
    let Leftovers { going, mut spared, protected, elsewhere, unlisted } = leftovers;
    let doomed: BTreeSet<&str> = going.iter().map(|one| one.uid.as_str()).collect();
    let look = Look { api, kinds, search, doomed: &doomed };
    let mut verdicts = Vec::with_capacity(going.len());
    for leftover in &going {
        verdicts.push(look.along_with(leftover).await?);
    }
    let mut rest = Vec::with_capacity(going.len());
    for (leftover, verdict) in going.into_iter().zip(verdicts) {
        match verdict {
            Some(why) => spared.push((leftover, why)),
            None => rest.push(leftover),
        }
    }
    Ok(Leftovers { going: rest, spared, protected, elsewhere, unlisted })
}

struct Look<'a> {
    api: &'a Api,
    kinds: &'a Kinds,
    search: Search<'a>,
    /// The uids of all that goes.
    doomed: &'a BTreeSet<&'a str>,
}

impl Look<'_> {
    /// What would go along with a leftover, in words; `None` if there is nothing.
    async fn along_with(&self, leftover: &Leftover) -> Result<Option<String>, RequestError> {
        let Identity { name, .. } = &leftover.identity;
        if leftover.identity.is("", "Namespace") {
            return self.in_namespace(name).await;
        }
        if leftover.identity.is("apiextensions.k8s.io", "CustomResourceDefinition") {
            return self.of_definition(name).await;
        }
        if leftover.identity.is("", "PersistentVolume") {
            return self.on_volume(leftover).await;
        }
        Ok(None)
    }

    /// Something in a namespace that this environment's applies didn't make, nor Kubernetes by itself.
    async fn in_namespace(&self, name: &str) -> Result<Option<String>, RequestError> {
        let namespaced = self.kinds.deletable().filter(|resource| resource.is_namespaced);
        let looks = namespaced.map(|resource| async move {
            let is_anothers = |item: &Value, identity: &Identity| self.is_anothers(item, identity);
            Ok::<_, RequestError>(match self.first(resource, Some(name), is_anothers).await? {
                First::Found(identity) => Some(format!("{} is in it", resource.display(&identity.name))),
                First::None => None,
                First::Unknown => Some(format!("you may not list {} in it", resource.plural)),
            })
        });
        let found: Vec<Option<String>> = stream::iter(looks).buffered(AT_ONCE).try_collect().await?;
        Ok(found.into_iter().flatten().next())
    }

    fn is_anothers(&self, item: &Value, identity: &Identity) -> bool {
        let metadata = &item["metadata"];
        let has_owner = metadata["ownerReferences"].as_array().is_some_and(|owners| !owners.is_empty());
        let is_made_by_kubernetes = match (identity.group.as_str(), identity.kind.as_str()) {
            ("", "ServiceAccount") => identity.name == "default",
            ("", "ConfigMap") => identity.name == "kube-root-ca.crt",
            // They go with the Service, the pod or whatever else they are about.
            ("", "Event" | "Endpoints") | ("events.k8s.io", "Event") => true,
            _ => false,
        };
        let Search { owner, kept, .. } = self.search;
        let was_left = || kept.knows_environments && may_delete(item, identity, owner, true).is_ok();
        let is_ours = self.is_doomed(item) || was_left();
        !has_owner && !is_made_by_kubernetes && !is_ours && metadata["deletionTimestamp"].is_null()
    }

    /// An object of the kind that a definition defines.
    async fn of_definition(&self, name: &str) -> Result<Option<String>, RequestError> {
        let defines = |resource: &&Resource| name == format!("{}.{}", resource.plural, resource.group);
        let Some(resource) = self.kinds.deletable().find(defines) else {
            return Ok(None);
        };
        let is_left = |item: &Value, _: &Identity| !self.is_doomed(item);
        Ok(match self.first(resource, None, is_left).await? {
            First::Found(Identity { name, namespace, .. }) => {
                let name = resource.display(&name);
                Some(match namespace {
                    Some(namespace) => format!("{name} in namespace {namespace} is of its kind"),
                    None => format!("{name} is of its kind"),
                })
            }
            First::None => None,
            First::Unknown => Some(format!("you may not list {}", resource.plural)),
        })
    }

    /// The claim that a volume is bound to, if it is there and stays.
    async fn on_volume(&self, leftover: &Leftover) -> Result<Option<String>, RequestError> {
        let volume = self.get(&leftover.resource.object(None, &leftover.identity.name)).await?;
        let claim = &volume["spec"]["claimRef"];
        let (Some(namespace), Some(name)) = (claim["namespace"].as_str(), claim["name"].as_str()) else {
            return Ok(None);
        };
        let (space, claim_name) = (escaped(namespace), escaped(name));
        let path = format!("/api/v1/namespaces/{space}/persistentvolumeclaims/{claim_name}");
        let there = self.get(&path).await?;
        let is_bound = there["metadata"]["uid"].is_string() && there["metadata"]["uid"] == claim["uid"];
        let stays = is_bound && !self.is_doomed(&there);
        Ok(stays.then(|| format!("persistentvolumeclaim/{name} in namespace {namespace} is bound to it")))
    }

    fn is_doomed(&self, item: &Value) -> bool {
        item["metadata"]["uid"].as_str().is_some_and(|uid| self.doomed.contains(uid))
    }

    /// An object; null if it isn't there.
    async fn get(&self, path: &str) -> Result<Value, RequestError> {
        let answer = self.api.get(path).await.map_err(RequestError::NoAnswer)?;
        match answer.status {
            404 => Ok(Value::Null),
            _ if answer.is_success() => Ok(answer.body),
            _ => Err(RequestError::Refused { path: path.to_owned(), answer }),
        }
    }

    /// The first object of a kind, in one namespace or everywhere, that `is_it`. Names and metadata are enough.
    async fn first(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        is_it: impl Fn(&Value, &Identity) -> bool,
    ) -> Result<First, RequestError> {
        let mut pages = self.api.pages(ListRequest::of(resource, namespace, PAGE).metadata());
        loop {
            let page = match pages.next::<List<Value>>().await {
                Ok(Some(Step::Page(page))) => page,
                // Nothing is kept from one page to the next.
                Ok(Some(Step::Anew)) => continue,
                Ok(None) => return Ok(First::None),
                Err(RequestError::Refused { answer, .. }) if answer.status == 403 => {
                    return Ok(First::Unknown);
                }
                Err(RequestError::Refused { answer, .. }) if matches!(answer.status, 404 | 405) => {
                    return Ok(First::None);
                }
                Err(error) => return Err(error),
            };
            let items = page.items.into_iter().flatten().filter(Value::is_object);
            let mut items = items.filter_map(|item| identified(item, resource));
            if let Some((_, identity)) = items.find(|(item, identity)| is_it(item, identity)) {
                return Ok(First::Found(identity));
            }
        }
    }
}

/// What came of looking for an object.
enum First {
    Found(Identity),
    /// There is none, or the kind can't be listed.
    None,
    /// It may not be looked for.
    Unknown,
}
