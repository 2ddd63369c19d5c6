//! `-l`: the records whose labels fit a selector, as the API server understands selectors.

use std::collections::BTreeSet;

use codex_cluster::connect::Cluster;
use codex_common::diagnostic::Diagnostic;

use crate::scene::Scene;

/// Names are enough.
const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

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
    let query = escaped(selector);
    let path = format!("/api/v1/namespaces/{namespace}/configmaps?labelSelector={query}");
    let answer = cluster.api.get_as(&path, METADATA).await;
    let answer = answer.map_err(|no_answer| Diagnostic::from(cluster.unreachable(no_answer)))?;
    match answer.status {
        200 => {}
        400 => {
            return Err(Diagnostic::input(format!("bad label selector `{selector}`")).note(answer.message()));
        }
        _ => {
            let title = format!("cannot list configmaps in namespace `{namespace}`");
            return Err(Diagnostic::machine(title).note(answer.message()));
        }
    }
    let items = answer.body["items"].as_array().into_iter().flatten();
    Ok(Some(items.filter_map(|item| item["metadata"]["name"].as_str().map(str::to_owned)).collect()))
}

/// A text as part of a query.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => escaped.push(byte.into()),
            byte => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn a_selector_is_one_value_of_the_query() {
        assert_eq!(escaped("a/b=c, d in (é)"), "a%2Fb%3Dc%2C%20d%20in%20%28%C3%A9%29");
    }
}
