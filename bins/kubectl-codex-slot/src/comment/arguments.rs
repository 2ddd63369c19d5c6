//! The flags of `comment`.

use clap::Args;
use codex_common::diagnostic::Diagnostic;

use crate::arguments::{ProjectArgs, SelectorArgs};

use super::{Language, Request};

const EXAMPLES: &str = "\
Examples:
  # tell the pull request where its copy of the project is
  kubectl codex slot comment --pr 12 | gh pr comment 12 --body-file -";

/// Print the comment that says where a slot's copy of the project is
///
/// The comment begins with a hidden line that names the environment, by which it can be
/// found again and updated. With `--slot` alone no cluster is asked.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES)]
pub(crate) struct CommentArgs {
    #[command(flatten, next_help_heading = "Comment")]
    selector: SelectorArgs,

    /// The comment's language [default: CODEX_PROMPT_LANG, codex.promptLang, else en]
    #[arg(long, value_enum, value_name = "LANGUAGE", help_heading = "Comment")]
    lang: Option<Language>,

    #[command(flatten)]
    pub(crate) project: ProjectArgs,
}

impl CommentArgs {
    /// Checks what was typed before any file is touched.
    pub(crate) fn request(self) -> Result<Request, Diagnostic> {
        Ok(Request {
            project: self.project.request()?,
            selector: self.selector.request()?,
            language: self.lang,
        })
    }
}
