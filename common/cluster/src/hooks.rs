//! The project's own steps around an apply or a clean-up: scripts and built-ins (inventory H1–H11).
//!
//! ```text
//! [HookStep] ──step──▶ Action ──┬─ script (bash, in a process group of its own)
//!              (settings)       └─ built-ins: waiting, data_dirs, agent_secrets, host_ports, tls_secret, …
//! ```
//!
//! Takes one list of steps and the context, runs them in order, gives the first failure that isn't tolerated.
//! [`check`] does all that can be done without running anything, so that wrong steps are found before a
//! cluster is touched. All that hooks say goes to the [`Listener`]: standard output is the command's own.

mod agent_secrets;
mod data_dirs;
mod environment;
mod error;
mod host_ports;
mod process;
mod request;
mod script;
mod settings;
mod step;
mod tls_secret;
mod waiting;

use std::path::Path;
use std::time::Duration;

use codex_common::stack::Project;
use codex_common::stack::model::HookStep;
use tokio::time::{Instant, sleep, sleep_until};

pub use error::{Fault, HookError};

use crate::connect::Cluster;
use crate::interrupt::Interrupt;
use crate::listener::Listener;
use crate::preflight::{self, Outcome, PreflightRequest};
use step::{Action, Step};

/// What hooks run around; scripts see it as `CODEX_ACTION`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The manifests are applied.
    Apply,
    /// A new slot gets its first infrastructure.
    Bootstrap,
    /// A slot is removed.
    Destroy,
}

impl Purpose {
    /// The word that scripts see.
    pub fn word(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Bootstrap => "bootstrap",
            Self::Destroy => "destroy",
        }
    }
}

/// What hooks run with.
#[derive(Clone, Copy)]
pub struct HookContext<'a> {
    /// The project, loaded for the environment and slot.
    pub project: &'a Project,
    /// What they run around.
    pub purpose: Purpose,
    /// The cluster in use.
    pub cluster: &'a Cluster,
    /// The kubeconfig that scripts get: [`crate::connect::Credentials::path`].
    pub kubeconfig: &'a Path,
    /// Finds the namespace of the project's environment `staging`, for `codex.reuse-dev-tls-secret`, or says why it
    /// isn't known. To find it is to load the project once more, so it is asked only by those who need it.
    pub staging_namespace: &'a (dyn Fn() -> Result<String, String> + Sync),
    /// What `use: preflight` checks.
    pub preflight: &'a PreflightRequest<'a>,
    /// Whoever is told what happens.
    pub listener: &'a dyn Listener,
    /// Whether the user wants it to stop.
    pub interrupt: &'a Interrupt,
}

impl HookContext<'_> {
    /// The environment's namespace, for built-ins that can't do without.
    fn namespace(&self) -> Result<&str, Fault> {
        match self.project.context.namespace.as_str() {
            "" => Err(Fault::failed("the environment has no namespace").hint("name one with `--namespace`")),
            namespace => Ok(namespace),
        }
    }
}

/// Checks a list of steps without running any: names, settings, durations, templates.
///
/// `list` is what messages call it, for instance `hooks.beforeAll`.
///
/// # Errors
/// The first step that could not run, of those that would and whose failure isn't tolerated.
pub fn check(list: &str, steps: &[HookStep], project: &Project) -> Result<(), HookError> {
    for (at, step) in steps.iter().enumerate() {
        let step = Step::of(step, at, project);
        if let (Err(fault), false) = (step.action, step.is_tolerant) {
            return Err(HookError::new(list, step.name, step.position, fault));
        }
    }
    Ok(())
}

/// Runs a list of steps in order.
///
/// # Errors
/// The first failure of a step that doesn't say `continueOnError`; an interrupt always is one.
pub async fn run(list: &str, steps: &[HookStep], context: &HookContext<'_>) -> Result<(), HookError> {
    for (at, step) in steps.iter().enumerate() {
        let Step { name, position, is_tolerant, limit, action } = Step::of(step, at, context.project);
        let listener = context.listener;
        let result = match action {
            Ok(action) => match action.idle_reason() {
                Some(reason) => {
                    listener.debug(&format!("{list}: `{name}` is skipped: {reason}"));
                    continue;
                }
                None if context.interrupt.is_raised() => Err(Fault::Interrupted),
                None => {
                    listener.info(&format!("{list}: running `{name}`"));
                    limited(action, limit, context).await
                }
            },
            Err(fault) => Err(fault),
        };
        let Err(fault) = result else { continue };
        let error = HookError::new(list, name, position, fault);
        if !is_tolerant || error.is_interrupt() {
            return Err(error);
        }
        listener.warn(&format!("{error}; going on (continueOnError)"));
    }
    Ok(())
}

/// Runs an action within the step's own time, unless the user stops it.
async fn limited(action: Action, limit: Option<Duration>, context: &HookContext<'_>) -> Result<(), Fault> {
    let stop = async {
        match limit {
            Some(limit) => sleep_until(Instant::now() + limit).await,
            None => std::future::pending().await,
        }
        Fault::TimedOut(limit.unwrap_or_default())
    };
    let stop = async {
        tokio::select! {
            () = context.interrupt.raised() => Fault::Interrupted,
            fault = stop => fault,
        }
    };
    // A script must be stopped with its children and takes its time to end; all else can just be dropped.
    if let Action::Script(text) = &action {
        return script::run(text, stop, context).await;
    }
    tokio::select! {
        biased;
        fault = stop => Err(fault),
        result = built_in(&action, context) => result,
    }
}

async fn built_in(action: &Action, context: &HookContext<'_>) -> Result<(), Fault> {
    match action {
        Action::Off | Action::Nothing | Action::Script(_) => Ok(()),
        Action::Wait(wait) => waiting::run(wait, context).await,
        // `beforeAll` is run around a removal too, which is about to delete them.
        Action::DataDirs if context.purpose == Purpose::Destroy => {
            context.listener.debug("no data directories are made: the slot is removed");
            Ok(())
        }
        Action::DataDirs => data_dirs::run(context),
        Action::AgentSecrets => agent_secrets::run(context).await,
        Action::HostPorts(ports) => {
            host_ports::run(ports, context).await;
            Ok(())
        }
        Action::TlsSecret(reuse) => {
            tls_secret::run(reuse, context).await;
            Ok(())
        }
        Action::Sleep(duration) => {
            sleep(*duration).await;
            Ok(())
        }
        Action::Preflight => checked(context).await,
    }
}

/// `use: preflight` (H9): every check is said, any that fails is a failure.
async fn checked(context: &HookContext<'_>) -> Result<(), Fault> {
    let checks = preflight::run(context.preflight).await;
    for check in &checks {
        match check.outcome {
            Outcome::Ok => context.listener.info(&check.to_string()),
            Outcome::Warn | Outcome::Fail => context.listener.warn(&check.to_string()),
        }
    }
    let failed: Vec<&str> = checks
        .iter()
        .filter(|check| check.outcome == Outcome::Fail)
        .map(|check| check.name.as_str())
        .collect();
    if failed.is_empty() { Ok(()) } else { Err(Fault::failed(format!("failed: {}", failed.join(", ")))) }
}
