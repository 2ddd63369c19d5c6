//! `comment`: the environment's comment for an issue or pull request.

mod arguments;

use clap::ValueEnum;
use codex_common::cli::{Console, ExitCode, Host};
use codex_common::diagnostic::Diagnostic;

pub(crate) use arguments::CommentArgs;

use crate::arguments::{Number, StackRequest};
use crate::scene::load;

/// A language of comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// English
    En,
    /// Russian
    Ru,
}

/// A checked request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) stack: StackRequest,
    pub(crate) slot: Number,
    /// The language; `None` is the project's.
    pub(crate) language: Option<Language>,
}

/// Prints the comment.
pub(crate) fn run(request: &Request, host: &Host, console: &Console) -> Result<ExitCode, Diagnostic> {
    let project = load(&request.stack, request.slot, host, console)?;
    let _ = (project, request.language);
    Err(Diagnostic::machine("`comment` isn't there yet"))
}
