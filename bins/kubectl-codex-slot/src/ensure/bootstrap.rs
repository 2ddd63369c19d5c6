//! What a new slot gets at once: the infrastructure groups of `slotBootstrapInfra`.
//!
//! Separate from taking the slot because it is a deploy, and because it has to be made up for by the next call
//! if this one dies: the record says whether it was done.

use codex_cluster::connect::Cluster;
use codex_cluster::hooks::Purpose;
use codex_cluster::interrupt::Interrupt;
use codex_common::diagnostic::Diagnostic;
use codex_common::render::{Filters, select};
use codex_common::stack::Project;
use codex_deploy::permission::Permission;
use codex_deploy::{Destination, Input, deploy, kinds};
use codex_slot::record::Record;

use crate::records::Records;
use crate::scene::Scene;

/// What the record says was applied last, in the place of the whole project's hash.
const DONE: &str = "bootstrap";

/// Applies the groups to a slot that nothing was applied to yet. Gives the record as it is then.
///
/// # Errors
/// There is no such group, or it could not be applied; the slot stays taken, and the next call tries again.
pub(crate) async fn bootstrap(
    scene: &Scene<'_>,
    record: Record,
    cluster: &Cluster,
    interrupt: &Interrupt,
    permission: &dyn Permission,
) -> Result<Record, Diagnostic> {
    let groups = &scene.project.context.environment.slot_bootstrap_infra;
    if groups.is_empty() || !record.fresh || record.applied.is_some() {
        return Ok(record);
    }
    let project = scene.project_of(record.slot)?;
    let mut order = scene.deploy_request(record.slot);
    order.filters = filters(&project);
    order.is_filtered = true;
    order.purpose = Purpose::Bootstrap;
    let input = Input::of_project(project, &order, scene.host, scene.console)?;
    let kinds = kinds(cluster).await?;
    let destination = Destination { cluster, kinds: &kinds, interrupt, permission };
    let deployed = deploy(&order, input, destination, scene.host, scene.console).await?;
    if !deployed.is_complete {
        return Err(Diagnostic::machine("the groups of `slotBootstrapInfra` aren't all applied"));
    }
    let records = Records { scene, cluster, interrupt };
    records.update(&record, |record| record.applied = record.applied.take().or(Some(DONE.to_owned()))).await
}

/// Looks whether there are such groups, before a slot is taken for nothing.
///
/// # Errors
/// One of them isn't in services.yaml.
pub(crate) fn check(scene: &Scene<'_>) -> Result<(), Diagnostic> {
    let project = &scene.project;
    select(project, &filters(project)).map(drop).map_err(|message| {
        message.note(format!("environment `{}` has it in `slotBootstrapInfra`", scene.env()))
    })
}

/// The groups without any service.
fn filters(project: &Project) -> Filters {
    let services: Vec<&str> = project.stack.services.iter().map(|service| &*service.name).collect();
    let groups = &project.context.environment.slot_bootstrap_infra;
    Filters::new(&groups.join(","), "", "", &services.join(","))
}
