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
    scene.on_cluster(async |c, i| take(&scene, &request.allocation, &c, &i).await)?;
    Ok(ExitCode::Done)
}

/// Finds or takes the slot.
pub(crate) async fn take(
    scene: &Scene<'_>,
    request: &AllocationRequest,
    cluster: &codex_cluster::connect::Cluster,
    interrupt: &codex_cluster::interrupt::Interrupt,
) -> Result<codex_slot::slots::Ensured, Diagnostic> {
    crate::records::Records { scene, cluster, interrupt }
        .with(async |slots| {
            slots
                .ensure(
                    request.selector,
                    codex_slot::slots::EnsureOptions {
                        max: request.max.unwrap_or(0),
                        wait: request.patience,
                        owner: "manual",
                    },
                )
                .await
        })
        .await
}
