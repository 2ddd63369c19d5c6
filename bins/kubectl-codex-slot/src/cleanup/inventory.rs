//! What goes with a slot, and what stays behind.
//!
//! Takes a record and what a [`Survey`] found, gives a list that can be shown (`--dry-run`) or worked off by
//! [`super::removal`]. Separate so that both see the same.

use std::path::{Path, PathBuf};

use codex_cluster::labels::Owner;
use codex_cluster::namespace::Presence;
use codex_cluster::sweep::Leftover;
use codex_common::diagnostic::Diagnostic;
use codex_slot::record::Record;
use codex_workspace::data::SharedDirectory;
use serde_json::Value;

use crate::data::Directories;
use crate::scene::Scene;

use super::namespace::{Verdict, judge};
use super::survey::Survey;

/// What goes with a slot, and what stays behind.
pub(super) struct Inventory {
    /// The slot's own objects, but for its namespace.
    pub(super) objects: Vec<Leftover>,
    /// Its namespace, if there is one.
    pub(super) namespace: Option<Namespace>,
    /// Its data directories.
    pub(super) directories: Directories,
}

/// A namespace that is there.
pub(super) struct Namespace {
    pub(super) name: String,
    pub(super) object: Value,
    /// Whether it is on its way out.
    pub(super) is_going: bool,
    pub(super) verdict: Verdict,
}

impl Inventory {
    /// A slot's share of what was found.
    ///
    /// # Errors
    /// services.yaml is wrong for the slot.
    pub(super) fn of(
        scene: &Scene<'_>,
        survey: &Survey<'_>,
        record: &Record,
        base: Option<&Path>,
    ) -> Result<Self, Diagnostic> {
        let is_home =
            |one: &Leftover| one.identity.is("", "Namespace") && one.identity.name == record.namespace;
        let mut objects = survey.found.own.get(&record.slot).cloned().unwrap_or_default();
        objects.retain(|one| !is_home(one));
        // In the reverse order of an apply: who uses goes before what is used.
        objects.sort_by_key(|one| std::cmp::Reverse(wave(one)));
        Ok(Self {
            objects,
            namespace: home(scene, survey, record, &scene.owner(record.slot))?,
            directories: Directories::of(scene, record.slot, &survey.neighbours, base)?,
        })
    }

    /// The namespace, if it goes.
    pub(super) fn going_namespace(&self) -> Option<&Namespace> {
        self.namespace.as_ref().filter(|namespace| namespace.verdict == Verdict::Goes)
    }

    /// What goes, a line each as kubectl writes it; `workspace` is the workspace and `record` the ConfigMap's name
    /// if they go too.
    ///
    /// # Errors
    /// A data directory doesn't lie below the root.
    pub(super) fn lines(
        &self,
        workspace: Option<&Path>,
        record: Option<&str>,
    ) -> Result<Vec<String>, Diagnostic> {
        let objects = self.objects.iter().map(name_of);
        let namespace = self.going_namespace().map(|namespace| format!("namespace/{}", namespace.name));
        let directories = self.directories.there()?;
        let directories = directories.iter().map(PathBuf::as_path).chain(workspace);
        let directories = directories.map(|path| format!("directory {}", path.display()));
        let record = record.map(|name| format!("configmap/{name}"));
        Ok(objects.chain(namespace).chain(directories).chain(record).collect())
    }

    /// What stays though one might think that it goes, a line each.
    pub(super) fn remarks(&self) -> Vec<String> {
        let namespace = self.namespace.as_ref().and_then(|namespace| match &namespace.verdict {
            Verdict::Goes => None,
            Verdict::Stays(why) => Some(format!("namespace/{} stays: {why}", namespace.name)),
        });
        let directories = self.directories.shared().iter().map(|SharedDirectory { path, with }| {
            format!("directory {} stays: slot {with} has it too", path.display())
        });
        namespace.into_iter().chain(directories).collect()
    }
}

/// What an object is called in messages: `configmap/settings`.
pub(super) fn name_of(one: &Leftover) -> String {
    one.resource.display(&one.identity.name)
}

pub(super) fn wave(one: &Leftover) -> codex_cluster::waves::Wave {
    codex_cluster::waves::Wave::of(&one.identity.group, &one.identity.kind)
}

/// The slot's namespace and the verdict on it.
fn home(
    scene: &Scene<'_>,
    survey: &Survey<'_>,
    record: &Record,
    owner: &Owner,
) -> Result<Option<Namespace>, Diagnostic> {
    let name = record.namespace.clone();
    let (object, is_going) = match survey.namespaces.get(&name).cloned() {
        None | Some(Presence::Missing) => return Ok(None),
        Some(Presence::Active(object)) => (object, false),
        Some(Presence::Terminating(object)) => (object, true),
    };
    let by_pattern = scene.namespace_of(record.slot)? == name;
    let residents = survey.residents.in_namespace(&name, record.slot)?;
    let verdict = judge(&object, owner, by_pattern, &scene.state.namespace, &residents);
    Ok(Some(Namespace { name, object, is_going, verdict }))
}
