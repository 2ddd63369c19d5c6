//! Where the documents come from: the project, rendered here, or files and standard input.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use codex_cluster::connect::download;
use codex_common::cli::{self, Console, Host, StackTarget};
use codex_common::diagnostic::{Diagnostic, Source, system_reason};
use codex_common::render::{self, Document, StreamIdentity, foreign};
use codex_common::stack::Project;
use codex_common::stack::files::{MAX_FILE, read_input, text_of};

use crate::request::Request;

/// What is to be applied, and whose it is.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub(crate) documents: Vec<Document>,
    /// Whose it is; `None` for manifests of nobody in particular.
    pub(crate) identity: Option<StreamIdentity>,
    /// The project, if its services.yaml is here.
    pub(crate) project: Option<Project>,
    /// Whether the documents are the project's own, rendered here: hooks run then.
    pub(crate) is_own: bool,
}

/// Reads everything; nothing is sent before that.
pub(crate) fn gather(request: &Request, host: &Host, console: &Console) -> Result<Gathered, Diagnostic> {
    if request.files.is_empty() { own(request, host, console) } else { elsewhere(request, host, console) }
}

/// The selected documents of a project.
pub(crate) fn documents(
    request: &Request,
    project: &Project,
    console: &Console,
) -> Result<Vec<Document>, Diagnostic> {
    documents_with(&request.filters, project, console)
}

/// The documents of a project that filters select.
pub(crate) fn documents_with(
    filters: &render::Filters,
    project: &Project,
    console: &Console,
) -> Result<Vec<Document>, Diagnostic> {
    let selection = render::select(project, filters)?;
    selection.warnings.iter().for_each(|warning| console.say(warning));
    let rendering = render::documents(project, &selection, |documents: &mut Vec<Document>, document| {
        documents.push(document);
    })?;
    rendering.warnings.iter().for_each(|warning| console.say_once(warning));
    Ok(rendering.pieces.into_iter().flatten().collect())
}

fn own(request: &Request, host: &Host, console: &Console) -> Result<Gathered, Diagnostic> {
    let target = StackTarget {
        env: request.env.as_deref().unwrap_or_default(),
        slot: request.slot,
        namespace: request.namespace.as_deref(),
    };
    let project = request.source.load(target, host, console)?;
    request.source.check_slot(target, &project, console)?;
    of_project(project, request, console)
}

/// The project's own documents, rendered here.
pub(crate) fn of_project(
    project: Project,
    request: &Request,
    console: &Console,
) -> Result<Gathered, Diagnostic> {
    let context = &project.context;
    let identity = StreamIdentity {
        project: context.project.clone(),
        env: context.env.clone(),
        slot: context.slot,
        namespace: context.namespace.clone(),
        is_partial: request.is_filtered,
    };
    let documents = documents(request, &project, console)?;
    Ok(Gathered { documents, identity: Some(identity), project: Some(project), is_own: true })
}

fn elsewhere(request: &Request, host: &Host, console: &Console) -> Result<Gathered, Diagnostic> {
    let mut documents = Vec::new();
    let mut identity: Option<StreamIdentity> = None;
    for source in sources(request, host, console)? {
        if let Some(found) = StreamIdentity::of(&source.text) {
            match &mut identity {
                None => identity = Some(found),
                Some(first) if first.is_of_same_owner(&found) => first.is_partial &= found.is_partial,
                Some(_) => {
                    return Err(Diagnostic::input(format!(
                        "{} is of another project, environment or slot than what came before it",
                        source.name
                    )));
                }
            }
        }
        documents.extend(foreign::read(&source)?);
    }
    let identity = agreed(request, identity)?;
    let project = project_of(request, identity.as_ref(), host, console)?;
    let identity = match (identity, &project, &request.env) {
        (None, Some(project), Some(_)) => Some(StreamIdentity {
            project: project.context.project.clone(),
            env: project.context.env.clone(),
            slot: project.context.slot,
            namespace: project.context.namespace.clone(),
            is_partial: false,
        }),
        (identity, ..) => identity,
    };
    Ok(Gathered { documents, identity, project, is_own: false })
}

/// Where the stream and the flags both say something, they must say the same.
fn agreed(request: &Request, identity: Option<StreamIdentity>) -> Result<Option<StreamIdentity>, Diagnostic> {
    let Some(identity) = identity else {
        return Ok(None);
    };
    let differs = |flag: &str, given: &str, said: &str| {
        Err(Diagnostic::input(format!("the stream is for `{said}`, but `{flag}` says `{given}`")))
    };
    if let Some(env) = request.env.as_deref().filter(|env| *env != identity.env) {
        return differs("--env", env, &identity.env);
    }
    if request.slot > 0 && request.slot != identity.slot {
        return differs("--slot", &request.slot.to_string(), &identity.slot.to_string());
    }
    if let Some(namespace) = request.namespace.as_deref().filter(|namespace| *namespace != identity.namespace)
    {
        return differs("--namespace", namespace, &identity.namespace);
    }
    Ok(Some(identity))
}

