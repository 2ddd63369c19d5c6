//! What a deploy is asked to do: checked, and free of how it was typed.

use std::time::Duration;

use clap::ValueEnum;
pub use codex_cluster::hooks::Purpose;
use codex_common::cli::ProjectSource;
use codex_common::render;

use crate::arguments::{ClusterArgs, WaitArgs};

/// Who is asked what would be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DryRun {
    /// Nobody: the input is only checked.
    Client,
    /// The server.
    Server,
}

/// What is printed for each object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// `deployment.apps/web`.
    Name,
    /// The plan and what became of it, as JSON.
    Json,
    /// The same as YAML.
    Yaml,
}

/// Where it is said what became of each object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// On standard output, which is the deploy's own.
    Printed,
    /// Among the messages: standard output is for what the program around the deploy has to say.
    Said,
}

/// A checked request.
#[derive(Debug)]
pub struct Request {
    /// Where the project comes from.
    pub source: ProjectSource,
    /// The environment; `None` where only manifests made elsewhere are applied.
    pub env: Option<String>,
    /// The slot, 0 without one.
    pub slot: i64,
    /// The namespace, instead of the one that services.yaml gives.
    pub namespace: Option<String>,
    /// What hooks run around.
    pub purpose: Purpose,
    /// The items that take part.
    pub filters: render::Filters,
    /// Whether there are filters: prune then looks at the selected items only.
    pub is_filtered: bool,
    /// Manifests made elsewhere; empty for the project's own.
    pub files: Vec<String>,
    /// Whether folders are searched to the bottom.
    pub recursive: bool,
    /// Labels that an object must have, with their values.
    pub selector: Vec<(String, String)>,
    /// Only show what would change, as diffs.
    pub diff: bool,
    /// Whether differences have an exit code of their own.
    pub exit_code: bool,
    /// Only say what would be done.
    pub dry_run: Option<DryRun>,
    /// Whether diffs show secrets.
    pub show_secrets: bool,
    /// Whether fields are taken from other managers.
    pub force: bool,
    /// Whether objects are made anew whose immutable fields change.
    pub recreate: bool,
    /// Whether what can't be applied keeps nothing else from it.
    pub keep_going: bool,
    /// Whether leftovers of earlier applies are deleted.
    pub prune: bool,
    /// Whether these may be claims, namespaces and shared objects.
    pub prune_all: bool,
    /// Whether cluster, rights and images are checked first.
    pub preflight: bool,
    /// How often a request that may succeed later is sent again.
    pub retries: u32,
    /// The pause before the first of these; doubled each time.
    pub backoff: Duration,
    /// How long webhooks that aren't up are waited for.
    pub webhook_timeout: Duration,
    /// What is printed for each object; `None` is kubectl's line.
    pub output: Option<OutputFormat>,
    /// Where it is printed.
    pub lines: Lines,
    /// Whether and how long is waited.
    pub waiting: WaitArgs,
    /// Whether Services of type LoadBalancer are awaited until they have an address.
    pub await_load_balancer: bool,
    /// Which cluster, and as whom.
    pub cluster: ClusterArgs,
}

impl Request {
    /// Whether nothing is to be changed.
    pub fn only_shows(&self) -> bool {
        self.diff || self.dry_run.is_some()
    }
}
