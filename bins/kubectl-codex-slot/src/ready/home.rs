//! Whether the slot's namespace is there, before anything that hangs on it is done.
//!
//! Takes the namespace's name, gives whether the server says that it is missing. Only a 404 is missing: any
//! other failure ends the command, and nothing was deleted by then (B1). A namespace on its way out is waited
//! for: what is applied into it would go with it (B44).

use std::time::Duration;

use codex_cluster::api::{List, ListRequest, RequestError, Step};
use codex_cluster::connect::Cluster;
use codex_cluster::interrupt::Interrupt;
use codex_cluster::namespace::{self, Going, NamespaceError, Presence};
use codex_cluster::sweep::slot::held_in;
use codex_common::diagnostic::Diagnostic;
use serde::de::IgnoredAny;
use tokio::time::Instant;

use crate::age;
use crate::scene::Scene;

/// How it stands with the slot's namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    /// It is there.
    Present,
    /// There is none.
    Missing,
}

/// Looks at the namespace of a slot; one that is being deleted is waited for as long as `patience`.
///
/// # Errors
/// It can't be told, or it isn't gone in time.
pub(super) async fn look(
    scene: &Scene<'_>,
    (slot, name): (u32, &str),
    patience: Duration,
    (cluster, interrupt): (&Cluster, &Interrupt),
) -> Result<Home, Diagnostic> {
    let console = scene.console;
    let api = &cluster.api;
    match namespace::look(api, name).await.map_err(|error| refused(cluster, error))? {
        Presence::Active(_) => return Ok(Home::Present),
        Presence::Missing => return Ok(Home::Missing),
        Presence::Terminating(_) => {}
    }
    console
        .info(format!("namespace {name} is being deleted; waiting up to {} for it to go", age::of(patience)));
    let told = |blocker: &str| console.info(format!("namespace {name} is still there: {blocker}"));
    let deadline = Instant::now() + patience;
    let gone = namespace::until_gone(api, name, deadline, interrupt, told).await;
    match gone.map_err(|error| refused(cluster, error))? {
        Going::Gone => Ok(Home::Missing),
        Going::Interrupted => Err(Diagnostic::interrupted("stopped while waiting for a namespace to go")),
        Going::Held(blockers) => {
            let title = format!("namespace `{name}` is still being deleted after {}", age::of(patience));
            // The namespace tells what holds it up only now and then; the slot's objects do at once.
            let kinds = codex_deploy::kinds(cluster).await?;
            let objects = held_in(api, &kinds, &scene.owner(slot), name).await.unwrap_or_default();
            Err(objects.into_iter().chain(blockers).fold(Diagnostic::machine(title), Diagnostic::note))
        }
    }
}

/// Whether pods are in the namespace, or may be: then its data are in use.
///
/// # Errors
/// It can't be told, for another reason than that the user may not look.
pub(super) async fn is_inhabited(cluster: &Cluster, name: &str) -> Result<bool, Diagnostic> {
    let path = format!("/api/v1/namespaces/{name}/pods");
    match cluster.api.pages(ListRequest::at(path, "PodList", 1)).next::<List<IgnoredAny>>().await {
        Ok(Some(Step::Page(page))) => Ok(page.items.is_none_or(|pods| !pods.is_empty())),
        Ok(Some(Step::Anew) | None) => Ok(true),
        Err(RequestError::Refused { answer, .. }) if answer.status == 403 => Ok(true),
        Err(error) => Err(cluster.unlisted(error)),
    }
}

fn refused(cluster: &Cluster, error: NamespaceError) -> Diagnostic {
    let title = error.to_string();
    let message = match error {
        NamespaceError::NoAnswer { no_answer, .. } => {
            Diagnostic::machine(title).note(Diagnostic::from(cluster.unreachable(no_answer)).title)
        }
        NamespaceError::Refused { .. } => Diagnostic::machine(title),
    };
    message.hint(Some(
        "only a namespace that the server calls missing is made anew; nothing was changed".to_owned(),
    ))
}
