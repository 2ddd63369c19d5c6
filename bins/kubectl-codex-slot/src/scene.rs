//! What the verbs work on: the project as each slot sees it, where the records are, the cluster.
//!
//! Takes a checked request, gives the project with its slots' namespaces and the way to the API server.
//! Separate because all verbs begin with it, and because only here is a project loaded.

mod deployment;

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Mutex, PoisonError};

use codex_cluster::connect::Cluster;
use codex_cluster::interrupt::Interrupt;
use codex_common::cli::{Console, Host, StackTarget};
use codex_common::diagnostic::Diagnostic;
use codex_common::stack::{Environment, Mode, Project};
use codex_deploy::connection;
use codex_slot::record::StateLocation;
use codex_slot::view::{NamespaceOf, Scope};
use tokio::runtime::Builder;

use crate::arguments::{ProjectRequest, StackRequest};
use crate::failure::Failure;

/// What records' names begin with if services.yaml doesn't say (inventory F35).
const DEFAULT_PREFIX: &str = "codex-env-";

/// A project, one of its environments with slots, and the cluster that it is on.
pub(crate) struct Scene<'a> {
    request: &'a ProjectRequest,
    pub(crate) host: &'a Host,
    pub(crate) console: &'a Console,
    /// The project as slot 1 sees it; what doesn't depend on the slot is to be had from here.
    pub(crate) project: Project,
    /// Where the records are.
    pub(crate) state: StateLocation,
    namespaces: Mutex<BTreeMap<u32, String>>,
}

impl<'a> Scene<'a> {
    /// Loads the project.
    ///
    /// # Errors
    /// services.yaml is wrong, its environment has no slots, or it doesn't say where slots are recorded.
    pub(crate) fn open(
        request: &'a ProjectRequest,
        host: &'a Host,
        console: &'a Console,
    ) -> Result<Self, Diagnostic> {
        let project = load(&request.stack, 1, host, console)?;
        let state = state_of(&project)?;
        let scene = Self { request, host, console, project, state, namespaces: Mutex::default() };
        scene.refuse_without_slots()?;
        Ok(scene)
    }

    /// The project as a slot sees it.
    ///
    /// # Errors
    /// services.yaml is wrong for that slot.
    pub(crate) fn project_of(&self, slot: u32) -> Result<Project, Diagnostic> {
        load(&self.request.stack, slot, self.host, self.console)
    }

    /// The environment's name.
    pub(crate) fn env(&self) -> &str {
        &self.project.context.env
    }

    /// The namespace that services.yaml gives a slot.
    ///
    /// # Errors
    /// services.yaml is wrong for that slot, or gives it none.
    pub(crate) fn namespace_of(&self, slot: u32) -> Result<String, Diagnostic> {
        let known = || self.namespaces.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(namespace) = known().get(&slot) {
            return Ok(namespace.clone());
        }
        let namespace = match (slot, self.project.namespace_in_slot(slot.into())) {
            (1, _) => self.project.context.namespace.clone(),
            (_, Some(namespace)) => namespace,
            (slot, None) => self.project_of(slot)?.context.namespace,
        };
        known().insert(slot, namespace.clone());
        Ok(namespace)
    }

    /// Whose records count.
    ///
    /// `namespace_of` is [`Self::namespace_or_failure`] of this scene.
    pub(crate) fn scope<'b>(&'b self, namespace_of: NamespaceOf<'b>) -> Scope<'b> {
        Scope { project: &self.project.context.project, env: self.env(), namespace_of }
    }

    /// The namespace that services.yaml gives a slot, with the failure as the records' functions pass it on.
    ///
    /// # Errors
    /// A [`Failure`].
    pub(crate) fn namespace_or_failure(&self, slot: u32) -> Result<String, Box<dyn Error + Send + Sync>> {
        self.namespace_of(slot).map_err(|diagnostic| Box::new(Failure(diagnostic)).into())
    }

    /// An environment has slots if they differ in their namespaces: by a pattern that uses `.Slot`, or by
    /// codexctl's defaults for `ai` and `ai-repair`.
    fn refuse_without_slots(&self) -> Result<(), Diagnostic> {
        let (first, second) = (self.namespace_of(1)?, self.namespace_of(2)?);
        if !first.is_empty() && first != second {
            return if is_label(&first) { Ok(()) } else { Err(self.bad_namespace(&first)) };
        }
        let env = self.env();
        let message = Diagnostic::input(format!("environment `{env}` has no slots"));
        let message = match first.as_str() {
            "" => message.note("nothing gives its slots a namespace"),
            namespace => message.note(format!("its namespace is `{namespace}` whatever the slot")),
        };
        Err(message
            .hint(Some(format!("`namespace.patterns.{env}` with `{{{{ .Slot }}}}` in it gives it slots"))))
    }

