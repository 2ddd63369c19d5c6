//! What a deploy is asked to do: checked, and free of how it was typed.

use std::time::Duration;

use clap::ValueEnum;
use codex_common::cli::StackArgs;
use codex_common::render;
use codex_common::stack::Mode;

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

/// A checked request.
#[derive(Debug)]
pub struct Request {
    /// Whose rules are followed where ours and codexctl's differ.
    pub mode: Mode,
    /// The project, environment and slot.
    pub stack: StackArgs,
    /// The items that take part.
    pub filters: render::Filters,
    /// Whether there are filters: prune then looks at the selected items only.
    pub is_filtered: bool,
    /// Variables given on the command line, in their order.
    pub variables: Vec<(String, String)>,
    /// A file of variables; empty for none.
    pub var_file: String,
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
    /// Whether diffs show the data of Secrets.
    pub show_secrets: bool,
    /// Whether fields are taken from other managers.
    pub force: bool,
    /// Whether objects are made anew whose immutable fields change.
    pub recreate: bool,
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
    /// What is printed for each object; `None` is kubectl's line.
    pub output: Option<OutputFormat>,
    /// Whether and how long is waited.
    pub waiting: WaitArgs,
    /// Which cluster, and as whom.
    pub cluster: ClusterArgs,
}

impl Request {
    /// Whether nothing is to be changed.
    pub fn only_shows(&self) -> bool {
        self.diff || self.dry_run.is_some()
    }
}
