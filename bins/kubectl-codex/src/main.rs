//! `kubectl-codex`: lists the programs of the suite that are installed, and runs them.

mod arguments;
mod ask;
mod programs;

fn main() -> std::process::ExitCode {
    codex_common::cli::main::<arguments::Arguments>()
}
