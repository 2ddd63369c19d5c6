//! Deleting what the manifests no longer contain, and saying what of it stays.

use std::collections::BTreeSet;

use codex_cluster::discovery::Kinds;
use codex_cluster::labels;
use codex_cluster::plan::Planned;
use codex_cluster::sweep::{self, Leftover, Leftovers, Search};
use codex_common::diagnostic::Diagnostic;

use super::Session;
use crate::kept;
use crate::report::leftover_name;

/// How many objects are named in one line.
const NAMED: usize = 12;

/// What a prune is about.
#[derive(Debug, Default)]
pub(crate) struct Pruning {
    /// What goes, in the order in which it goes.
    pub(crate) going: Vec<Leftover>,
    /// The kinds that couldn't be looked at.
    pub(crate) unlisted: Vec<String>,
}

impl Pruning {
    /// What is wrong with it: kinds that couldn't be looked at.
    pub(crate) fn problem(&self) -> Option<Diagnostic> {
        let count = self.unlisted.len();
        let kinds = if count == 1 { "1 kind".to_owned() } else { format!("{count} kinds") };
        let message = Diagnostic::machine(format!("cannot look for what to prune among {kinds}"))
            .note(format!("listing is not allowed: {}", self.unlisted.join(", ")))
            .hint(Some(
                "objects of these kinds that the manifests no longer have may still be there".to_owned(),
            ));
        (count > 0).then_some(message)
    }
}

impl Session<'_> {
    /// What the manifests no longer contain; what stays of it is said.
    pub(crate) async fn leftovers(&self, plan: &[Planned], kinds: &Kinds) -> Result<Pruning, Diagnostic> {
        let Some(owner) = self.owner.filter(|_| self.request.prune) else {
            return Ok(Pruning::default());
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
        let is_looked_at = |leftover: &Leftover| {
            !is_partial || leftover.item.as_deref().is_some_and(|item| items.contains(item))
        };
        let Leftovers { going, spared, protected, elsewhere, unlisted } = found;
        for (leftover, why) in spared.iter().filter(|(leftover, _)| is_looked_at(leftover)) {
            self.console.info(format!("{} stays: {why}", leftover_name(leftover)));
        }
        // What is shared doesn't say where it comes from. That it is gone is known where all the manifests are, those that
        // filters leave out, too.
        let knows_all = self.gathered.project.is_some();
        let is_named = |leftover: &Leftover| is_looked_at(leftover) || (knows_all && leftover.item.is_none());
        let names = |leftovers: &[Leftover]| {
            let names: Vec<String> = leftovers.iter().filter(|one| is_named(one)).map(placed_name).collect();
            (!names.is_empty()).then(|| listed(names.into_iter()))
        };
        let protected = names(&protected).map(|names| format!("{names} (`--prune-all` deletes)"));
        let staying: Vec<String> = protected.into_iter().chain(names(&elsewhere)).collect();
        if !staying.is_empty() {
            self.console.info(format!(
                "no longer in the manifests, but left, since others may use it or data hang on it: {}",
                staying.join(", ")
            ));
        }
        Ok(Pruning { going: going.into_iter().filter(is_looked_at).collect(), unlisted })
    }

    /// Deletes what the manifests no longer contain; the list is shown first.
    pub(crate) async fn prune(&self, plan: &[Planned], kinds: &Kinds) -> Result<Vec<Leftover>, Diagnostic> {
        let pruning = self.leftovers(plan, kinds).await?;
        for leftover in &pruning.going {
            self.console.info(format!("to prune: {}", leftover_name(leftover)));
        }
        let mut failed = Vec::new();
        for leftover in &pruning.going {
            let name = leftover_name(leftover);
            match sweep::delete(&self.cluster.api, leftover).await {
                Ok(()) if self.request.output.is_none() => {
                    self.line(&format!("{name} pruned\n"))?;
                }
                Ok(()) => {}
                Err(reason) => failed.push(format!("{name}: {reason}")),
            }
        }
        if failed.is_empty() {
            return pruning.problem().map_or(Ok(pruning.going), Err);
        }
        pruning.problem().iter().for_each(|problem| self.console.say(problem));
        let message =
            Diagnostic::machine(format!("cannot prune {} of {} objects", failed.len(), pruning.going.len()));
        Err(failed.into_iter().fold(message, Diagnostic::note))
    }
}

/// An object's name, with the namespace that it is in.
fn placed_name(leftover: &Leftover) -> String {
    let name = leftover_name(leftover);
    match &leftover.identity.namespace {
        Some(namespace) => format!("{name} in namespace {namespace}"),
        None => name,
    }
}

/// Names in one line, the first of many.
fn listed(names: impl ExactSizeIterator<Item = String>) -> String {
    let more = names.len().saturating_sub(NAMED);
    let mut named: Vec<String> = names.take(NAMED).collect();
    if more > 0 {
        named.push(format!("{more} more"));
    }
    named.join(", ")
}
