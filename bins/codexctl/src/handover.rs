//! Handing a command over to the program that does it.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use clap::ValueEnum;
use codex_common::cli::{Color, Messages};
use codex_common::diagnostic::{Diagnostic, system_reason};
use codex_common::suggestion::did_you_mean;

use crate::arguments::Persistent;

/// codexctl's commands that the suite has or will have.
const COMMANDS: [&str; 9] =
    ["render", "manage-env", "apply", "ci", "images", "prompt", "plan", "pr", "doctor"];

/// Becomes `kubectl-codex-render` with codexctl's rules; comes back only if that can't be started.
pub(crate) fn render(persistent: &Persistent, messages: &Messages, arguments: Vec<OsString>) -> Diagnostic {
    let mut words: Vec<OsString> =
        ["--compat", "codexctl", "--config", &persistent.config].map(Into::into).into();
    for (flag, value) in [("--env", &persistent.env), ("--namespace", &persistent.namespace)] {
        if let Some(value) = value {
            words.push(format!("{flag}={value}").into());
        }
    }
    if let Some(level) = messages.log_level.and_then(|level| level.to_possible_value()) {
        words.push(format!("--log-level={}", level.get_name()).into());
    }
    if messages.color != Color::Auto {
        let color = messages.color.to_possible_value().map(|value| value.get_name().to_owned());
        words.push(format!("--color={}", color.unwrap_or_default()).into());
    }
    words.extend(arguments);
    become_program("kubectl-codex-render", "codexctl render", words)
}

/// The message about a command that isn't there.
pub(crate) fn unknown(word: Option<&OsStr>) -> Diagnostic {
    let word = word.unwrap_or_default().to_string_lossy();
    if COMMANDS.contains(&&*word) {
        return Diagnostic::machine(format!("`codexctl {word}` is not part of this release"))
            .hint(Some("this release has `codexctl render`; the CHANGELOG says what comes when".to_owned()));
    }
    Diagnostic::input(format!("unknown command `{word}`")).hint(did_you_mean(&word, COMMANDS))
}

/// Replaces this process by a program of the suite; gives the reason if that doesn't work.
#[allow(clippy::disallowed_methods, reason = "the one place where codexctl starts a program")]
fn become_program(program: &str, typed: &str, words: Vec<OsString>) -> Diagnostic {
    let beside = std::env::current_exe().ok().and_then(|path| Some(path.parent()?.join(program)));
    let path = beside.filter(|path| path.is_file()).unwrap_or_else(|| PathBuf::from(program));
    let error = Command::new(&path).arg0(typed).args(words).exec();
    Diagnostic::machine(format!("cannot start {}: {}", path.display(), system_reason(&error)))
        .hint(Some(format!("install {program} beside codexctl or on the PATH")))
}
