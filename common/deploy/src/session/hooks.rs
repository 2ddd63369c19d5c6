//! The project's own steps around an apply or a clean-up, of the selected items only (B7).

use codex_cluster::connect::{Cluster, Credentials};
use codex_cluster::hooks::{self, HookContext, Purpose};
use codex_cluster::interrupt::Interrupt;
use codex_cluster::place::Target;
use codex_common::cli::{Console, Host, StackTarget};
use codex_common::diagnostic::Diagnostic;
use codex_common::stack::Project;
use codex_common::stack::model::HookStep;

use super::Session;
use super::preflight::Preflight;
use crate::gather::Gathered;
use crate::request::Request;

/// When hooks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// `beforeAll`, then each item's `beforeApply`.
    BeforeApply,
    /// Each item's `afterApply`, then `afterAll`.
    AfterApply,
    /// `beforeAll`, then each item's `beforeDestroy`.
    BeforeDestroy,
    /// Each item's `afterDestroy`, then `afterAll`.
    AfterDestroy,
}

/// What a project's hooks run with.
#[derive(Clone, Copy)]
pub struct HookScene<'a> {
    /// The project, loaded for its environment and slot.
    pub project: &'a Project,
    /// The filters, and how the project is loaded.
    pub request: &'a Request,
    /// The cluster that scripts get a kubeconfig for.
    pub cluster: &'a Cluster,
    /// The process.
    pub host: &'a Host,
    /// Where all that hooks say goes.
    pub console: &'a Console,
    /// Whether the user wants it to stop.
    pub interrupt: &'a Interrupt,
}

impl Session<'_> {
    /// Runs the project's hooks before or after the apply, of the selected items only (B7).
    pub(crate) async fn hooks<'t>(
        &self,
        moment: Moment,
        targets: impl Iterator<Item = &'t Target> + Clone,
    ) -> Result<(), Diagnostic> {
        let Some(project) = self.gathered.project.as_ref().filter(|_| self.gathered.is_own) else {
            return Ok(());
        };
        let scene = HookScene {
            project,
            request: self.request,
            cluster: self.cluster,
            host: self.host,
            console: self.console,
            interrupt: self.interrupt,
        };
        let facts = Preflight::of(targets, Some(project));
        scene.run_with(moment, &facts).await
    }
}

impl HookScene<'_> {
    /// Checks the hooks around a clean-up, so that no mistake in the last is found when all is deleted.
    ///
    /// # Errors
    /// The first hook that could not run.
    pub fn check_removal(&self) -> Result<(), Diagnostic> {
        for moment in [Moment::BeforeDestroy, Moment::AfterDestroy] {
            for (list, steps) in hook_lists(self.project, self.request, moment, self.console)? {
                hooks::check(&list, steps, self.project).map_err(|error| error.diagnostic(self.project))?;
            }
        }
        Ok(())
    }

    /// Runs the hooks of a moment that has no manifests, of the selected items only (B7).
    ///
    /// # Errors
    /// The first hook that failed and may not.
    pub async fn run(&self, moment: Moment) -> Result<(), Diagnostic> {
        self.run_with(moment, &Preflight::of(std::iter::empty(), Some(self.project))).await
    }

    async fn run_with(&self, moment: Moment, facts: &Preflight) -> Result<(), Diagnostic> {
        let project = self.project;
        let lists = hook_lists(project, self.request, moment, self.console)?;
        if lists.iter().all(|(_, steps)| steps.is_empty()) {
            return Ok(());
        }
        let credentials = Credentials::write(self.cluster, self.host.variables())
            .map_err(|error| Diagnostic::machine(format!("cannot write a kubeconfig for hooks: {error}")))?;
        let target = StackTarget { env: "staging", slot: 0, namespace: None };
        let staging = || match self.request.source.load(target, self.host, self.console) {
            Ok(staging) => Ok(staging.context.namespace),
            Err(message) => Err(message.title),
        };
        let purpose = match moment {
            Moment::BeforeApply | Moment::AfterApply => self.request.purpose,
            Moment::BeforeDestroy | Moment::AfterDestroy => Purpose::Destroy,
        };
        let context = HookContext {
            project,
            purpose,
            cluster: self.cluster,
            kubeconfig: credentials.path(),
            staging_namespace: &staging,
            preflight: &facts.request(self.cluster),
            listener: self.console,
            interrupt: self.interrupt,
        };
        for (list, steps) in &lists {
            hooks::run(list, steps, &context).await.map_err(|error| match moment {
                _ if !error.is_interrupt() => error.diagnostic(project),
                Moment::BeforeApply => Diagnostic::interrupted(format!("{error}; nothing is applied")),
                Moment::AfterApply => Diagnostic::interrupted(format!("{error}; everything is applied")),
                Moment::BeforeDestroy => Diagnostic::interrupted(format!("{error}; nothing is deleted")),
                Moment::AfterDestroy => Diagnostic::interrupted(format!("{error}; the objects are deleted")),
            })?;
        }
        Ok(())
    }
}

/// Checks all hooks that an apply would run, so that no mistake in the last is found when all is applied.
pub(crate) fn check(request: &Request, gathered: &Gathered, console: &Console) -> Result<(), Diagnostic> {
    let Some(project) = gathered.project.as_ref().filter(|_| gathered.is_own && !request.only_shows()) else {
        return Ok(());
    };
    for moment in [Moment::BeforeApply, Moment::AfterApply] {
        for (list, steps) in hook_lists(project, request, moment, console)? {
            hooks::check(&list, steps, project).map_err(|error| error.diagnostic(project))?;
        }
    }
    Ok(())
}

/// The hook lists in their order: outermost first before, last after.
fn hook_lists<'a>(
    project: &'a Project,
    request: &Request,
    moment: Moment,
    console: &Console,
) -> Result<Vec<(String, &'a [HookStep])>, Diagnostic> {
    let selection = codex_common::render::select(project, &request.filters)?;
    selection.warnings.iter().for_each(|warning| console.debug(|| warning.title.clone()));
    let items = selection.items.iter().filter(|selected| selected.left_out.is_none()).map(|selected| {
        let hooks = &selected.item.hooks;
        let (word, steps) = match moment {
            Moment::BeforeApply => ("beforeApply", &hooks.before_apply),
            Moment::AfterApply => ("afterApply", &hooks.after_apply),
            Moment::BeforeDestroy => ("beforeDestroy", &hooks.before_destroy),
            Moment::AfterDestroy => ("afterDestroy", &hooks.after_destroy),
        };
        (format!("{}.{}.{word}", selected.item.block.word(), &**selected.item.name), steps.as_slice())
    });
    let stack = &project.stack.hooks;
    Ok(match moment {
        Moment::BeforeApply | Moment::BeforeDestroy => {
            let all = ("hooks.beforeAll".to_owned(), stack.before_all.as_slice());
            std::iter::once(all).chain(items).collect()
        }
        Moment::AfterApply | Moment::AfterDestroy => {
            let all = ("hooks.afterAll".to_owned(), stack.after_all.as_slice());
            items.chain(std::iter::once(all)).collect()
        }
    })
}
