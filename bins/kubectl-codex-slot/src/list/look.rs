//! What the slots' namespaces and pods look like, in few requests.
//!
//! Takes the slots' namespaces, gives what is known of each. Many slots: one list of all namespaces and one of
//! all pods. Few slots, or no right to see everything: a look into each namespace. Where the user may not look
//! at all nothing is known, and that is said once; any other failure is one.

use std::collections::BTreeMap;

use codex_cluster::answer::{self, Answer as Meaning};
use codex_cluster::api::Answer;
use codex_cluster::connect::Cluster;
use codex_common::cli::Console;
use codex_common::diagnostic::Diagnostic;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;

use super::entry::{Home, Pods};

/// Up to so many slots are looked at one by one: the cluster may have thousands of other pods.
const FEW: usize = 4;

/// How many requests are under way at once.
const AT_ONCE: usize = 16;

/// How much one answer holds.
const PAGE: usize = 2000;

/// Names and metadata are enough.
const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

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

/// All namespaces of the cluster, without what isn't metadata; `None` if the user may not list them.
///
/// # Errors
/// The server can't be asked, or says no for another reason than rights.
pub(super) async fn all_namespaces(cluster: &Cluster) -> Result<Option<Vec<Value>>, Diagnostic> {
    let mut all = Vec::new();
    let looking = Looking { cluster };
    let whole = looking.pages("/api/v1/namespaces", METADATA, |page| {
        all.extend(page["items"].as_array().into_iter().flatten().cloned());
    });
    Ok(whole.await?.then_some(all))
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
            let answer = self.get(&format!("/api/v1/namespaces/{namespace}"), "application/json").await?;
            let home = match answer.status {
                404 => Home::Missing,
                403 => Home::Unknown,
                200 => home_of(&answer.body["metadata"]),
                _ => return Err(self.refused("get", "namespaces", &answer)),
            };
            Ok(((*namespace).to_owned(), home))
        });
        stream::iter(each).buffer_unordered(AT_ONCE).try_collect().await
    }

    /// The pods by namespace; `None` where they can't be looked at.
    async fn pods(&self, namespaces: &[&str]) -> Result<BTreeMap<String, Option<Pods>>, Diagnostic> {
        if namespaces.len() > FEW {
            let mut pods: BTreeMap<String, Option<Pods>> = BTreeMap::new();
            let path = format!("/api/v1/pods?{AT_WORK}");
            let whole = self.pages(&path, TABLE, |page| {
                for (namespace, is_ready) in pods_of(page) {
                    let pods = pods.entry(namespace.to_owned()).or_default().get_or_insert_default();
                    count(pods, is_ready);
                }
            });
            if whole.await? {
                // Those without any pods are known too.
                for namespace in namespaces {
                    pods.entry((*namespace).to_owned()).or_insert(Some(Pods::default()));
                }
                return Ok(pods);
            }
        }
        let each = namespaces.iter().map(async |namespace| {
            let mut pods = Pods::default();
            let path = format!("/api/v1/namespaces/{namespace}/pods?{AT_WORK}");
            let whole = self.pages(&path, TABLE, |page| {
                pods_of(page).for_each(|(_, is_ready)| count(&mut pods, is_ready));
            });
            let known = whole.await?;
            Ok::<_, Diagnostic>(((*namespace).to_owned(), known.then_some(pods)))
        });
        stream::iter(each).buffer_unordered(AT_ONCE).try_collect().await
    }

    /// Goes through a list, page by page; `false` if the user has no right to it.
    async fn pages(
        &self,
        path: &str,
        accept: &str,
        mut take: impl FnMut(&Value),
    ) -> Result<bool, Diagnostic> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let mut next = String::new();
        loop {
            let answer = self.get(&format!("{path}{separator}limit={PAGE}{next}"), accept).await?;
            match answer.status {
                200 => take(&answer.body),
                403 => return Ok(false),
                _ => return Err(self.refused("list", path.split('?').next().unwrap_or(path), &answer)),
            }
            match answer.body["metadata"]["continue"].as_str() {
                None | Some("") => return Ok(true),
                Some(token) => next = format!("&continue={token}"),
            }
        }
    }

    async fn get(&self, path: &str, accept: &str) -> Result<Answer, Diagnostic> {
        let answer = self.cluster.api.get_as(path, accept).await;
        answer.map_err(|no_answer| self.cluster.unreachable(no_answer).into())
    }

    fn refused(&self, verb: &str, what: &str, answer: &Answer) -> Diagnostic {
        let request = answer::Request { group: "", version: "v1", kind: "" };
        let title = Diagnostic::machine(format!("cannot {verb} {what}"));
        match answer::classify(answer.reply(), request) {
            Meaning::Unauthorized => {
                title.note(format!("{} doesn't accept the credentials", self.cluster.server))
            }
            _ => title.note(answer.message()),
        }
    }
}

fn home_of(metadata: &Value) -> Home {
    if metadata["deletionTimestamp"].is_null() { Home::Present } else { Home::Terminating }
}

/// The pods of a page: the namespace of each, and whether it is ready.
fn pods_of(page: &Value) -> impl Iterator<Item = (&str, bool)> {
    let columns = page["columnDefinitions"].as_array();
    let at = columns.and_then(|columns| columns.iter().position(|column| column["name"] == "Ready"));
    page["rows"].as_array().into_iter().flatten().filter_map(move |row| {
        let namespace = row["object"]["metadata"]["namespace"].as_str()?;
        let ready = row["cells"].get(at?)?.as_str()?;
        let is_ready = ready.split_once('/').is_some_and(|(ready, all)| ready == all && all != "0");
        Some((namespace, is_ready))
    })
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
        let found: Vec<bool> = pods_of(&page).map(|(_, is_ready)| is_ready).collect();
        assert_eq!(found, [true, false, false, true]);
        assert_eq!(pods_of(&json!({})).count(), 0);
    }
}
