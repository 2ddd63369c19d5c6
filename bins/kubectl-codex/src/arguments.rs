//! What may be typed.

use std::ffi::OsString;

use clap::{Parser, Subcommand};
use codex_common::cli::{Console, ExitCode, Host, Messages, Program, write_stdout};
use codex_common::diagnostic::Diagnostic;

use crate::programs;

const EXAMPLES: &str = "\
Examples:
  # which programs are installed, and their versions
  kubectl codex

  # one of them, and its help
  kubectl codex render --env ai --slot 1
  kubectl codex help render

Programs are found as kubectl finds its plugins: files on the PATH that are called
kubectl-codex-NAME or, as krew installs them, kubectl-codex_NAME. They are run as they are:
standard input, output, signals and exit codes are theirs.

Exit codes: those of the program that is run; 0 done, 1 it is not installed, 2 there is no such
program, 70 a bug of this program.";

/// Lists the programs of the suite that are installed, and runs them.
#[derive(Debug, Parser)]
#[command(version, args_override_self = true, after_help = EXAMPLES, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    messages: Messages,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the help of a program
    Help {
        /// Which one
        #[arg(value_name = "PROGRAM")]
        program: Option<String>,
        /// Its verb
        #[arg(value_name = "VERB")]
        verbs: Vec<OsString>,
    },
    /// Print the versions of all programs that are installed
    Version,
    #[command(external_subcommand)]
    Run(Vec<OsString>),
}

impl Program for Arguments {
    fn messages(&self) -> &Messages {
        &self.messages
    }

    fn run(self, host: &Host, console: &Console) -> Result<ExitCode, Diagnostic> {
        match self.command {
            None => write_stdout(programs::list(host, console).as_bytes()),
            Some(Command::Version) => write_stdout(programs::versions(host).as_bytes()),
            Some(Command::Help { program: None, .. }) => {
                let help = <Self as clap::CommandFactory>::command().bin_name("kubectl codex").render_help();
                write_stdout(help.to_string().as_bytes())
            }
            Some(Command::Help { program: Some(program), verbs }) => {
                let words = verbs.into_iter().chain([OsString::from("--help")]);
                Err(programs::run(host, &program, words))
            }
            Some(Command::Run(mut words)) => {
                let program = words.remove(0);
                Err(programs::run(host, &program.to_string_lossy(), words))
            }
        }
    }
}
