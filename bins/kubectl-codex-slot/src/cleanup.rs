//! `cleanup`: removes slots with all that is theirs.
//!
//! ```text
//! records ─▶ those that are meant ─▶ a batch: lock and mark each ─▶ one survey ─▶ each by itself: removal ─▶ record
//! ```

mod arguments;
mod inventory;
mod namespace;
mod outlet;
mod removal;
mod residents;
mod survey;

use std::collections::BTreeSet;
use std::time::Duration;

use codex_cluster::connect::Cluster;
use codex_cluster::interrupt::Interrupt;
use codex_common::cli::{Console, ExitCode, Host};
use codex_common::diagnostic::Diagnostic;
use codex_slot::allocation::{Selector, is_selected};
use codex_slot::record::Record;
use codex_slot::slots::Listing;
use futures::{StreamExt as _, stream};

pub(crate) use arguments::{CleanupArgs, PatienceArgs};
pub(crate) use outlet::Outlet;
pub(crate) use removal::{Removal, Removed};
pub(crate) use survey::Survey;

use crate::arguments::ProjectRequest;
use crate::lock::{self, Lock, Locking};
use crate::orphans;
use crate::records::Records;
use crate::scene::Scene;

/// How many slots are marked before what there is of them is asked for, all at once.
const BATCH: usize = 100;

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
    /// How many slots are removed at the same time.
    pub(crate) jobs: usize,
    /// The folder of all workspaces as typed, beside which the locks are; `None` is the variable `CODE_ROOT_BASE`.
    pub(crate) code_root_base: Option<String>,
    /// How long is waited for another command that works on a slot.
    pub(crate) lock_timeout: Duration,
    /// How long one slot may take to go.
    pub(crate) timeout: Duration,
}

/// What is to be removed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chosen {
    /// Slots with a record.
    pub(crate) records: Vec<Record>,
    /// Slots without one.
    pub(crate) orphans: Vec<Record>,
}

/// Removes the slots, each independently of the others.
pub(crate) fn run(request: &Request, host: &Host, console: &Console) -> Result<ExitCode, Diagnostic> {
    let scene = Scene::open(&request.project, host, console)?;
    scene.on_cluster_and_files(async |cluster, interrupt| {
        let records = Records { scene: &scene, cluster: &cluster, interrupt: &interrupt };
        let listing = records.list().await?;
        let is_meant = |record: &Record| is_selected(record, request.selector);
        let mut chosen = Chosen { records: listing.records.clone(), orphans: Vec::new() };
        chosen.records.retain(is_meant);
        if request.selector.links.is_empty() {
            chosen.orphans = orphans::find(&scene, &cluster, &listing.all).await?;
            chosen.orphans.retain(is_meant);
        }
        if chosen.records.is_empty() && chosen.orphans.is_empty() {
            console.info("no slot fits: there is nothing to clean up");
            return Ok(ExitCode::Done);
        }
        let target = (&cluster, &interrupt);
        remove(&scene, target, &request.options, (&listing, &chosen), &is_meant).await
    })
}

/// Removes slots side by side; what goes wrong with one is said and keeps none of the others. A slot that `is_meant`
/// no longer holds of when its turn comes is left alone.
pub(crate) async fn remove(
    scene: &Scene<'_>,
    (cluster, interrupt): (&Cluster, &Interrupt),
    options: &Options,
    (listing, chosen): (&Listing, &Chosen),
    is_meant: &(dyn Fn(&Record) -> bool + Sync),
) -> Result<ExitCode, Diagnostic> {
    let kinds = codex_deploy::kinds(cluster).await?;
    let base = lock::base(options.code_root_base.as_deref(), scene.host);
    let removal = Removal {
        scene,
        cluster,
        kinds: &kinds,
        interrupt,
        timeout: options.timeout,
        listed: &listing.all,
        base: base.as_deref(),
    };
    let count = chosen.records.len() + chosen.orphans.len();
    let work = Work { removal, options, is_meant, is_alone: count == 1 || options.jobs == 1 };
    let slots = chosen.records.iter().map(|record| Slot { record, is_orphaned: false });
    let slots: Vec<Slot<'_>> =
        slots.chain(chosen.orphans.iter().map(|record| Slot { record, is_orphaned: true })).collect();
    let failed = if options.dry_run { work.show(&slots).await? } else { work.remove(slots).await? };
    if interrupt.is_raised() {
        return Err(Diagnostic::interrupted("stopped; running it again goes on where it stopped"));
    }
    match failed {
        0 => Ok(ExitCode::Done),
        failed => Err(Diagnostic::machine(format!("{failed} of {count} slots could not be removed"))),
    }
}

