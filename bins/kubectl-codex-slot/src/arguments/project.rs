//! The flags of every verb: which project and environment, with which variables, on which cluster.

use clap::Args;
use codex_common::cli::{Compat, DEFAULT_CONFIG, Messages, ProjectSource, Reach, Variables};
use codex_common::diagnostic::Diagnostic;
use codex_common::stack::Mode;
use codex_deploy::arguments::ClusterArgs;

/// The environment that slots are of if none is named.
const DEFAULT_ENV: &str = "ai";

/// Which project and environment.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Project")]
struct StackArgs {
    /// The project's file, here or in a directory above; its folder is the project's root
    #[arg(short, long, value_name = "FILE", default_value = DEFAULT_CONFIG)]
    config: String,

    /// The environment, one of those in services.yaml that have slots
    #[arg(long, value_name = "NAME", default_value = DEFAULT_ENV)]
    env: String,

    /// Follow the rules of codexctl where they differ
    #[arg(long, value_enum, value_name = "TOOL")]
    compat: Option<Compat>,

    #[command(flatten)]
    reach: Reach,

    #[command(flatten)]
    variables: Variables,
}

/// Which project and environment, on which cluster.
#[derive(Debug, Clone, Args)]
pub(crate) struct ProjectArgs {
    #[command(flatten)]
    stack: StackArgs,

    #[command(flatten)]
    cluster: ClusterArgs,

    #[command(flatten)]
    pub(crate) messages: Messages,
}

/// Which project and environment: checked, and free of how it was typed.
#[derive(Debug, Clone)]
pub(crate) struct StackRequest {
    /// Where the project comes from.
    pub(crate) source: ProjectSource,
    /// The environment's name.
    pub(crate) env: String,
}

/// Which project and environment, on which cluster.
#[derive(Debug, Clone)]
pub(crate) struct ProjectRequest {
    /// Which project and environment.
    pub(crate) stack: StackRequest,
    /// Which cluster, and as whom.
    pub(crate) cluster: ClusterArgs,
}

impl StackArgs {
    fn request(self) -> Result<StackRequest, Diagnostic> {
        let mode = Mode::from(self.compat);
        Ok(StackRequest {
            source: ProjectSource::new(self.config, self.reach, self.variables, mode)?,
            // Workflows pass what they don't know as an empty text (inventory G3).
            env: match mode {
                Mode::Codexctl if self.env.trim().is_empty() => DEFAULT_ENV.to_owned(),
                _ => self.env,
            },
        })
    }
}

impl ProjectArgs {
    /// Checks what was typed before any file is touched.
    ///
    /// # Errors
    /// A variable isn't `KEY=VALUE`.
    pub(crate) fn request(self) -> Result<ProjectRequest, Diagnostic> {
        Ok(ProjectRequest { stack: self.stack.request()?, cluster: self.cluster })
    }
}
