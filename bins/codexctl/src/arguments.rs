//! codexctl's commands and persistent flags.

use std::ffi::OsString;

use clap::{Args, Parser, Subcommand};
use codex_common::cli::{Console, ExitCode, Host, Messages, Program};
use codex_common::diagnostic::Diagnostic;

use crate::{handover, manage_env};

/// codexctl's command lines for the kubectl-codex suite.
///
/// Workflows written for codexctl go on working: each command is handed to the
/// program that does it now, with codexctl's rules (`--compat codexctl`).
#[derive(Debug, Parser)]
#[command(
    version,
    verbatim_doc_comment,
    args_override_self = true,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    persistent: Persistent,

    #[command(flatten)]
    messages: Messages,

    #[command(subcommand)]
    command: Command,
}

/// The flags that codexctl takes before and after every command.
#[derive(Debug, Clone, Args)]
pub(crate) struct Persistent {
    /// The project's services.yaml
    #[arg(short, long, value_name = "FILE", default_value = "services.yaml", global = true)]
    pub(crate) config: String,

    /// The environment
    #[arg(long, value_name = "NAME", global = true)]
    pub(crate) env: Option<String>,

    /// The namespace, instead of the one services.yaml gives
    #[arg(long, value_name = "NAME", global = true)]
    pub(crate) namespace: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the manifests of an environment (kubectl-codex-render)
    #[command(disable_help_flag = true)]
    Render {
        /// What kubectl-codex-render takes
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Apply the manifests of an environment (kubectl-codex-apply)
    #[command(disable_help_flag = true)]
    Apply {
        /// What kubectl-codex-apply takes
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// What workflows run
    Ci {
        #[command(subcommand)]
        command: CiCommand,
    },
    /// Set, show and clean up slots
    ManageEnv {
        #[command(subcommand)]
        command: manage_env::Command,
    },
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

#[derive(Debug, Subcommand)]
enum CiCommand {
    /// Apply with retries (kubectl-codex-apply)
    #[command(disable_help_flag = true)]
    Apply {
        /// What kubectl-codex-apply takes
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

impl Program for Arguments {
    fn messages(&self) -> &Messages {
        &self.messages
    }

    fn run(self, host: &Host, console: &Console) -> Result<ExitCode, Diagnostic> {
        match self.command {
            Command::Render { arguments } => {
                Err(handover::RENDER.take(&self.persistent, &self.messages, arguments))
            }
            Command::Apply { arguments } => {
                Err(handover::APPLY.take(&self.persistent, &self.messages, arguments))
            }
            Command::Ci { command: CiCommand::Apply { arguments } } => {
                Err(handover::CI_APPLY.take(&self.persistent, &self.messages, arguments))
            }
            Command::Ci { command: CiCommand::Other(words) } => Err(handover::unknown("ci ", &words)),
            Command::ManageEnv { command } => {
                Err(manage_env::refuse(&self.persistent, &command, host, console))
            }
            Command::Other(words) => Err(handover::unknown("", &words)),
        }
    }
}
