//! `-l`: the records whose labels fit a selector, as the API server understands selectors.

use std::collections::BTreeSet;

use codex_cluster::api::{List, ListRequest, RequestError, Step, escaped};
use codex_cluster::connect::Cluster;
use codex_common::diagnostic::Diagnostic;
use serde::Deserialize;

use crate::scene::Scene;

/// How many records a page holds.
const PAGE: usize = 2000;

/// The names of the records that the selector fits; `None` without a selector.
///
/// # Errors
/// The server can't be asked, or says no: to a selector that is none, for instance.
pub(super) async fn matching(
    scene: &Scene<'_>,
    cluster: &Cluster,
    selector: &str,
) -> Result<Option<BTreeSet<String>>, Diagnostic> {
    if selector.trim().is_empty() {
        return Ok(None);
    }
    let namespace = &scene.state.namespace;
    let path = format!("/api/v1/namespaces/{namespace}/configmaps");
    let request = ListRequest::at(path, "ConfigMapList", PAGE)
        .metadata()
        .query(format!("labelSelector={}", escaped(selector)));
    let mut pages = cluster.api.pages(request);
    let mut names = BTreeSet::new();
    loop {
        match pages.next::<List<Named>>().await {
            Ok(Some(Step::Page(page))) => {
                names.extend(page.items.into_iter().flatten().map(|item| item.metadata.name));
            }
            Ok(Some(Step::Anew)) => names.clear(),
            Ok(None) => return Ok(Some(names)),
            Err(RequestError::Refused { answer, .. }) if answer.status == 400 => {
                let message = Diagnostic::input(format!("bad label selector `{selector}`"));
                return Err(message.note(answer.message()));
            }
            Err(error) => return Err(cluster.unlisted(error)),
        }
    }
}

/// What is needed of a record.
#[derive(Deserialize)]
struct Named {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
}
