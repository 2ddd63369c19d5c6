//! The name that the user called the program by.
//!
//! kubectl, gh, git and Helm find a program by its file name and are typed differently than that file
//! is called; help and usage show what was typed.

use std::ffi::OsStr;
use std::path::Path;

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
}
