//! One slot's removal, step by step; every step can be done again.
//!
//! Mark, hooks, objects, namespace, hooks, data directories, workspace, record. The record comes last, so that whoever
//! was stopped on the way finds the slot again and goes on (`slots.md`, "cleanup, gc").

use std::path::Path;
use std::time::Duration;

use codex_cluster::connect::Cluster;
use codex_cluster::discovery::Kinds;
use codex_cluster::interrupt::Interrupt;
use codex_cluster::namespace::{self, Going};
use codex_cluster::sweep::slot as sweep;
use codex_cluster::sweep::{Leftover, delete};
use codex_common::cli::Console;
use codex_common::diagnostic::Diagnostic;
use codex_deploy::{HookScene, Moment};
use codex_slot::allocation::Tenure;
use codex_slot::record::{Listed, Record};
use futures::{StreamExt as _, stream};
use tokio::time::Instant;

use crate::records::Records;
use crate::scene::Scene;
use crate::workplace::Workplace;

use super::inventory::{Inventory, Namespace, name_of};
use super::outlet::Outlet;
use super::survey::Survey;

/// How many objects are deleted at once.
const AT_ONCE: usize = 8;

/// How a removal ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Removed {
    /// All that was the slot's is gone.
    Gone,
    /// Another cleanup was done before: the number may be somebody's by now, so nothing was touched.
    Overtaken,
}

/// What all removals of one command have in common.
#[derive(Clone, Copy)]
pub(crate) struct Removal<'a> {
    pub(crate) scene: &'a Scene<'a>,
    pub(crate) cluster: &'a Cluster,
    pub(crate) kinds: &'a Kinds,
    pub(crate) interrupt: &'a Interrupt,
    /// How long the objects of one slot may take to go.
    pub(crate) timeout: Duration,
    /// All records, of others too.
    pub(crate) listed: &'a [Listed],
    /// The folder of all workspaces, if there is one whose workspaces go with their slots.
    pub(crate) base: Option<&'a Path>,
}

impl<'a> Removal<'a> {
    /// What there is of some slots, which are marked already or only looked at.
    pub(crate) async fn survey(&self, records: &[&Record]) -> Result<Survey<'a>, Diagnostic> {
        Survey::take(self.scene, self.cluster, self.kinds, records, self.listed).await
    }

    /// Only says what would go with a slot.
    pub(super) fn show(
        &self,
        record: &Record,
        survey: &Survey<'_>,
        with_record: bool,
        outlet: &Outlet<'_>,
    ) -> Result<(), Diagnostic> {
        let inventory = Inventory::of(self.scene, survey, record, self.base)?;
        let workspace = match self.workplace(record, outlet.console()) {
            Some(workplace) if workplace.goes()? => Some(workplace.path()),
            _ => None,
        };
        let name = with_record.then(|| self.scene.state.name(record.slot));
        for line in inventory.lines(workspace.as_deref(), name.as_deref())? {
            outlet.line(&format!("{line} deleted (dry run)"))?;
        }
        inventory.remarks().iter().for_each(|line| outlet.console().info(line));
        Ok(())
    }

    /// Removes all that is a slot's, but for its record, which is marked already. `survey` was taken after that.
    pub(crate) async fn remove(
        &self,
        record: &Record,
        survey: &Survey<'_>,
        outlet: &Outlet<'_>,
    ) -> Result<Removed, Diagnostic> {
        let project = self.scene.project_of(record.slot)?;
        let request = self.scene.deploy_request(record.slot);
        let hooks = HookScene {
            project: &project,
            request: &request,
            cluster: self.cluster,
            host: self.scene.host,
            console: outlet.console(),
            interrupt: self.interrupt,
        };
        hooks.check_removal()?;
        if !self.is_marked(record).await? {
            return Ok(Removed::Overtaken);
        }
        hooks.run(Moment::BeforeDestroy).await?;
        let inventory = Inventory::of(self.scene, survey, record, self.base)?;
        inventory.remarks().iter().for_each(|line| outlet.console().info(line));
        let one = One { removal: self, outlet };
        one.objects(&inventory).await?;
        self.stop_if_asked()?;
        hooks.run(Moment::AfterDestroy).await?;
        self.stop_if_asked()?;
        if !self.is_marked(record).await? {
            return Ok(Removed::Overtaken);
        }
        for path in inventory.directories.delete(&|| self.interrupt.is_raised())? {
            outlet.line(&format!("directory {} deleted", path.display()))?;
        }
        if let Some(workplace) = self.workplace(record, outlet.console())
            && workplace.goes()?
            && workplace.remove()?
        {
            outlet.line(&format!("directory {} deleted", workplace.path().display()))?;
        }
        Ok(Removed::Gone)
    }

    /// The slot's workspace, if workspaces go.
    fn workplace<'b>(&'b self, record: &'b Record, console: &'b Console) -> Option<Workplace<'b>> {
        let place = (self.base?, self.scene.project_name());
        Some(Workplace::of(place, record, (self.scene.host, console), self.interrupt))
    }

    /// Whether the mark is still on the record. As long as it is, nobody is given the number, so that what was found
    /// there after it had been put on is the slot's own.
    async fn is_marked(&self, record: &Record) -> Result<bool, Diagnostic> {
        let Self { scene, cluster, interrupt, .. } = *self;
        let (tenure, now) = Records { scene, cluster, interrupt }.tenure(record).await?;
        Ok(tenure == Tenure::Cleaning && now.is_some_and(|now| now.uid == record.uid))
    }

    fn stop_if_asked(&self) -> Result<(), Diagnostic> {
        if self.interrupt.is_raised() {
            return Err(Diagnostic::interrupted("stopped; running it again goes on where it stopped"));
        }
        Ok(())
    }
}

