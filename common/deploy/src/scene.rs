//! From documents to targets: what is checked before anything is sent.

use std::collections::{BTreeMap, BTreeSet};

use codex_cluster::connect::Cluster;
use codex_cluster::discovery::{DiscoveryError, Found, Kinds};
use codex_cluster::document::{take_value, value_of};
use codex_cluster::identity::{Identity, group_of, is_built_in};
use codex_cluster::input::{self, Object};
use codex_cluster::labels::{Owner, Share};
use codex_cluster::path::{Path, Step};
use codex_cluster::place::{Belonging, Misplaced, Target, Unplaced, definitions, place};
use codex_common::cli::{Console, Host, StackTarget};
use codex_common::diagnostic::Diagnostic;
use codex_common::render::{self, Document};
use codex_common::yaml::{Node, Position};

use crate::gather::{Gathered, documents};
use crate::input::Input;
use crate::order;
use crate::request::Request;
use crate::session;

/// The documents by the place they came from, to find lines again.
#[derive(Debug, Default)]
pub(crate) struct Manifests {
    by_place: BTreeMap<(String, u32), Document>,
}

impl Manifests {
    /// A message about a field of an object, with the manifest's line if it is there.
    pub(crate) fn blame(
        &self,
        message: Diagnostic,
        origin: &input::Origin,
        path: &Path,
        label: &str,
    ) -> Diagnostic {
        let Some(document) = self.by_place.get(&(origin.file.to_string(), origin.line)) else {
            return message;
        };
        document.origin.blame(message, position_of(&document.node, path), label)
    }

    /// The item of services.yaml that an object comes from: `infra.NAME` or `service.NAME`.
    pub(crate) fn item(&self, origin: &input::Origin) -> Option<String> {
        let document = self.by_place.get(&(origin.file.to_string(), origin.line))?;
        let (block, name) = document.origin.item.as_ref()?;
        Some(format!("{}.{name}", block.word()))
    }
}

/// The position of the deepest node on a path.
fn position_of(node: &Node, path: &Path) -> Position {
    let (mut node, mut position) = (node, node.position);
    for step in &path.0 {
        let next = match step {
            Step::Key(key) => node.as_mapping().and_then(|entries| entries.get_entry(key)),
            Step::Index(index) => {
                node.as_sequence().and_then(|items| items.get(*index)).map(|item| (item, item))
            }
        };
        let Some((key, value)) = next else { break };
        (node, position) = (value, key.position);
    }
    position
}

/// Checked objects, and the way back to their lines.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) objects: Vec<Object>,
    pub(crate) manifests: Manifests,
}

/// Checks the input as a whole.
pub(crate) fn check(
    request: &Request,
    gathered: &mut Gathered,
    console: &Console,
) -> Result<Checked, Diagnostic> {
    let (objects, manifests) = objects_of(std::mem::take(&mut gathered.documents), request)?;
    match input::check(objects) {
        Ok(checked) => {
            for warned in checked.warnings {
                let message = Diagnostic::warning(warned.warning.to_string());
                console.say(&manifests.blame(message, &warned.origin, &warned.path, "here"));
            }
            Ok(Checked { objects: checked.objects, manifests })
        }
        Err(refused) => Err(refusal(&manifests, &refused)),
    }
}

/// The first thing that is wrong, and how much more there is.
fn refusal(manifests: &Manifests, refused: &[input::Refused]) -> Diagnostic {
    let Some(first) = refused.first() else {
        return Diagnostic::input("no objects passed to apply");
    };
    let message = match first.problem {
        input::Problem::Empty => return Diagnostic::machine(first.problem.to_string()),
        _ => Diagnostic::input(format!("cannot apply {}", first.origin.file)),
    };
    let mut message = manifests.blame(message, &first.origin, &first.path, &first.problem.to_string());
    if let Some((origin, path, label)) = first.other_place() {
        message = manifests.blame(message, origin, &path, label);
    }
    for further in &refused[1..] {
        message =
            message.note(format!("{}:{}: {}", further.origin.file, further.origin.line, further.problem));
    }
    message
}

