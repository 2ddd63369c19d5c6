//! Who else lives in a namespace: slots with a record, and the project's environments.
//!
//! Takes the records and services.yaml, gives names and namespaces for [`super::namespace`]. Separate because
//! this is the part of the question that has to load the project again, once for each environment.

use std::collections::{BTreeMap, BTreeSet};

use codex_common::diagnostic::Diagnostic;
use codex_common::stack::Project;
use codex_slot::record::Listed;

use crate::scene::Scene;

use super::namespace::Resident;

/// All who have a namespace.
pub(super) struct Residents<'a> {
    scene: &'a Scene<'a>,
    /// Who has a record, by namespace: slot and name.
    slots: BTreeMap<String, Vec<(u32, String)>>,
    /// The other environments as they are without a slot.
    environments: BTreeMap<String, Project>,
}

impl<'a> Residents<'a> {
    /// All who have one.
    ///
    /// # Errors
    /// The namespace of an environment can't be told. It might be the one that is to be deleted, so that isn't
    /// passed over.
    pub(super) fn of(scene: &'a Scene<'_>, listed: &[Listed]) -> Result<Self, Diagnostic> {
        let mut slots: BTreeMap<String, Vec<(u32, String)>> = BTreeMap::new();
        for other in listed.iter().filter(|other| !other.belonging.namespace.is_empty()) {
            let project = other.belonging.project.as_deref();
            let project = project.filter(|project| *project != scene.project_name());
            let project = project.map(|project| format!(" of project `{project}`")).unwrap_or_default();
            let resident = (other.slot, format!("slot {}{project}", other.slot));
            slots.entry(other.belonging.namespace.clone()).or_default().push(resident);
        }
        let stack = &scene.project.stack;
        let names: BTreeSet<&String> =
            stack.environments.keys().chain(stack.namespace.patterns.keys()).collect();
        let mut environments = BTreeMap::new();
        for env in names.into_iter().filter(|env| *env != scene.env()) {
            environments.insert(env.clone(), told(env, scene.project_in(env, 0))?);
        }
        Ok(Self { scene, slots, environments })
    }

    /// Those who live in `namespace`, but for `slot` of the scene's environment.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub(super) fn in_namespace(&self, namespace: &str, slot: u32) -> Result<Vec<Resident>, Diagnostic> {
        let records = self.slots.get(namespace).into_iter().flatten();
        let records = records.filter(|(other, _)| *other != slot).map(|(_, name)| name.clone());
        let mut residents: Vec<Resident> =
            records.map(|name| Resident { name, namespace: namespace.to_owned() }).collect();
        for (env, project) in &self.environments {
            // Without a slot, and as the same slot: with other slots it lives where their records say.
            let as_slot = match project.namespace_in_slot(slot.into()) {
                Some(namespace) => namespace,
                None => told(env, self.scene.project_in(env, slot))?.context.namespace,
            };
            if [&project.context.namespace, &as_slot].contains(&&namespace.to_owned()) {
                let name = format!("environment `{env}`");
                residents.push(Resident { name, namespace: namespace.to_owned() });
            }
        }
        Ok(residents)
    }
}

fn told(env: &str, project: Result<Project, Diagnostic>) -> Result<Project, Diagnostic> {
    project.map_err(|error| {
        let title = format!("cannot tell the namespace of environment `{env}`: {}", error.title);
        Diagnostic { title, ..error }
    })
}
