//! Slots without a record: namespaces that carry this environment's labels and a number that nobody has.
//!
//! Takes all records, asks the cluster for labelled namespaces, gives what is left over, as the records that it would
//! have. Such a namespace comes of a `ready` that died after its slot was cleaned up from another machine; nothing
//! else would ever find it again. A number that has a record isn't looked at: what carries its labels goes with it.

use std::collections::{BTreeMap, BTreeSet};

use codex_cluster::api::escaped;
use codex_cluster::connect::Cluster;
use codex_cluster::labels;
use codex_common::diagnostic::Diagnostic;
use codex_slot::record::{Listed, Record};
use jiff::Timestamp;
use serde_json::Value;

use crate::namespaces;
use crate::scene::Scene;

/// Finds them. `listed` are all records, of others too. Who may not list namespaces finds none.
///
/// # Errors
/// The server can't be asked.
pub(crate) async fn find(
    scene: &Scene<'_>,
    cluster: &Cluster,
    listed: &[Listed],
) -> Result<Vec<Record>, Diagnostic> {
    let owner = scene.owner(0);
    let query = format!("labelSelector={}", escaped(&owner.slots_selector()));
    let Some(namespaces) = namespaces::list(cluster, &query).await? else {
        scene
            .console
            .debug(|| "slots without a record aren't looked for: you may not list namespaces".to_owned());
        return Ok(Vec::new());
    };
    among(scene, &namespaces, listed)
}

/// The same among namespaces that are known already.
///
/// # Errors
/// services.yaml is wrong for a slot.
pub(crate) fn among(
    scene: &Scene<'_>,
    namespaces: &[Value],
    listed: &[Listed],
) -> Result<Vec<Record>, Diagnostic> {
    let owner = scene.owner(0);
    let taken: BTreeSet<u32> = listed.iter().map(|listed| listed.slot).collect();
    let mut found: BTreeMap<u32, Record> = BTreeMap::new();
    for namespace in namespaces {
        let Some(slot) = labels::slot_of(namespace, &owner).filter(|slot| !taken.contains(slot)) else {
            continue;
        };
        let metadata = &namespace["metadata"];
        // One that is on its way out needs nobody's help.
        let (Some(name), true) = (metadata["name"].as_str(), metadata["deletionTimestamp"].is_null()) else {
            continue;
        };
        // A slot may have namespaces besides its own; these go with it.
        let is_home = scene.namespace_of(slot)? == name;
        if is_home || !found.contains_key(&slot) {
            found.insert(slot, record_of(scene, slot, namespace, name));
        }
    }
    Ok(found.into_values().collect())
}

/// The record that the slot would have.
fn record_of(scene: &Scene<'_>, slot: u32, namespace: &Value, name: &str) -> Record {
    let made = namespace["metadata"]["creationTimestamp"].as_str();
    let made: Option<Timestamp> = made.and_then(|time| time.parse().ok());
    let record = Record::new(slot, scene.env(), name, scene.project_name(), "", Timestamp::UNIX_EPOCH);
    Record { created_at: made, fresh: false, ..record }
}
