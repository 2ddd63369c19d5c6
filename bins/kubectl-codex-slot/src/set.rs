//! `set`: links a slot to an issue or a pull request.

mod arguments;

use codex_common::cli::{Console, ExitCode, Host};
use codex_common::diagnostic::Diagnostic;
use codex_slot::record::{Links, Record};
use serde_json::json;

pub(crate) use arguments::SetArgs;

use crate::arguments::ProjectRequest;
use crate::records::Records;
use crate::report::{Outlet, Report, ReportFormat};
use crate::scene::Scene;

/// A checked request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) project: ProjectRequest,
    /// The slot.
    pub(crate) slot: u32,
    /// What it is linked to from now on; what isn't named stays as it is.
    pub(crate) links: Links,
    pub(crate) output: ReportFormat,
}

/// Links the slot, and says to what.
pub(crate) fn run(request: &Request, host: &Host, console: &Console) -> Result<ExitCode, Diagnostic> {
    let scene = Scene::open(&request.project, host, console)?;
    let outlet = Outlet::open(request.output, scene.project.mode, host)?;
    let record = scene.on_cluster(async |cluster, interrupt| {
        let records = Records { scene: &scene, cluster: &cluster, interrupt: &interrupt };
        records.with(async |slots| slots.set(request.slot, request.links).await).await
    })?;
    outlet.write(&report(&record), console)
}

fn report(record: &Record) -> Report {
    let links: Vec<String> = record.links.each().map(|link| link.to_string()).collect();
    Report {
        facts: vec![
            ("slot", json!(record.slot)),
            ("namespace", json!(record.namespace)),
            ("env", json!(record.env)),
            ("issue", json!(record.links.issue)),
            ("pr", json!(record.links.pr)),
        ],
        line: format!("slot {} is linked to {}", record.slot, links.join(", ")),
    }
}
