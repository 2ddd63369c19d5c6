//! From a step as it stands in `services.yaml` to what is to be done.
//!
//! Pure: templates are rendered and settings read, nothing is run.

use std::time::Duration;

use codex_common::stack::Project;
use codex_common::stack::decode::Text;
use codex_common::stack::model::HookStep;
use codex_common::yaml::Position;

use super::error::Fault;
use super::host_ports::HostPorts;
use super::settings::{Settings, duration};
use super::tls_secret::Reuse;
use super::waiting::Wait;

/// The names of all built-ins.
pub(super) const BUILT_INS: [&str; 8] = [
    "kubectl.wait",
    "codex.ensure-data-dirs",
    "codex.ensure-codex-secrets",
    "codex.check-dev-host-ports",
    "codex.reuse-dev-tls-secret",
    "github.comment",
    "sleep",
    "preflight",
];

/// What a step does.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Its `when` is off.
    Off,
    /// It has neither `run` nor `use`.
    Nothing,
    /// A script for bash, rendered.
    Script(String),
    /// `kubectl.wait`.
    Wait(Wait),
    /// `codex.ensure-data-dirs`.
    DataDirs,
    /// `codex.ensure-codex-secrets`.
    AgentSecrets,
    /// `codex.check-dev-host-ports`.
    HostPorts(HostPorts),
    /// `codex.reuse-dev-tls-secret`.
    TlsSecret(Reuse),
    /// `sleep`.
    Sleep(Duration),
    /// `preflight`.
    Preflight,
}

impl Action {
    /// Why there is nothing to do, if that is so.
    pub(super) fn idle_reason(&self) -> Option<&'static str> {
        match self {
            Self::Off => Some("its `when` is off"),
            Self::Nothing => Some("it has neither `run` nor `use`"),
            _ => None,
        }
    }
}

/// A step, ready to run.
#[derive(Debug)]
pub(super) struct Step {
    /// What messages call it.
    pub(super) name: String,
    /// Where it stands in the rendered `services.yaml`.
    pub(super) position: Position,
    /// Whether its failure is only a warning.
    pub(super) is_tolerant: bool,
    /// How long it may take.
    pub(super) limit: Option<Duration>,
    /// What it does, or why it can't.
    pub(super) action: Result<Action, Fault>,
}

impl Step {
    /// Reads the step that stands at index `at` of its list.
    pub(super) fn of(step: &HookStep, at: usize, project: &Project) -> Self {
        let name = [step.name.trim(), step.uses.trim()].into_iter().find(|name| !name.is_empty());
        let name = name.map_or_else(|| format!("step {}", at + 1), str::to_owned);
        let places = [step.uses.position, step.run.position];
        let position = places.into_iter().find(|place| *place != Position::NONE).unwrap_or(Position::NONE);
        let action = action(step, project);
        let limit = if step.timeout.trim().is_empty() {
            Ok(None)
        } else {
            duration("timeout", &step.timeout.value, step.timeout.position).map(Some)
        };
        let (limit, action) = match (limit, action) {
            // A step that is off isn't looked at further.
            (Err(_), Ok(Action::Off)) => (None, Ok(Action::Off)),
            (Err(fault), Ok(_)) => (None, Err(fault)),
            (limit, action) => (limit.unwrap_or_default(), action),
        };
        Self { name, position, is_tolerant: step.continue_on_error, limit, action }
    }
}

fn action(step: &HookStep, project: &Project) -> Result<Action, Fault> {
    if !is_on(&step.when, project)? {
        return Ok(Action::Off);
    }
    let uses = rendered("use", &step.uses, project)?;
    let (run, uses) = (&step.run.value, uses.trim());
    match (run.trim().is_empty(), uses.is_empty()) {
        (true, true) => Ok(Action::Nothing),
        (false, false) => Err(Fault::Both),
        (false, true) => rendered("run", &step.run, project).map(Action::Script),
        (true, false) => built_in(uses, step, project),
    }
}

/// Whether a step runs. Where the key is missing it does; where it gives nothing, `false`, `0` or `no` it
/// doesn't (T8: unlike an item's, an empty `when` of a hook is a no).
fn is_on(when: &Text, project: &Project) -> Result<bool, Fault> {
    if when.position == Position::NONE {
        return Ok(true);
    }
    let text = rendered("when", when, project)?;
    Ok(!matches!(text.trim().to_lowercase().as_str(), "" | "false" | "0" | "no"))
}

fn rendered(field: &str, text: &Text, project: &Project) -> Result<String, Fault> {
    let rendered = project.engine.render_field(&format!("hook {field}"), &text.value);
    rendered.map_err(|error| Fault::Template(Box::new(error)))
}

fn built_in(name: &str, step: &HookStep, project: &Project) -> Result<Action, Fault> {
    let Some(name) = BUILT_INS.into_iter().find(|known| *known == name) else {
        return Err(Fault::UnknownUse { name: name.to_owned() });
    };
    if name == "github.comment" {
        return Err(Fault::Later { name: name.to_owned() });
    }
    let settings = |known| Settings::of(name, known, &step.with, project);
    match name {
        "kubectl.wait" => Wait::of(&settings(Wait::SETTINGS)?).map(Action::Wait),
        "codex.check-dev-host-ports" => {
            HostPorts::of(&settings(HostPorts::SETTINGS)?, project).map(Action::HostPorts)
        }
        "codex.reuse-dev-tls-secret" => {
            Reuse::of(&settings(Reuse::SETTINGS)?, project).map(Action::TlsSecret)
        }
        "sleep" => settings(&["duration"])?.required_duration("duration").map(Action::Sleep),
        "codex.ensure-data-dirs" => settings(&[]).map(|_| Action::DataDirs),
        "codex.ensure-codex-secrets" => settings(&[]).map(|_| Action::AgentSecrets),
        _ => settings(&[]).map(|_| Action::Preflight),
    }
}

#[cfg(test)]
mod tests;