fn objects_of(
    documents: Vec<Document>,
    request: &Request,
) -> Result<(Vec<input::Document>, Manifests), Diagnostic> {
    let (mut values, mut manifests) = (Vec::with_capacity(documents.len()), Manifests::default());
    for mut document in documents {
        let value = take_value(&mut document.node);
        let has = |(key, wanted): &(String, String)| value["metadata"]["labels"][key] == wanted.as_str();
        if !request.selector.iter().all(has) {
            continue;
        }
        let origin = input::Origin { file: document.origin.file().clone(), line: document.origin.line };
        manifests.by_place.insert((origin.file.to_string(), origin.line), document);
        values.push(input::Document { value, origin });
    }
    Ok((values, manifests))
}

/// What the server serves.
///
/// # Errors
/// It can't be asked, or doesn't say.
pub async fn kinds(cluster: &Cluster) -> Result<Kinds, Diagnostic> {
    Kinds::of_server(&cluster.api).await.map_err(|error| match error {
        DiscoveryError::NoAnswer(no_answer) => cluster.unreachable(no_answer).into(),
        error => Diagnostic::machine(format!("cannot ask {} what it serves", cluster.server))
            .note(error.to_string()),
    })
}

/// Whose the objects are.
pub(crate) fn owner_of(gathered: &Gathered) -> Option<Owner> {
    let identity = gathered.identity.as_ref()?;
    let slot = u32::try_from(identity.slot).ok().filter(|slot| *slot > 0);
    Some(Owner { project: identity.project.clone(), environment: identity.env.clone(), slot })
}

/// Objects and where they go.
#[derive(Debug, Default)]
pub(crate) struct Placed {
    /// Those that can be applied.
    pub(crate) targets: Vec<Target>,
    /// Those that can't, since the server doesn't serve their kind: name and message of each. kubectl applies
    /// the others too.
    pub(crate) unserved: Vec<(String, Diagnostic)>,
}

/// Where the objects go.
///
/// # Errors
/// One has no namespace, two are one, or none can be applied.
pub(crate) fn targets(
    objects: Vec<Object>,
    manifests: &Manifests,
    kinds: &Kinds,
    belonging: Belonging<'_>,
) -> Result<Placed, Diagnostic> {
    let (targets, unplaced) = place(objects, kinds, belonging, |origin| manifests.item(origin));
    if targets.is_empty() || unplaced.iter().any(|unplaced| matches!(unplaced.why, Misplaced::NoNamespace(_)))
    {
        let mut messages = unplaced.iter();
        let Some(first) = messages.next() else {
            return Ok(Placed::default());
        };
        let message =
            misplaced(manifests, first, Diagnostic::input(format!("cannot apply {}", first.origin.file)));
        return Err(messages.fold(message, |message, Unplaced { origin, why, .. }| {
            message.note(format!("{}:{}: {why}", origin.file, origin.line))
        }));
    }
    // Namespaces are filled in by now: an object without one may be another's double.
    let doubled = input::doubled(targets.iter().map(|target| &target.object));
    if !doubled.is_empty() {
        return Err(refusal(manifests, &doubled));
    }
    let message = |unplaced: &Unplaced| {
        let title = Diagnostic::machine(format!("cannot apply {}", unplaced.identity));
        (unplaced.identity.to_string(), misplaced(manifests, unplaced, title))
    };
    let unserved = unplaced.iter().map(message).collect();
    Ok(Placed { targets, unserved })
}

