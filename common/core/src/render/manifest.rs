//! The manifests of the selected items: file, template, documents, overlay.
//!
//! Takes a project and a selection, hands every document to the caller on the thread that made it.
//! Manifests are independent of each other, and so are the documents of one text, so both are worked on
//! side by side where that pays.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::diagnostic::{Diagnostic, Place, Source};
use crate::stack::files::MAX_FILE;
use crate::stack::model::ManifestRef;
use crate::stack::{Mode, Project};
use crate::template::{Engine, Rendered, Trap};
use crate::yaml::{self, Dialect, Node, Section};

use super::document::{Document, Origin, Text};
use super::list;
use super::overlay::{Overlay, OverlayError};
use super::parallel::{self, threads_for};
use super::selection::{Selected, Selection};

/// A thread is worth starting for this many manifests, or for this many bytes of one text.
const MANIFESTS_PER_THREAD: usize = 12;
const BYTES_PER_THREAD: usize = 96 << 10;

/// How much text all manifests may be rendered to, in bytes, and how many nodes that may have: all of it may have
/// to be held at once.
const MAX_TEXT: usize = 64 << 20;
const MAX_NODES: usize = 2 << 20;

/// How many nodes one document may have, and how long a text is read alone: a node takes a hundred bytes while it
/// is read.
const MAX_NODES_OF_ONE: usize = 1 << 19;
const BYTES_READ_ALONE: usize = 1 << 20;
static ALONE: Mutex<()> = Mutex::new(());

/// What all manifests together may still take.
struct Room {
    text: AtomicUsize,
    nodes: AtomicUsize,
}

impl Room {
    fn new() -> Self {
        Self { text: AtomicUsize::new(MAX_TEXT), nodes: AtomicUsize::new(MAX_NODES) }
    }

    /// Takes room for a text; false if there is none.
    fn take_text(&self, bytes: usize) -> bool {
        let left = |room: usize| room.checked_sub(bytes);
        self.text.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).is_ok()
    }

    /// Reads a document and takes room for its nodes.
    fn read(&self, section: &Section<'_>) -> Result<Option<Node>, yaml::ReadError> {
        let _alone = (section.text().len() > BYTES_READ_ALONE)
            .then(|| ALONE.lock().unwrap_or_else(PoisonError::into_inner));
        let room = self.nodes.load(Ordering::Relaxed).min(MAX_NODES_OF_ONE);
        let mut left = room;
        let node = yaml::read_within(section, Dialect::Go, &mut left)?;
        // Other threads read at the same time; there is as much too much at most as one document has.
        let used = room - left;
        let _ = self
            .nodes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |nodes| Some(nodes.saturating_sub(used)));
        Ok(node)
    }
}

/// What came of the manifests.
#[derive(Debug)]
pub struct Rendering<A> {
    /// What the caller collected, piece by piece, in order.
    pub pieces: Vec<A>,
    /// What the lint found in the manifests, each place once.
    pub lints: Vec<Diagnostic>,
    /// What else the user should know of them.
    pub warnings: Vec<Diagnostic>,
}

/// Renders the manifests of all selected items. `collect` gets each document in the order of its text,
/// together with what was collected of this piece of text before.
///
/// # Errors
/// The first thing, in the order of the file, that can't be read or rendered.
pub fn documents<A: Default + Send>(
    project: &Project,
    selection: &Selection<'_>,
    collect: impl Fn(&mut A, Document) + Sync,
) -> Result<Rendering<A>, Diagnostic> {
    let taking_part: Vec<&Selected<'_>> =
        selection.items.iter().filter(|item| item.left_out.is_none()).collect();
    let overlays: Vec<_> = taking_part.iter().map(|selected| overlay_of(project, selected)).collect();
    let mut work: Vec<(usize, Option<&ManifestRef>)> = Vec::new();
    for (at, selected) in taking_part.iter().enumerate() {
        // An item's own faults come to light where it stands, manifests or none.
        work.push((at, None));
        work.extend(selected.item.manifests.iter().map(|manifest| (at, Some(manifest))));
    }
    let threads = threads_for(work.len(), MANIFESTS_PER_THREAD);
    let engine = || {
        if threads == 1 { project.engine.clone() } else { project.engine.for_thread(&project.context) }
    };
    let room = Room::new();
    let done = parallel::map_with(work.len(), threads, engine, |engine, number| {
        let (at, manifest) = work[number];
        let overlay = overlays[at].as_ref().map_err(Clone::clone)?;
        match manifest {
            None => Ok(Done::default()),
            Some(manifest) => {
                let work = Work { project, engine, selected: taking_part[at], overlay: overlay.as_ref() };
                one(&work, manifest, &room, &collect)
            }
        }
    })?;
    let mut rendering = Rendering { pieces: Vec::new(), lints: Vec::new(), warnings: Vec::new() };
    for Done { pieces, lints, warning } in done {
        rendering.pieces.extend(pieces);
        rendering.warnings.extend(warning);
        for lint in lints {
            if !rendering.lints.contains(&lint) {
                rendering.lints.push(lint);
            }
        }
    }
    Ok(rendering)
}

/// Infrastructure has no overlay.
fn overlay_of(project: &Project, selected: &Selected<'_>) -> Result<Option<Overlay>, Diagnostic> {
    let Some(service) = selected.item.service else {
        return Ok(None);
    };
    Overlay::of_service(project, service)
        .map(Some)
        .map_err(|error| overlay_error(project, service.name.trim(), error))
}

