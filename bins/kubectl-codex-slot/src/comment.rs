//! `comment`: the environment's comment for an issue or pull request.
//!
//! Takes the project as the slot sees it, gives Markdown on stdout. Host and links stand in services.yaml: a cluster
//! is asked only whose slot it is, where an issue or a pull request is named instead of the slot.

mod arguments;
mod text;

use clap::ValueEnum;
use codex_common::cli::{Console, ExitCode, Host};
use codex_common::diagnostic::Diagnostic;
use codex_common::stack::Project;
use codex_slot::allocation::{Selector, is_selected};

pub(crate) use arguments::CommentArgs;

use crate::arguments::ProjectRequest;
use crate::records::Records;
use crate::scene::{Scene, load};

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
    pub(crate) project: ProjectRequest,
    /// Which slot.
    pub(crate) selector: Selector,
    /// The language; `None` is the project's.
    pub(crate) language: Option<Language>,
}

/// Prints the comment.
pub(crate) fn run(request: &Request, host: &Host, console: &Console) -> Result<ExitCode, Diagnostic> {
    let Selector { links, slot } = request.selector;
    let slot = match slot.filter(|_| links.is_empty()) {
        Some(slot) => slot,
        None => looked_up(request, host, console)?,
    };
    let project = load(&request.project.stack, slot, host, console)?;
    let language = request.language.unwrap_or_else(|| language_of(&project, console));
    console.print(&text::of(&project, language)?)
}

/// The slot of an issue or a pull request, as its record says.
fn looked_up(request: &Request, host: &Host, console: &Console) -> Result<u32, Diagnostic> {
    let scene = Scene::open(&request.project, host, console)?;
    scene.on_cluster(async |cluster, interrupt| {
        let records = Records { scene: &scene, cluster: &cluster, interrupt: &interrupt };
        let mut listed = records.list().await?.records;
        listed.retain(|record| !record.cleaning && is_selected(record, request.selector));
        listed.first().map(|record| record.slot).ok_or_else(|| {
            Diagnostic::machine(format!("{} has no slot", request.selector))
                .hint(Some("`kubectl codex slot ensure` takes one".to_owned()))
        })
    })
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
