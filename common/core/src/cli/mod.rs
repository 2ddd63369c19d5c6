//! What every binary shares at its edge: one `main`, flags, messages, exit codes.
//!
//! Takes the command line and the process around it, gives an exit code. Only here are
//! `eprintln!` and `process::exit` used, the environment and the clock read, stdout written.

mod arguments;
mod console;
mod exit;
mod frame;
mod host;
pub mod installed;
mod program;
mod project;
mod stdin;
mod stdout;

pub use arguments::{Compat, Filters, Messages, Reach, StackArgs, Variables};
pub use console::{Color, Console, Footer, Kept, Level};
pub use exit::{ExitCode, end_at_once};
pub use host::{Host, clock};
pub use program::spelling;
pub use project::{DEFAULT_CONFIG, ProjectSource, StackTarget};
pub use stdin::{MAX_INPUT, hint_if_terminal, read as read_stdin};
pub use stdout::write as write_stdout;

use std::io::Write as _;
use std::path::Path;

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
                print_error(&console::process_secrets(host).masked(&printable::lines(&text)));
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
        let place = panic.location().map(|at| format!(" at {}:{}", in_crate(at.file()), at.line()));
        let place = place.unwrap_or_default();
        print_error(&format!(
            "error: internal error{place}\nhint: this is a bug of kubectl-codex; please report it\n"
        ));
        std::process::exit(ExitCode::Bug.code().into());
    }));
}

/// Writes to stderr; when nobody takes it there is nobody left to tell.
fn print_error(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// The path of a source file from its crate on: what stands before it is only true of the machine that built us.
fn in_crate(file: &str) -> &str {
    if Path::new(file).is_relative() {
        return file;
    }
    let directory = file.rfind("/src/").unwrap_or(file.len());
    let start = file[..directory].rfind('/').map_or(0, |slash| slash + 1);
    &file[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_names_the_crate_but_no_directory_of_the_machine_that_built_it() {
        let registry = "/builds/.cargo/registry/src/index.crates.io-19/jiff-0.2.46/src/tz/mod.rs";
        assert_eq!(in_crate(registry), "jiff-0.2.46/src/tz/mod.rs");
        assert_eq!(in_crate("/rustc/0f1d/library/core/src/option.rs"), "core/src/option.rs");
        assert_eq!(in_crate("/builds/shop/build.rs"), "build.rs");
        assert_eq!(in_crate("common/core/src/yaml.rs"), "common/core/src/yaml.rs");
    }
}
