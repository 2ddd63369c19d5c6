//! The work, in the order of one apply: namespace, hooks, plan, apply, prune, hooks, wait.

mod hooks;
mod namespaces;
mod preflight;
mod prune;
mod refusals;
mod send;
mod show;
mod waiting;

use std::collections::BTreeSet;
use std::sync::Mutex;

use codex_cluster::apply::Status;
use codex_cluster::connect::Cluster;
use codex_cluster::discovery::{Found, Kinds};
use codex_cluster::identity::is_built_in;
use codex_cluster::input::Object;
use codex_cluster::interrupt::Interrupt;
use codex_cluster::labels::Owner;
use codex_cluster::live::{self, Live};
use codex_cluster::place::{Belonging, Target};
use codex_cluster::plan::{self, Comparison, PlanError, PlanOptions, Planned};
use codex_cluster::prune::Kept;
use codex_cluster::refusal;
use codex_cluster::sweep::Leftover;
use codex_common::cli::{Console, ExitCode, Host};
use codex_common::diagnostic::Diagnostic;

use crate::gather::Gathered;
use crate::input::Input;
use crate::order::{self, Steps};
use crate::permission::{Permission, Unconditional};
use crate::report;
use crate::request::{Lines, OutputFormat, Request};
use crate::scene::{self, Manifests, Placed};

pub(crate) use hooks::check as check_hooks;
pub use hooks::{HookScene, Moment};
use send::{End, Sent};
pub use waiting::Standing;
use waiting::WaitFor;

/// Where a deploy goes, and what may stop it.
#[derive(Debug, Clone, Copy)]
pub struct Destination<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// What it serves.
    pub kinds: &'a Kinds,
    /// Whether the user wants it to stop.
    pub interrupt: &'a Interrupt,
    /// Whether it may go on.
    pub permission: &'a dyn Permission,
}

/// What a deploy that went well came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deployed {
    /// How the command ends, if it was nothing but the deploy.
    pub code: ExitCode,
    /// Whether everything is ready; `None` if nobody asked to wait.
    pub is_ready: Option<bool>,
    /// Whether all of it was sent: else what the rest comes after wasn't ready.
    pub is_complete: bool,
}

/// Applies what was read: all of one deploy behind the connection.
///
/// # Errors
/// What could not be applied, or the cluster that can't be reached.
pub async fn deploy(
    request: &Request,
    input: Input,
    destination: Destination<'_>,
    host: &Host,
    console: &Console,
) -> Result<Deployed, Diagnostic> {
    let (ground, targets) = Ground::of(request, input, destination)?;
    ground.session(request, destination, host, console).run(targets, destination.kinds).await
}

/// Whether all that was applied before is ready (still, or by now), without applying it: waits as long as the
/// request says.
///
/// Only what can get ready late or become unready again is looked at. For workloads that takes no question
/// of what the server serves.
///
/// # Errors
/// The user stopped it, the cluster can't be asked, or the time-out of services.yaml isn't one.
pub async fn await_applied(
    request: &Request,
    mut input: Input,
    (cluster, interrupt): (&Cluster, &Interrupt),
    host: &Host,
    console: &Console,
) -> Result<Standing, Diagnostic> {
    let workloads = Kinds::of_workloads();
    let is_workload = |object: &Object| {
        let kind = &object.identity.kind;
        matches!(workloads.find(object.api_version(), kind), Found::Served(_))
    };
    let rules = input.project().map_or_else(Vec::new, |project| project.stack.ready.clone());
    let has_rule = |object: &Object| {
        rules.iter().any(|rule| rule.is_about(&object.identity.group, &object.identity.kind))
    };
    let may_change =
        |object: &Object| is_workload(object) || !is_built_in(&object.identity.group) || has_rule(object);
    input.objects.retain(may_change);
    if input.objects.is_empty() {
        return Ok(Standing::Ready);
    }
    let kinds = if input.objects.iter().all(is_workload) { workloads } else { scene::kinds(cluster).await? };
    let destination = Destination { cluster, kinds: &kinds, interrupt, permission: &Unconditional };
    let (ground, targets) = Ground::of(request, input, destination)?;
    ground.session(request, destination, host, console).wait_for_applied(targets, &kinds).await
}

