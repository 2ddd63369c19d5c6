//! Manifests made elsewhere (a Helm chart's, for instance), which get what services put on theirs: `-f`.
//!
//! The text is data, never a template, and is read as kubectl reads it. Documents and keys keep their order.

use crate::diagnostic::{Diagnostic, Place, Source};
use crate::stack::Project;
use crate::stack::model::{Block, Service};
use crate::suggestion::did_you_mean;
use crate::yaml::{Node, ReadError, Section, Stream};

use super::document::{Document, Origin, Text, kind, name};
use super::list;
use super::manifest::overlay_error;
use super::output::item_of;
use super::overlay::Overlay;
use super::parallel::{self, threads_for};
use super::selection::Selection;

/// A thread is worth starting for this many documents.
const DOCUMENTS_PER_THREAD: usize = 64;

/// A service that documents belong to, and the Deployment that is its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The service's name in services.yaml.
    pub service: String,
    /// The Deployment's name; the service's if none is given.
    pub deployment: Option<String>,
}

impl Owner {
    /// Reads `SERVICE` or `SERVICE=DEPLOYMENT`.
    ///
    /// # Errors
    /// One of the names is empty.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (service, deployment) = match text.split_once('=') {
            Some((service, deployment)) => (service.trim(), Some(deployment.trim())),
            None => (text.trim(), None),
        };
        if service.is_empty() || deployment == Some("") {
            return Err("expected SERVICE or SERVICE=DEPLOYMENT".to_owned());
        }
        Ok(Self { service: service.to_owned(), deployment: deployment.map(str::to_owned) })
    }
}

/// Documents with what was noticed on the way.
#[derive(Debug)]
pub struct Foreign {
    /// The documents that are left.
    pub documents: Vec<Document>,
    /// Namespaces that differ from the environment's.
    pub warnings: Vec<Diagnostic>,
}

/// Reads `sources` and puts the overlays on their documents.
///
/// With `owners`, the documents are those services': their kinds are left out, and each one's Deployment
/// must be there. Without, every selected service's image and mounts go to the Deployment of its name.
///
/// # Errors
/// A source isn't YAML, a document has no kind, a service or its Deployment isn't there, or an overlay
/// can't be worked out.
pub fn overlaid(
    project: &Project,
    selection: &Selection<'_>,
    sources: &[Source],
    owners: &[Owner],
) -> Result<Foreign, Diagnostic> {
    let overlays = overlays(project, selection, owners)?;
    let mut documents = Vec::new();
    for source in sources {
        documents.extend(read(source)?);
    }
    documents.retain(|document| !overlays.iter().any(|overlay| overlay.drops(&document.node)));
    for (owner, overlay) in owners.iter().zip(&overlays) {
        require_deployment(owner, overlay, &documents)?;
    }
    let namespace = Overlay::of_namespace(project);
    let mut warnings = Vec::new();
    for document in &mut documents {
        if let [owner] = owners {
            document.origin.item = Some((Block::Service, owner.service.as_str().into()));
        }
        warnings.extend(other_namespace(project, document));
        namespace.put_on(&mut document.node);
        for overlay in &overlays {
            overlay.put_workload_on(&mut document.node);
        }
    }
    Ok(Foreign { documents, warnings })
}

/// The overlays of the named services, or of all that are on.
fn overlays(
    project: &Project,
    selection: &Selection<'_>,
    owners: &[Owner],
) -> Result<Vec<Overlay>, Diagnostic> {
    let of = |service: &Service| {
        Overlay::of_service(project, service)
            .map_err(|error| overlay_error(project, service.name.trim(), error))
    };
    if owners.is_empty() {
        let services = selection.items.iter().filter(|selected| selected.left_out.is_none());
        return services
            .filter_map(|selected| selected.item.service)
            .map(|service| of(service).map(Overlay::keeping_kinds))
            .collect();
    }
    let services: Vec<_> =
        selection.items.iter().filter(|selected| selected.item.block == Block::Service).collect();
    let overlay = |owner: &Owner| {
        let Some(selected) = services.iter().find(|selected| selected.item.name.trim() == owner.service)
        else {
            let known = services.iter().map(|selected| selected.item.name.trim());
            return Err(Diagnostic::input(format!(
                "there is no service `{}` in services.yaml (`--service`)",
                owner.service
            ))
            .hint(did_you_mean(&owner.service, known)));
        };
        if selected.left_out.is_some() {
            let message = Diagnostic::input(format!(
                "service `{}` is off in environment `{}`",
                owner.service, project.context.env
            ));
            return Err(project.text.blame(message, selected.item.when.position, "its `when` says no"));
        }
        let overlay = selected.item.service.map_or_else(|| Ok(Overlay::of_namespace(project)), of)?;
        Ok(match &owner.deployment {
            Some(deployment) => overlay.for_deployment(deployment),
            None => overlay,
        })
    };
    owners.iter().map(overlay).collect()
}

