//! `gc`: removes slots that nobody has used for long.

mod arguments;
mod choice;

use codex_common::cli::{Console, ExitCode, Host};
use codex_common::diagnostic::Diagnostic;
use codex_slot::record::Record;
use jiff::Timestamp;

pub(crate) use arguments::GcArgs;

use crate::arguments::ProjectRequest;
use crate::records::Records;
use crate::scene::Scene;
use crate::{agent, cleanup};
use choice::{Choice, Limits, choose};

/// A checked request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) project: ProjectRequest,
    /// How long slots may live.
    pub(crate) limits: Limits,
    /// How they are removed.
    pub(crate) options: cleanup::Options,
}

/// Removes the slots, each independently of the others.
pub(crate) fn run(request: &Request, host: &Host, console: &Console) -> Result<ExitCode, Diagnostic> {
    let scene = Scene::open(&request.project, host, console)?;
    let seconds = host.now().0;
    let now = Timestamp::from_second(seconds)
        .map_err(|_| Diagnostic::input("the clock is beyond all calendars"))?;
    scene.on_cluster_and_files(async |cluster, interrupt| {
        let records = Records { scene: &scene, cluster: &cluster, interrupt: &interrupt };
        let mut listing = records.list().await?;
        let chosen = |record: &Record| {
            let is_at_work = record.agent.as_ref().is_some_and(|agent| agent::is_alive(agent, seconds));
            choose(record, is_at_work, request.limits, now)
        };
        listing.records.retain(|record| {
            let (does_go, why) = match chosen(record) {
                Choice::Goes(why) => (true, why),
                Choice::Spared(why) => (false, format!("stays: {why}")),
                Choice::Stays => return false,
            };
            let separator = if does_go { ":" } else { "" };
            console.info(format!("slot {}{separator} {why}", record.slot));
            does_go
        });
        if listing.records.is_empty() {
            console.info("no slot's time is over");
            return Ok(ExitCode::Done);
        }
        // Whoever was given such a slot since it was listed has used it: it is left alone then.
        let is_meant = |record: &Record| matches!(chosen(record), Choice::Goes(_));
        cleanup::remove(&scene, (&cluster, &interrupt), &request.options, &listing, &is_meant).await
    })
}
