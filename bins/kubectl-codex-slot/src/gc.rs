//! `gc`: removes slots that nobody has used for long.

mod arguments;
mod choice;

use std::time::Duration;

use codex_cluster::connect::Cluster;
use codex_cluster::interrupt::Interrupt;
use codex_common::cli::{Console, ExitCode, Host};
use codex_common::diagnostic::Diagnostic;
use codex_common::printable;
use codex_slot::record::Record;
use codex_workspace::RemovalError;
use codex_workspace::saved::store;
use jiff::Timestamp;

pub(crate) use arguments::GcArgs;

use crate::arguments::ProjectRequest;
use crate::records::Records;
use crate::scene::Scene;
use crate::{agent, cleanup, lock, orphans};
use choice::{Choice, Limits, choose};
use cleanup::Chosen;

/// A checked request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) project: ProjectRequest,
    /// How long slots may live.
    pub(crate) limits: Limits,
    /// How long the work of removed workspaces is kept; `None` for ever.
    pub(crate) saved_ttl: Option<Duration>,
    /// How they are removed.
    pub(crate) options: cleanup::Options,
}

/// Removes the slots, each independently of the others.
pub(crate) fn run(request: &Request, host: &Host, console: &Console) -> Result<ExitCode, Diagnostic> {
    let scene = Scene::open(&request.project, host, console)?;
    scene.on_cluster_and_files(async |cluster, interrupt| {
        saved_work(request, &scene, &interrupt)?;
        let records = Records { scene: &scene, cluster: &cluster, interrupt: &interrupt };
        let listing = records.list().await?;
        let seconds = now(&cluster, host, console);
        let now = Timestamp::from_second(seconds)
            .map_err(|_| Diagnostic::input("the clock is beyond all calendars"))?;
        let chosen = |record: &Record| {
            let is_at_work = record.agent.as_ref().is_some_and(|agent| agent::is_alive(agent, seconds));
            choose(record, is_at_work, request.limits, now)
        };
        let does_go = |record: &Record, what: &str| {
            let (does_go, why) = match chosen(record) {
                Choice::Goes(why) => (true, why),
                Choice::Spared(why) => (false, format!("stays: {why}")),
                Choice::Stays => return false,
            };
            let separator = if does_go { ":" } else { "" };
            console.info(format!("slot {}{separator} {why}{what}", record.slot));
            does_go
        };
        let mut going = Chosen {
            records: listing.records.clone(),
            orphans: orphans::find(&scene, &cluster, &listing.all).await?,
        };
        going.records.retain(|record| does_go(record, ""));
        going.orphans.retain(|record| does_go(record, ", and nobody has a record of it"));
        if going.records.is_empty() && going.orphans.is_empty() {
            console.info("no slot's time is over");
            return Ok(ExitCode::Done);
        }
        // Whoever was given such a slot since it was listed has used it: it is left alone then.
        let is_meant = |record: &Record| matches!(chosen(record), Choice::Goes(_));
        cleanup::remove(&scene, (&cluster, &interrupt), &request.options, (&listing, &going), &is_meant).await
    })
}

/// The time by the server's clock, seconds since 1970: slots are used from many machines, and one whose clock is
/// wrong must not remove what others use.
fn now(cluster: &Cluster, host: &Host, console: &Console) -> i64 {
    cluster.api.server_time().unwrap_or_else(|| {
        let message = "the API server doesn't say what time it is: ages are by this machine's clock";
        console.say(&Diagnostic::warning(message));
        host.now().0
    })
}

/// Deletes the project's saved work whose time is over, on this machine.
fn saved_work(request: &Request, scene: &Scene<'_>, interrupt: &Interrupt) -> Result<(), Diagnostic> {
    let base = lock::base(request.options.code_root_base.as_deref(), scene.host);
    let (Some(base), Some(ttl)) = (base, request.saved_ttl) else { return Ok(()) };
    let limit = scene.host.now().0.saturating_sub(i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX));
    let refused = |error: RemovalError| match error {
        RemovalError::Stopped(_) => Diagnostic::interrupted(format!("{error}; running it again goes on")),
        _ => Diagnostic::machine(format!("cannot remove saved work: {error}")),
    };
    for path in store::older_than(&base, scene.project_name(), limit).map_err(refused)? {
        let suffix = if request.options.dry_run { " (dry run)" } else { "" };
        if !request.options.dry_run {
            let is_stopped = || interrupt.is_raised();
            tokio::task::block_in_place(|| store::delete(&base, &path, &is_stopped)).map_err(refused)?;
        }
        let line = format!("directory {} deleted{suffix}", path.display());
        scene.console.print(&format!("{}\n", printable::line(&line)))?;
    }
    Ok(())
}
