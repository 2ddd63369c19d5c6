//! Where objects go: the resource that serves their kind, their namespace, their labels.
//!
//! Takes checked objects and what the server serves, gives targets. Namespaced objects without a namespace get
//! the environment's, cluster-scoped ones lose theirs (B9). Kinds whose definition comes with the same input
//! are known before the server knows them.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::discovery::{Found, Kinds, Resource};
use crate::identity::Identity;
use crate::input::{Object, Origin};
use crate::labels::{Owner, Share};
use crate::object_ref::ObjectRef;
use crate::path::Path;

/// An object and where it goes.
#[derive(Debug, Clone)]
pub struct Target {
    /// The object as it is sent.
    pub object: Object,
    /// What serves its kind.
    pub resource: Resource,
    /// Whether the server can be asked for objects of its kind yet.
    pub is_served: bool,
    /// The step that it is sent in, from 0: all of one step go together, in waves.
    pub step: usize,
}

impl Target {
    /// The namespace, if the object lives in one.
    pub fn namespace(&self) -> Option<&str> {
        self.object.identity.namespace.as_deref()
    }

    /// The object by its place.
    pub fn reference(&self) -> ObjectRef<'_> {
        ObjectRef { resource: &self.resource, namespace: self.namespace(), name: &self.object.identity.name }
    }

    /// The path of the object.
    pub fn path(&self) -> String {
        self.resource.object(self.namespace(), &self.object.identity.name)
    }
}

/// Why an object can't be placed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misplaced {
    /// Nobody serves the kind.
    #[error("the server has no kind `{kind}` in {group}", group = group_words(api_version))]
    UnknownKind {
        /// The object's apiVersion.
        api_version: String,
        /// Its kind.
        kind: String,
        /// The apiVersion or kind that was probably meant.
        meant: Option<String>,
    },
    /// The server of the kind's group does not answer.
    #[error("the API server of `{api_version}` does not answer, so `{kind}` can't be applied")]
    BrokenGroup {
        /// The object's apiVersion.
        api_version: String,
        /// Its kind.
        kind: String,
    },
    /// Nothing gives it a namespace.
    #[error("{0} has no namespace, and nothing gives one; `-n` does")]
    NoNamespace(String),
}

fn group_words(api_version: &str) -> String {
    match api_version.split_once('/') {
        Some(_) => format!("the API group of `{api_version}`"),
        None => format!("the core API (`{api_version}`)"),
    }
}

/// What objects belong to, and what is known of them.
#[derive(Debug, Clone, Copy)]
pub struct Belonging<'a> {
    /// Whose the objects are; `None` for input of nobody in particular, which gets no labels.
    pub owner: Option<&'a Owner>,
    /// The environment's namespace; empty if nothing gives one.
    pub namespace: &'a str,
    /// The identities of the same manifests in another slot; `None` where that can't be known.
    pub elsewhere: Option<&'a BTreeSet<Identity>>,
}

/// An object that can't be placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unplaced {
    /// Which object.
    pub identity: Identity,
    /// The document that it comes from.
    pub origin: Origin,
    /// Where it stands in that document.
    pub within: Path,
    /// Why not.
    pub why: Misplaced,
}

/// Places objects; `item` names the item of services.yaml that an origin belongs to. The others can't be placed.
pub fn place(
    objects: Vec<Object>,
    kinds: &Kinds,
    belonging: Belonging<'_>,
    item: impl Fn(&Origin) -> Option<String>,
) -> (Vec<Target>, Vec<Unplaced>) {
    let coming = definitions(&objects);
    let (mut targets, mut misplaced) = (Vec::new(), Vec::new());
    for object in objects {
        let (identity, origin, within) =
            (object.identity.clone(), object.origin.clone(), object.within.clone());
        match one(object, kinds, &coming, belonging) {
            Ok(mut target) => {
                if let Some(owner) = belonging.owner {
                    let share = Share::of(&target.object.identity, belonging.namespace, belonging.elsewhere);
                    owner.put_on(&mut target.object.value, share, item(&origin).as_deref());
                }
                targets.push(target);
            }
            Err(why) => misplaced.push(Unplaced { identity, origin, within, why }),
        }
    }
    (targets, misplaced)
}

fn one(
    mut object: Object,
    kinds: &Kinds,
    coming: &Kinds,
    belonging: Belonging<'_>,
) -> Result<Target, Misplaced> {
    let (api_version, kind) = (object.api_version().to_owned(), object.identity.kind.clone());
    let (resource, is_served) = match (kinds.find(&api_version, &kind), coming.find(&api_version, &kind)) {
        (Found::Served(resource), _) => (resource.clone(), true),
        (_, Found::Served(resource)) => (resource.clone(), false),
        (Found::Broken, _) => return Err(Misplaced::BrokenGroup { api_version, kind }),
        (Found::Unknown, _) => {
            let meant = kinds.meant(&api_version, &kind).or_else(|| coming.meant(&api_version, &kind));
            return Err(Misplaced::UnknownKind { api_version, kind, meant });
        }
    };
    let namespace = match (resource.is_namespaced, object.identity.namespace.take()) {
        (false, _) => None,
        (true, Some(namespace)) => Some(namespace),
        (true, None) if belonging.namespace.is_empty() => {
            return Err(Misplaced::NoNamespace(resource.display(&object.identity.name)));
        }
        (true, None) => Some(belonging.namespace.to_owned()),
    };
    if let Some(metadata) = object.value.get_mut("metadata").and_then(Value::as_object_mut) {
        match &namespace {
            Some(namespace) => metadata.insert("namespace".to_owned(), namespace.as_str().into()),
            None => metadata.remove("namespace"),
        };
    }
    object.identity.namespace = namespace;
    Ok(Target { object, resource, is_served, step: 0 })
}

/// The kinds that come with CustomResourceDefinitions of the same input.
pub fn definitions(objects: &[Object]) -> Kinds {
    let mut kinds = Kinds::default();
    for object in objects {
        if !object.identity.is("apiextensions.k8s.io", "CustomResourceDefinition") {
            continue;
        }
        let spec = &object.value["spec"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        for version in spec["versions"].as_array().into_iter().flatten() {
            kinds.insert(Resource {
                group: text(&spec["group"]),
                version: text(&version["name"]),
                kind: text(&spec["names"]["kind"]),
                plural: text(&spec["names"]["plural"]),
                is_namespaced: spec["scope"] == "Namespaced",
                is_deletable: false,
                aliases: Vec::new(),
            });
        }
    }
    kinds
}
