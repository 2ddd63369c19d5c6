//! The work: load, select, render, print.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use codex_common::cli::{self, Console, ExitCode, Host, ProjectSource, StackTarget};
use codex_common::diagnostic::{Diagnostic, Source};
use codex_common::render::foreign::{self, Owner};
use codex_common::render::{self, Document, Filters, Format, Identity, Selection, StreamIdentity};
use codex_common::stack::files::{MAX_FILE, read_input, text_of};
use codex_common::stack::{Mode, Project};
use codex_common::yaml::KeyOrder;

/// A checked request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) source: ProjectSource,
    /// The environment; an empty one is refused when the project is loaded.
    pub(crate) env: String,
    pub(crate) slot: i64,
    pub(crate) namespace: Option<String>,
    pub(crate) filters: Filters,
    pub(crate) files: Vec<String>,
    pub(crate) owners: Vec<Owner>,
    pub(crate) output: Output,
    /// Whether the stream's comments say whose it is, and which item each document comes from.
    pub(crate) header: bool,
    /// Whether there are filters.
    pub(crate) is_filtered: bool,
    pub(crate) lint: bool,
}

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    Documents(Format),
    Table,
    JsonList,
}

/// Prints what was asked for, all of it or nothing.
pub(crate) fn run(request: &Request, host: &Host, console: &Console) -> Result<ExitCode, Diagnostic> {
    let target =
        StackTarget { env: &request.env, slot: request.slot, namespace: request.namespace.as_deref() };
    let project = request.source.load(target, host, console)?;
    request.source.check_slot(target, &project, console)?;
    console.debug(|| format!("namespace: {}", project.context.namespace));
    if request.lint {
        let source = project.text.source();
        render::lints(source, &project.text.traps()).iter().for_each(|lint| console.say(lint));
    }
    if request.source.mode == Mode::Plain && project.context.namespace.is_empty() {
        let message = format!("nothing gives environment `{}` a namespace", project.context.env);
        let hint = "name one with `--namespace`, or a slot with `--slot` where the environment has slots";
        console.say(&Diagnostic::warning(message).hint(Some(hint.to_owned())));
    }
    let selection = render::select(&project, &request.filters)?;
    selection.warnings.iter().for_each(|warning| console.say(warning));
    let text = match request.output {
        Output::Table => render::table(&render::listing(&selection)),
        Output::JsonList => render::listing_to_json(&render::listing(&selection)),
        Output::Documents(format) => {
            let (pieces, is_partial) = if request.files.is_empty() {
                let homeless = Mutex::new(Vec::new());
                let pieces = own(request, &project, &selection, format, (console, &homeless))?;
                // `apply` knows where they belong; who reads a pipe can't be told.
                if request.source.mode == Mode::Plain && host.stdout_is_terminal() {
                    let homeless = homeless.into_inner().unwrap_or_else(PoisonError::into_inner);
                    say_homeless(&homeless, &project.context.namespace, console);
                }
                (pieces, request.is_filtered)
            } else {
                made_elsewhere(request, &project, &selection, format, host, console)?
            };
            let identity = Identity {
                project: &project.context.project,
                env: &project.context.env,
                slot: project.context.slot,
                namespace: &project.context.namespace,
                is_partial,
            };
            render::join(&pieces, format, request.header.then_some(&identity))
        }
    };
    if text.is_empty() {
        console.info("nothing is selected, so nothing is printed");
    }
    cli::write_stdout(text.as_bytes())
}

/// The project's own manifests as text.
fn own(
    request: &Request,
    project: &Project,
    selection: &Selection<'_>,
    format: Format,
    (console, homeless): (&Console, &Mutex<Vec<String>>),
) -> Result<Vec<String>, Diagnostic> {
    let unwritable = Mutex::new(None);
    let written = AtomicUsize::new(0);
    let collect = |text: &mut String, document: Document| {
        if document.lacks_a_namespace() {
            homeless.lock().unwrap_or_else(PoisonError::into_inner).push(document.name());
        }
        let before = text.len();
        let limit = before + render::MAX_OUTPUT.saturating_sub(written.load(Ordering::Relaxed));
        let outcome =
            render::write_document(text, &document, format, KeyOrder::Sorted, request.header, limit);
        written.fetch_add(text.len() - before, Ordering::Relaxed);
        if let Err(error) = outcome {
            // Nothing is printed, so nothing needs to be kept.
            text.clear();
            unwritable.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    };
    let rendering = render::documents(project, selection, collect)?;
    if let Some(error) = unwritable.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(Diagnostic::input(format!("cannot print {error}")));
    }
    rendering.warnings.iter().for_each(|warning| console.say_once(warning));
    if request.lint {
        rendering.lints.iter().for_each(|lint| console.say(lint));
    }
    Ok(rendering.pieces)
}

/// Says that objects would go where nobody meant them to, when another program than ours applies them.
fn say_homeless(homeless: &[String], namespace: &str, console: &Console) {
    let what = match homeless {
        [] => return,
        [one] => format!("{one} has no namespace"),
        [first, others @ ..] => format!("{first} and {} more have no namespace", others.len()),
    };
    let hint = format!("`kubectl codex apply` puts them into `{namespace}`; other programs into `default`");
    console.say(&Diagnostic::warning(what).hint(Some(hint)));
}

/// How long the manifests of `-f` may become: each file may be 64 MiB, and indentation makes more of it.
const MAX_FOREIGN_OUTPUT: usize = 256 << 20;

/// The manifests of `-f` as text, and whether they are only some of the project's: all but a whole stream of ours.
fn made_elsewhere(
    request: &Request,
    project: &Project,
    selection: &Selection<'_>,
    format: Format,
    host: &Host,
    console: &Console,
) -> Result<(Vec<String>, bool), Diagnostic> {
    let sources: Result<Vec<Source>, Diagnostic> =
        request.files.iter().map(|file| source(file, host.folder(), console)).collect();
    let sources = sources?;
    let of_some = |text: &str| StreamIdentity::of(text).is_none_or(|identity| identity.is_partial);
    let is_partial = sources.iter().all(|source| of_some(&source.text));
    let foreign = foreign::overlaid(project, selection, &sources, &request.owners)?;
    foreign.warnings.iter().for_each(|warning| console.say(warning));
    let mut text = String::new();
    for document in &foreign.documents {
        render::write_document(
            &mut text,
            document,
            format,
            KeyOrder::Kept,
            request.header,
            MAX_FOREIGN_OUTPUT,
        )
        .map_err(|error| Diagnostic::input(format!("cannot print {error}")))?;
    }
    Ok((vec![text], is_partial))
}

fn source(file: &str, folder: &Path, console: &Console) -> Result<Source, Diagnostic> {
    if file == "-" {
        cli::hint_if_terminal(console);
        return Ok(Source::new("standard input", text_of(cli::read_stdin()?, "standard input")?));
    }
    Ok(Source::new(file, read_input(&folder.join(file), file, MAX_FILE)?))
}
