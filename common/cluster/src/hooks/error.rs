//! Why a hook failed, as facts, and the message about it.

use std::fmt;
use std::time::Duration;

use codex_common::diagnostic::Diagnostic;
use codex_common::stack::Project;
use codex_common::suggestion::did_you_mean;
use codex_common::template::TemplateError;
use codex_common::yaml::Position;
use thiserror::Error;

use super::step::BUILT_INS;

/// What went wrong in a step.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// A template in the step can't be rendered.
    #[error("{}", .0.message)]
    Template(Box<TemplateError>),
    /// The step is a script and a built-in at once.
    #[error("it has both `run` and `use`")]
    Both,
    /// There is no such built-in.
    #[error("there is no built-in `{name}`")]
    UnknownUse {
        /// Its name.
        name: String,
    },
    /// The built-in isn't part of this release.
    #[error("`{name}` comes with a later release")]
    Later {
        /// Its name.
        name: String,
    },
    /// The built-in has no such setting.
    #[error("`{built_in}` has no setting `{key}`")]
    UnknownSetting {
        /// The built-in.
        built_in: &'static str,
        /// The setting's name.
        key: String,
        /// The settings that there are.
        known: &'static [&'static str],
        /// Where it stands.
        position: Position,
    },
    /// The built-in can't do without a setting.
    #[error("`{built_in}` needs `with.{key}`")]
    MissingSetting {
        /// The built-in.
        built_in: &'static str,
        /// The setting's name.
        key: &'static str,
    },
    /// A setting has the wrong form.
    #[error("`{key}` must be {expected}")]
    Malformed {
        /// The setting's name.
        key: &'static str,
        /// What it has to be.
        expected: &'static str,
        /// Where it stands.
        position: Position,
    },
    /// The script ended with another code than 0.
    #[error("it ended with {code}")]
    Ended {
        /// The code.
        code: i32,
    },
    /// Someone killed the script.
    #[error("it was killed by signal {signal}")]
    Killed {
        /// The signal's number.
        signal: i32,
    },
    /// It wasn't done in time.
    #[error("it was not done within {0:?}")]
    TimedOut(Duration),
    /// The user stopped it.
    #[error("it was interrupted")]
    Interrupted,
    /// A built-in's own words.
    #[error("{message}")]
    Failed {
        /// What failed.
        message: String,
        /// What may help.
        hint: Option<String>,
    },
}

impl Fault {
    /// A failure in a built-in's own words.
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self::Failed { message: message.into(), hint: None }
    }

    /// The same failure with a hint; others have theirs already.
    #[must_use]
    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        match self {
            Self::Failed { message, .. } => Self::Failed { message, hint: Some(hint.into()) },
            other => other,
        }
    }

    fn hint_for_user(&self) -> Option<String> {
        match self {
            Self::UnknownUse { name } => did_you_mean(name, BUILT_INS)
                .or_else(|| Some(format!("the built-ins are {}", BUILT_INS.join(", ")))),
            Self::UnknownSetting { key, known, .. } => did_you_mean(key, known.iter().copied()),
            Self::Later { .. } => Some("`continueOnError: true` lets the apply go on without it".to_owned()),
            Self::Failed { hint, .. } => hint.clone(),
            _ => None,
        }
    }

    /// Where it stands, if it is more exact than the step.
    fn position(&self) -> Option<Position> {
        match self {
            Self::UnknownSetting { position, .. } | Self::Malformed { position, .. } => Some(*position),
            _ => None,
        }
    }

    /// Whether what the user wrote is to blame.
    fn is_input(&self) -> bool {
        matches!(
            self,
            Self::Template(_)
                | Self::Both
                | Self::UnknownUse { .. }
                | Self::Later { .. }
                | Self::UnknownSetting { .. }
                | Self::MissingSetting { .. }
                | Self::Malformed { .. }
        )
    }
}

/// A step that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookError {
    /// The list it stands in, for instance `hooks.beforeAll`.
    pub list: String,
    /// What the step is called.
    pub step: String,
    /// Why.
    pub fault: Fault,
    position: Position,
}

impl HookError {
    pub(super) fn new(list: &str, step: String, position: Position, fault: Fault) -> Self {
        Self { list: list.to_owned(), step, fault, position }
    }

    /// Whether the user stopped it: the command ends with 130.
    pub fn is_interrupt(&self) -> bool {
        self.fault == Fault::Interrupted
    }

    /// The message for the user, with the line of `services.yaml`.
    pub fn diagnostic(self, project: &Project) -> Diagnostic {
        let title = format!("{}: hook `{}` failed", self.list, self.step);
        if let Fault::Template(error) = self.fault {
            return error.diagnostic(title);
        }
        let label = self.fault.to_string();
        let hint = self.fault.hint_for_user();
        let position = self.fault.position().unwrap_or(self.position);
        let new = if self.fault.is_input() { Diagnostic::input } else { Diagnostic::machine };
        if position == Position::NONE {
            return new(self.to_string()).hint(hint);
        }
        project.text.blame(new(title), position, &label).hint(hint)
    }
}

impl fmt::Display for HookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: hook `{}` failed: {}", self.list, self.step, self.fault)
    }
}

impl std::error::Error for HookError {}
