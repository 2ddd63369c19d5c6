//! What every binary shares at its edge: one `main`, flags, messages, exit codes.
//!
//! Takes the command line and the process around it, gives an exit code. Only here are
//! `eprintln!` and `process::exit` used, the environment and the clock read, stdout written.

mod arguments;
mod console;
mod exit;
mod frame;
mod host;
mod program;
mod project;
mod stdin;
mod stdout;

pub use arguments::{Compat, Filters, Messages, StackArgs, Variables};
pub use console::{Color, Console, Footer, Level};
pub use exit::ExitCode;
pub use host::Host;
pub use program::spelling;
pub use project::{DEFAULT_CONFIG, ProjectSource, StackTarget};
pub use stdin::{MAX_INPUT, hint_if_terminal, read as read_stdin};
pub use stdout::write as write_stdout;

use clap::{CommandFactory, FromArgMatches};

use crate::diagnostic::Diagnostic;
use crate::printable;

/// What a binary's command line offers to the shared `main`.
pub trait Program: CommandFactory + FromArgMatches {
    /// How this run talks: level and colour.
    fn messages(&self) -> &Messages;

    /// Does the work.
    ///
    /// # Errors
    /// The one message that says why it could not be done.
    fn run(self, host: &Host, console: &Console) -> Result<ExitCode, Diagnostic>;
}

/// The one `main`: parses, runs, prints the error, returns the exit code.
pub fn main<P: Program>() -> std::process::ExitCode {
    report_panics_as_bugs();
    let host = Host::of_process();
    match parse::<P>(&host) {
        Ok(program) => {
            let console = Console::new(program.messages(), &host);
            let code = program.run(&host, &console).unwrap_or_else(|failure| {
                console.say(&failure);
                ExitCode::from(failure.blame)
            });
            code.into()
        }
        Err(code) => code.into(),
    }
}

#[allow(clippy::disallowed_methods, reason = "the one place where the command line is read")]
fn command_line() -> std::env::ArgsOs {
    std::env::args_os()
}

/// Parses the command line, twins in the environment included; help, version and usage errors end here.
fn parse<P: Program>(host: &Host) -> Result<P, ExitCode> {
    let mut command = arguments::with_environment_twins(P::command(), host);
    if let Some(name) = command_line().next().as_deref().and_then(spelling) {
        command = command.bin_name(&name).display_name(name);
    }
    command
        .try_get_matches_from_mut(command_line())
        .and_then(|mut matches| P::from_arg_matches_mut(&mut matches))
        .map_err(|error| {
            let culprit = arguments::culprit(&error, &command_line().collect::<Vec<_>>(), host);
            let error = error.format(&mut command);
            let text = program::as_typed(&error.to_string(), command_line());
            if error.use_stderr() {
                let text = arguments::in_our_words(&text, culprit.as_deref());
                eprint!("{}", console::process_secrets(host).masked(&printable::lines(&text)));
                return ExitCode::Usage;
            }
            match stdout::write(text.as_bytes()) {
                Ok(code) => code,
                Err(failure) => ExitCode::from(failure.blame),
            }
        })
}

/// A panic is a bug of ours: it is said as one and ends with a code of its own.
#[allow(clippy::disallowed_methods, reason = "a panic has no other way to an exit code of its own")]
fn report_panics_as_bugs() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| format!(" at {}:{}", at.file(), at.line())).unwrap_or_default();
        eprintln!("error: internal error{place}\nhint: this is a bug of kubectl-codex; please report it");
        std::process::exit(ExitCode::Bug.code().into());
    }));
}
