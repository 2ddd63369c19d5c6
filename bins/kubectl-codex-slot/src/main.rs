//! `kubectl-codex-slot`: gives every issue and pull request a live copy of the project.

mod age;
mod agent;
mod arguments;
mod cleanup;
mod comment;
mod data;
mod ensure;
mod failure;
mod gc;
mod list;
mod lock;
mod ready;
mod records;
mod report;
mod scene;
mod set;

fn main() -> std::process::ExitCode {
    codex_common::cli::main::<arguments::Arguments>()
}
