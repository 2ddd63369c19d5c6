//! Who else lives in a namespace: slots with a record, and the project's environments.
//!
//! Takes the records and services.yaml, gives names and namespaces for [`super::namespace`]. Separate because
//! this is the part of the question that has to load the project again, once for each environment.

use std::collections::BTreeSet;

use codex_common::diagnostic::Diagnostic;
use codex_slot::record::Listed;

use crate::scene::Scene;

use super::namespace::Resident;

/// All who have a namespace, but for `slot` of the scene's environment.
///
/// # Errors
/// The namespace of an environment can't be told. It might be the one that is to be deleted, so that isn't
/// passed over.
pub(super) fn residents(
    scene: &Scene<'_>,
    listed: &[Listed],
    slot: u32,
) -> Result<Vec<Resident>, Diagnostic> {
    let records = listed.iter().filter(|other| other.slot != slot).map(|other| {
        let project = other.belonging.project.as_deref().filter(|project| *project != scene.project_name());
        let project = project.map(|project| format!(" of project `{project}`")).unwrap_or_default();
        Resident {
            name: format!("slot {}{project}", other.slot),
            namespace: other.belonging.namespace.clone(),
        }
    });
    let mut residents: Vec<Resident> = records.filter(|resident| !resident.namespace.is_empty()).collect();
    let stack = &scene.project.stack;
    let names: BTreeSet<&String> = stack.environments.keys().chain(stack.namespace.patterns.keys()).collect();
    for env in names.into_iter().filter(|env| *env != scene.env()) {
        // Without a slot, and as the same slot: with other slots it lives where their records say.
        for slot in [0, slot] {
            let namespace = scene.namespace_in(env, slot).map_err(|error| {
                let title = format!("cannot tell the namespace of environment `{env}`: {}", error.title);
                Diagnostic { title, ..error }
            })?;
            residents.push(Resident { name: format!("environment `{env}`"), namespace });
        }
    }
    residents.retain(|resident| !resident.namespace.is_empty());
    Ok(residents)
}
