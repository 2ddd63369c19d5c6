//! The namespaces that objects live in: there, coming with the input, or made.

use std::collections::BTreeSet;

use codex_cluster::labels;
use codex_cluster::namespace::{self, NamespaceError, Presence};
use codex_cluster::place::Target;
use codex_common::diagnostic::Diagnostic;
use serde_json::json;

use super::Session;

impl Session<'_> {
    /// The namespaces that targets live in and that aren't there. The environment's own is made; another one
    /// that doesn't come with the input is an error.
    pub(crate) async fn missing_namespaces(
        &self,
        targets: &[Target],
    ) -> Result<BTreeSet<String>, Diagnostic> {
        let coming: BTreeSet<&str> = targets
            .iter()
            .filter(|target| target.object.identity.is("", "Namespace"))
            .map(|target| target.object.identity.name.as_str())
            .collect();
        let wanted: BTreeSet<&str> = targets.iter().filter_map(Target::namespace).collect();
        let mut missing = BTreeSet::new();
        for name in wanted {
            match namespace::look(&self.cluster.api, name).await {
                Ok(Presence::Active(_)) => {}
                Ok(Presence::Missing) => {
                    let may_come = coming.contains(name) || (name == self.namespace && self.owner.is_some());
                    if !may_come {
                        return Err(Diagnostic::input(format!("namespace `{name}` doesn't exist")));
                    }
                    missing.insert(name.to_owned());
                }
                Ok(Presence::Terminating(_)) => {
                    return Err(Diagnostic::machine(format!("namespace `{name}` is being deleted"))
                        .hint(Some("try again when it is gone".to_owned())));
                }
                // Without the right to look at namespaces the objects themselves tell.
                Err(NamespaceError::Refused { answer, .. }) if answer.status == 403 => {}
                Err(NamespaceError::NoAnswer { no_answer, .. }) => {
                    return Err(self.cluster.unreachable(no_answer).into());
                }
                Err(error) => return Err(Diagnostic::machine(error.to_string())),
            }
        }
        Ok(missing)
    }

    /// Makes the environment's namespace: hooks may need it before anything else is applied.
    pub(crate) async fn make_namespace(&self, targets: &[Target]) -> Result<(), Diagnostic> {
        let given = targets.iter().find(|target| self.is_own_namespace(target));
        let object = given.map_or_else(|| self.namespace_object(), |target| target.object.value.clone());
        namespace::apply(&self.cluster.api, self.namespace, &object).await.map_err(|error| match error {
            NamespaceError::NoAnswer { no_answer, .. } => self.cluster.unreachable(no_answer).into(),
            error => Diagnostic::machine(error.to_string()),
        })?;
        // One that comes with the manifests is said to be created when its turn comes.
        if given.is_none() {
            self.console.info(format!("namespace {} made", self.namespace));
        }
        Ok(())
    }

    /// The namespace of a project that has no manifest for it.
    fn namespace_object(&self) -> serde_json::Value {
        let mut object =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}});
        if let Some(owner) = self.owner {
            owner.put_on(&mut object, labels::Share::Own, None);
        }
        object
    }

    /// Whether a target is the environment's namespace.
    pub(crate) fn is_own_namespace(&self, target: &Target) -> bool {
        target.object.identity.is("", "Namespace") && target.object.identity.name == self.namespace
    }
}
