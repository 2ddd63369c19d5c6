//! The name that the user called the program by.
//!
//! kubectl, gh, git and Helm find a program by its file name and are typed differently than that file
//! is called; help and usage show what was typed.

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// The file name that this program was started by; empty if nobody said.
pub(super) fn file_name() -> String {
    let path = super::command_line().next().unwrap_or_default();
    Path::new(&path).file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What is typed to reach the file `path`.
///
/// kubectl looks for `kubectl-codex_render` when `codex-render` is typed, and for
/// `kubectl-codex-render` when `codex render` is: `-` stands between words, `_` for a dash.
pub fn spelling(path: &OsStr) -> Option<String> {
    let name = Path::new(path).file_name()?.to_str()?;
    let name = name.strip_suffix(".exe").unwrap_or(name);
    let typed = match name.split_once('-') {
        Some(("kubectl", words)) => {
            format!("kubectl {}", words.replace('-', " ").replace('_', "-"))
        }
        Some((host @ ("gh" | "git" | "helm"), word)) => format!("{host} {word}"),
        _ => name.to_owned(),
    };
    Some(typed)
}

/// Help or usage of a verb as the user knows it.
///
/// codexctl's `ci ensure-slot` becomes another program's `ensure`: the name that program is given says all of
/// what was typed, and the verb after it must not be shown.
pub(super) fn as_typed(text: &str, mut command_line: impl Iterator<Item = OsString>) -> String {
    let name = command_line.next().and_then(|name| name.into_string().ok());
    let verb = command_line.next().and_then(|verb| verb.into_string().ok());
    match (name, verb) {
        (Some(name), Some(verb)) if name.contains(' ') && !verb.starts_with('-') => {
            text.replace(&format!("{name} {verb}"), &name)
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_has_its_spelling() {
        let typed = |path: &str| spelling(OsStr::new(path));
        assert_eq!(typed("/usr/bin/kubectl-codex-render").as_deref(), Some("kubectl codex render"));
        assert_eq!(typed("kubectl-codex_render").as_deref(), Some("kubectl codex-render"));
        assert_eq!(typed("git-codex-review-apply").as_deref(), Some("git codex-review-apply"));
        assert_eq!(typed("gh-codex-plan").as_deref(), Some("gh codex-plan"));
        assert_eq!(typed("/opt/codexctl").as_deref(), Some("codexctl"));
        assert_eq!(typed("codexctl render").as_deref(), Some("codexctl render"));
    }

    #[test]
    fn a_verb_that_another_name_stands_for_is_not_shown() {
        let as_typed = |text: &str, words: &[&str]| as_typed(text, words.iter().map(OsString::from));
        let usage = "Usage: codexctl ci ensure-slot ensure [OPTIONS]";
        let shown = "Usage: codexctl ci ensure-slot [OPTIONS]";
        assert_eq!(as_typed(usage, &["codexctl ci ensure-slot", "ensure"]), shown);
        let usage = "Usage: kubectl codex slot ensure [OPTIONS]";
        assert_eq!(as_typed(usage, &["kubectl-codex-slot", "ensure"]), usage);
        assert_eq!(as_typed("", &[]), "");
    }
}
