//! The cluster's namespaces, without what isn't metadata.

use codex_cluster::api::{List, ListRequest, RequestError, Step};
use codex_cluster::connect::Cluster;
use codex_common::diagnostic::Diagnostic;
use serde_json::Value;

/// How many namespaces a page holds.
const PAGE: usize = 2000;

/// The namespaces that a query selects (`labelSelector=…`, escaped), all if it is empty; `None` if the user may not
/// list them.
///
/// # Errors
/// The server can't be asked, or says no for another reason than rights.
pub(crate) async fn list(cluster: &Cluster, query: &str) -> Result<Option<Vec<Value>>, Diagnostic> {
    let request = ListRequest::at("/api/v1/namespaces", "NamespaceList", PAGE).metadata().query(query);
    let mut pages = cluster.api.pages(request);
    let mut namespaces = Vec::new();
    loop {
        match pages.next::<List<Value>>().await {
            Ok(Some(Step::Page(page))) => namespaces.extend(page.items.into_iter().flatten()),
            Ok(Some(Step::Anew)) => namespaces.clear(),
            Ok(None) => return Ok(Some(namespaces)),
            Err(RequestError::Refused { answer, .. }) if answer.status == 403 => return Ok(None),
            Err(error) => return Err(cluster.unlisted(error)),
        }
    }
}
