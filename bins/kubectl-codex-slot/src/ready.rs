//! `ready`: a slot with sources, data directories, and everything applied and ready.
//!
//! ```text
//! allocate ─▶ lock ─▶ namespace there? ─▶ sources ─▶ data directories ─▶ apply what is due ─▶ wait ─▶ record
//! ```
//!
//! Every step can be done again, and what is done is known by what is there, so that a call that was stopped
//! anywhere is completed by the next (`slots.md`, "ready"). The record says first that all is new (`fresh`), and
//! last what was applied.

mod arguments;
mod home;
mod rollout;
mod sources;
mod tenancy;

use std::time::Duration;

use codex_cluster::connect::Cluster;
use codex_cluster::interrupt::Interrupt;
use codex_common::cli::{Console, ExitCode, Host};
use codex_common::diagnostic::Diagnostic;
use codex_deploy::permission::Permission as _;
use codex_slot::record::Record;
use codex_workspace::data::SharedDirectory;
use serde_json::json;

pub(crate) use arguments::ReadyArgs;

use crate::arguments::ProjectRequest;
use crate::data::{Directories, Neighbours};
use crate::ensure::{AllocationRequest, bootstrap, take};
use crate::lock::{self, Locking};
use crate::records::Records;
use crate::report::{Outlet, Report, ReportFormat};
use crate::scene::Scene;
use home::Home;
use rollout::{Due, Rollout, roll_out};
use sources::Sources;
pub(crate) use tenancy::Tenancy;

/// How long what was made for a slot that is lost may take to go.
pub(crate) const TAKE_BACK_WITHIN: Duration = Duration::from_secs(900);

/// How often a slot is looked up anew because it was taken away while its lock was waited for.
const ROUNDS: u32 = 5;

/// A checked request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) project: ProjectRequest,
    pub(crate) allocation: AllocationRequest,
    /// The folder of all workspaces as typed; `None` is the variable `CODE_ROOT_BASE`.
    pub(crate) code_root_base: Option<String>,
    /// The folder whose files go into the workspace, as typed.
    pub(crate) source: String,
    /// What isn't synced besides what `.codexignore` names.
    pub(crate) exclude: Vec<String>,
    /// Whether a workspace is synced although an agent works in it.
    pub(crate) force_sync: bool,
    /// Whether images are mirrored and built for a new slot.
    pub(crate) prepare_images: bool,
    /// Whether what is new or changed is applied.
    pub(crate) apply: bool,
    /// Whether it is applied even if nothing changed.
    pub(crate) force_apply: bool,
    /// How long is waited for another command that works on the slot.
    pub(crate) lock_timeout: Duration,
    /// How long is waited for a namespace that is being deleted to go.
    pub(crate) namespace_timeout: Duration,
    /// How long is waited until everything is ready; `None` is services.yaml's `deployWait`, else 600 s.
    pub(crate) wait_timeout: Option<Duration>,
    /// Whether what isn't ready in time is only a warning.
    pub(crate) wait_soft_fail: bool,
    pub(crate) output: ReportFormat,
}

/// What came of it.
struct Outcome {
    record: Record,
    is_created: bool,
    is_recreated: bool,
    is_ready: bool,
}

/// Makes the slot ready, and says so.
pub(crate) fn run(request: &Request, host: &Host, console: &Console) -> Result<ExitCode, Diagnostic> {
    if request.prepare_images {
        return Err(Diagnostic::machine(
            "`--prepare-images` isn't there yet: this release has no images command",
        )
        .hint(Some("mirror and build the images another way, and leave the flag out".to_owned())));
    }
    let scene = Scene::open(&request.project, host, console)?;
    let outlet = Outlet::open(request.output, scene.project.mode, host)?;
    let sources = Sources::of(request, host);
    let outcome = scene.on_cluster_and_files(async |cluster, interrupt| {
        let work =
            Work { request, scene: &scene, cluster: &cluster, interrupt: &interrupt, sources: &sources };
        work.run().await
    })?;
    let is_well = outcome.is_ready || request.wait_soft_fail || !request.applies();
    let code = outlet.write(&report(&outcome), console)?;
    Ok(if code == ExitCode::Done && !is_well { ExitCode::NotReady } else { code })
}

impl Request {
    /// Whether anything may be applied.
    fn applies(&self) -> bool {
        self.apply || self.force_apply
    }
}

/// The facts in codexctl's order (inventory S8), all of them always (B17).
fn report(outcome: &Outcome) -> Report {
    let Record { slot, namespace, env, .. } = &outcome.record;
    let what = match (outcome.is_created, outcome.is_recreated) {
        (true, _) => ", new",
        (_, true) => ", made anew",
        _ => "",
    };
    let state = if outcome.is_ready { "ready" } else { "not ready" };
    Report {
        facts: vec![
            ("slot", json!(slot)),
            ("namespace", json!(namespace)),
            ("env", json!(env)),
            ("created", json!(outcome.is_created)),
            ("recreated", json!(outcome.is_recreated)),
            ("infraReady", json!(outcome.is_ready)),
        ],
        line: format!("slot {slot} in namespace {namespace}: {state}{what}"),
    }
}

