//! What was tried, in the words in which rights are given: verb and resource.

use std::fmt;

/// A request, as an error names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The verb, as in a Role.
    pub verb: &'static str,
    /// The resource, as in a Role.
    pub resource: &'static str,
    /// Which one, where it was about one.
    pub name: Option<String>,
    /// In which namespace; `None` for the whole cluster.
    pub namespace: Option<String>,
}

impl Attempt {
    /// Something about namespaces.
    pub(super) fn on_namespaces(verb: &'static str, name: Option<&str>) -> Self {
        Self { verb, resource: "namespaces", name: name.map(str::to_owned), namespace: None }
    }
}

impl fmt::Display for Attempt {
    /// `patch configmaps/codex-env-3 in namespace codex-system`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)?;
        if let Some(name) = &self.name {
            write!(f, "/{name}")?;
        }
        match &self.namespace {
            Some(namespace) => write!(f, " in namespace {namespace}"),
            None => Ok(()),
        }
    }
}
