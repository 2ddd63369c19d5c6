//! The work, in the order of one apply: read and check, connect, namespace, hooks, plan, apply, prune, hooks, wait.

mod hooks;
mod namespaces;
mod preflight;
mod prune;
mod send;
mod waiting;

use std::collections::BTreeSet;

use codex_cluster::connect::Cluster;
use codex_cluster::interrupt::Interrupt;
use codex_cluster::labels::Owner;
use codex_cluster::live::{self, Live, LiveError};
use codex_cluster::place::Target;
use codex_cluster::plan::{self, Action, PlanOptions, Planned};
use codex_common::cli::{Console, ExitCode, Host};
use codex_common::diagnostic::Diagnostic;

use crate::explain;
use crate::gather::{Gathered, gather};
use crate::report;
use crate::request::{DryRun, OutputFormat, Request};
use hooks::Around;

use crate::scene::{self, Manifests};

/// Does what was asked for.
///
/// # Errors
/// The first thing that is wrong with the input, the cluster that can't be reached, or what could not be applied.
pub fn run(request: &Request, host: &Host, console: &Console) -> Result<ExitCode, Diagnostic> {
    let mut gathered = gather(request, host, console)?;
    if request.prune && gathered.identity.is_none() {
        return Err(Diagnostic::input("`--prune` needs to know whose the manifests are")
            .hint(Some("pipe them from `kubectl codex render`, or name `--env`".to_owned())));
    }
    let mut checked = scene::check(request, &mut gathered, console)?;
    hooks::check(request, &gathered, console)?;
    if request.dry_run == Some(DryRun::Client) {
        let lines: String =
            checked.objects.iter().map(|object| format!("{} created (dry run)\n", object.identity)).collect();
        return report::print(&lines);
    }
    let elsewhere = scene::in_another_slot(request, &gathered, host, console)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Diagnostic::machine(format!("cannot start: {error}")))?;
    let outcome = runtime.block_on(async {
        let interrupt = Interrupt::of_process()
            .map_err(|error| Diagnostic::machine(format!("cannot listen to signals: {error}")))?;
        let reached = async {
            let cluster = scene::reach(request, &gathered, host, console).await?;
            let kinds = scene::kinds(&cluster).await?;
            Ok::<_, Diagnostic>((cluster, kinds))
        };
        let (cluster, kinds) = interrupt.unless_raised(reached).await.unwrap_or_else(|| Err(stopped()))?;
        let owner = scene::owner_of(&gathered);
        let namespace = namespace(request, &gathered, &cluster);
        let targets = scene::targets(&mut checked, &kinds, owner.as_ref(), &namespace, elsewhere.as_ref())?;
        let session = Session {
            request,
            host,
            console,
            gathered: &gathered,
            cluster: &cluster,
            manifests: &checked.manifests,
            owner: owner.as_ref(),
            namespace,
            interrupt: &interrupt,
        };
        session.run(targets, &kinds).await
    });
    // The look-up of a host's name may still be under way; nobody waits for it any more.
    runtime.shutdown_background();
    outcome
}

/// The user ended it while everything was only being looked at.
fn stopped() -> Diagnostic {
    Diagnostic::interrupted("stopped; nothing is applied")
}

/// The namespace of objects without one; empty if nothing gives one.
fn namespace(request: &Request, gathered: &Gathered, cluster: &Cluster) -> String {
    let given = request.stack.namespace.as_deref().map(str::trim).filter(|given| !given.is_empty());
    match (given, &gathered.identity) {
        (Some(given), _) => given.to_owned(),
        (None, Some(identity)) => identity.namespace.clone(),
        // kubectl's own way with manifests of nobody in particular.
        (None, None) => cluster.namespace.clone().unwrap_or_default(),
    }
}

/// One apply to one cluster.
pub(crate) struct Session<'a> {
    pub(crate) request: &'a Request,
    pub(crate) host: &'a Host,
    pub(crate) console: &'a Console,
    pub(crate) gathered: &'a Gathered,
    pub(crate) cluster: &'a Cluster,
    pub(crate) manifests: &'a Manifests,
    pub(crate) owner: Option<&'a Owner>,
    pub(crate) namespace: String,
    pub(crate) interrupt: &'a Interrupt,
}