/// A slot that is to go.
#[derive(Debug, Clone, Copy)]
struct Slot<'a> {
    /// Its record, or the one that it would have.
    record: &'a Record,
    /// Whether it has none.
    is_orphaned: bool,
}

/// A slot that is marked, with its lock.
struct Begun {
    record: Record,
    is_orphaned: bool,
    _lock: Lock,
}

/// How the removal of a slot began.
enum Beginning<'a> {
    /// It is marked.
    Begun(Box<Begun>),
    /// Another command works on it.
    Busy(Slot<'a>),
    /// It is gone, or somebody uses it.
    Left,
}

/// The removal of slots by one command.
struct Work<'a> {
    removal: Removal<'a>,
    options: &'a Options,
    is_meant: &'a (dyn Fn(&Record) -> bool + Sync),
    /// Whether there is but one slot at a time.
    is_alone: bool,
}

impl<'a> Work<'a> {
    /// Only says what would go; gives how many slots that can't be said of.
    async fn show(&self, slots: &[Slot<'_>]) -> Result<usize, Diagnostic> {
        let records: Vec<&Record> = slots.iter().map(|slot| slot.record).collect();
        let survey = self.removal.survey(&records).await?;
        let mut failed = 0;
        for Slot { record, is_orphaned } in slots {
            let outlet = Outlet::of(self.removal.scene.console, true);
            let with_record = self.options.with_configmap && !is_orphaned;
            let shown = self.removal.show(record, &survey, with_record, &outlet);
            failed += self.judged(record.slot, shown.map(drop), &outlet)?;
        }
        self.remark_shared(&survey, &records);
        Ok(failed)
    }

    /// Removes the slots; gives how many could not be removed.
    async fn remove(&self, slots: Vec<Slot<'_>>) -> Result<usize, Diagnostic> {
        let mut failed = 0;
        let mut busy = Vec::new();
        for batch in slots.chunks(BATCH) {
            failed += self.batch(batch, Some(&mut busy)).await?;
        }
        // Those that other commands work on come last, so that nobody else waits for these.
        for slot in busy {
            failed += self.batch(&[slot], None).await?;
        }
        Ok(failed)
    }

    /// Removes some slots: all are marked, then looked at together, then removed side by side. Those that another
    /// command works on are put off, or without `busy` waited for.
    async fn batch<'s>(
        &self,
        slots: &[Slot<'s>],
        mut busy: Option<&mut Vec<Slot<'s>>>,
    ) -> Result<usize, Diagnostic> {
        let Removal { scene, interrupt, .. } = self.removal;
        let (mut failed, mut begun) = (0, Vec::new());
        let waits = busy.is_none();
        let beginnings = slots.iter().map(async |slot| (slot.record.slot, self.begin(*slot, waits).await));
        let mut beginnings = stream::iter(beginnings).buffered(self.options.jobs);
        while let Some((slot, beginning)) = beginnings.next().await {
            match beginning {
                Ok(Beginning::Begun(one)) => begun.push(one),
                Ok(Beginning::Busy(slot)) => busy.iter_mut().for_each(|busy| busy.push(slot)),
                Ok(Beginning::Left) => {
                    scene.console.info(format!("slot {slot} is gone or in use by now: it is left alone"));
                }
                Err(error) => {
                    let outlet = Outlet::of(scene.console, true);
                    failed += self.judged(slot, Err(error), &outlet)?;
                }
            }
            if interrupt.is_raised() {
                return Ok(failed);
            }
        }
        if begun.is_empty() {
            return Ok(failed);
        }
        let records: Vec<&Record> = begun.iter().map(|one| &one.record).collect();
        let survey = &self.removal.survey(&records).await?;
        self.remark_shared(survey, &records);
        let removals = begun.iter().map(async |one| {
            let outlet = Outlet::of(scene.console, self.is_alone);
            if interrupt.is_raised() {
                return Ok(0);
            }
            let done = self.one(one, survey, &outlet).await;
            self.judged(one.record.slot, done, &outlet)
        });
        let mut removals = stream::iter(removals).buffer_unordered(self.options.jobs);
        while let Some(judged) = removals.next().await {
            failed += judged?;
        }
        Ok(failed)
    }

    /// Says how it went with a slot; 1 if not well.
    fn judged(
        &self,
        slot: u32,
        done: Result<(), Diagnostic>,
        outlet: &Outlet<'_>,
    ) -> Result<usize, Diagnostic> {
        let failed = match done {
            // It is said once, for all of them.
            Err(_) if self.removal.interrupt.is_raised() => 0,
            Err(error) => {
                let title = format!("cannot remove slot {slot}: {}", error.title);
                outlet.console().say(&Diagnostic { title, ..error });
                1
            }
            Ok(()) => 0,
        };
        outlet.release()?;
        Ok(failed)
    }

    /// Locks a slot and marks it.
    async fn begin<'s>(&self, slot: Slot<'s>, waits: bool) -> Result<Beginning<'s>, Diagnostic> {
        let Removal { scene, cluster, interrupt, .. } = self.removal;
        let records = Records { scene, cluster, interrupt };
        let number = slot.record.slot;
        let locking =
            Locking { purpose: "cleanup", base: self.removal.base, patience: self.options.lock_timeout };
        let lock = if waits {
            lock::take(scene, number, locking, (cluster, interrupt))?
        } else {
            match lock::try_take(scene, number, locking, cluster)? {
                Some(lock) => lock,
                None => return Ok(Beginning::Busy(slot)),
            }
        };
        let marked = if slot.is_orphaned {
            records.reserve_for_cleanup(number, &slot.record.namespace).await?
        } else {
            records.begin_cleanup(number, self.is_meant).await?
        };
        Ok(match marked {
            Some(record) => {
                Beginning::Begun(Box::new(Begun { record, is_orphaned: slot.is_orphaned, _lock: lock }))
            }
            None => Beginning::Left,
        })
    }

    /// One slot that is marked, up to its record.
    async fn one(&self, begun: &Begun, survey: &Survey<'_>, outlet: &Outlet<'_>) -> Result<(), Diagnostic> {
        let Removal { scene, cluster, interrupt, .. } = self.removal;
        let record = &begun.record;
        if self.removal.remove(record, survey, outlet).await? == Removed::Overtaken {
            outlet.console().info(format!("slot {} was cleaned up by another command", record.slot));
            return Ok(());
        }
        let deletes = self.options.with_configmap || begun.is_orphaned;
        Records { scene, cluster, interrupt }.finish_cleanup(record, !deletes).await?;
        if self.options.with_configmap && !begun.is_orphaned {
            outlet.line(&format!("configmap/{} deleted", scene.state.name(record.slot)))?;
        }
        Ok(())
    }

    /// Says what stays since it is the project's, not one slot's.
    fn remark_shared(&self, survey: &Survey<'_>, going: &[&Record]) {
        let going: BTreeSet<u32> = going.iter().map(|record| record.slot).collect();
        let scene = self.removal.scene;
        let is_of_scene =
            |project: Option<&str>| project.is_none_or(|project| project == scene.project_name());
        let mut others =
            self.removal.listed.iter().filter(|other| {
                is_of_scene(other.belonging.project.as_deref()) && !going.contains(&other.slot)
            });
        let why = if others.next().is_some() {
            "other slots share it"
        } else {
            "it is the project's, not one slot's"
        };
        for one in &survey.found.shared {
            scene.console.info(format!("{} stays: {why}", inventory::name_of(one)));
        }
    }
}