/// One `ready`.
struct Work<'a> {
    request: &'a Request,
    scene: &'a Scene<'a>,
    cluster: &'a Cluster,
    interrupt: &'a Interrupt,
    sources: &'a Sources,
}

impl Work<'_> {
    async fn run(&self) -> Result<Outcome, Diagnostic> {
        let mut is_created = false;
        for _ in 0..ROUNDS {
            let ensured = take(self.scene, &self.request.allocation, self.cluster, self.interrupt).await?;
            is_created |= ensured.created;
            let slot = ensured.record.slot;
            let locking =
                Locking { purpose: "ready", base: self.sources.base(), patience: self.request.lock_timeout };
            let lock = lock::take(self.scene, slot, locking, (self.cluster, self.interrupt))?;
            // Whoever held the lock may have removed the slot, or made it ready.
            if lock.was_waited_for && self.records().find(slot).await?.as_ref() != Some(&ensured.record) {
                continue;
            }
            let tenancy = Tenancy::of(self.records(), &ensured.record, TAKE_BACK_WITHIN);
            let outcome = match self.with(ensured.record, is_created, &tenancy).await {
                Err(failure) if !self.interrupt.is_raised() => Err(tenancy.explain(failure).await),
                outcome => outcome,
            };
            drop(lock);
            return outcome;
        }
        Err(Diagnostic::machine("the slot was taken away again and again"))
    }

    /// All that is done while the slot's lock is held.
    async fn with(
        &self,
        mut record: Record,
        is_created: bool,
        tenancy: &Tenancy<'_>,
    ) -> Result<Outcome, Diagnostic> {
        let (request, scene) = (self.request, self.scene);
        let slot = record.slot;
        let project = scene.project_of(slot)?;
        let namespace = &project.context.namespace;
        let patience = request.namespace_timeout;
        let home = home::look(scene, (slot, namespace), patience, (self.cluster, self.interrupt)).await?;
        // What `ensure` made and nothing was applied to isn't made anew, but for the first time.
        let was_used = !record.fresh;
        let is_new = record.fresh || home == Home::Missing;
        if is_new && !record.fresh {
            // Said first: whoever comes after a crash must not take what is half made for done.
            scene.console.info(format!("slot {slot}: namespace {namespace} is missing: it begins anew"));
            record = self
                .records()
                .update(&record, |record| {
                    record.fresh = true;
                    record.applied = None;
                })
                .await?;
        }
        self.sources.sync((&record, is_new), request.force_sync, scene, self.interrupt)?;
        self.stop_if_asked()?;
        if is_new {
            tenancy.check().await?;
            self.data(&record, is_created, home).await?;
        }
        if !request.applies() {
            record = bootstrap(scene, record, self.cluster, self.interrupt, tenancy).await?;
        }
        let due = Due {
            is_asked_for: request.applies(),
            is_forced: request.force_apply,
            is_new,
            applied: record.applied.as_deref(),
        };
        let target = (self.cluster, self.interrupt);
        let Rollout { applied, is_ready } = roll_out(request, scene, project, due, (target, tenancy)).await?;
        // It may have been cleaned up while it was waited for.
        if applied.is_some() {
            tenancy.check().await?;
        }
        if applied.is_some() {
            record = self
                .records()
                .update(&record, |record| {
                    record.fresh = false;
                    record.applied.clone_from(&applied);
                })
                .await?;
        }
        Ok(Outcome { record, is_created, is_recreated: is_new && was_used && !is_created, is_ready })
    }

    /// Empties and makes the data directories of a slot that is new, or whose namespace was missing.
    async fn data(&self, record: &Record, is_created: bool, home: Home) -> Result<(), Diagnostic> {
        let console = self.scene.console;
        let listing = self.records().list().await?;
        let neighbours = Neighbours::of(self.scene, [record.slot], &listing.all)?;
        let directories = Directories::of(self.scene, record.slot, &neighbours, self.sources.base())?;
        for SharedDirectory { path, with } in directories.shared() {
            console
                .info(format!("data directory {} is left as it is: slot {with} has it too", path.display()));
        }
        let there = directories.there()?;
        let namespace = &record.namespace;
        if home == Home::Present && !there.is_empty() && home::is_inhabited(self.cluster, namespace).await? {
            // The first apply was stopped half-way, or somebody else applied: what runs there has its data.
            console.info(format!("data directories are left as they are: pods run in namespace {namespace}"));
        } else {
            let was_lost = home == Home::Missing && !is_created;
            let why = if was_lost { "its namespace was missing" } else { "the slot is new" };
            for path in &there {
                console.info(format!("emptying data directory {}: {why}", path.display()));
            }
            directories.empty(&|| self.interrupt.is_raised())?;
        }
        directories.make()
    }

    fn records(&self) -> Records<'_> {
        Records { scene: self.scene, cluster: self.cluster, interrupt: self.interrupt }
    }

    fn stop_if_asked(&self) -> Result<(), Diagnostic> {
        if self.interrupt.is_raised() {
            return Err(Diagnostic::interrupted("stopped; running it again goes on where it stopped"));
        }
        Ok(())
    }
}
