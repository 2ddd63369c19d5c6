//! The work, in the order of one apply: read and check, connect, namespace, hooks, plan, apply, prune, hooks, wait.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use codex_cluster::apply::{self, Applied, ApplyOptions, Status, Verb};
use codex_cluster::connect::{Cluster, Credentials};
use codex_cluster::hooks::{self, HookContext};
use codex_cluster::identity::Identity;
use codex_cluster::interrupt::Interrupt;
use codex_cluster::labels::{self, Owner};
use codex_cluster::live::{self, Live, LiveError};
use codex_cluster::place::Target;
use codex_cluster::plan::{self, Action, PlanOptions, Planned};
use codex_cluster::preflight::{self, Need, Outcome, PreflightRequest};
use codex_cluster::sweep::{self, Search};
use codex_common::cli::{Console, ExitCode, Host};
use codex_common::diagnostic::Diagnostic;
use codex_common::stack::Project;
use codex_common::stack::model::HookStep;
use serde_json::json;
use tokio::time::Instant;

use crate::arguments::{DryRun, OutputFormat, Request};
use crate::explain;
use crate::gather::{Gathered, gather};
use crate::report;
use crate::scene::{self, Manifests};

/// How long webhooks that aren't up yet are waited for: codexctl's 18 tries of 10 seconds.
const WEBHOOKS_WITHIN: Duration = Duration::from_secs(180);

/// Does what was asked for.
pub(crate) fn run(
    request: &Request,
    host: &Host,
    console: &Console,
) -> Result<ExitCode, Diagnostic> {
    let mut gathered = gather(request, host, console)?;
    let mut checked = scene::check(request, &mut gathered, console)?;
    if request.dry_run == Some(DryRun::Client) {
        let lines: String = checked
            .objects
            .iter()
            .map(|object| format!("{} created (dry run)\n", object.identity))
            .collect();
        return report::print(&lines);
    }
    let elsewhere = scene::in_another_slot(request, &gathered, host, console)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| Diagnostic::machine(format!("cannot start: {error}")))?;
    runtime.block_on(async {
        let interrupt = Interrupt::of_process()
            .map_err(|error| Diagnostic::machine(format!("cannot listen to signals: {error}")))?;
        let cluster = scene::reach(request, &gathered, host, console).await?;
        let kinds = scene::kinds(&cluster).await?;
        let owner = scene::owner_of(&gathered);
        let namespace = namespace(request, &gathered, &cluster);
        let targets = scene::targets(
            &mut checked,
            &kinds,
            owner.as_ref(),
            &namespace,
            elsewhere.as_ref(),
        )?;
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
    })
}

/// The namespace of objects without one.
fn namespace(request: &Request, gathered: &Gathered, cluster: &Cluster) -> String {
    let given = request
        .stack
        .namespace
        .as_deref()
        .map(str::trim)
        .filter(|given| !given.is_empty());
    match (given, &gathered.identity) {
        (Some(given), _) => given.to_owned(),
        (None, Some(identity)) => identity.namespace.clone(),
        // kubectl's own way with manifests of nobody in particular.
        (None, None) => cluster.namespace.clone(),
    }
}

/// One apply to one cluster.
struct Session<'a> {
    request: &'a Request,
    host: &'a Host,
    console: &'a Console,
    gathered: &'a Gathered,
    cluster: &'a Cluster,
    manifests: &'a Manifests,
    owner: Option<&'a Owner>,
    namespace: String,
    interrupt: &'a Interrupt,
}