/// The message about an object that can't be placed.
fn misplaced(manifests: &Manifests, unplaced: &Unplaced, message: Diagnostic) -> Diagnostic {
    let field = match &unplaced.why {
        Misplaced::UnknownKind { meant: Some(meant), .. } if meant.contains('/') || meant == "v1" => {
            "apiVersion"
        }
        _ => "kind",
    };
    let hint = match &unplaced.why {
        Misplaced::UnknownKind { meant: Some(meant), .. } => Some(format!("did you mean `{meant}`?")),
        Misplaced::UnknownKind { api_version, .. } if !is_built_in(group_of(api_version)) => {
            Some("is its CustomResourceDefinition installed?".to_owned())
        }
        _ => None,
    };
    let path = unplaced.within.with(field);
    manifests.blame(message, &unplaced.origin, &path, &unplaced.why.to_string()).hint(hint)
}

/// A word for each object that `-n` doesn't move: its manifest names another namespace.
pub(crate) fn other_namespaces(request: &Request, objects: &[Object], console: &Console) {
    let given = request.namespace.as_deref().map(str::trim).filter(|given| !given.is_empty());
    let Some(given) = given.filter(|_| !request.files.is_empty()) else {
        return;
    };
    for Object { identity, origin, .. } in objects {
        let other = identity.namespace.as_deref().filter(|namespace| *namespace != given);
        // What lives outside of namespaces loses the one it is written in.
        let Some(other) = other.filter(|_| !render::is_cluster_scoped(&identity.kind)) else { continue };
        console.say(&Diagnostic::warning(format!(
            "{identity} ({}:{}) stays in namespace `{other}`, not `{given}`",
            origin.file, origin.line
        )));
    }
}

/// The identities that the same manifests have in another slot, where that can be known.
pub(crate) fn in_another_slot(
    request: &Request,
    gathered: &Gathered,
    host: &Host,
    console: &Console,
) -> Result<Option<BTreeSet<Identity>>, Diagnostic> {
    let Some(project) =
        gathered.project.as_ref().filter(|project| gathered.is_own && project.context.slot > 0)
    else {
        return Ok(None);
    };
    let context = &project.context;
    // A namespace of the command line is this slot's alone.
    let target = StackTarget { env: &context.env, slot: context.slot + 1, namespace: None };
    let other = request.source.load(target, host, console)?;
    let others = documents(request, &other, console)?;
    Ok(Some(others.iter().filter_map(|document| Identity::of(&value_of(&document.node))).collect()))
}

/// The objects as they would be sent, as far as that is known without a cluster: with labels and namespaces.
/// Where the objects of someone's own kind live is known if its definition is among them.
pub(crate) fn of_client(request: &Request, input: Input) -> Vec<Object> {
    let Input { gathered, mut objects, manifests, elsewhere, .. } = input;
    let (owner, namespace) =
        (owner_of(&gathered), session::namespace(request, &gathered).unwrap_or_default());
    let coming = definitions(&objects);
    for object in &mut objects {
        let kind = &object.identity.kind;
        let lives_in_one = match coming.find(object.value["apiVersion"].as_str().unwrap_or_default(), kind) {
            Found::Served(resource) => resource.is_namespaced,
            _ => is_built_in(&object.identity.group) && !render::is_cluster_scoped(kind),
        };
        if lives_in_one && object.identity.namespace.is_none() && !namespace.is_empty() {
            object.value["metadata"]["namespace"] = namespace.as_str().into();
            object.identity.namespace = Some(namespace.clone());
        }
        if let Some(owner) = &owner {
            let share = Share::of(&object.identity, &namespace, elsewhere.as_ref());
            owner.put_on(&mut object.value, share, manifests.item(&object.origin).as_deref());
        }
    }
    let all: Vec<&Object> = objects.iter().collect();
    let steps = order::steps_of(request, gathered.project.as_ref(), &all, |origin| manifests.item(origin));
    // The project's order was checked when it was loaded.
    let steps = steps.ok().flatten().map(|(_, of_objects)| of_objects).unwrap_or_default();
    let mut sorted: Vec<(usize, Object)> = objects
        .into_iter()
        .enumerate()
        .map(|(at, object)| (steps.get(at).copied().unwrap_or_default(), object))
        .collect();
    sorted.sort_by_key(|(step, _)| *step);
    sorted.into_iter().map(|(_, object)| object).collect()
}
