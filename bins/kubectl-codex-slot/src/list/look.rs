//! What the slots' namespaces and pods look like, in few requests.
//!
//! Takes the slots' namespaces, gives what is known of each. Many slots: one list of all namespaces and one of
//! all pods. Few slots, or no right to see everything: a look into each namespace. Where the user may not look
//! at all nothing is known, and that is said once; any other failure is one.

use std::collections::BTreeMap;

use codex_cluster::api::{ListHead, ListRequest, Page, RequestError, Step};
use codex_cluster::connect::Cluster;
use codex_cluster::namespace::{self, NamespaceError, Presence};
use codex_common::cli::Console;
use codex_common::diagnostic::Diagnostic;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;
use serde_json::Value;

use super::entry::{Home, Pods};

/// Up to so many slots are looked at one by one: the cluster may have thousands of other pods.
const FEW: usize = 4;

/// How many requests are under way at once.
const AT_ONCE: usize = 16;

/// How much one answer holds.
const PAGE: usize = 2000;

/// kubectl's columns hold what is needed of a pod, at a fifth of its size.
const TABLE: &str = "application/json;as=Table;g=meta.k8s.io;v=v1";

/// Pods that have done their work are left out.
const AT_WORK: &str = "fieldSelector=status.phase!%3DSucceeded,status.phase!%3DFailed";

/// What is known of one namespace.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) home: Home,
    pub(super) pods: Option<Pods>,
}

/// Whether so many slots are looked at by lists.
pub(super) fn are_many(slots: usize) -> bool {
    slots > FEW
}

/// Looks at the namespaces; `all` are those of the cluster, where they are known already.
///
/// # Errors
/// The server can't be asked, or says no for another reason than rights.
pub(super) async fn look(
    cluster: &Cluster,
    console: &Console,
    namespaces: &[&str],
    all: Option<&[Value]>,
) -> Result<BTreeMap<String, Seen>, Diagnostic> {
    let looking = Looking { cluster };
    let (homes, pods) = tokio::try_join!(looking.homes(namespaces, all), looking.pods(namespaces))?;
    let homes_unknown = homes.values().any(|home| *home == Home::Unknown);
    let mut seen = BTreeMap::new();
    for namespace in namespaces {
        let home = homes.get(*namespace).copied().unwrap_or(Home::Missing);
        let pods = match (&pods, home) {
            (_, Home::Missing) => Some(Pods::default()),
            (pods, _) => pods.get(*namespace).copied().unwrap_or_default(),
        };
        seen.insert((*namespace).to_owned(), Seen { home, pods });
    }
    let pods_unknown = seen.values().any(|seen| seen.pods.is_none());
    let missing = match (homes_unknown, pods_unknown) {
        (false, false) => return Ok(seen),
        (true, false) => "get namespaces",
        (false, true) => "list pods",
        (true, true) => "get namespaces and list pods",
    };
    console
        .say(&Diagnostic::warning(format!("you may not {missing} of all slots, so they are shown as `?`")));
    Ok(seen)
}

struct Looking<'a> {
    cluster: &'a Cluster,
}