impl Session<'_> {
    async fn run(
        &self,
        targets: Vec<Target>,
        kinds: &codex_cluster::discovery::Kinds,
    ) -> Result<ExitCode, Diagnostic> {
        let missing = self.missing_namespaces(&targets).await?;
        if self.request.only_shows() {
            return self.show(targets, &missing).await;
        }
        if self.request.preflight {
            self.preflight(&targets).await?;
        }
        self.hooks(Around::Before, &targets).await?;
        let made = missing.contains(&self.namespace);
        if made {
            self.make_namespace(&targets).await?;
        }
        let live = self.live(&targets, &BTreeSet::new()).await?;
        let options = PlanOptions {
            force: self.request.force,
            ask_for_new: false,
        };
        let plan = plan::plan(&self.cluster.api, targets, live, options).await;
        let plan =
            plan.map_err(|no_answer| Diagnostic::from(self.cluster.unreachable(no_answer)))?;
        self.console
            .info(format!("plan: {}", report::summary(&plan)));
        let statuses = self.apply(&plan, made).await?;
        if self.request.prune {
            self.prune(&plan, kinds).await?;
        }
        self.hooks(
            Around::After,
            &plan
                .iter()
                .map(|planned| planned.target.clone())
                .collect::<Vec<_>>(),
        )
        .await?;
        if let Some(format @ (OutputFormat::Json | OutputFormat::Yaml)) = self.request.output {
            report::print(&report::data(&plan, Some(&statuses), format))?;
        }
        if !self.request.waiting.wait {
            return Ok(ExitCode::Done);
        }
        crate::waiting::wait(
            self.request,
            self.console,
            self.cluster,
            self.gathered,
            kinds,
            &plan,
            self.interrupt,
        )
        .await
    }

    /// Only says what would happen.
    async fn show(
        &self,
        targets: Vec<Target>,
        missing: &BTreeSet<String>,
    ) -> Result<ExitCode, Diagnostic> {
        let live = self.live(&targets, missing).await?;
        let options = PlanOptions {
            force: self.request.force,
            ask_for_new: true,
        };
        let plan = plan::plan(&self.cluster.api, targets, live, options).await;
        let plan =
            plan.map_err(|no_answer| Diagnostic::from(self.cluster.unreachable(no_answer)))?;
        let text = match self.request.output {
            Some(format @ (OutputFormat::Json | OutputFormat::Yaml)) => {
                report::data(&plan, None, format)
            }
            _ if self.request.diff => report::diffs(&plan, self.request.show_secrets),
            format => report::dry_run(&plan, DryRun::Server, format),
        };
        let code = report::print(&text)?;
        self.console
            .info(format!("plan: {}", report::summary(&plan)));
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
            self.console
                .say(&explain::meaning(self.manifests, &planned.target, &meaning));
        }
        let has_differences = plan.iter().any(|planned| planned.action.is_difference());
        Ok(match code {
            ExitCode::Done if has_failed => ExitCode::Failed,
            ExitCode::Done if self.request.exit_code && has_differences => ExitCode::Differences,
            code => code,
        })
    }

    /// The namespaces that targets live in and that aren't there. The environment's own is made; another one
    /// that doesn't come with the input is an error.
    async fn missing_namespaces(&self, targets: &[Target]) -> Result<BTreeSet<String>, Diagnostic> {
        let coming: BTreeSet<&str> = targets
            .iter()
            .filter(|target| target.object.identity.is("", "Namespace"))
            .map(|target| target.object.identity.name.as_str())
            .collect();
        let wanted: BTreeSet<&str> = targets.iter().filter_map(Target::namespace).collect();
        let mut missing = BTreeSet::new();
        for name in wanted {
            let answer = self
                .cluster
                .api
                .get(&format!("/api/v1/namespaces/{name}"))
                .await;
            let answer = answer
                .map_err(|no_answer| Diagnostic::from(self.cluster.unreachable(no_answer)))?;
            if answer.status == 404 {
                let may_come =
                    coming.contains(name) || (name == self.namespace && self.owner.is_some());
                if !may_come {
                    return Err(Diagnostic::input(format!(
                        "namespace `{name}` doesn't exist"
                    )));
                }
                missing.insert(name.to_owned());
            } else if answer.is_success() && !answer.body["metadata"]["deletionTimestamp"].is_null()
            {
                return Err(
                    Diagnostic::machine(format!("namespace `{name}` is being deleted"))
                        .hint(Some("try again when it is gone".to_owned())),
                );
            }
            // Without the right to look at namespaces the objects themselves tell.
        }
        Ok(missing)
    }

    /// Makes the environment's namespace: hooks may need it before anything else is applied.
    async fn make_namespace(&self, targets: &[Target]) -> Result<(), Diagnostic> {
        let given = targets.iter().find(|target| self.is_own_namespace(target));
        let object = given.map_or_else(|| self.namespace_object(), |target| target.object.value.clone());
        let path = format!(
            "/api/v1/namespaces/{}?fieldManager={}",
            self.namespace,
            codex_cluster::FIELD_MANAGER
        );
        let answer = self
            .cluster
            .api
            .patch(&path, codex_cluster::api::APPLY, &object)
            .await;
        let answer =
            answer.map_err(|no_answer| Diagnostic::from(self.cluster.unreachable(no_answer)))?;
        if !answer.is_success() {
            return Err(
                Diagnostic::machine(format!("cannot make namespace `{}`", self.namespace))
                    .note(answer.message()),
            );
        }
        self.console.info(format!("namespace {} made", self.namespace));
        Ok(())
    }

    /// The namespace of a project that has no manifest for it.
    fn namespace_object(&self) -> serde_json::Value {
        let mut object =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}});
        if let Some(owner) = self.owner {
            owner.put_on(&mut object, labels::Share::Own, None);
        }
        object
    }

    /// Whether a target is the environment's namespace.
    fn is_own_namespace(&self, target: &Target) -> bool {
        target.object.identity.is("", "Namespace") && target.object.identity.name == self.namespace
    }

    /// What is there; objects of namespaces that aren't there can't be.
    async fn live(
        &self,
        targets: &[Target],
        missing: &BTreeSet<String>,
    ) -> Result<Vec<Live>, Diagnostic> {
        let is_missing = |target: &Target| {
            target
                .namespace()
                .is_some_and(|namespace| missing.contains(namespace))
        };
        let mut asked: Vec<Target> = targets.to_vec();
        for target in &mut asked {
            target.is_served &= !is_missing(target);
        }
        live::look_up(&self.cluster.api, &asked)
            .await
            .map_err(|error| match error {
                LiveError::NoAnswer(no_answer) => self.cluster.unreachable(no_answer).into(),
                LiveError::Refused { path, answer } => {
                    Diagnostic::machine(format!("cannot list {path}")).note(answer.message())
                }
            })
    }

    async fn apply(&self, plan: &[Planned], made_namespace: bool) -> Result<Vec<Status>, Diagnostic> {
        let options = ApplyOptions {
            force: self.request.force,
            recreate: self.request.recreate,
            retries: self.request.retries,
            backoff: self.request.backoff,
            deadline: Instant::now() + WEBHOOKS_WITHIN,
        };
        let closed = Mutex::new(None);
        let statuses = apply::apply(
            &self.cluster.api,
            plan,
            options,
            self.interrupt,
            |planned, status| {
                let was_made = made_namespace && self.is_own_namespace(&planned.target);
                let status = &if was_made { as_created(status) } else { status.clone() };
                if let Status::Applied(applied) = status {
                    self.remark(planned, applied);
                }
                if let Some(line) = report::line(planned, status, self.request.output) {
                    if let Err(error) = report::print(&line) {
                        closed
                            .lock()
                            .unwrap_or_else(std::sync::PoisonError::into_inner)
                            .get_or_insert(error);
                    }
                }
            },
        )
        .await;
        let failed: Vec<_> = plan
            .iter()
            .zip(&statuses)
            .filter(|(_, status)| matches!(status, Status::Failed(_)))
            .collect();
        for (planned, status) in &failed {
            if let Status::Failed(fault) = status {
                self.console.say(&explain::fault(
                    self.cluster,
                    self.manifests,
                    &planned.target,
                    fault,
                ));
            }
        }
        if failed.is_empty() && !self.interrupt.is_raised() {
            return match closed
                .into_inner()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
            {
                Some(error) => Err(error),
                None => Ok(statuses),
            };
        }
        let count =
            |wanted: fn(&Status) -> bool| statuses.iter().filter(|status| wanted(status)).count();
        let words = format!(
            "{} applied, {} failed, {} not tried",
            count(|status| matches!(status, Status::Applied(_))),
            failed.len(),
            count(|status| matches!(status, Status::NotTried)),
        );
        if self.interrupt.is_raised() {
            return Err(Diagnostic::interrupted(format!("stopped: {words}")));
        }
        let not_tried = plan
            .iter()
            .zip(&statuses)
            .filter(|(_, status)| matches!(status, Status::NotTried));
        let message = Diagnostic::machine(format!("not everything was applied: {words}"));
        Err(not_tried.fold(message, |message, (planned, _)| {
            message.note(format!("not tried: {}", report::name(planned)))
        }))
    }

    /// What is worth saying of an object that was applied.
    fn remark(&self, planned: &Planned, applied: &Applied) {
        for conflict in &applied.overwritten {
            self.console.info(format!(
                "{}: took `{}` from {}",
                report::name(planned),
                conflict.field,
                explain::owner_words(conflict)
            ));
        }
        if applied.is_autoscaled {
            self.console.info(format!(
                "{}: the number of replicas is left to its autoscaler",
                report::name(planned)
            ));
        }
    }

    /// Deletes what the manifests no longer contain; the list is shown first.
    async fn prune(
        &self,
        plan: &[Planned],
        kinds: &codex_cluster::discovery::Kinds,
    ) -> Result<(), Diagnostic> {
        let Some(owner) = self.owner else {
            return Err(
                Diagnostic::input("`--prune` needs to know whose the manifests are").hint(Some(
                    "pipe them from `kubectl codex render`, or name `--env`".to_owned(),
                )),
            );
        };
        let kept: BTreeSet<Identity> = plan
            .iter()
            .map(|planned| planned.target.object.identity.clone())
            .collect();
        let search = Search {
            owner,
            namespace: &self.namespace,
            kept: &kept,
            all: self.request.prune_all,
        };
        let found = sweep::find(&self.cluster.api, kinds, search)
            .await
            .map_err(|error| match error {
                LiveError::NoAnswer(no_answer) => {
                    Diagnostic::from(self.cluster.unreachable(no_answer))
                }
                LiveError::Refused { path, answer } => {
                    Diagnostic::machine(format!("cannot list {path}")).note(answer.message())
                }
            })?;
        // With filters only what comes from the selected items is looked at; what doesn't say where it comes
        // from stays then.
        let items: BTreeSet<&str> = plan
            .iter()
            .filter_map(|planned| labels::item_of(&planned.target.object.value))
            .collect();
        let is_looked_at = |item: Option<&str>| {
            !self.request.is_filtered || item.is_some_and(|item| items.contains(item))
        };
        let leftovers: Vec<_> =
            found.into_iter().filter(|leftover| is_looked_at(leftover.item.as_deref())).collect();
        for leftover in &leftovers {
            self.console.info(format!(
                "to prune: {}",
                leftover.resource.display(&leftover.identity.name)
            ));
        }
        let mut failed = Vec::new();
        for leftover in &leftovers {
            let name = leftover.resource.display(&leftover.identity.name);
            match sweep::delete(&self.cluster.api, leftover).await {
                Ok(()) if self.request.output.is_none() => {
                    report::print(&format!("{name} pruned\n"))?;
                }
                Ok(()) => {}
                Err(reason) => failed.push(format!("{name}: {reason}")),
            }
        }
        if failed.is_empty() {
            return Ok(());
        }
        let message = Diagnostic::machine(format!(
            "cannot prune {} of {} objects",
            failed.len(),
            leftovers.len()
        ));
        Err(failed.into_iter().fold(message, Diagnostic::note))
    }

    /// Checks what can be checked; a failed check stops the apply.
    async fn preflight(&self, targets: &[Target]) -> Result<(), Diagnostic> {
        let facts = Preflight::of(targets, self.gathered.project.as_ref());
        let checks = preflight::run(&facts.request(self.cluster)).await;
        let mut failed = Vec::new();
        for check in &checks {
            self.console.info(format!("preflight: {check}"));
            if check.outcome == Outcome::Fail {
                failed.push(check.to_string());
            }
        }
        if failed.is_empty() {
            return Ok(());
        }
        Err(failed.into_iter().fold(
            Diagnostic::machine("the preflight failed, nothing was changed"),
            Diagnostic::note,
        ))
    }

    /// Runs the project's hooks before or after the apply, of the selected items only (B7).
    async fn hooks(&self, around: Around, targets: &[Target]) -> Result<(), Diagnostic> {
        let Some(project) = self
            .gathered
            .project
            .as_ref()
            .filter(|_| self.gathered.is_own)
        else {
            return Ok(());
        };
        let lists = hook_lists(project, self.request, around, self.console)?;
        if lists.iter().all(|(_, steps)| steps.is_empty()) {
            return Ok(());
        }
        for (list, steps) in &lists {
            hooks::check(list, steps, project).map_err(|error| error.diagnostic(project))?;
        }
        let credentials =
            Credentials::write(self.cluster, self.host.variables()).map_err(|error| {
                Diagnostic::machine(format!("cannot write a kubeconfig for hooks: {error}"))
            })?;
        let facts = Preflight::of(targets, Some(project));
        let staging = crate::gather::load(self.request, self.host, self.console, ("staging", 0));
        let context = HookContext {
            project,
            cluster: self.cluster,
            kubeconfig: credentials.path(),
            staging_namespace: &staging
                .map(|staging| staging.context.namespace)
                .unwrap_or_default(),
            preflight: &facts.request(self.cluster),
            listener: self.console,
            interrupt: self.interrupt,
        };
        for (list, steps) in &lists {
            hooks::run(list, steps, &context).await.map_err(|error| {
                let is_interrupt = error.is_interrupt();
                let message = error.diagnostic(project);
                if is_interrupt {
                    Diagnostic::interrupted(message.title)
                } else {
                    message
                }
            })?;
        }
        Ok(())
    }
}