/// The removal of one slot.
struct One<'a> {
    removal: &'a Removal<'a>,
    outlet: &'a Outlet<'a>,
}

impl One<'_> {
    /// Deletes the objects and the namespace, and waits until they are gone.
    async fn objects(&self, inventory: &Inventory) -> Result<(), Diagnostic> {
        let deadline = Instant::now() + self.removal.timeout;
        let waves = inventory
            .objects
            .chunk_by(|one, next| super::inventory::wave(one) == super::inventory::wave(next));
        for wave in waves {
            self.removal.stop_if_asked()?;
            self.delete(wave).await?;
        }
        let going = inventory.going_namespace();
        if let Some(namespace) = going {
            self.removal.stop_if_asked()?;
            self.delete_namespace(namespace).await?;
        }
        // What is in the namespace goes with it.
        let home = going.map(|namespace| namespace.name.as_str());
        let is_inside = |one: &&Leftover| home.is_some() && one.identity.namespace.as_deref() == home;
        let (inside, outside): (Vec<&Leftover>, Vec<&Leftover>) =
            inventory.objects.iter().partition(is_inside);
        let mut blockers = self.held(&outside, deadline).await?;
        if let Some(namespace) = going {
            let held = self.namespace_gone(&namespace.name, deadline).await?;
            if !held.is_empty() {
                // The namespace tells what holds it up only now and then; its objects do at once.
                blockers.extend(self.held(&inside, Instant::now()).await?);
                blockers.extend(held);
            }
        }
        if blockers.is_empty() {
            return Ok(());
        }
        let title = format!("not everything was gone after {}", crate::age::of(self.removal.timeout));
        Err(blockers.into_iter().fold(Diagnostic::machine(title), Diagnostic::note).hint(Some(
            "remove what holds it up and run the command again: it goes on where it stopped".to_owned(),
        )))
    }

    /// Waits until objects are gone; why those aren't that are there at the deadline.
    async fn held(&self, leftovers: &[&Leftover], deadline: Instant) -> Result<Vec<String>, Diagnostic> {
        let held = tokio::select! {
            held = sweep::until_gone(&self.removal.cluster.api, leftovers, deadline) => held,
            () = self.removal.interrupt.raised() => return self.removal.stop_if_asked().map(|()| Vec::new()),
        };
        Ok(held.iter().map(|(name, reason)| format!("{name} {reason}")).collect())
    }

    /// Deletes objects that aren't on their way out already.
    async fn delete(&self, leftovers: &[Leftover]) -> Result<(), Diagnostic> {
        let deletions = leftovers
            .iter()
            .filter(|one| !one.is_going)
            .map(|one| async move { (name_of(one), delete(&self.removal.cluster.api, one).await) });
        let mut failed = Vec::new();
        let mut deletions = stream::iter(deletions).buffer_unordered(AT_ONCE);
        while let Some((name, deleted)) = deletions.next().await {
            match deleted {
                Ok(()) => self.outlet.line(&format!("{name} deleted"))?,
                Err(reason) => failed.push(format!("{name}: {reason}")),
            }
        }
        if failed.is_empty() {
            return Ok(());
        }
        let title = format!("cannot delete {} of {} objects", failed.len(), leftovers.len());
        Err(failed.into_iter().fold(Diagnostic::machine(title), Diagnostic::note))
    }

    async fn delete_namespace(&self, namespace: &Namespace) -> Result<(), Diagnostic> {
        if namespace.is_going {
            return Ok(());
        }
        let deleted = namespace::delete(&self.removal.cluster.api, &namespace.name, &namespace.object).await;
        deleted.map_err(|error| Diagnostic::machine(error.to_string()))?;
        self.outlet.line(&format!("namespace/{} deleted", namespace.name))
    }

    /// Waits until the namespace is gone; what holds it up, if it isn't.
    async fn namespace_gone(&self, name: &str, deadline: Instant) -> Result<Vec<String>, Diagnostic> {
        let console = self.outlet.console();
        let told = |blocker: &str| console.info(format!("namespace/{name} is still there: {blocker}"));
        let gone =
            namespace::until_gone(&self.removal.cluster.api, name, deadline, self.removal.interrupt, told)
                .await;
        match gone.map_err(|error| Diagnostic::machine(error.to_string()))? {
            Going::Gone => Ok(Vec::new()),
            Going::Held(blockers) if blockers.is_empty() => {
                Ok(vec![format!("namespace/{name} is still being deleted")])
            }
            Going::Held(blockers) => {
                Ok(blockers.into_iter().map(|blocker| format!("namespace/{name}: {blocker}")).collect())
            }
            Going::Interrupted => self.removal.stop_if_asked().map(|()| Vec::new()),
        }
    }
}
