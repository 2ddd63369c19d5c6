//! One slot's removal, step by step; every step can be done again.
//!
//! Mark, hooks, objects, namespace, hooks, data directories, record. The record comes last, so that whoever
//! was stopped on the way finds the slot again and goes on (`slots.md`, "cleanup, gc").

use std::time::Duration;

use codex_cluster::connect::Cluster;
use codex_cluster::discovery::Kinds;
use codex_cluster::interrupt::Interrupt;
use codex_cluster::namespace::{self, Going};
use codex_cluster::sweep::slot as sweep;
use codex_cluster::sweep::{Leftover, delete};
use codex_common::diagnostic::Diagnostic;
use codex_common::printable;
use codex_deploy::{HookScene, Moment};
use codex_slot::record::{Listed, Record};
use futures::{StreamExt as _, stream};
use tokio::time::Instant;

use crate::scene::Scene;

use super::inventory::{Inventory, Namespace, name_of};

/// How many objects are deleted at once.
const AT_ONCE: usize = 8;

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
}

impl Removal<'_> {
    /// Only says what would go with a slot.
    pub(crate) async fn show(&self, record: &Record, with_record: bool) -> Result<(), Diagnostic> {
        let inventory = Inventory::take(self.scene, self.cluster, self.kinds, record, self.listed).await?;
        for line in inventory.lines(self.record_name(record, with_record).as_deref())? {
            self.say(&format!("{line} deleted (dry run)"))?;
        }
        self.remark(&inventory);
        Ok(())
    }

    /// Removes all that is a slot's, but for its record, which is marked already.
    pub(crate) async fn remove(&self, record: &Record) -> Result<(), Diagnostic> {
        let project = self.scene.project_of(record.slot)?;
        let request = self.scene.deploy_request(record.slot);
        let hooks = HookScene {
            project: &project,
            request: &request,
            cluster: self.cluster,
            host: self.scene.host,
            console: self.scene.console,
            interrupt: self.interrupt,
        };
        hooks.check_removal()?;
        hooks.run(Moment::BeforeDestroy).await?;
        let inventory = Inventory::take(self.scene, self.cluster, self.kinds, record, self.listed).await?;
        self.remark(&inventory);
        self.objects(&inventory).await?;
        self.stop_if_asked()?;
        hooks.run(Moment::AfterDestroy).await?;
        self.stop_if_asked()?;
        for path in inventory.directories.delete()? {
            self.say(&format!("directory {} deleted", path.display()))?;
        }
        Ok(())
    }

    fn record_name(&self, record: &Record, with_record: bool) -> Option<String> {
        with_record.then(|| self.scene.state.name(record.slot))
    }

    fn remark(&self, inventory: &Inventory) {
        inventory.remarks().iter().for_each(|line| self.scene.console.info(line));
    }

    /// One line of the report: what is gone.
    fn say(&self, line: &str) -> Result<(), Diagnostic> {
        self.scene.console.print(&format!("{}\n", printable::line(line))).map(|_| ())
    }

    fn stop_if_asked(&self) -> Result<(), Diagnostic> {
        if self.interrupt.is_raised() {
            return Err(Diagnostic::interrupted("stopped; running it again goes on where it stopped"));
        }
        Ok(())
    }

    /// Deletes the objects and the namespace, and waits until they are gone.
    async fn objects(&self, inventory: &Inventory) -> Result<(), Diagnostic> {
        let deadline = Instant::now() + self.timeout;
        let waves = inventory
            .objects
            .chunk_by(|one, next| super::inventory::wave(one) == super::inventory::wave(next));
        for wave in waves {
            self.stop_if_asked()?;
            self.delete(wave).await?;
        }
        let going = inventory.going_namespace();
        if let Some(namespace) = going {
            self.stop_if_asked()?;
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
        let title = format!("not everything was gone after {}", crate::age::of(self.timeout));
        Err(blockers.into_iter().fold(Diagnostic::machine(title), Diagnostic::note).hint(Some(
            "remove what holds it up and run the command again: it goes on where it stopped".to_owned(),
        )))
    }

    /// Waits until objects are gone; why those aren't that are there at the deadline.
    async fn held(&self, leftovers: &[&Leftover], deadline: Instant) -> Result<Vec<String>, Diagnostic> {
        let held = tokio::select! {
            held = sweep::until_gone(&self.cluster.api, leftovers, deadline) => held,
            () = self.interrupt.raised() => return self.stop_if_asked().map(|()| Vec::new()),
        };
        Ok(held.iter().map(|(name, reason)| format!("{name} {reason}")).collect())
    }

    /// Deletes objects that aren't on their way out already.
    async fn delete(&self, leftovers: &[Leftover]) -> Result<(), Diagnostic> {
        let deletions = leftovers
            .iter()
            .filter(|one| !one.is_going)
            .map(|one| async move { (name_of(one), delete(&self.cluster.api, one).await) });
        let mut failed = Vec::new();
        let mut deletions = stream::iter(deletions).buffer_unordered(AT_ONCE);
        while let Some((name, deleted)) = deletions.next().await {
            match deleted {
                Ok(()) => self.say(&format!("{name} deleted"))?,
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
        let deleted = namespace::delete(&self.cluster.api, &namespace.name, &namespace.object).await;
        deleted.map_err(|error| Diagnostic::machine(error.to_string()))?;
        self.say(&format!("namespace/{} deleted", namespace.name))
    }

    /// Waits until the namespace is gone; what holds it up, if it isn't.
    async fn namespace_gone(&self, name: &str, deadline: Instant) -> Result<Vec<String>, Diagnostic> {
        let console = self.scene.console;
        let told = |blocker: &str| console.info(format!("namespace/{name} is still there: {blocker}"));
        let gone = namespace::until_gone(&self.cluster.api, name, deadline, self.interrupt, told).await;
        match gone.map_err(|error| Diagnostic::machine(error.to_string()))? {
            Going::Gone => Ok(Vec::new()),
            Going::Held(blockers) if blockers.is_empty() => {
                Ok(vec![format!("namespace/{name} is still being deleted")])
            }
            Going::Held(blockers) => {
                Ok(blockers.into_iter().map(|blocker| format!("namespace/{name}: {blocker}")).collect())
            }
            Going::Interrupted => self.stop_if_asked().map(|()| Vec::new()),
        }
    }
}
