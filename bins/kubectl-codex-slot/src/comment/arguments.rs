//! The flags of `comment`.

use clap::Args;
use codex_common::cli::Messages;
use codex_common::diagnostic::Diagnostic;

use crate::arguments::StackArgs;

use super::{Language, Request};

const EXAMPLES: &str = "\
Examples:
  # tell the pull request where its copy of the project is
  kubectl codex slot comment --slot 3 | gh pr comment 12 --body-file -";

/// Print the comment that says where a slot's copy of the project is
///
/// The comment begins with a hidden line that names the environment, by which it can be
/// found again and updated. No cluster is asked.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES)]
pub(crate) struct CommentArgs {
    /// The slot's number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Comment")]
    slot: u32,

    /// The comment's language [default: CODEX_PROMPT_LANG, codex.promptLang, else en]
    #[arg(long, value_enum, value_name = "LANGUAGE", help_heading = "Comment")]
    lang: Option<Language>,

    #[command(flatten)]
    stack: StackArgs,

    #[command(flatten)]
    pub(crate) messages: Messages,
}

impl CommentArgs {
    /// Checks what was typed before any file is touched.
    pub(crate) fn request(self) -> Result<Request, Diagnostic> {
        Ok(Request { stack: self.stack.request()?, slot: self.slot, language: self.lang })
    }
}