fn require_deployment(owner: &Owner, overlay: &Overlay, documents: &[Document]) -> Result<(), Diagnostic> {
    if documents.iter().any(|document| overlay.is_about(&document.node)) {
        return Ok(());
    }
    let wanted = owner.deployment.as_deref().unwrap_or(&owner.service);
    let seen: Vec<&str> = documents
        .iter()
        .filter(|document| kind(&document.node) == Some("Deployment"))
        .filter_map(|document| name(&document.node))
        .collect();
    let hint = match seen.as_slice() {
        [] => "there is no Deployment in the input".to_owned(),
        names => format!(
            "the input has {}; name one with `--service {}=DEPLOYMENT`",
            names.join(", "),
            owner.service
        ),
    };
    Err(Diagnostic::input(format!("no Deployment is called `{wanted}` (service `{}`)", owner.service))
        .hint(Some(hint)))
}

/// A namespace that is there stays; one that is not ours is worth a word.
fn other_namespace(project: &Project, document: &Document) -> Option<Diagnostic> {
    let ours = &project.context.namespace;
    let present = document.node.get("metadata")?.get("namespace")?.as_str()?;
    if ours.is_empty() || present.trim().is_empty() || present == ours {
        return None;
    }
    let what = document.name();
    Some(Diagnostic::warning(format!("{what} stays in namespace `{present}`, not `{ours}`")))
}

/// The objects of a source, read as kubectl reads them, lists taken apart.
///
/// # Errors
/// The source is neither YAML nor JSON, or something in it is no object with a kind.
pub fn read(source: &Source) -> Result<Vec<Document>, Diagnostic> {
    let unreadable = |error: ReadError| {
        let place =
            Place { span: source.span_at(error.position), source: source.clone(), label: error.to_string() };
        let is_template = source.text.lines().nth(error.position.line.saturating_sub(1) as usize);
        let is_template = is_template.is_some_and(|line| line.contains("{{"));
        let hint = is_template.then_some(
            "`-f` renders no templates; the project's own manifests are rendered without `-f`, with \
             `--only-infra NAME` or `--only-services NAME` only some of them",
        );
        Diagnostic::input(format!("cannot read {}", source.name)).at(place).hint(hint.map(str::to_owned))
    };
    let text = Stream::with_last_line_ended(&source.text);
    let mut stream = Stream::of(&text).map_err(unreadable)?;
    let values = std::mem::take(&mut stream.values);
    let threads = threads_for(stream.sections.len(), DOCUMENTS_PER_THREAD);
    let read =
        parallel::map(stream.sections.len(), threads, |number| stream.read(number)).map_err(unreadable)?;
    let sections = stream.sections.into_iter().map(Some);
    let values = values.into_iter().map(|value| (None, Some(value)));
    let mut documents = Vec::new();
    for (number, (section, node)) in values.chain(sections.zip(read)).enumerate() {
        if let Some(node) = node.filter(|node| !node.is_null()) {
            unpack(node, source, section, number + 1, &mut documents)?;
        }
    }
    Ok(documents)
}

fn unpack(
    node: Node,
    source: &Source,
    section: Option<Section<'_>>,
    number: usize,
    documents: &mut Vec<Document>,
) -> Result<(), Diagnostic> {
    let item = section.as_ref().and_then(item_of);
    list::unpack(node, |node| {
        if list::is_list(&node) || kind(&node).is_none_or(str::is_empty) {
            return Err(without_kind(&node, source, section, number));
        }
        let origin =
            Origin { text: Text::Plain(source.clone()), line: node.position.line, item: item.clone() };
        documents.push(Document { node, origin });
        Ok(())
    })
}

/// The message about something that is no object, with the file of the chart that it came from.
fn without_kind(node: &Node, source: &Source, section: Option<Section<'_>>, number: usize) -> Diagnostic {
    let mut lines = section.iter().flat_map(|section| section.text().lines());
    let made_from = lines.find_map(|line| line.strip_prefix("# Source: "));
    let made_from = made_from.map(|path| format!(" (from {})", path.trim())).unwrap_or_default();
    let label = match node.as_mapping() {
        None => format!("an object is expected here, not {}", node.describe()),
        Some(_) if list::is_list(node) => {
            format!("the `items` of this {} are no list", kind(node).unwrap_or_default())
        }
        Some(_) => "this object has no `kind`".to_owned(),
    };
    let place = Place { span: source.span_at(node.position), source: source.clone(), label };
    Diagnostic::input(format!("document {number} of {}{made_from} is no Kubernetes object", source.name))
        .at(place)
}
