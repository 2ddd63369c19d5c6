//! What a prune leaves, as far as manifests tell: before anything is sent, since a mistake in them is one of the
//! input.
//!
//! Takes the request and what was gathered for it, gives [`Kept`]. A prune deletes what the manifests no longer
//! contain, and those are more than what is applied: filters and selectors leave some out, and other environments
//! share objects with this one.

use std::collections::BTreeSet;

use codex_cluster::document::value_of;
use codex_cluster::identity::Identity;
use codex_cluster::place::Target;
use codex_cluster::prune::Kept;
use codex_common::cli::{Console, Host, StackTarget};
use codex_common::diagnostic::Diagnostic;
use codex_common::render::{Document, Filters};
use codex_common::stack::Project;
use serde_json::Value;

use crate::gather::{Gathered, documents_with};
use crate::request::Request;

/// What a prune leaves; nothing where none is asked for.
///
/// # Errors
/// The items that filters leave out can't be rendered: objects may have moved there.
pub(crate) fn kept(
    request: &Request,
    gathered: &Gathered,
    host: &Host,
    console: &Console,
) -> Result<Kept, Diagnostic> {
    let mut kept = Kept::default();
    if !request.prune {
        return Ok(kept);
    }
    kept.objects = identities(&gathered.documents);
    let Some(project) = &gathered.project else {
        return Ok(kept);
    };
    let is_partial = gathered.identity.as_ref().is_some_and(|identity| identity.is_partial);
    if is_partial {
        let all = documents_with(&Filters::default(), project, console).map_err(|message| {
            message.note("`--prune` has to know the items that are left out: objects may have moved there")
        })?;
        kept.objects.extend(identities(&all));
    }
    if request.prune_all {
        environments(project, request, host, console, &mut kept);
    }
    Ok(kept)
}

/// What else pods and objects of this apply need: their namespaces, and the claims that pods mount.
pub(crate) fn complete(kept: &Kept, namespace: &str, targets: &[&Target]) -> Kept {
    let mut kept = kept.clone();
    let stated = kept.objects.clone();
    kept.objects.extend(stated.into_iter().map(|identity| otherwise(identity, namespace)));
    kept.objects.extend(targets.iter().map(|target| target.object.identity.clone()));
    kept.namespaces.insert(namespace.to_owned());
    kept.namespaces.extend(kept.objects.iter().filter_map(|identity| identity.namespace.clone()));
    for target in targets {
        if let Some(namespace) = target.namespace() {
            claims(&target.object.value, &mut |claim| {
                kept.claims.insert((namespace.to_owned(), claim.to_owned()));
            });
        }
    }
    kept
}

/// The claims that an object's pods mount.
fn claims(value: &Value, found: &mut impl FnMut(&str)) {
    match value {
        Value::Object(map) => {
            if let Some(claim) =
                map.get("persistentVolumeClaim").and_then(|claim| claim["claimName"].as_str())
            {
                found(claim);
            }
            map.values().for_each(|value| claims(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| claims(item, found)),
        _ => {}
    }
}

/// The namespaces of all environments, and what the others share.
fn environments(project: &Project, request: &Request, host: &Host, console: &Console, kept: &mut Kept) {
    kept.knows_environments = true;
    let stack = &project.stack;
    let names: BTreeSet<&String> = stack.environments.keys().chain(stack.namespace.patterns.keys()).collect();
    for env in names {
        let target = |slot: i64| StackTarget { env, slot, namespace: None };
        let slots = BTreeSet::from([0, project.context.slot]);
        for slot in slots {
            match request.source.load(target(slot), host, console) {
                Ok(other) => {
                    kept.namespaces.insert(other.context.namespace.clone());
                    if *env == project.context.env {
                        continue;
                    }
                    match documents_with(&Filters::default(), &other, console) {
                        Ok(documents) => {
                            for identity in identities(&documents) {
                                let placed = otherwise(identity.clone(), &other.context.namespace);
                                kept.elsewhere.extend([(identity, env.clone()), (placed, env.clone())]);
                            }
                        }
                        Err(_) => kept.unknown = Some(env.clone()),
                    }
                }
                Err(_) if *env == project.context.env => {}
                Err(_) => {
                    kept.knows_environments = false;
                    kept.unknown = Some(env.clone());
                }
            }
        }
    }
}

/// Where an object may lie too: one that states no namespace lies in the environment's, if its kind lives in one,
/// and one that states some may be of a kind that doesn't.
fn otherwise(identity: Identity, namespace: &str) -> Identity {
    let namespace = if identity.namespace.is_none() { Some(namespace.to_owned()) } else { None };
    Identity { namespace, ..identity }
}

/// The objects of documents, those in lists too, as they state themselves.
fn identities(documents: &[Document]) -> BTreeSet<Identity> {
    let mut found = BTreeSet::new();
    for document in documents {
        let value = value_of(&document.node);
        let items = value["items"].as_array().into_iter().flatten();
        found.extend(std::iter::once(&value).chain(items).filter_map(Identity::of));
    }
    found
}
