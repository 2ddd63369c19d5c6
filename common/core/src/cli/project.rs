//! The project that a command works on: how it was typed, checked, and loaded.
//!
//! Takes the flags about services.yaml and variables, gives a loaded [`Project`]. Here, since all commands
//! have these flags, and since loading needs what only the edge knows: folder, environment, clock.

use std::sync::OnceLock;

use gotemplate::Missing;

use crate::diagnostic::{Diagnostic, Severity};
use crate::stack::files::find_above;
use crate::stack::variables::inline;
use crate::stack::{LoadRequest, Mode, Outside, Project, load};

use super::arguments::{Reach, Variables};
use super::{Console, Host};

/// The file that is looked for where none is named.
pub const DEFAULT_CONFIG: &str = "services.yaml";

/// Where a project comes from: checked, and free of how it was typed.
#[derive(Debug, Clone)]
pub struct ProjectSource {
    /// The path of `services.yaml` as the user typed it.
    pub config: String,
    /// Whose rules are followed where ours and codexctl's differ.
    pub mode: Mode,
    /// What a missing value does where it would be printed.
    pub missing: Missing,
    outside: Outside,
    variables: Vec<(String, String)>,
    var_file: String,
    var_file_text: OnceLock<String>,
    /// Where `services.yaml` was found, once it was looked for.
    found: OnceLock<Option<String>>,
    /// Whether the warnings of loading were said.
    warned: OnceLock<()>,
}

/// What a project is loaded for.
#[derive(Debug, Clone, Copy)]
pub struct StackTarget<'a> {
    /// The environment; an empty one is refused.
    pub env: &'a str,
    /// The slot, 0 without one.
    pub slot: i64,
    /// The namespace, if the user gave one.
    pub namespace: Option<&'a str>,
}

impl ProjectSource {
    /// The source that flags name; a missing value does what it does by `mode`.
    ///
    /// # Errors
    /// A variable isn't `KEY=VALUE`.
    pub fn new(config: String, reach: Reach, variables: Variables, mode: Mode) -> Result<Self, Diagnostic> {
        let mut checked = inline::parse_list(&variables.vars)
            .map_err(|error| Diagnostic::input(format!("{error} (`--vars`)")))?;
        for item in &variables.var {
            let variable = inline::parse_one(item);
            checked.push(variable.map_err(|error| Diagnostic::input(format!("{error} (`--var`)")))?);
        }
        let missing = match mode {
            Mode::Plain => Missing::Error,
            Mode::Codexctl => Missing::Print,
        };
        Ok(Self {
            config,
            mode,
            missing,
            outside: Outside::of(mode, reach.allow_outside),
            variables: checked,
            var_file: variables.var_file,
            var_file_text: OnceLock::new(),
            found: OnceLock::new(),
            warned: OnceLock::new(),
        })
    }

    /// The path of the file: as the user typed it, or the nearest `services.yaml` in this directory and those
    /// above, which is said if it isn't this one. `None` if there is none and none was named.
    pub fn path(&self, host: &Host, console: &Console) -> Option<&str> {
        if self.config != DEFAULT_CONFIG {
            return Some(&self.config);
        }
        let look = || {
            let found = find_above(host.folder(), DEFAULT_CONFIG)?;
            if found != DEFAULT_CONFIG {
                console.info(format!("project: {found}"));
            }
            Some(found)
        };
        self.found.get_or_init(look).as_deref()
    }

    /// Loads the project; the console learns its secrets.
    ///
    /// # Errors
    /// The one message that says what is wrong with the file, its variables or the target.
    pub fn load(
        &self,
        target: StackTarget<'_>,
        host: &Host,
        console: &Console,
    ) -> Result<Project, Diagnostic> {
        let path = self.path(host, console);
        let request = LoadRequest {
            config: path.unwrap_or(&self.config),
            folder: host.folder(),
            env: target.env,
            slot: target.slot,
            namespace: target.namespace,
            process: host.variables(),
            var_file: &self.var_file,
            var_file_text: &self.var_file_text,
            inline: self.variables.clone(),
            now: host.now(),
            mode: self.mode,
            missing: self.missing,
            outside: self.outside,
        };
        let project = load(&request, console.secrets()).map_err(|error| match path {
            None if !target.env.trim().is_empty() => error
                .hint(Some("there is none in the directories above either; `-c FILE` names one".to_owned())),
            _ => error,
        })?;
        // A project may be loaded for several slots.
        if self.warned.set(()).is_ok() {
            project.warnings.iter().for_each(|warning| console.say(warning));
        }
        Ok(project)
    }

    /// Looks whether the target names a slot where the environment has slots, and none where it has none: each
    /// slot has a namespace of its own, and a slot that nobody has leads to one that no verb of `slot` sees. `project`
    /// is loaded for the target. Workflows that were written for codexctl, which takes anything, are only warned.
    ///
    /// # Errors
    /// It doesn't.
    pub fn check_slot(
        &self,
        target: StackTarget<'_>,
        project: &Project,
        console: &Console,
    ) -> Result<(), Diagnostic> {
        // Who names the namespace knows where things go.
        if target.namespace.is_some_and(|namespace| !namespace.trim().is_empty()) {
            return Ok(());
        }
        let (env, slot) = (&project.context.env, target.slot);
        let Some(has_slots) = project.has_slots() else { return Ok(()) };
        let message = match (has_slots, slot > 0) {
            (true, false) => Diagnostic::input(format!("environment `{env}` has slots, and none is named"))
                .hint(Some(format!(
                    "`--slot N` names one; `kubectl codex slot list --env {env}` shows which there are, and \
                     `kubectl codex slot ensure` takes one"
                ))),
            (false, true) => Diagnostic::input(format!("environment `{env}` has no slots, but `--slot` is {slot}"))
                .hint(Some(format!(
                    "leave `--slot` out, or give it slots: `namespace.patterns.{env}` with `{{{{ .Slot }}}}` in it"
                ))),
            _ => return Ok(()),
        };
        match self.mode {
            Mode::Plain => Err(message),
            Mode::Codexctl => {
                console.say(&Diagnostic { severity: Severity::Warning, ..message });
                Ok(())
            }
        }
    }
}
