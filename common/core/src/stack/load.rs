//! Loading a project: what is asked for, the var file, and the result.
//!
//! Takes a request, gives a [`Project`]. How `services.yaml` itself comes to its values is in `rounds`.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use gotemplate::Missing;

use crate::diagnostic::{Diagnostic, Source};
use crate::secrets::Secrets;
use crate::template::{Context, Engine, Rendered};

use super::files::{self, MAX_STACK, read_input, read_text};
use super::model::Stack;
use super::namespace::SimplePattern;
use super::rounds::Loading;
use super::variables::{Map, Variables, env_file, var_file};
use super::{Boundary, Mode, Outside};

/// What a project is loaded for.
#[derive(Debug, Clone)]
pub struct LoadRequest<'a> {
    /// The path of `services.yaml` as the user typed it.
    pub config: &'a str,
    /// The working directory, absolute.
    pub folder: &'a Path,
    /// The environment.
    pub env: &'a str,
    /// The slot, 0 without one.
    pub slot: i64,
    /// The namespace, if the user gave one.
    pub namespace: Option<&'a str>,
    /// The process's variables.
    pub process: &'a Map,
    /// The path of the var file as typed; empty without one.
    pub var_file: &'a str,
    /// The var file's text as soon as it was read: a pipe can be read only once, however often the project is
    /// loaded.
    pub var_file_text: &'a OnceLock<String>,
    /// The variables of the command line, in order.
    pub inline: Vec<(String, String)>,
    /// The time of the run, seconds since 1970 and nanoseconds, UTC.
    pub now: (i64, u32),
    /// Whose rules are followed.
    pub mode: Mode,
    /// What a missing value does where it would be printed.
    pub missing: Missing,
    /// What happens to files outside the project.
    pub outside: Outside,
}

/// A loaded project.
#[derive(Debug, Clone)]
pub struct Project {
    /// What the file says.
    pub stack: Stack,
    /// What manifests see as `.`.
    pub context: Context,
    /// Renders manifests and fields.
    pub engine: Engine,
    /// The rendered file, for messages about it.
    pub text: Rendered,
    /// The project's folder, absolute.
    pub root: PathBuf,
    /// Where its files are to be.
    pub boundary: Boundary,
    /// What the user should know of what was read.
    pub warnings: Vec<Diagnostic>,
    /// Whose rules are followed.
    pub mode: Mode,
    /// The namespace's pattern, if it is simple.
    pub(super) pattern: Option<SimplePattern>,
    /// Whether the namespace's pattern uses the slot, if that is known.
    pub(super) uses_slot: Option<bool>,
}

impl Project {
    /// The namespace that another slot of the same environment has, where that can be told without loading the
    /// project for it.
    pub fn namespace_in_slot(&self, slot: i64) -> Option<String> {
        let pattern = self.pattern.as_ref()?;
        Some(pattern.namespace(&self.context.project, &self.context.env, slot))
    }

    /// Whether the environment has slots: whether its pattern, or the default of its name, uses `.Slot`. `None`
    /// where the raw file doesn't tell, since the pattern itself is made by a template.
    pub fn has_slots(&self) -> Option<bool> {
        self.uses_slot
    }
}

/// Loads the project; the secrets among its variables are told to `secrets` as soon as they are known.
///
/// # Errors
/// The one message that says what is wrong with the file, its variables or the request.
pub fn load(request: &LoadRequest<'_>, secrets: &Secrets) -> Result<Project, Diagnostic> {
    let env = request.env.trim();
    if env.is_empty() {
        return Err(Diagnostic::input("no environment is given")
            .hint(Some("name one with `--env NAME` or in CODEXCTL_ENV".to_owned())));
    }
    if request.config.is_empty() {
        return Err(Diagnostic::input("the path of services.yaml is empty (`--config`)"));
    }
    let path = cleaned(&request.folder.join(request.config));
    let root = path.parent().unwrap_or(Path::new("/")).to_owned();
    let source = Source::new(request.config, read_text(&path, request.config, MAX_STACK)?);

    let given = Variables::new(request.process, given_variables(request)?, request.inline.clone());
    given.teach(secrets);
    let boundary = Boundary::around(&root, request.outside);
    let mut loading = Loading { request, secrets, source, root, boundary, given, warnings: Vec::new() };
    loading.run()
}
/// The variables of the var file.
fn given_variables(request: &LoadRequest<'_>) -> Result<Vec<(String, String)>, Diagnostic> {
    let name = request.var_file.trim();
    if name.is_empty() {
        return Ok(Vec::new());
    }
    let text = match request.var_file_text.get() {
        Some(text) => text,
        None => {
            let text = read_input(&request.folder.join(name), name, files::MAX_FILE)?;
            request.var_file_text.get_or_init(|| text)
        }
    };
    let grammar = match request.mode {
        Mode::Plain => var_file::Grammar::Plain,
        Mode::Codexctl => var_file::Grammar::Compat,
    };
    var_file::parse(text, grammar).map_err(|error| variable_error("var file", name, &error))
}

/// The line is not shown: it may hold a secret.
pub(super) fn variable_error(what: &str, name: &str, error: &env_file::Error) -> Diagnostic {
    Diagnostic::input(format!("cannot read {what} {name}, line {}: {error}", error.line))
}
/// A path without `.` and `..`, by its text alone, as Go's `filepath.Clean` does it.
fn cleaned(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    clean
}
