//! What may be typed, and the checked request that comes of it.

use std::time::Duration;

use clap::{Args, Parser};
use codex_common::cli::{
    Compat, Console, ExitCode, Filters, Host, Messages, Program, ProjectSource, StackArgs, Variables,
};
use codex_common::diagnostic::Diagnostic;
use codex_common::stack::{Mode, variables::inline};
use codex_deploy::arguments::{ClusterArgs, WEBHOOK_TIMEOUT, WaitArgs, duration};
use codex_deploy::kustomize_hint;
use codex_deploy::request::{DryRun, Lines, OutputFormat, Purpose, Request};

const EXAMPLES: &str = "\
Examples:
  # render and apply slot 1 of the environment ai, and wait until it is ready
  kubectl codex apply --env ai --slot 1 --wait

  # the same from a pipe; the stream says whose it is
  kubectl codex render --env ai --slot 1 | kubectl codex apply -f - --wait

  # what would change; 3 says that something would
  kubectl codex apply --env staging --diff --exit-code

Exit codes: 0 done, 1 could not be done, 2 wrong usage or wrong input, 3 there are
differences (--exit-code), 4 applied but not ready in time, 130 stopped by the user.";

/// Applies the manifests of an environment.
///
/// Renders services.yaml, or reads the manifests of -f, plans what changes, applies
/// it by server-side apply and, with --wait, waits until everything is ready. Nothing
/// is sent while anything in the input is wrong.
#[derive(Debug, Parser)]
#[command(version, verbatim_doc_comment, args_override_self = true, after_help = EXAMPLES, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    stack: StackArgs,

    #[command(flatten)]
    filters: Filters,

    #[command(flatten)]
    variables: Variables,

    #[command(flatten)]
    input: InputArgs,

    #[command(flatten)]
    plan: PlanArgs,

    #[command(flatten)]
    waiting: WaitArgs,

    #[command(flatten)]
    cluster: ClusterArgs,

    #[command(flatten)]
    messages: Messages,
}

/// Manifests made elsewhere.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Manifests made elsewhere")]
struct InputArgs {
    /// Apply these manifests instead of the project's own ("-": stdin)
    #[arg(short, long, value_name = "FILE|DIR|URL|-")]
    filename: Vec<String>,

    /// kubectl has it; here kustomize's output comes through a pipe
    #[arg(short = 'k', long, value_name = "DIR", hide = true)]
    kustomize: Option<String>,

    /// Look for manifests in subfolders too
    #[arg(short = 'R', long, requires = "filename")]
    recursive: bool,

    /// Only objects with these labels (KEY=VALUE,…)
    #[arg(short = 'l', long, value_name = "LABELS", default_value = "", hide_default_value = true)]
    selector: String,
}

/// What is done and shown.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Plan and apply")]
struct PlanArgs {
    /// Only show what would change
    #[arg(long, conflicts_with = "dry_run")]
    diff: bool,

    /// With --diff or --dry-run: end with 3 if there are differences
    #[arg(long)]
    exit_code: bool,

    /// Only say what would be done: client asks no cluster, server asks it
    #[arg(long, value_enum, value_name = "WHO")]
    dry_run: Option<DryRun>,

    /// Show secrets in the diff, the data of Secrets too
    #[arg(long, requires = "diff")]
    show_secrets: bool,

    /// Take fields that others own
    #[arg(long)]
    force_conflicts: bool,

    /// Make objects anew whose immutable fields change
    #[arg(long)]
    recreate: bool,

    /// Apply what can be applied, whatever becomes of the rest
    #[arg(long)]
    keep_going: bool,

    /// Delete what an earlier apply made and the manifests no longer contain
    #[arg(long)]
    prune: bool,

    /// The same, with PersistentVolumeClaims, Namespaces and shared objects
    #[arg(long)]
    prune_all: bool,

    /// Check the cluster, rights and images first
    #[arg(long)]
    preflight: bool,

    /// How often a request that may succeed later is tried again
    #[arg(long, value_name = "N", default_value_t = 3)]
    apply_retries: u32,

    /// How long is waited before the first retry; doubled each time
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration)]
    apply_backoff: Duration,

    /// How long a webhook that isn't up is waited for [default: 3m]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    webhook_timeout: Option<Duration>,

    /// Follow the rules of codexctl: render as it does, take fields that others own,
    /// don't wait for load balancers
    #[arg(long, value_enum, value_name = "TOOL", verbatim_doc_comment)]
    compat: Option<Compat>,

    /// What is printed for each object [default: kubectl's line]
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    output: Option<OutputFormat>,
}

impl Program for Arguments {
    fn messages(&self) -> &Messages {
        &self.messages
    }

    fn run(self, host: &Host, console: &Console) -> Result<ExitCode, Diagnostic> {
        codex_deploy::run(&self.request()?, host, console)
    }
}

impl Arguments {
    /// Checks what was typed before any file is touched.
    fn request(self) -> Result<Request, Diagnostic> {
        if let Some(directory) = &self.input.kustomize {
            return Err(Diagnostic::input("`-k` is kubectl's: nothing is built here")
                .hint(Some(kustomize_hint(directory))));
        }
        if let (false, Some(flag)) = (self.input.filename.is_empty(), self.filters.given()) {
            return Err(Diagnostic::input(format!(
                "`{flag}` is about the project's own manifests, it can't be used with `-f`"
            )));
        }
        let plan = self.plan;
        if plan.exit_code && !plan.diff && plan.dry_run.is_none() {
            return Err(Diagnostic::input("`--exit-code` goes with `--diff` or `--dry-run`"));
        }
        let mode = Mode::from(plan.compat);
        let source = ProjectSource::new(self.stack.config, self.stack.reach, self.variables, mode)?;
        let (filters, is_filtered) = self.filters.checked();
        let selector = inline::parse_list(&self.input.selector)
            .map_err(|_| Diagnostic::input("`--selector` takes KEY=VALUE,KEY=VALUE"))?;
        Ok(Request {
            source,
            env: self.stack.env,
            slot: self.stack.slot,
            namespace: self.stack.namespace,
            purpose: Purpose::Apply,
            filters,
            is_filtered,
            files: self.input.filename,
            recursive: self.input.recursive,
            selector,
            diff: plan.diff,
            exit_code: plan.exit_code,
            dry_run: plan.dry_run,
            show_secrets: plan.show_secrets,
            force: plan.force_conflicts || plan.compat.is_some(),
            recreate: plan.recreate,
            keep_going: plan.keep_going,
            prune: plan.prune || plan.prune_all,
            prune_all: plan.prune_all,
            preflight: plan.preflight,
            retries: plan.apply_retries,
            backoff: plan.apply_backoff,
            webhook_timeout: plan.webhook_timeout.unwrap_or(WEBHOOK_TIMEOUT),
            output: plan.output,
            lines: Lines::Printed,
            waiting: self.waiting,
            await_load_balancer: plan.compat.is_none(),
            cluster: self.cluster,
        })
    }
}
