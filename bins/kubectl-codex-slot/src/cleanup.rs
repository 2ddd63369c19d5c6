//! `cleanup`: removes slots with all that is theirs.
//!
//! ```text
//! records ─▶ those that are meant ─▶ each by itself: lock ─▶ mark ─▶ removal ─▶ record
//! ```

mod arguments;
mod inventory;
mod namespace;
mod removal;
mod residents;

use std::path::PathBuf;
use std::time::Duration;

use codex_cluster::connect::Cluster;
use codex_cluster::interrupt::Interrupt;
use codex_common::cli::{Console, ExitCode, Host};
use codex_common::diagnostic::Diagnostic;
use codex_slot::allocation::{Selector, is_selected};
use codex_slot::record::Record;
use codex_slot::slots::Listing;

pub(crate) use arguments::{CleanupArgs, PatienceArgs};

use crate::arguments::ProjectRequest;
use crate::lock::{self, Locking};
use crate::records::Records;
use crate::scene::Scene;
use removal::Removal;

/// A checked request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) project: ProjectRequest,
    /// Which slots; all of the environment's if it names nothing.
    pub(crate) selector: Selector,
    pub(crate) options: Options,
}

/// How slots are removed.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Whether the records are deleted too.
    pub(crate) with_configmap: bool,
    /// Whether it is only said what would be done.
    pub(crate) dry_run: bool,
    /// The folder of all workspaces as typed, beside which the locks are; `None` is the variable `CODE_ROOT_BASE`.
    pub(crate) code_root_base: Option<String>,
    /// How long is waited for another command that works on a slot.
    pub(crate) lock_timeout: Duration,
    /// How long one slot may take to go.
    pub(crate) timeout: Duration,
}

/// Removes the slots, each independently of the others.
pub(crate) fn run(request: &Request, host: &Host, console: &Console) -> Result<ExitCode, Diagnostic> {
    let scene = Scene::open(&request.project, host, console)?;
    scene.on_cluster_and_files(async |cluster, interrupt| {
        let records = Records { scene: &scene, cluster: &cluster, interrupt: &interrupt };
        let mut listing = records.list().await?;
        let is_meant = |record: &Record| is_selected(record, request.selector);
        listing.records.retain(is_meant);
        if listing.records.is_empty() {
            console.info("no slot fits: there is nothing to clean up");
            return Ok(ExitCode::Done);
        }
        let target = (&cluster, &interrupt);
        remove(&scene, target, &request.options, &listing, &is_meant).await
    })
}

/// Removes slots one after the other; what goes wrong with one is said and keeps none of the others. A slot
/// that `is_meant` no longer holds of when its turn comes is left alone.
pub(crate) async fn remove(
    scene: &Scene<'_>,
    (cluster, interrupt): (&Cluster, &Interrupt),
    options: &Options,
    listing: &Listing,
    is_meant: &(dyn Fn(&Record) -> bool + Sync),
) -> Result<ExitCode, Diagnostic> {
    let kinds = codex_deploy::kinds(cluster).await?;
    let removal =
        Removal { scene, cluster, kinds: &kinds, interrupt, timeout: options.timeout, listed: &listing.all };
    let work =
        Work { removal, options, base: lock::base(options.code_root_base.as_deref(), scene.host), is_meant };
    let mut failed = 0_usize;
    for record in &listing.records {
        let done = if options.dry_run {
            removal.show(record, options.with_configmap).await
        } else {
            work.one(record).await
        };
        if interrupt.is_raised() {
            return Err(Diagnostic::interrupted("stopped; running it again goes on where it stopped"));
        }
        if let Err(error) = done {
            failed += 1;
            let title = format!("cannot remove slot {}: {}", record.slot, error.title);
            scene.console.say(&Diagnostic { title, ..error });
        }
    }
    match failed {
        0 => Ok(ExitCode::Done),
        failed => Err(Diagnostic::machine(format!(
            "{failed} of {} slots could not be removed",
            listing.records.len()
        ))),
    }
}

/// The removal of slots by one command.
struct Work<'a> {
    removal: Removal<'a>,
    options: &'a Options,
    base: Option<PathBuf>,
    is_meant: &'a (dyn Fn(&Record) -> bool + Sync),
}

impl Work<'_> {
    /// One slot, from the mark to the record.
    async fn one(&self, record: &Record) -> Result<(), Diagnostic> {
        let Removal { scene, cluster, interrupt, .. } = self.removal;
        let records = Records { scene, cluster, interrupt };
        let locking =
            Locking { purpose: "cleanup", base: self.base.as_deref(), patience: self.options.lock_timeout };
        let lock = lock::take(scene, record.slot, locking, (cluster, interrupt))?;
        let Some(marked) = records.begin_cleanup(record.slot, self.is_meant).await? else {
            scene.console.info(format!("slot {} is gone or in use by now: it is left alone", record.slot));
            return Ok(());
        };
        self.removal.remove(&marked).await?;
        records.finish_cleanup(&marked, !self.options.with_configmap).await?;
        if self.options.with_configmap {
            let line = format!("configmap/{} deleted\n", scene.state.name(record.slot));
            scene.console.print(&line)?;
        }
        drop(lock);
        Ok(())
    }
}