/// What the work stands on: all that is known of the input, without the targets.
struct Ground {
    gathered: Gathered,
    manifests: Manifests,
    owner: Option<Owner>,
    namespace: String,
    unserved: Vec<(String, Diagnostic)>,
    kept: Kept,
    steps: Steps,
}

impl Ground {
    fn of(
        request: &Request,
        input: Input,
        Destination { cluster, kinds, .. }: Destination<'_>,
    ) -> Result<(Self, Vec<Target>), Diagnostic> {
        let Input { gathered, objects, manifests, elsewhere, kept } = input;
        let owner = scene::owner_of(&gathered);
        let namespace =
            namespace(request, &gathered).or_else(|| cluster.namespace.clone()).unwrap_or_default();
        let belonging =
            Belonging { owner: owner.as_ref(), namespace: &namespace, elsewhere: elsewhere.as_ref() };
        let Placed { mut targets, unserved } = scene::targets(objects, &manifests, kinds, belonging)?;
        let steps = order::arrange(request, &gathered, &manifests, &mut targets)?;
        Ok((Self { gathered, manifests, owner, namespace, unserved, kept, steps }, targets))
    }

    fn session<'a>(
        &'a self,
        request: &'a Request,
        destination: Destination<'a>,
        host: &'a Host,
        console: &'a Console,
    ) -> Session<'a> {
        Session {
            request,
            host,
            console,
            gathered: &self.gathered,
            cluster: destination.cluster,
            manifests: &self.manifests,
            owner: self.owner.as_ref(),
            namespace: &self.namespace,
            unserved: &self.unserved,
            kept: &self.kept,
            steps: &self.steps,
            interrupt: destination.interrupt,
            permission: destination.permission,
            warned: Mutex::default(),
        }
    }
}

/// The user ended it while everything was only being looked at.
pub(crate) fn stopped() -> Diagnostic {
    Diagnostic::interrupted("stopped; nothing is applied")
}

/// The namespace of objects without one, which may be empty; `None` for manifests of nobody in particular, which
/// go to the kubeconfig's, as kubectl has it.
pub(crate) fn namespace(request: &Request, gathered: &Gathered) -> Option<String> {
    let given = request.namespace.as_deref().map(str::trim).filter(|given| !given.is_empty());
    given.map(str::to_owned).or_else(|| gathered.identity.as_ref().map(|identity| identity.namespace.clone()))
}

/// What ends planning.
enum Stop {
    Unplanned(PlanError),
    Said(Diagnostic),
}

