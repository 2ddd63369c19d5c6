//! `ensure`: the slot of an issue, a pull request or a number; the lowest free one if it has none.

mod arguments;
mod bootstrap;

use std::time::Duration;

use codex_cluster::connect::Cluster;
use codex_cluster::interrupt::Interrupt;
use codex_common::cli::{Console, ExitCode, Host};
use codex_common::diagnostic::Diagnostic;
use codex_slot::allocation::Selector;
use codex_slot::record::Record;
use codex_slot::slots::{EnsureOptions, Ensured};
use serde_json::{Value, json};

pub(crate) use arguments::{AllocationArgs, EnsureArgs};
pub(crate) use bootstrap::bootstrap;

use crate::arguments::ProjectRequest;
use crate::ready::{TAKE_BACK_WITHIN, Tenancy};
use crate::records::Records;
use crate::report::{Outlet, Report, ReportFormat};
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
    let ensured = scene.on_cluster(async |cluster, interrupt| {
        let mut ensured = take(&scene, &request.allocation, &cluster, &interrupt).await?;
        let records = Records { scene: &scene, cluster: &cluster, interrupt: &interrupt };
        let tenancy = Tenancy::of(records, &ensured.record, TAKE_BACK_WITHIN);
        ensured.record = match bootstrap(&scene, ensured.record, &cluster, &interrupt, &tenancy).await {
            Ok(record) => record,
            Err(failure) if interrupt.is_raised() => return Err(failure),
            Err(failure) => return Err(tenancy.explain(failure).await),
        };
        Ok(ensured)
    })?;
    outlet.write(&report(&ensured), console)
}

/// Finds or takes the slot.
///
/// # Errors
/// There is none, or the records can't be read or written.
pub(crate) async fn take(
    scene: &Scene<'_>,
    request: &AllocationRequest,
    cluster: &Cluster,
    interrupt: &Interrupt,
) -> Result<Ensured, Diagnostic> {
    bootstrap::check(scene)?;
    let max = match request.max {
        Some(max) => max,
        None => limit_of(scene)?,
    };
    let selector = request.selector;
    let options = EnsureOptions {
        max,
        wait: request.patience,
        owner: scene.host.variable("GITHUB_RUN_ID").unwrap_or("manual"),
    };
    let records = Records { scene, cluster, interrupt };
    let ensured = records.with(async |slots| slots.ensure(selector, options).await).await?;
    if !ensured.doubles.is_empty() {
        let others: Vec<String> = ensured.doubles.iter().map(|slot| format!("slot {slot}")).collect();
        let message = format!("{selector} has {} too", others.join(", "));
        let hint = "`cleanup --slot N --with-configmap` removes what nobody needs".to_owned();
        scene.console.say(&Diagnostic::warning(message).hint(Some(hint)));
    }
    if let Some(found) =
        ensured.found.as_ref().filter(|found| !scene.owner(ensured.record.slot).selects(found))
    {
        scene.console.say(&already_there(&ensured.record, found));
    }
    Ok(ensured)
}

/// The warning about a new slot whose namespace is there without the labels of one.
fn already_there(record: &Record, found: &Value) -> Diagnostic {
    let Record { slot, namespace, .. } = record;
    let made = found["metadata"]["creationTimestamp"].as_str().unwrap_or("an unknown time");
    Diagnostic::warning(format!(
        "namespace {namespace} was there before slot {slot}, without the slot's labels"
    ))
    .note(format!("somebody made it by hand at {made}"))
    .hint(Some("what is in it becomes the slot's, and goes with the slot".to_owned()))
}

/// `maxSlots` of services.yaml; 0 for no limit.
fn limit_of(scene: &Scene<'_>) -> Result<u32, Diagnostic> {
    let limit = scene.project.stack.max_slots;
    u32::try_from(limit)
        .map_err(|_| Diagnostic::input(format!("`maxSlots` of services.yaml is {limit}: 0 is for no limit")))
}

fn report(ensured: &Ensured) -> Report {
    let Record { slot, namespace, env, .. } = &ensured.record;
    let news = if ensured.created { " (created)" } else { "" };
    Report {
        facts: vec![
            ("slot", json!(slot)),
            ("namespace", json!(namespace)),
            ("env", json!(env)),
            ("created", json!(ensured.created)),
        ],
        line: format!("slot {slot}, namespace {namespace}, environment {env}{news}"),
    }
}
