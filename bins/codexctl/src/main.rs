//! `codexctl`: takes codexctl's command lines and hands them to the programs of the suite.

mod arguments;
mod handover;
mod manage_env;

fn main() -> std::process::ExitCode {
    codex_common::cli::main::<arguments::Arguments>()
}