impl From<PlanError> for Stop {
    fn from(error: PlanError) -> Self {
        Self::Unplanned(error)
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
    pub(crate) namespace: &'a str,
    pub(crate) unserved: &'a [(String, Diagnostic)],
    /// What a prune leaves, as far as manifests tell.
    pub(crate) kept: &'a Kept,
    /// What is sent together, and what is awaited in between.
    pub(crate) steps: &'a Steps,
    pub(crate) interrupt: &'a Interrupt,
    /// Asked before each step that makes something, and after the last.
    pub(crate) permission: &'a dyn Permission,
    /// What the server has warned of so far.
    pub(crate) warned: Mutex<BTreeSet<String>>,
}

impl Session<'_> {
    async fn run(&self, targets: Vec<Target>, kinds: &Kinds) -> Result<Deployed, Diagnostic> {
        let look = async {
            let missing = self.missing_namespaces(&targets).await?;
            if self.request.preflight && !self.request.only_shows() {
                self.preflight(&targets).await?;
            }
            Ok(missing)
        };
        let missing = self.looking(look).await?;
        if self.request.only_shows() {
            let code = self.looking(self.show(targets, &missing, kinds)).await?;
            return Ok(Deployed { code, is_ready: None, is_complete: false });
        }
        self.permission.check().await?;
        let made = missing.contains(self.namespace);
        if made {
            self.make_namespace(&targets).await?;
            self.permission.check().await?;
        }
        self.hooks(Moment::BeforeApply, targets.iter()).await?;
        let shows_plan = matches!(self.request.output, Some(OutputFormat::Json | OutputFormat::Yaml));
        let none_missing = BTreeSet::new();
        let plan = self.plan(targets, &none_missing, shows_plan, |_, _| Ok(()));
        let plan = self.looking(plan).await?;
        self.summarize(&plan, &[], made);
        self.stop_at_refusals(&plan)?;
        let Sent { statuses, end } = self.apply(&plan, made, kinds).await?;
        match end {
            End::All => {}
            End::Unready => {
                self.print_data(&plan, &[], &statuses)?;
                return Ok(Deployed { code: ExitCode::NotReady, is_ready: Some(false), is_complete: false });
            }
            End::Failed(message) => {
                self.print_data(&plan, &[], &statuses)?;
                return Err(message);
            }
        }
        let mut pruned = Vec::new();
        if self.request.prune {
            let pruning = self.interrupt.unless_raised(self.prune(&plan, kinds)).await;
            let stopped = "stopped while pruning; everything is applied";
            pruned = pruning.unwrap_or_else(|| Err(Diagnostic::interrupted(stopped)))?;
        }
        self.permission.check().await?;
        self.hooks(Moment::AfterApply, plan.iter().map(|planned| &planned.target)).await?;
        self.permission.check().await?;
        self.print_data(&plan, &pruned, &statuses)?;
        if !self.request.waiting.wait {
            return Ok(Deployed { code: ExitCode::Done, is_ready: None, is_complete: true });
        }
        let targets = plan.into_iter().map(|planned| planned.target).collect();
        let is_ready = self.wait(targets, kinds, WaitFor::Everything).await?;
        let is_well = is_ready || self.request.waiting.wait_soft_fail;
        Ok(Deployed {
            code: if is_well { ExitCode::Done } else { ExitCode::NotReady },
            is_ready: Some(is_ready),
            is_complete: true,
        })
    }

    /// The plan and what became of it, where that is wanted as data.
    fn print_data(
        &self,
        plan: &[Planned],
        pruned: &[Leftover],
        statuses: &[Status],
    ) -> Result<(), Diagnostic> {
        if let Some(format @ (OutputFormat::Json | OutputFormat::Yaml)) = self.request.output {
            let how = (format, self.console.secrets());
            report::print(&report::data((plan, self.manifests), pruned, Some(statuses), how))?;
        }
        Ok(())
    }

    /// Says what became of an object, where the request wants it said.
    pub(crate) fn line(&self, text: &str) -> Result<(), Diagnostic> {
        match self.request.lines {
            Lines::Printed => self.console.print(text).map(|_| ()),
            Lines::Said => {
                text.lines().for_each(|line| self.console.info(line));
                Ok(())
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
        seen: impl FnMut(&Planned, &Comparison) -> Result<(), Diagnostic>,
    ) -> Result<Vec<Planned>, Diagnostic> {
        let live = self.live(&mut targets, missing).await?;
        let options = PlanOptions { force: self.request.force, recreate: self.request.recreate, ask_for_new };
        let mut seen = seen;
        let seen = |planned: &Planned, comparison: &Comparison| seen(planned, comparison).map_err(Stop::Said);
        plan::plan(&self.cluster.api, targets, live, options, seen).await.map_err(|stop| match stop {
            Stop::Said(message) => message,
            Stop::Unplanned(PlanError::NoAnswer(no_answer)) => self.cluster.unreachable(no_answer).into(),
            Stop::Unplanned(PlanError::Unauthorized) => {
                Diagnostic::machine(format!("cannot ask {} what an apply would do", self.cluster.server))
                    .note(refusal::UNAUTHORIZED)
            }
        })
    }

    /// What is there; objects of namespaces that aren't there can't be.
    async fn live(
        &self,
        targets: &mut [Target],
        missing: &BTreeSet<String>,
    ) -> Result<Vec<Live>, Diagnostic> {
        let unsure = self.owner.filter(|owner| owner.slot.is_some() && !self.gathered.is_own);
        let live = live::look_up(&self.cluster.api, targets, missing, unsure).await;
        live.map_err(|error| self.cluster.unlisted(error))
    }
}