impl Session<'_> {
    async fn run(
        &self,
        targets: Vec<Target>,
        kinds: &codex_cluster::discovery::Kinds,
    ) -> Result<ExitCode, Diagnostic> {
        let look = async {
            let missing = self.missing_namespaces(&targets).await?;
            if self.request.preflight && !self.request.only_shows() {
                self.preflight(&targets).await?;
            }
            Ok(missing)
        };
        let missing = self.looking(look).await?;
        if self.request.only_shows() {
            return self.looking(self.show(targets, &missing)).await;
        }
        let made = missing.contains(&self.namespace);
        if made {
            self.make_namespace(&targets).await?;
        }
        self.hooks(Around::Before, targets.iter()).await?;
        let plan = self.looking(self.plan(targets, &BTreeSet::new(), false)).await?;
        self.summarize(&plan);
        let statuses = self.apply(&plan, made).await?;
        if self.request.prune {
            let pruned = self.interrupt.unless_raised(self.prune(&plan, kinds)).await;
            let stopped = "stopped while pruning; everything is applied";
            pruned.unwrap_or_else(|| Err(Diagnostic::interrupted(stopped)))?;
        }
        self.hooks(Around::After, plan.iter().map(|planned| &planned.target)).await?;
        if let Some(format @ (OutputFormat::Json | OutputFormat::Yaml)) = self.request.output {
            report::print(&report::data(&plan, Some(&statuses), format))?;
        }
        if !self.request.waiting.wait {
            return Ok(ExitCode::Done);
        }
        self.wait(plan, kinds).await
    }

    /// Only says what would happen.
    async fn show(&self, targets: Vec<Target>, missing: &BTreeSet<String>) -> Result<ExitCode, Diagnostic> {
        let plan = self.plan(targets, missing, true).await?;
        let text = match self.request.output {
            Some(format @ (OutputFormat::Json | OutputFormat::Yaml)) => report::data(&plan, None, format),
            _ if self.request.diff => report::diffs(&plan, self.request.show_secrets),
            format => report::dry_run(&plan, DryRun::Server, format),
        };
        let code = report::print(&text)?;
        self.summarize(&plan);
        let mut has_failed = false;
        for planned in &plan {
            let meaning = match &planned.action {
                Action::Conflict(conflicts) if !self.request.force => {
                    codex_cluster::answer::Answer::Ownership(conflicts.clone())
                }
                Action::Refused(meaning) => (**meaning).clone(),
                _ => continue,
            };
            has_failed = true;
            self.console.say(&explain::meaning(self.manifests, &planned.target, &meaning));
        }
        let has_differences = plan.iter().any(|planned| planned.action.is_difference());
        Ok(match code {
            ExitCode::Done if has_failed => ExitCode::Failed,
            ExitCode::Done if self.request.exit_code && has_differences => ExitCode::Differences,
            code => code,
        })
    }

    /// Says the plan in one line, and what in it may surprise.
    fn summarize(&self, plan: &[Planned]) {
        self.console.info(format!("plan: {}", report::summary(plan)));
        for planned in plan {
            if let Some((before, after)) = planned.reset_replicas() {
                let message = format!(
                    "{} goes from {before} replicas to {after}: the manifest no longer says how many",
                    report::name(planned)
                );
                let hint = "write `replicas`, or leave them to an autoscaler";
                self.console.say(&Diagnostic::warning(message).hint(Some(hint.to_owned())));
            }
        }
    }

    /// Looks at the cluster, which changes nothing, for as long as the user wants.
    async fn looking<T>(&self, look: impl Future<Output = Result<T, Diagnostic>>) -> Result<T, Diagnostic> {
        self.interrupt.unless_raised(look).await.unwrap_or_else(|| Err(stopped()))
    }

    /// What would be done to each target; `ask_for_new` has the server check those that aren't there yet.
    async fn plan(
        &self,
        mut targets: Vec<Target>,
        missing: &BTreeSet<String>,
        ask_for_new: bool,
    ) -> Result<Vec<Planned>, Diagnostic> {
        let live = self.live(&mut targets, missing).await?;
        let options = PlanOptions { force: self.request.force, ask_for_new };
        let plan = plan::plan(&self.cluster.api, targets, live, options).await;
        plan.map_err(|no_answer| self.cluster.unreachable(no_answer).into())
    }

    /// What is there; objects of namespaces that aren't there can't be.
    async fn live(
        &self,
        targets: &mut [Target],
        missing: &BTreeSet<String>,
    ) -> Result<Vec<Live>, Diagnostic> {
        let unsure = self.owner.filter(|owner| owner.slot.is_some() && !self.gathered.is_own);
        live::look_up(&self.cluster.api, targets, missing, unsure).await.map_err(|error| match error {
            LiveError::NoAnswer(no_answer) => self.cluster.unreachable(no_answer).into(),
            LiveError::Refused { path, answer } => {
                Diagnostic::machine(format!("cannot list {path}")).note(answer.message())
            }
        })
    }
}