/// The project that a stream belongs to, if its services.yaml is here.
fn project_of(
    request: &Request,
    identity: Option<&StreamIdentity>,
    host: &Host,
    console: &Console,
) -> Result<Option<Project>, Diagnostic> {
    let (env, slot) = match (identity, request.env.as_deref()) {
        (Some(identity), _) => (identity.env.as_str(), identity.slot),
        (None, Some(env)) => (env, request.slot),
        (None, None) => return Ok(None),
    };
    // Without a stream that says whose it is, the file must be there.
    if identity.is_some() && request.source.path(host, console).is_none() {
        return Ok(None);
    }
    let target = StackTarget { env, slot, namespace: request.namespace.as_deref() };
    let project = request.source.load(target, host, console)?;
    if identity.is_none() {
        request.source.check_slot(target, &project, console)?;
    }
    let is_same = identity.is_none_or(|identity| identity.project == project.context.project);
    Ok(is_same.then_some(project))
}

fn sources(request: &Request, host: &Host, console: &Console) -> Result<Vec<Source>, Diagnostic> {
    let folder = host.folder();
    let mut sources = Vec::new();
    for name in &request.files {
        if name == "-" {
            cli::hint_if_terminal(console);
            sources.push(Source::new("standard input", text_of(cli::read_stdin()?, "standard input")?));
            continue;
        }
        if name.starts_with("https://") || name.starts_with("http://") {
            sources.push(Source::new(name.as_str(), fetched(name, host)?));
            continue;
        }
        for path in files_of(Path::new(name), folder, request.recursive)? {
            let shown = path.to_string_lossy();
            sources.push(Source::new(&*shown, read_input(&folder.join(&path), &shown, MAX_FILE)?));
        }
    }
    Ok(sources)
}

/// The text at a URL.
fn fetched(url: &str, host: &Host) -> Result<String, Diagnostic> {
    let refuse = |why: String| Diagnostic::machine(format!("cannot read {url}: {why}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| refuse(system_reason(&error)))?;
    let limit = usize::try_from(MAX_FILE).unwrap_or(usize::MAX);
    let bytes = runtime.block_on(download(url, limit, host.variables())).map_err(refuse)?;
    Ok(text_of(bytes, url)?)
}

/// Whether a file says how kustomize makes manifests of others.
fn is_kustomization(path: &Path) -> bool {
    let name = path.file_name().map(OsStr::to_string_lossy).unwrap_or_default();
    matches!(&*name, "kustomization.yaml" | "kustomization.yml" | "Kustomization")
}

/// How kustomize's output gets here.
pub fn kustomize_hint(directory: &str) -> String {
    format!("pipe what kustomize makes: `kubectl kustomize {directory} | kubectl codex apply -f -`")
}

/// A file itself, or the manifests of a folder by name, as kubectl takes them.
#[allow(clippy::disallowed_methods, reason = "the one place where this program lists folders")]
fn files_of(path: &Path, folder: &Path, recursive: bool) -> Result<Vec<PathBuf>, Diagnostic> {
    if !folder.join(path).is_dir() {
        if is_kustomization(path) {
            let directory = path.parent().map(Path::to_string_lossy).filter(|parent| !parent.is_empty());
            return Err(Diagnostic::input(format!(
                "cannot apply {}: it has to be built first",
                path.display()
            ))
            .hint(Some(kustomize_hint(directory.as_deref().unwrap_or(".")))));
        }
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = |error: std::io::Error| {
        Diagnostic::machine(format!("cannot read {}: {}", path.display(), system_reason(&error)))
    };
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder.join(path)).map_err(unreadable)? {
        entries.push(path.join(entry.map_err(unreadable)?.file_name()));
    }
    entries.sort();
    if let Some(name) = entries.iter().find(|entry| is_kustomization(entry)) {
        return Err(Diagnostic::input(format!("cannot apply {}: it has to be built first", name.display()))
            .hint(Some(kustomize_hint(&path.to_string_lossy()))));
    }
    let mut files = Vec::new();
    for entry in entries {
        let is_manifest = entry.extension().is_some_and(|end| end == "yaml" || end == "yml" || end == "json");
        if folder.join(&entry).is_dir() {
            // A link to a folder could lead in a circle.
            if recursive && !folder.join(&entry).is_symlink() {
                files.extend(files_of(&entry, folder, true)?);
            }
        } else if is_manifest {
            files.push(entry);
        }
    }
    Ok(files)
}
