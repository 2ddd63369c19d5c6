//! What is checked before anything is touched: `--preflight` and the hook of that name.

use std::collections::BTreeSet;

use codex_cluster::connect::Cluster;
use codex_cluster::place::Target;
use codex_cluster::preflight::{self, Need, Outcome, PreflightRequest};
use codex_common::diagnostic::Diagnostic;
use codex_common::stack::Project;

use super::Session;

impl Session<'_> {
    /// Checks what can be checked; a failed check stops the apply.
    pub(crate) async fn preflight(&self, targets: &[Target]) -> Result<(), Diagnostic> {
        let facts = Preflight::of(targets.iter(), self.gathered.project.as_ref());
        let checks = preflight::run(&facts.request(self.cluster)).await;
        let mut failed = Vec::new();
        for check in &checks {
            self.console.info(format!("preflight: {check}"));
            if check.outcome == Outcome::Fail {
                failed.push(check.to_string());
            }
        }
        if failed.is_empty() {
            return Ok(());
        }
        Err(failed
            .into_iter()
            .fold(Diagnostic::machine("the preflight failed, nothing was changed"), Diagnostic::note))
    }
}

/// What a preflight is about.
pub(crate) struct Preflight {
    needs: Vec<Need>,
    namespaces: Vec<String>,
    images: Vec<String>,
    registries: Vec<String>,
}

impl Preflight {
    pub(crate) fn of<'t>(
        targets: impl Iterator<Item = &'t Target> + Clone,
        project: Option<&Project>,
    ) -> Self {
        let mut needs: Vec<Need> = Vec::new();
        for target in targets.clone() {
            let need = Need {
                group: target.resource.group.clone(),
                resource: target.resource.plural.clone(),
                namespace: target.namespace().map(str::to_owned),
                verbs: ["get", "list", "create", "patch"].map(str::to_owned).to_vec(),
            };
            if !needs.contains(&need) {
                needs.push(need);
            }
        }
        let namespaces: BTreeSet<&str> = targets.clone().filter_map(Target::namespace).collect();
        let images: BTreeSet<String> = targets.flat_map(images_of).collect();
        let registry =
            project.map(|project| project.stack.registry.clone()).filter(|registry| !registry.is_empty());
        Self {
            needs,
            namespaces: namespaces.into_iter().map(str::to_owned).collect(),
            images: images.into_iter().collect(),
            registries: registry.into_iter().collect(),
        }
    }

    pub(crate) fn request<'a>(&'a self, cluster: &'a Cluster) -> PreflightRequest<'a> {
        PreflightRequest {
            api: &cluster.api,
            server: &cluster.server,
            needs: &self.needs,
            namespaces: &self.namespaces,
            images: &self.images,
            registries: &self.registries,
        }
    }
}

/// The images that an object's pods name.
fn images_of(target: &Target) -> Vec<String> {
    let object = &target.object.value;
    let Some(pod) = codex_cluster::input::pod_spec(object).and_then(|path| path.find(object)) else {
        return Vec::new();
    };
    let lists = ["containers", "initContainers"].into_iter().filter_map(|field| pod[field].as_array());
    lists.flatten().filter_map(|container| container["image"].as_str()).map(str::to_owned).collect()
}