    /// The message about a pattern that gives no names of namespaces.
    fn bad_namespace(&self, namespace: &str) -> Diagnostic {
        let env = self.env();
        Diagnostic::input(format!("slot 1 of environment `{env}` would have the namespace `{namespace}`"))
            .note("a namespace's name has at most 63 characters: small letters, digits and dashes inside")
            .hint(Some(format!("`namespace.patterns.{env}` or `project` of services.yaml gives the name")))
    }

    /// Runs work that talks to the cluster and does nothing else for long; Ctrl-C raises the interrupt that it
    /// gets.
    ///
    /// # Errors
    /// The work's own, or the cluster can't be found.
    pub(crate) fn on_cluster<T>(
        &self,
        work: impl AsyncFnOnce(Cluster, Interrupt) -> Result<T, Diagnostic>,
    ) -> Result<T, Diagnostic> {
        // Handing an answer from thread to thread takes longer than reading it.
        self.run(&mut Builder::new_current_thread(), work)
    }

    /// The same for work that also blocks: on files, or on another command's lock.
    ///
    /// # Errors
    /// As [`Self::on_cluster`].
    pub(crate) fn on_cluster_and_files<T>(
        &self,
        work: impl AsyncFnOnce(Cluster, Interrupt) -> Result<T, Diagnostic>,
    ) -> Result<T, Diagnostic> {
        self.run(Builder::new_multi_thread().worker_threads(2), work)
    }

    fn run<T>(
        &self,
        runtime: &mut Builder,
        work: impl AsyncFnOnce(Cluster, Interrupt) -> Result<T, Diagnostic>,
    ) -> Result<T, Diagnostic> {
        let runtime = runtime.enable_all().build();
        let runtime = runtime.map_err(|error| Diagnostic::machine(format!("cannot start: {error}")))?;
        runtime.block_on(async {
            let interrupt = Interrupt::of_process()
                .map_err(|error| Diagnostic::machine(format!("cannot listen to signals: {error}")))?;
            let flags = &self.request.cluster;
            let reached = connection::connect(flags, Some(&self.project), self.host, self.console);
            let cluster = interrupt.unless_raised(reached).await.unwrap_or_else(|| {
                Err(Diagnostic::interrupted("stopped while the cluster was looked for; nothing was changed"))
            })?;
            let notices = cluster.api.notices().clone();
            notices.relay(|line| self.console.info(line), work(cluster, interrupt)).await
        })
    }
}

/// Loads the project as a slot sees it.
///
/// # Errors
/// services.yaml is wrong.
pub(crate) fn load(
    request: &StackRequest,
    slot: u32,
    host: &Host,
    console: &Console,
) -> Result<Project, Diagnostic> {
    let project = load_any(request, slot, host, console)?;
    // Rendering takes any name of an environment in codexctl's mode; its slot commands never did.
    Environment::resolve(&project.stack.environments, &project.context.env)
        .map_err(|error| {
            let message = Diagnostic::input(error.to_string()).hint(error.hint());
            project.text.blame(message, error.position(), "inherits from here")
        })
        .or_else(|message| {
            if project.stack.environments.is_empty() && request.source.mode == Mode::Plain {
                Ok(Environment::default())
            } else {
                Err(message)
            }
        })?;
    Ok(project)
}

/// Loads the project for an environment that may have no block of its own.
fn load_any(
    request: &StackRequest,
    slot: u32,
    host: &Host,
    console: &Console,
) -> Result<Project, Diagnostic> {
    let target = StackTarget { env: &request.env, slot: slot.into(), namespace: None };
    request.source.load(target, host, console)
}

/// Whether the API server takes a name for a namespace.
fn is_label(name: &str) -> bool {
    let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.len() <= 63 && name.chars().all(inside) && !name.starts_with('-') && !name.ends_with('-')
}

fn state_of(project: &Project) -> Result<StateLocation, Diagnostic> {
    let state = &project.stack.state;
    let file = project.text.source().name.clone();
    if !matches!(state.backend.trim(), "" | "configmap") {
        return Err(Diagnostic::input(format!("`state.backend` of {file} is `{}`", state.backend))
            .hint(Some("slots are recorded in ConfigMaps: `backend: configmap`".to_owned())));
    }
    if state.configmap_namespace.trim().is_empty() {
        return Err(Diagnostic::input(format!("{file} doesn't say where slots are recorded"))
            .hint(Some("name a namespace: `state: {configmapNamespace: codex-system}`".to_owned())));
    }
    let prefix = state.configmap_prefix.trim();
    Ok(StateLocation {
        namespace: state.configmap_namespace.trim().to_owned(),
        prefix: if prefix.is_empty() { DEFAULT_PREFIX } else { prefix }.to_owned(),
    })
}
