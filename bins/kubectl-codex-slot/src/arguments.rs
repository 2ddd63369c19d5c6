//! What may be typed: one subcommand for each thing that can be done to slots.
//!
//! Each verb's own flags are in its folder; here are the choice between them and the flags that they share.

mod project;
mod selector;

pub(crate) use project::{ProjectArgs, ProjectRequest, StackRequest};
pub(crate) use selector::SelectorArgs;

use clap::{Parser, Subcommand};
use codex_common::cli::{Console, ExitCode, Host, Messages, Program};
use codex_common::diagnostic::Diagnostic;

use crate::{cleanup, comment, ensure, gc, list, ready, set};

const EXAMPLES: &str = "\
Examples:
  # a slot for issue 7: the one it has, or the lowest free one
  kubectl codex slot ensure --issue 7

  # the same, with sources synced, everything applied and ready
  kubectl codex slot ready --issue 7 --code-root-base /srv/slots --apply

  # who has which slot
  kubectl codex slot list

  # the issue is closed
  kubectl codex slot cleanup --issue 7 --with-configmap

Exit codes: 0 done, 1 could not be done, 2 wrong usage or wrong input, 4 applied but not
ready in time, 70 a bug of this program, 130 stopped by the user.";

/// Gives every issue and pull request a live copy of the project.
///
/// A slot is a number, a namespace and the data that go with it. Records in the cluster
/// say which slot is whose; any number of callers may ask at once. The slots are those
/// of the environments whose namespace pattern in services.yaml uses `.Slot`.
#[derive(Debug, Parser)]
#[command(
    version,
    verbatim_doc_comment,
    args_override_self = true,
    after_help = EXAMPLES,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Ensure(Box<ensure::EnsureArgs>),
    Ready(Box<ready::ReadyArgs>),
    List(Box<list::ListArgs>),
    Set(Box<set::SetArgs>),
    Comment(Box<comment::CommentArgs>),
    Cleanup(Box<cleanup::CleanupArgs>),
    Gc(Box<gc::GcArgs>),
}

impl Program for Arguments {
    fn messages(&self) -> &Messages {
        let project = match &self.verb {
            Verb::Ensure(args) => &args.project,
            Verb::Ready(args) => &args.project,
            Verb::List(args) => &args.project,
            Verb::Set(args) => &args.project,
            Verb::Comment(args) => &args.project,
            Verb::Cleanup(args) => &args.project,
            Verb::Gc(args) => &args.project,
        };
        &project.messages
    }

    fn run(self, host: &Host, console: &Console) -> Result<ExitCode, Diagnostic> {
        match self.verb {
            Verb::Ensure(args) => ensure::run(&args.request()?, host, console),
            Verb::Ready(args) => ready::run(&args.request()?, host, console),
            Verb::List(args) => list::run(&args.request()?, host, console),
            Verb::Set(args) => set::run(&args.request()?, host, console),
            Verb::Comment(args) => comment::run(&args.request()?, host, console),
            Verb::Cleanup(args) => cleanup::run(&args.request()?, host, console),
            Verb::Gc(args) => gc::run(&args.request()?, host, console),
        }
    }
}
