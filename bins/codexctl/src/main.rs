//! `codexctl`: takes codexctl's command lines and hands them to the programs of the suite.

mod arguments;
mod handover;

fn main() -> std::process::ExitCode {
    codex_common::cli::main::<arguments::Arguments>()
}
