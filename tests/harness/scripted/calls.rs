//! Which calls a script or an assertion means.
//!
//! Takes conditions on verb, resource, name and query; says of a [`Call`] whether it fits.
//! Separate because scripts, counts and waits all choose calls the same way.

use super::call::{Call, Verb};

/// A choice of calls: those that meet every condition given.
///
/// ```no_run
/// # use codex_tests::Calls;
/// Calls::patch("deployments").namespace("shop").name("web").dry_run(false);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Calls {
    verb: Option<Verb>,
    resource: Option<String>,
    subresource: Option<String>,
    namespace: Option<String>,
    name: Option<String>,
    path: Option<String>,
    parameter: Option<(String, Option<String>)>,
    dry_run: Option<bool>,
}

impl Calls {
    /// All of them.
    pub fn all() -> Self {
        Self::default()
    }

    /// All with that verb.
    pub fn with(verb: Verb) -> Self {
        let verb = Some(verb);
        Self { verb, ..Self::default() }
    }

    /// GETs of one object of a resource.
    pub fn get(resource: &str) -> Self {
        Self::with(Verb::Get).resource(resource)
    }

    /// LISTs of a resource.
    pub fn list(resource: &str) -> Self {
        Self::with(Verb::List).resource(resource)
    }

    /// Watches of a resource.
    pub fn watch(resource: &str) -> Self {
        Self::with(Verb::Watch).resource(resource)
    }

    /// POSTs.
    pub fn create(resource: &str) -> Self {
        Self::with(Verb::Create).resource(resource)
    }

    /// PUTs.
    pub fn update(resource: &str) -> Self {
        Self::with(Verb::Update).resource(resource)
    }

    /// PATCHes of any kind, server-side apply among them.
    pub fn patch(resource: &str) -> Self {
        Self::with(Verb::Patch).resource(resource)
    }

    /// DELETEs of one object.
    pub fn delete(resource: &str) -> Self {
        Self::with(Verb::Delete).resource(resource)
    }

    /// Of this resource: `configmaps`, or with its group `deployments.apps`.
    pub fn resource(mut self, resource: &str) -> Self {
        self.resource = Some(resource.into());
        self
    }

    /// Of this subresource; an empty one means the object itself.
    pub fn subresource(mut self, subresource: &str) -> Self {
        self.subresource = Some(subresource.into());
        self
    }

    /// In this namespace.
    pub fn namespace(mut self, namespace: &str) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Of the object with this name; a CREATE's stands in its body.
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.into());
        self
    }

    /// With a path that starts like this: `/apis` is all discovery of groups.
    pub fn path(mut self, start: &str) -> Self {
        self.path = Some(start.into());
        self
    }

    /// With this parameter in the query, whatever its value: `continue`.
    pub fn parameter(mut self, name: &str) -> Self {
        self.parameter = Some((name.into(), None));
        self
    }

    /// With this parameter and value in the query.
    pub fn parameter_value(mut self, name: &str, value: &str) -> Self {
        self.parameter = Some((name.into(), Some(value.into())));
        self
    }

    /// Only dry runs, or none of them.
    pub fn dry_run(mut self, yes: bool) -> Self {
        self.dry_run = Some(yes);
        self
    }

    /// Whether the call is one of these.
    pub fn fit(&self, call: &Call) -> bool {
        let same =
            |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
        let resource = self
            .resource
            .as_ref()
            .is_none_or(|wanted| *wanted == call.resource || *wanted == call.qualified_resource());
        let path = self.path.as_ref().is_none_or(|start| call.path.starts_with(start));
        let parameter = self.parameter.as_ref().is_none_or(|(name, wanted)| {
            let found = call.parameter(name);
            found.is_some() && (wanted.is_none() || wanted.as_deref() == found)
        });
        self.verb.is_none_or(|verb| verb == call.verb)
            && resource
            && same(&self.subresource, &call.subresource)
            && same(&self.namespace, &call.namespace)
            && self.named(call)
            && path
            && parameter
            && self.dry_run.is_none_or(|wanted| wanted == call.is_dry_run())
    }

    fn named(&self, call: &Call) -> bool {
        self.name.as_ref().is_none_or(|wanted| match call.verb {
            Verb::Create => call.json()["metadata"]["name"] == **wanted,
            _ => *wanted == call.name,
        })
    }
}
