//! What there is of several slots, in few requests.
//!
//! Takes slots, asks the cluster for one list of each kind, and gives what the removal of each goes by. Separate from
//! [`super::inventory`], which is one slot's share of it: two thousand slots are asked for as one.

use std::collections::BTreeMap;

use codex_cluster::api::Api;
use codex_cluster::connect::Cluster;
use codex_cluster::discovery::Kinds;
use codex_cluster::namespace::{self, Presence};
use codex_cluster::sweep::slot::{self as sweep, Found};
use codex_common::diagnostic::Diagnostic;
use codex_slot::record::{Listed, Record};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;

use crate::data::Neighbours;
use crate::scene::Scene;

use super::residents::Residents;

/// Up to so many namespaces are looked at one by one.
const FEW: usize = 4;

/// How many requests are under way at once.
const AT_ONCE: usize = 8;

/// What there is of some slots.
pub(crate) struct Survey<'a> {
    pub(super) found: Found,
    /// The namespaces of the slots, as far as they are there.
    pub(super) namespaces: BTreeMap<String, Presence>,
    pub(super) residents: Residents<'a>,
    pub(super) neighbours: Neighbours,
}

impl<'a> Survey<'a> {
    /// Takes it. `listed` are all records.
    ///
    /// # Errors
    /// The cluster can't be asked, or services.yaml is wrong.
    pub(super) async fn take(
        scene: &'a Scene<'_>,
        cluster: &Cluster,
        kinds: &Kinds,
        records: &[&Record],
        listed: &[Listed],
    ) -> Result<Self, Diagnostic> {
        let slots: BTreeMap<u32, String> =
            records.iter().map(|record| (record.slot, record.namespace.clone())).collect();
        let found = sweep::find(&cluster.api, kinds, &scene.owner(0), &slots).await;
        let found = found.map_err(|error| cluster.unlisted(error))?;
        let names: Vec<&str> = slots.values().map(String::as_str).collect();
        Ok(Self {
            found,
            namespaces: presence(&cluster.api, &names).await?,
            residents: Residents::of(scene, listed)?,
            neighbours: Neighbours::of(scene, slots.keys().copied(), listed)?,
        })
    }
}

/// The namespaces that are there.
async fn presence(api: &Api, names: &[&str]) -> Result<BTreeMap<String, Presence>, Diagnostic> {
    if names.len() > FEW
        && let Some(all) = all(api).await
    {
        return Ok(all);
    }
    let looks = names.iter().map(async |name| {
        let looked = namespace::look(api, name).await;
        let presence = looked.map_err(|error| Diagnostic::machine(error.to_string()))?;
        Ok::<_, Diagnostic>(((*name).to_owned(), presence))
    });
    stream::iter(looks).buffer_unordered(AT_ONCE).try_collect().await
}

/// All namespaces; `None` if they can't be listed: then each is asked for, and says why not.
async fn all(api: &Api) -> Option<BTreeMap<String, Presence>> {
    let mut answer = api.get("/api/v1/namespaces").await.ok().filter(|answer| answer.is_success())?;
    let Value::Array(items) = answer.body["items"].take() else { return None };
    let named = |item: Value| {
        let name = item["metadata"]["name"].as_str()?.to_owned();
        Some((name, Presence::of(item)))
    };
    Some(items.into_iter().filter_map(named).collect())
}