/// The message about an overlay that can't be worked out.
pub(super) fn overlay_error(project: &Project, service: &str, error: OverlayError) -> Diagnostic {
    match error {
        OverlayError::Tag { position, error } => {
            let message = Diagnostic::input(format!("cannot render the image tag of service `{service}`"));
            project.text.blame(message.hint(error.hint), position, &error.message)
        }
        OverlayError::Mount { position, problem } => {
            let message =
                Diagnostic::input(format!("service `{service}` has an overlay that can't be applied"));
            project.text.blame(message, position, &problem)
        }
    }
}

/// What came of one manifest.
struct Done<A> {
    pieces: Vec<A>,
    lints: Vec<Diagnostic>,
    warning: Option<Diagnostic>,
}

impl<A> Default for Done<A> {
    fn default() -> Self {
        Self { pieces: Vec::new(), lints: Vec::new(), warning: None }
    }
}

/// What a manifest belongs to.
struct Work<'a> {
    project: &'a Project,
    engine: &'a Engine,
    selected: &'a Selected<'a>,
    overlay: Option<&'a Overlay>,
}

fn one<A: Default + Send>(
    work: &Work<'_>,
    manifest: &ManifestRef,
    room: &Room,
    collect: &(impl Fn(&mut A, Document) + Sync),
) -> Result<Done<A>, Diagnostic> {
    let Work { project, engine, selected, .. } = *work;
    let item = format!("{} `{}`", selected.item.block.word(), &**selected.item.name);
    let path = manifest.path.trim();
    let refuse = |what: String, label: &str| {
        Err(project.text.blame(Diagnostic::input(what), manifest.path.position, label))
    };
    if path.is_empty() {
        return refuse(format!("{item} has a manifest without a path"), "this path is empty");
    }
    if path.ends_with(".hbs") {
        return refuse(
            format!("{item} has a manifest that is a Handlebars template"),
            "manifests are Go templates",
        );
    }
    let blame =
        |message| project.text.blame(message, manifest.path.position, &format!("a manifest of {item}"));
    let file = project.boundary.read(path, MAX_FILE).map_err(|error| blame(error.into()))?;
    let warning = file.warning(path, None).map(blame);
    let source = Source::new(path, file.text);
    let rendered = engine
        .render(&source)
        .map_err(|error| error.diagnostic(format!("cannot render {path} for {item}")))?;
    if !room.take_text(rendered.text.len()) {
        let what = format!("the manifests are larger than {} MiB altogether", MAX_TEXT >> 20);
        return refuse(what, &format!("with this one of {item}"));
    }
    let rendered = Arc::new(rendered);
    let origin = Origin {
        text: Text::Rendered(Arc::clone(&rendered)),
        line: 0,
        item: Some((selected.item.block, selected.item.name.value.as_str().into())),
    };
    let pieces = read_all(&rendered, &origin, work, room, collect).map_err(|(position, label)| {
        rendered.blame(Diagnostic::input(format!("cannot read {path} for {item}")), position, &label)
    })?;
    Ok(Done { pieces, lints: lints(&source, &rendered.traps()), warning })
}

/// The documents of a rendered text, read side by side if it is long.
fn read_all<A: Default + Send>(
    rendered: &Rendered,
    origin: &Origin,
    work: &Work<'_>,
    room: &Room,
    collect: &(impl Fn(&mut A, Document) + Sync),
) -> Result<Vec<A>, (yaml::Position, String)> {
    let unreadable = |error: yaml::ReadError| (error.position, error.to_string());
    let sections = yaml::split(&rendered.text).all().map_err(unreadable)?;
    let threads = threads_for(rendered.text.len(), BYTES_PER_THREAD).min(sections.len().max(1));
    // More pieces than threads, so that one slow piece doesn't keep the others waiting.
    let pieces = if threads == 1 { 1 } else { (threads * 4).min(sections.len()) };
    let per_piece = sections.len().div_ceil(pieces.max(1)).max(1);
    let pieces: Vec<&[Section<'_>]> = sections.chunks(per_piece).collect();
    let document = |mut node: yaml::Node, collected: &mut A| {
        match &node.value {
            yaml::Value::Null => return Ok(()),
            yaml::Value::Mapping(entries) if entries.is_empty() => return Ok(()),
            yaml::Value::Mapping(_) => {}
            _ => {
                return Err((
                    node.position,
                    format!("a document must be a mapping, not {}", node.describe()),
                ));
            }
        }
        if let Some(overlay) = work.overlay {
            if overlay.drops(&node) {
                return Ok(());
            }
            overlay.put_on(&mut node);
        }
        let origin = Origin { line: node.position.line, ..origin.clone() };
        collect(collected, Document { node, origin });
        Ok(())
    };
    parallel::map(pieces.len(), threads, |number| {
        let mut collected = A::default();
        for section in pieces[number] {
            let node = room.read(section).map_err(unreadable)?;
            // codexctl takes a list itself for a document.
            match (node, work.project.mode) {
                (None, _) => {}
                (Some(node), Mode::Codexctl) => document(node, &mut collected)?,
                (Some(node), Mode::Plain) => list::unpack(node, |node| document(node, &mut collected))?,
            }
        }
        Ok(collected)
    })
}

/// The lint's messages about the traps in a source.
pub fn lints(source: &Source, traps: &[Trap]) -> Vec<Diagnostic> {
    let message = |trap: &Trap| {
        let place = Place { source: source.clone(), span: trap.span.clone(), label: trap.label().to_owned() };
        let title = format!("`… | {}` does not do what it does in Helm", trap.function);
        Diagnostic::warning(title).at(place).hint(Some(trap.hint().to_owned()))
    };
    traps.iter().map(message).collect()
}