/// The status of an object that this very apply made a moment before.
fn as_created(status: &Status) -> Status {
    match status {
        Status::Applied(applied) => Status::Applied(Applied { verb: Verb::Created, ..applied.clone() }),
        status => status.clone(),
    }
}

/// Before or after the apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Around {
    Before,
    After,
}

/// The hook lists in their order: outermost first before, last after.
fn hook_lists<'a>(
    project: &'a Project,
    request: &Request,
    around: Around,
    console: &Console,
) -> Result<Vec<(String, &'a [HookStep])>, Diagnostic> {
    let selection = codex_common::render::select(project, &request.filters)?;
    selection
        .warnings
        .iter()
        .for_each(|warning| console.debug(|| warning.title.clone()));
    let items = selection
        .items
        .iter()
        .filter(|selected| selected.left_out.is_none())
        .map(|selected| {
            let (word, steps) = match around {
                Around::Before => ("beforeApply", &selected.item.hooks.before_apply),
                Around::After => ("afterApply", &selected.item.hooks.after_apply),
            };
            (
                format!(
                    "{}.{}.{word}",
                    selected.item.block.word(),
                    &**selected.item.name
                ),
                steps.as_slice(),
            )
        });
    let stack = &project.stack.hooks;
    Ok(match around {
        Around::Before => {
            std::iter::once(("hooks.beforeAll".to_owned(), stack.before_all.as_slice()))
                .chain(items)
                .collect()
        }
        Around::After => items
            .chain(std::iter::once((
                "hooks.afterAll".to_owned(),
                stack.after_all.as_slice(),
            )))
            .collect(),
    })
}

