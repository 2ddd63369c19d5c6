//! `comment`: the environment's comment for an issue or pull request.
//!
//! Takes the project as the slot sees it, gives Markdown on stdout. No cluster is asked: host and links stand
//! in services.yaml.

mod arguments;
mod text;

use clap::ValueEnum;
use codex_common::cli::{Console, ExitCode, Host};
use codex_common::diagnostic::Diagnostic;
use codex_common::stack::Project;

pub(crate) use arguments::CommentArgs;

use crate::arguments::StackRequest;
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
    pub(crate) slot: u32,
    /// The language; `None` is the project's.
    pub(crate) language: Option<Language>,
}

/// Prints the comment.
pub(crate) fn run(request: &Request, host: &Host, console: &Console) -> Result<ExitCode, Diagnostic> {
    let project = load(&request.stack, request.slot, host, console)?;
    let language = request.language.unwrap_or_else(|| language_of(&project, console));
    console.print(&text::of(&project, language)?)
}

/// The project's language: the variable that prompts obey too, else services.yaml, else English (inventory P3).
fn language_of(project: &Project, console: &Console) -> Language {
    let variable = project.context.variables.all.get("CODEX_PROMPT_LANG").map(String::as_str);
    let named = [variable, Some(project.stack.codex.prompt_lang.as_str())];
    let Some(name) = named.into_iter().flatten().map(str::trim).find(|name| !name.is_empty()) else {
        return Language::En;
    };
    Language::from_str(name, true).unwrap_or_else(|_| {
        let message = format!("there are no comments in the language `{name}`, this one is in English");
        console.say(&Diagnostic::warning(message));
        Language::En
    })
}
