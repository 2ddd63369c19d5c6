//! `ensure`: the slot of an issue, a pull request or a number; the lowest free one if it has none.

mod arguments;

use std::time::Duration;

use codex_common::cli::{Console, ExitCode, Host};
use codex_common::diagnostic::Diagnostic;
use codex_slot::allocation::Selector;

pub(crate) use arguments::{AllocationArgs, EnsureArgs};

use crate::arguments::ProjectRequest;
use crate::report::{Outlet, ReportFormat};
use crate::scene::Scene;

/// A checked request for a slot.
#[derive(Debug)]
pub(crate) struct AllocationRequest {
    /// Whose slot, or which.
    pub(crate) selector: Selector,
    /// The highest number that may be taken, 0 for any; `None` is services.yaml's `maxSlots`.
    pub(crate) max: Option<u32>,
    /// How long is waited for a slot to become free.
    pub(crate) patience: Duration,
}

/// A checked request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) project: ProjectRequest,
    pub(crate) allocation: AllocationRequest,
    pub(crate) output: ReportFormat,
}

/// Finds or takes the slot, and says which.
pub(crate) fn run(request: &Request, host: &Host, console: &Console) -> Result<ExitCode, Diagnostic> {
    let scene = Scene::open(&request.project, host, console)?;
    let outlet = Outlet::open(request.output, scene.project.mode, host)?;
    let _ = outlet;
    scene.on_cluster(async |c, i| allocate(&scene, &request.allocation, &c, &i).await)?;
    Ok(ExitCode::Done)
}

/// TEMP
pub(crate) struct Ensured { pub(crate) record: codex_slot::record::Record, pub(crate) created: bool }
pub(crate) async fn allocate(scene: &Scene<'_>, request: &AllocationRequest, cluster: &codex_cluster::connect::Cluster, _interrupt: &codex_cluster::interrupt::Interrupt) -> Result<Ensured, Diagnostic> {
    let records = crate::records::Records::of(scene, cluster);
    let listed = records.list().await?;
    let own = records.own(&listed)?;
    if let Some(record) = own.iter().find(|r| !r.cleaning && (r.links.share(request.selector.links) || request.selector.slot == Some(r.slot))) {
        return Ok(Ensured { record: record.clone(), created: false });
    }
    let slot = request.selector.slot.unwrap_or_else(|| (1..).find(|n| listed.iter().all(|l| l.slot != *n)).unwrap_or(1));
    let mut record = codex_slot::record::Record::new(slot, scene.env(), &scene.namespace_of(slot)?, scene.project_name(), "manual", jiff::Timestamp::now());
    record.links = request.selector.links;
    let ns = serde_json::json!({"apiVersion":"v1","kind":"Namespace","metadata":{"name":scene.state.namespace}});
    let _ = cluster.api.post("/api/v1/namespaces", &ns).await;
    let _ = cluster.api.post(&format!("/api/v1/namespaces/{}/configmaps", scene.state.namespace), &record.config_map(&scene.state)).await;
    let record = records.get(slot).await?.ok_or_else(|| Diagnostic::machine("temp"))?;
    Ok(Ensured { record, created: true })
}