/// What a preflight is about.
struct Preflight {
    needs: Vec<Need>,
    namespaces: Vec<String>,
    images: Vec<String>,
    registries: Vec<String>,
}

impl Preflight {
    fn of(targets: &[Target], project: Option<&Project>) -> Self {
        let mut needs: Vec<Need> = Vec::new();
        for target in targets {
            let need = Need {
                group: target.resource.group.clone(),
                resource: target.resource.plural.clone(),
                namespace: target.namespace().map(str::to_owned),
                verbs: ["get", "list", "create", "patch"]
                    .map(str::to_owned)
                    .to_vec(),
            };
            if !needs.contains(&need) {
                needs.push(need);
            }
        }
        let namespaces: BTreeSet<&str> = targets.iter().filter_map(Target::namespace).collect();
        let images: BTreeSet<String> = targets.iter().flat_map(images_of).collect();
        let registry = project
            .map(|project| project.stack.registry.clone())
            .filter(|registry| !registry.is_empty());
        Self {
            needs,
            namespaces: namespaces.into_iter().map(str::to_owned).collect(),
            images: images.into_iter().collect(),
            registries: registry.into_iter().collect(),
        }
    }

    fn request<'a>(&'a self, cluster: &'a Cluster) -> PreflightRequest<'a> {
        PreflightRequest {
            api: &cluster.api,
            server: &cluster.server,
            needs: &self.needs,
            namespaces: &self.namespaces,
            images: &self.images,
            registries: &self.registries,
        }
    }
}

/// The images that an object's pods name.
fn images_of(target: &Target) -> Vec<String> {
    let object = &target.object.value;
    let Some(pod) = codex_cluster::input::pod_spec(object).and_then(|path| path.find(object))
    else {
        return Vec::new();
    };
    let lists = ["containers", "initContainers"]
        .into_iter()
        .filter_map(|field| pod[field].as_array());
    lists
        .flatten()
        .filter_map(|container| container["image"].as_str())
        .map(str::to_owned)
        .collect()
}
