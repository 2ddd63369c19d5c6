//! One deploy: from what is asked for to everything applied and ready.
//!
//! ```text
//! Request ──gather──▶ documents ──input──▶ Input ──scene──▶ targets ──session──▶ plan ─▶ apply ─▶ prune ─▶ wait
//! ```
//!
//! It is a crate of its own because two programs deploy: `kubectl-codex-apply`, which is [`run`] and nothing
//! else, and `kubectl-codex-slot`, which has a loaded project and a cluster when it makes a slot ready, and
//! takes the steps one by one: [`Input::of_project`], [`connection::connect`], [`kinds`], [`deploy`]. What is
//! decided and sent is `codex-cluster`'s; here are the order of it, and the words.

pub mod arguments;
pub mod connection;
mod explain;
mod gather;
mod input;
mod kept;
mod order;
pub mod permission;
mod picture;
mod report;
pub mod request;
mod scene;
mod session;

use codex_cluster::interrupt::Interrupt;
use codex_cluster::retry::Retry;
use codex_common::cli::{Console, ExitCode, Host};
use codex_common::diagnostic::Diagnostic;

pub use gather::kustomize_hint;
pub use input::Input;
pub use scene::kinds;
pub use session::{Deployed, Destination, HookScene, Moment, Standing, await_applied, deploy};

use request::{DryRun, OutputFormat, Request};

/// A whole deploy, as the command `apply` does it.
///
/// # Errors
/// The first thing that is wrong with the input, the cluster that can't be reached, or what could not be applied.
pub fn run(request: &Request, host: &Host, console: &Console) -> Result<ExitCode, Diagnostic> {
    let input = Input::read(request, host, console)?;
    if request.dry_run == Some(DryRun::Client) {
        let objects = scene::of_client(request, input);
        return match request.output {
            Some(format @ (OutputFormat::Json | OutputFormat::Yaml)) => {
                report::print(&report::client_data(&objects, format, console.secrets()))
            }
            format => console.print(&report::client_lines(&objects, format)),
        };
    }
    let runtime = runtime()?;
    let outcome = runtime.block_on(async {
        let interrupt = Interrupt::of_process()
            .map_err(|error| Diagnostic::machine(format!("cannot listen to signals: {error}")))?;
        let reached = connection::connect(&request.cluster, input.project(), host, console);
        let mut cluster =
            interrupt.unless_raised(reached).await.unwrap_or_else(|| Err(session::stopped()))?;
        let retry = cluster.api.retry();
        // Who wants to wait less before sending again wants it of reading too.
        cluster.api = cluster.api.with_retry(Retry { backoff: retry.backoff.min(request.backoff), ..retry });
        let work = async {
            let kinds = interrupt.unless_raised(kinds(&cluster)).await;
            let kinds = kinds.unwrap_or_else(|| Err(session::stopped()))?;
            let destination = Destination {
                cluster: &cluster,
                kinds: &kinds,
                interrupt: &interrupt,
                permission: &permission::Unconditional,
            };
            deploy(request, input, destination, host, console).await.map(|deployed| deployed.code)
        };
        cluster.api.notices().relay(|line| console.info(line), work).await
    });
    // The look-up of a host's name may still be under way; nobody waits for it any more.
    runtime.shutdown_background();
    outcome
}

/// The runtime that a program talks to a cluster in.
///
/// # Errors
/// The machine has no room for it.
pub fn runtime() -> Result<tokio::runtime::Runtime, Diagnostic> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Diagnostic::machine(format!("cannot start: {error}")))
}
