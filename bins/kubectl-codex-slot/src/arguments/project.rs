//! The flags of every verb: which project and environment, with which variables, on which cluster.

use clap::{Args, ValueEnum};
use codex_common::cli::{Messages, Variables};
use codex_common::diagnostic::Diagnostic;
use codex_common::stack::{Mode, variables::inline};
use codex_deploy::arguments::ClusterArgs;

/// The environment that slots are of if none is named.
const DEFAULT_ENV: &str = "ai";

/// Which project and environment.
#[derive(Debug, Clone, Args)]
pub(crate) struct StackArgs {
    /// The project's services.yaml; its folder is the project's root
    #[arg(short, long, value_name = "FILE", default_value = "services.yaml")]
    config: String,

    /// The environment, one of those in services.yaml that have slots
    #[arg(long, value_name = "NAME", default_value = DEFAULT_ENV)]
    env: String,

    /// Follow the rules of codexctl where they differ
    #[arg(long, value_enum, value_name = "TOOL")]
    compat: Option<Compat>,

    #[command(flatten)]
    variables: Variables,
}

/// Which project and environment, on which cluster.
#[derive(Debug, Clone, Args)]
pub(crate) struct ProjectArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,

    #[command(flatten)]
    cluster: ClusterArgs,

    #[command(flatten)]
    pub(crate) messages: Messages,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Compat {
    Codexctl,
}

/// Which project and environment: checked, and free of how it was typed.
#[derive(Debug, Clone)]
pub(crate) struct StackRequest {
    /// The path of services.yaml as typed.
    pub(crate) config: String,
    /// The environment's name.
    pub(crate) env: String,
    /// Whose rules are followed where ours and codexctl's differ.
    pub(crate) mode: Mode,
    /// Variables given on the command line, in their order.
    pub(crate) variables: Vec<(String, String)>,
    /// A file of variables; empty for none.
    pub(crate) var_file: String,
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
    pub(crate) fn request(self) -> Result<StackRequest, Diagnostic> {
        let mut variables = inline::parse_list(&self.variables.vars)
            .map_err(|error| Diagnostic::input(format!("{error} (`--vars`)")))?;
        for item in &self.variables.var {
            let variable = inline::parse_one(item);
            variables.push(variable.map_err(|error| Diagnostic::input(format!("{error} (`--var`)")))?);
        }
        let mode = if self.compat.is_some() { Mode::Codexctl } else { Mode::Plain };
        Ok(StackRequest {
            config: self.config,
            // Workflows pass what they don't know as an empty text (inventory G3).
            env: match mode {
                Mode::Codexctl if self.env.trim().is_empty() => DEFAULT_ENV.to_owned(),
                _ => self.env,
            },
            mode,
            variables,
            var_file: self.variables.var_file,
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
