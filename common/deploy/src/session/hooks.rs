//! The project's own steps around an apply, of the selected items only (B7).

use codex_cluster::connect::Credentials;
use codex_cluster::hooks::{self, HookContext};
use codex_cluster::place::Target;
use codex_common::cli::Console;
use codex_common::diagnostic::Diagnostic;
use codex_common::stack::Project;
use codex_common::stack::model::HookStep;

use super::Session;
use super::preflight::Preflight;
use crate::gather::Gathered;
use crate::request::Request;

/// Before or after the apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Around {
    Before,
    After,
}

impl Session<'_> {
    /// Runs the project's hooks before or after the apply, of the selected items only (B7).
    pub(crate) async fn hooks<'t>(
        &self,
        around: Around,
        targets: impl Iterator<Item = &'t Target> + Clone,
    ) -> Result<(), Diagnostic> {
        let Some(project) = self.gathered.project.as_ref().filter(|_| self.gathered.is_own) else {
            return Ok(());
        };
        let lists = hook_lists(project, self.request, around, self.console)?;
        if lists.iter().all(|(_, steps)| steps.is_empty()) {
            return Ok(());
        }
        let credentials = Credentials::write(self.cluster, self.host.variables())
            .map_err(|error| Diagnostic::machine(format!("cannot write a kubeconfig for hooks: {error}")))?;
        let facts = Preflight::of(targets, Some(project));
        let staging = || match crate::gather::load(self.request, self.host, self.console, ("staging", 0)) {
            Ok(staging) => Ok(staging.context.namespace),
            Err(message) => Err(message.title),
        };
        let context = HookContext {
            project,
            cluster: self.cluster,
            kubeconfig: credentials.path(),
            staging_namespace: &staging,
            preflight: &facts.request(self.cluster),
            listener: self.console,
            interrupt: self.interrupt,
        };
        for (list, steps) in &lists {
            hooks::run(list, steps, &context).await.map_err(|error| match around {
                _ if !error.is_interrupt() => error.diagnostic(project),
                Around::Before => Diagnostic::interrupted(format!("{error}; nothing is applied")),
                Around::After => Diagnostic::interrupted(format!("{error}; everything is applied")),
            })?;
        }
        Ok(())
    }
}

/// Checks all hooks that an apply would run, so that no mistake in the last is found when all is applied.
pub(super) fn check(request: &Request, gathered: &Gathered, console: &Console) -> Result<(), Diagnostic> {
    let Some(project) = gathered.project.as_ref().filter(|_| gathered.is_own && !request.only_shows()) else {
        return Ok(());
    };
    for around in [Around::Before, Around::After] {
        for (list, steps) in hook_lists(project, request, around, console)? {
            hooks::check(&list, steps, project).map_err(|error| error.diagnostic(project))?;
        }
    }
    Ok(())
}

/// The hook lists in their order: outermost first before, last after.
fn hook_lists<'a>(
    project: &'a Project,
    request: &Request,
    around: Around,
    console: &Console,
) -> Result<Vec<(String, &'a [HookStep])>, Diagnostic> {
    let selection = codex_common::render::select(project, &request.filters)?;
    selection.warnings.iter().for_each(|warning| console.debug(|| warning.title.clone()));
    let items = selection.items.iter().filter(|selected| selected.left_out.is_none()).map(|selected| {
        let (word, steps) = match around {
            Around::Before => ("beforeApply", &selected.item.hooks.before_apply),
            Around::After => ("afterApply", &selected.item.hooks.after_apply),
        };
        (format!("{}.{}.{word}", selected.item.block.word(), &**selected.item.name), steps.as_slice())
    });
    let stack = &project.stack.hooks;
    Ok(match around {
        Around::Before => std::iter::once(("hooks.beforeAll".to_owned(), stack.before_all.as_slice()))
            .chain(items)
            .collect(),
        Around::After => {
            items.chain(std::iter::once(("hooks.afterAll".to_owned(), stack.after_all.as_slice()))).collect()
        }
    })
}
