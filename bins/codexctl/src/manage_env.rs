//! `codexctl manage-env`: flags, selectors and the environment are checked; the slots come with a later release.

use clap::{Args, Subcommand};
use codex_common::cli::{Console, Host};
use codex_common::diagnostic::Diagnostic;
use codex_common::stack::{self, Environment, LoadRequest, Mode};
use gotemplate::Missing;

use crate::arguments::Persistent;

/// The environment that codexctl's slot commands are about if none is named.
const DEFAULT_ENV: &str = "ai";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Link a slot to an issue or a pull request
    Set {
        /// The slot's number
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
        slot: i64,
        /// The issue's number
        #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
        issue: i64,
        /// The pull request's number
        #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
        pr: i64,
    },
    /// Remove slots
    Cleanup {
        #[command(flatten)]
        selectors: Selectors,
        /// All slots of the environment
        #[arg(long)]
        all: bool,
        /// Remove the slots' records too
        #[arg(long)]
        with_configmap: bool,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Selectors {
    /// The slot's number
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
    slot: i64,
    /// The issue's number
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
    issue: i64,
    /// The pull request's number
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
    pr: i64,
}

impl Command {
    /// The slot, and whether the command says which slots it is about.
    fn selection(&self) -> (i64, bool) {
        match self {
            Self::Set { slot, .. } => (*slot, true),
            Self::Cleanup { selectors: Selectors { slot, issue, pr }, all, .. } => {
                (*slot, *all || *slot > 0 || *issue > 0 || *pr > 0)
            }
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Set { .. } => "set",
            Self::Cleanup { .. } => "cleanup",
        }
    }
}

/// What is wrong with the command line, or else that the slots aren't part of this release.
pub(crate) fn refuse(
    persistent: &Persistent,
    command: &Command,
    host: &Host,
    console: &Console,
) -> Diagnostic {
    match check(persistent, command, host, console) {
        Err(failure) => failure,
        Ok(()) => Diagnostic::machine(format!(
            "`codexctl manage-env {}` is not part of this release",
            command.name()
        ))
        .hint(Some("it comes with kubectl-codex-slot; nothing was changed".to_owned())),
    }
}

fn check(
    persistent: &Persistent,
    command: &Command,
    host: &Host,
    console: &Console,
) -> Result<(), Diagnostic> {
    let (slot, says_which) = command.selection();
    if !says_which {
        return Err(Diagnostic::input("at least one of --issue, --pr or --slot must be specified"));
    }
    let env = persistent.env.as_deref().unwrap_or(DEFAULT_ENV);
    let project = stack::load(
        &LoadRequest {
            config: &persistent.config,
            folder: host.folder(),
            env,
            slot,
            namespace: persistent.namespace.as_deref(),
            process: host.variables(),
            var_file: "",
            inline: Vec::new(),
            now: host.now(),
            mode: Mode::Codexctl,
            missing: Missing::Print,
        },
        console.secrets(),
    )?;
    Environment::resolve(&project.stack.environments, env).map(|_| ()).map_err(|error| {
        let message = Diagnostic::input(error.to_string()).hint(error.hint());
        project.text.blame(message, error.position(), "inherits from here")
    })
}