impl Looking<'_> {
    /// The namespaces that are there, or can't be looked at.
    async fn homes(
        &self,
        namespaces: &[&str],
        all: Option<&[Value]>,
    ) -> Result<BTreeMap<String, Home>, Diagnostic> {
        if let Some(all) = all {
            let home = |item: &Value| {
                let metadata = &item["metadata"];
                (metadata["name"].as_str().unwrap_or_default().to_owned(), home_of(metadata))
            };
            return Ok(all.iter().map(home).collect());
        }
        let each = namespaces.iter().map(async |namespace| {
            let home = match namespace::look(&self.cluster.api, namespace).await {
                Ok(Presence::Missing) => Home::Missing,
                Ok(Presence::Active(_)) => Home::Present,
                Ok(Presence::Terminating(_)) => Home::Terminating,
                Err(NamespaceError::Refused { answer, .. }) if answer.status == 403 => Home::Unknown,
                Err(NamespaceError::NoAnswer { no_answer, .. }) => {
                    return Err(self.cluster.unreachable(no_answer).into());
                }
                Err(error) => return Err(Diagnostic::machine(error.to_string())),
            };
            Ok(((*namespace).to_owned(), home))
        });
        stream::iter(each).buffer_unordered(AT_ONCE).try_collect().await
    }

    /// The pods by namespace; `None` where they can't be looked at.
    async fn pods(&self, namespaces: &[&str]) -> Result<BTreeMap<String, Option<Pods>>, Diagnostic> {
        if namespaces.len() > FEW {
            let whole =
                self.pages(pods_at("/api/v1/pods".to_owned()), |all: &mut BTreeMap<_, _>, page: Table| {
                    for (namespace, is_ready) in page.pods() {
                        count(all.entry(namespace.to_owned()).or_default(), is_ready);
                    }
                });
            if let Some(mut pods) = whole.await? {
                // Those without any pods are known too.
                let known = |namespace: &&str| {
                    ((*namespace).to_owned(), Some(pods.remove(*namespace).unwrap_or_default()))
                };
                return Ok(namespaces.iter().map(known).collect());
            }
        }
        let each = namespaces.iter().map(async |namespace| {
            let request = pods_at(format!("/api/v1/namespaces/{namespace}/pods"));
            let known = self.pages(request, |pods: &mut Pods, page: Table| {
                page.pods().for_each(|(_, is_ready)| count(pods, is_ready));
            });
            Ok::<_, Diagnostic>(((*namespace).to_owned(), known.await?))
        });
        stream::iter(each).buffer_unordered(AT_ONCE).try_collect().await
    }

    /// Goes through a list, page by page; `None` if the user has no right to it. Where a list begins anew, what
    /// was read before is forgotten.
    async fn pages<P: Page, T: Default>(
        &self,
        request: ListRequest<'_>,
        mut take: impl FnMut(&mut T, P),
    ) -> Result<Option<T>, Diagnostic> {
        let mut pages = self.cluster.api.pages(request);
        let mut all = T::default();
        loop {
            match pages.next().await {
                Ok(Some(Step::Page(page))) => take(&mut all, page),
                Ok(Some(Step::Anew)) => all = T::default(),
                Ok(None) => return Ok(Some(all)),
                Err(RequestError::Refused { answer, .. }) if answer.status == 403 => return Ok(None),
                Err(error) => return Err(self.cluster.unlisted(error)),
            }
        }
    }
}

fn home_of(metadata: &Value) -> Home {
    if metadata["deletionTimestamp"].is_null() { Home::Present } else { Home::Terminating }
}

/// The pods at a path, as kubectl's columns.
fn pods_at(path: String) -> ListRequest<'static> {
    ListRequest::at(path, "PodList", PAGE).accept(TABLE, "meta.k8s.io/v1", "Table").query(AT_WORK)
}

/// A page of a table.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Table {
    #[serde(flatten)]
    head: ListHead,
    #[serde(default)]
    column_definitions: Vec<Value>,
    rows: Option<Vec<Value>>,
}

impl Page for Table {
    fn head(&self) -> ListHead {
        self.head.clone()
    }
}

impl Table {
    /// The pods of a page: the namespace of each, and whether it is ready.
    fn pods(&self) -> impl Iterator<Item = (&str, bool)> {
        let at = self.column_definitions.iter().position(|column| column["name"] == "Ready");
        self.rows.iter().flatten().filter_map(move |row| {
            let namespace = row["object"]["metadata"]["namespace"].as_str()?;
            let ready = row["cells"].get(at?)?.as_str()?;
            let is_ready = ready.split_once('/').is_some_and(|(ready, all)| ready == all && all != "0");
            Some((namespace, is_ready))
        })
    }
}

fn count(pods: &mut Pods, is_ready: bool) {
    pods.all += 1;
    pods.ready += u32::from(is_ready);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pod_is_ready_when_all_its_containers_are() {
        let row = |ready: &str| json!({"cells": ["web", ready, "Running"], "object": {"metadata": {"namespace": "a"}}});
        let page = json!({
            "columnDefinitions": [{"name": "Name"}, {"name": "Ready"}, {"name": "Status"}],
            "rows": [row("1/1"), row("1/2"), row("0/0"), row("2/2"), {"cells": []}],
        });
        let ready = |page: Value| -> Vec<bool> {
            let table: Table = serde_json::from_value(page).unwrap();
            table.pods().map(|(_, is_ready)| is_ready).collect()
        };
        assert_eq!(ready(page), [true, false, false, true]);
        assert!(ready(json!({})).is_empty());
    }
}
