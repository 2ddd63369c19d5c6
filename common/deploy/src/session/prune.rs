//! Deleting what the manifests no longer contain.

use std::collections::BTreeSet;

use codex_cluster::discovery::Kinds;
use codex_cluster::labels;
use codex_cluster::plan::Planned;
use codex_cluster::sweep::{self, Leftovers, Search};
use codex_common::diagnostic::Diagnostic;

use super::Session;
use crate::kept;

impl Session<'_> {
    /// Deletes what the manifests no longer contain; the list is shown first.
    pub(crate) async fn prune(&self, plan: &[Planned], kinds: &Kinds) -> Result<(), Diagnostic> {
        let Some(owner) = self.owner else {
            return Ok(());
        };
        let targets: Vec<_> = plan.iter().map(|planned| &planned.target).collect();
        let kept = kept::complete(self.kept, self.namespace, &targets);
        let search = Search {
            owner,
            namespace: self.namespace,
            kept: &kept,
            all: self.request.prune_all,
            labels: &self.request.selector,
        };
        let found = sweep::find(&self.cluster.api, kinds, search).await;
        let found = found.map_err(|error| self.cluster.unlisted(error))?;
        // With filters, and with a stream that was made with some, only what comes from the selected items is
        // looked at; what doesn't say where it comes from stays then.
        let is_partial = self.gathered.identity.as_ref().is_some_and(|identity| identity.is_partial);
        let items: BTreeSet<&str> =
            plan.iter().filter_map(|planned| labels::item_of(&planned.target.object.value)).collect();
        let is_looked_at = |item: Option<&str>| !is_partial || item.is_some_and(|item| items.contains(item));
        let Leftovers { going, spared } = found;
        for (leftover, why) in spared.iter().filter(|(leftover, _)| is_looked_at(leftover.item.as_deref())) {
            let name = leftover.resource.display(&leftover.identity.name);
            self.console.info(format!("{name} stays: {why}"));
        }
        let leftovers: Vec<_> =
            going.into_iter().filter(|leftover| is_looked_at(leftover.item.as_deref())).collect();
        for leftover in &leftovers {
            self.console.info(format!("to prune: {}", leftover.resource.display(&leftover.identity.name)));
        }
        let mut failed = Vec::new();
        for leftover in &leftovers {
            let name = leftover.resource.display(&leftover.identity.name);
            match sweep::delete(&self.cluster.api, leftover).await {
                Ok(()) if self.request.output.is_none() => {
                    self.line(&format!("{name} pruned\n"))?;
                }
                Ok(()) => {}
                Err(reason) => failed.push(format!("{name}: {reason}")),
            }
        }
        if failed.is_empty() {
            return Ok(());
        }
        let message =
            Diagnostic::machine(format!("cannot prune {} of {} objects", failed.len(), leftovers.len()));
        Err(failed.into_iter().fold(message, Diagnostic::note))
    }
}
