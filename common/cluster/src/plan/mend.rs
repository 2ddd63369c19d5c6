//! What has to be written to an object before it can be applied at all.
//!
//! Takes an object and the server's refusal, gives the entries of `managedFields` with which the apply goes through,
//! and what it comes to, if the server agrees. Nothing is written here.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::FIELD_MANAGER;
use crate::answer::{Answer as Meaning, Conflict};
use crate::api::{Api, JSON_PATCH, NoAnswer};
use crate::discovery::Resource;
use crate::ownership::estimate::{estimate, patch};
use crate::ownership::excluded::excluded;
use crate::ownership::takeover::takeover;
use crate::ownership::version;
use crate::place::Target;

/// What makes an apply possible.
#[derive(Debug)]
pub(crate) struct Mend {
    /// The object with other entries.
    mended: Value,
    /// What the apply comes to then.
    pub(super) after: Value,
    pub(super) warnings: Vec<String>,
    /// Whether they are what client-side apply had.
    pub(super) is_taken_over: bool,
    /// What is taken from others by force.
    pub(crate) taken: Vec<Conflict>,
}

impl Mend {
    /// The JSON patch (RFC 6902) that has to be sent first. It holds for the version of the object that was read.
    pub(crate) fn patch(&self) -> Value {
        let metadata = &self.mended["metadata"];
        json!([
            {"op": "replace", "path": "/metadata/managedFields", "value": metadata["managedFields"]},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]},
        ])
    }
}

/// What makes an apply possible that was refused; `None` if nothing does.
///
/// # Errors
/// No answer came.
pub(crate) async fn mend(
    (api, target): (&Api, &Target),
    live: &Value,
    manifest: &Value,
    refusal: &Meaning,
    force: bool,
) -> Result<Option<Mend>, NoAnswer> {
    let causes = match refusal {
        Meaning::Manifest { causes, .. } => causes.as_slice(),
        Meaning::Retry { .. } | Meaning::Other { .. } => &[],
        _ => return Ok(None),
    };
    let api_version = target.object.api_version();
    let gone = gone(api, &target.resource, version::others(live, api_version)).await?;
    let taken = takeover(live, manifest);
    let is_taken_over = taken.is_some();
    let mut mended = taken.map_or_else(|| live.clone(), |taken| taken.taken_over());
    if !gone.is_empty() {
        mended["metadata"]["managedFields"] = version::rewritten(&mended, &gone, api_version).into();
    }
    let excluded = excluded(causes, &mended, manifest, force);
    if !is_taken_over && gone.is_empty() && excluded.is_none() {
        return Ok(None);
    }
    let mut by_force = Vec::new();
    if let Some(excluded) = excluded {
        mended["metadata"]["managedFields"] = excluded.entries(&mended, api_version).into();
        by_force = excluded.taken;
    }
    let Some(expected) = estimate(&mended, manifest) else { return Ok(None) };
    let path = format!("{}?fieldManager={FIELD_MANAGER}&dryRun=All", target.path());
    let answer = api.patch(&path, JSON_PATCH, &patch(live, &expected)).await?;
    let answer = target.reference().checked(answer)?;
    if !answer.is_success() {
        return Ok(None);
    }
    Ok(Some(Mend {
        mended,
        warnings: answer.warning_texts(),
        after: answer.body,
        is_taken_over,
        taken: by_force,
    }))
}

/// Those of these versions that the server doesn't serve the kind in.
async fn gone<'v>(
    api: &Api,
    resource: &Resource,
    versions: BTreeSet<&'v str>,
) -> Result<BTreeSet<&'v str>, NoAnswer> {
    let mut gone = BTreeSet::new();
    for version in versions {
        let root = if resource.group.is_empty() { "/api" } else { "/apis" };
        let answer = api.get(&format!("{root}/{version}")).await?;
        let serves = |served: &Value| served["name"] == resource.plural.as_str();
        let is_served = answer.body["resources"].as_array().is_some_and(|served| served.iter().any(serves));
        if answer.status == 404 || (answer.is_success() && !is_served) {
            gone.insert(version);
        }
    }
    Ok(gone)
}
