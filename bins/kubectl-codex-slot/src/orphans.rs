//! Slots without a record: namespaces that carry this environment's labels and a number that nobody has.
//!
//! Takes all records, asks the cluster for labelled namespaces, gives what is left over, as the records that it would
//! have. Such a namespace comes of a `ready` that died after its slot was cleaned up from another machine; nothing
//! else would ever find it again. A number that has a record isn't looked at: what carries its labels goes with it.

use std::collections::{BTreeMap, BTreeSet};

use codex_cluster::api::Answer;
use codex_cluster::api::escaped;
use codex_cluster::connect::Cluster;
use codex_cluster::labels;
use codex_common::diagnostic::Diagnostic;
use codex_slot::record::{Listed, Record};
use jiff::Timestamp;
use serde_json::Value;

use crate::scene::Scene;

/// Names and metadata are enough.
const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

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
    let path = format!("/api/v1/namespaces?labelSelector={}", escaped(&owner.slots_selector()));
    let answer = cluster.api.get_as(&path, METADATA).await;
    let answer = answer.map_err(|no_answer| Diagnostic::from(cluster.unreachable(no_answer)))?;
    if answer.status == 403 {
        scene
            .console
            .debug(|| "slots without a record aren't looked for: you may not list namespaces".to_owned());
        return Ok(Vec::new());
    }
    if !answer.is_success() {
        return Err(Diagnostic::machine("cannot list namespaces").note(Answer::message(&answer)));
    }
    among(scene, answer.body["items"].as_array().map_or(&[], Vec::as_slice), listed)
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
