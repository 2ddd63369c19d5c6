//! codexctl's commands and persistent flags.

use std::ffi::OsString;

use clap::{Args, Parser, Subcommand};
use codex_common::cli::{Console, ExitCode, Host, Messages, Program};
use codex_common::diagnostic::Diagnostic;

use crate::handover;

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
    Render(Handed),
    /// Apply the manifests of an environment (kubectl-codex-apply)
    #[command(disable_help_flag = true)]
    Apply(Handed),
    /// What workflows run
    Ci {
        #[command(subcommand)]
        command: CiCommand,
    },
    /// Link, show and remove slots
    ManageEnv {
        #[command(subcommand)]
        command: ManageEnvCommand,
    },
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

#[derive(Debug, Subcommand)]
enum CiCommand {
    /// Apply with retries (kubectl-codex-apply)
    #[command(disable_help_flag = true)]
    Apply(Handed),
    /// Find or take a slot (kubectl-codex-slot ensure)
    #[command(disable_help_flag = true)]
    EnsureSlot(Handed),
    /// Find or take a slot and make it ready (kubectl-codex-slot ready)
    #[command(disable_help_flag = true)]
    EnsureReady(Handed),
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

#[derive(Debug, Subcommand)]
enum ManageEnvCommand {
    /// Link a slot to an issue or a pull request (kubectl-codex-slot set)
    #[command(disable_help_flag = true)]
    Set(Handed),
    /// Print the comment about an environment (kubectl-codex-slot comment)
    #[command(disable_help_flag = true)]
    Comment(Handed),
    /// Remove slots (kubectl-codex-slot cleanup)
    #[command(disable_help_flag = true)]
    Cleanup(Handed),
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

/// What is handed to the program that does the command now.
#[derive(Debug, Args)]
struct Handed {
    /// What that program takes
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

impl Program for Arguments {
    fn messages(&self) -> &Messages {
        &self.messages
    }

    fn run(self, host: &Host, _: &Console) -> Result<ExitCode, Diagnostic> {
        let (handover, handed) = match self.command {
            Command::Render(handed) => (handover::RENDER, handed),
            Command::Apply(handed) => (handover::APPLY, handed),
            Command::Ci { command } => match command {
                CiCommand::Apply(handed) => (handover::CI_APPLY, handed),
                CiCommand::EnsureSlot(handed) => (handover::ENSURE_SLOT, handed),
                CiCommand::EnsureReady(handed) => (handover::ENSURE_READY, handed),
                CiCommand::Other(words) => return Err(handover::unknown("ci ", &words)),
            },
            Command::ManageEnv { command } => match command {
                ManageEnvCommand::Set(handed) => (handover::SET, handed),
                ManageEnvCommand::Comment(handed) => (handover::COMMENT, handed),
                ManageEnvCommand::Cleanup(handed) => (handover::CLEANUP, handed),
                ManageEnvCommand::Other(words) => return Err(handover::unknown("manage-env ", &words)),
            },
            Command::Other(words) => return Err(handover::unknown("", &words)),
        };
        Err(handover.take(&self.persistent, &self.messages, handed.arguments, host))
    }
}
