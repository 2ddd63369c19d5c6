//! What a sync leaves alone: `.codexignore` and `--exclude`.
//!
//! Takes patterns in `.gitignore`'s syntax, gives an answer for a path. Separate because the same patterns also
//! tell `git` what not to save. Only the file at the source's root counts; patterns of the command line come
//! after it, so that `!pattern` can take one of its lines back.

use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use thiserror::Error;

/// The file with a project's own patterns.
pub const FILE: &str = ".codexignore";

/// A pattern that isn't one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ExclusionError {
    /// A line of the file.
    #[error("{FILE}, line {line}: `{pattern}` is not a pattern: {reason}")]
    Line {
        /// Where it stands, from 1.
        line: usize,
        /// The line.
        pattern: String,
        /// What is wrong.
        reason: String,
    },
    /// A pattern of the command line.
    #[error("`{pattern}` is not a pattern: {reason}")]
    Argument {
        /// The pattern.
        pattern: String,
        /// What is wrong.
        reason: String,
    },
    /// The file isn't text.
    #[error("{FILE} is not UTF-8 text")]
    NotText,
}

/// What is neither copied nor deleted.
#[derive(Debug, Clone)]
pub(crate) struct Exclusion {
    matcher: Gitignore,
    text: String,
}

impl Exclusion {
    /// Nothing.
    pub(crate) fn none() -> Self {
        Self { matcher: Gitignore::empty(), text: String::new() }
    }

    /// Reads the file's content, if there is one, and then the other patterns.
    ///
    /// # Errors
    /// The first pattern that can't be read: it was written to protect something.
    pub(crate) fn of(file: Option<Vec<u8>>, patterns: &[String]) -> Result<Self, ExclusionError> {
        let file = String::from_utf8(file.unwrap_or_default()).map_err(|_| ExclusionError::NotText)?;
        let mut builder = GitignoreBuilder::new("");
        let mut text = String::new();
        for (at, pattern) in file.trim_start_matches('\u{feff}').lines().enumerate() {
            builder.add_line(None, pattern).map_err(|error| ExclusionError::Line {
                line: at + 1,
                pattern: pattern.to_owned(),
                reason: reason(&error),
            })?;
            text += pattern;
            text.push('\n');
        }
        for pattern in patterns {
            let bad = |reason| ExclusionError::Argument { pattern: pattern.clone(), reason };
            if pattern.contains('\n') {
                return Err(bad("it has a line break in it".to_owned()));
            }
            builder.add_line(None, pattern).map_err(|error| bad(reason(&error)))?;
            text += pattern;
            text.push('\n');
        }
        let matcher = builder.build().map_err(|error| ExclusionError::Argument {
            pattern: patterns.join(" "),
            reason: reason(&error),
        })?;
        Ok(Self { matcher, text })
    }

    /// Whether the path, relative to the root, is left alone. Its folder is not: who asks comes from there.
    pub(crate) fn covers(&self, path: &Path, is_folder: bool) -> bool {
        !self.matcher.is_empty() && self.matcher.matched(path, is_folder).is_ignore()
    }

    /// Whether the path or a folder that it lies in is left alone.
    pub(crate) fn covers_from_root(&self, path: &Path) -> bool {
        let mut ancestors: Vec<&Path> =
            path.ancestors().filter(|path| !path.as_os_str().is_empty()).collect();
        ancestors.reverse();
        ancestors.into_iter().any(|path| self.covers(path, true))
    }

    /// All patterns, a line each.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

/// The library's reason without its own mention of the pattern.
fn reason(error: &ignore::Error) -> String {
    match error {
        ignore::Error::Glob { err, .. } => err.clone(),
        ignore::Error::WithLineNumber { err, .. } | ignore::Error::WithPath { err, .. } => reason(err),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exclusion(file: &str, patterns: &[&str]) -> Exclusion {
        let patterns: Vec<String> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        Exclusion::of(Some(file.into()), &patterns).unwrap()
    }

    #[test]
    fn patterns_are_those_of_gitignore() {
        let exclusion = exclusion("# build\n/target/\n*.log\n!keep.log\na/**/z\n", &["node_modules"]);
        let file = |path: &str| exclusion.covers(Path::new(path), false);
        let folder = |path: &str| exclusion.covers(Path::new(path), true);
        assert!(folder("target") && !file("target") && !folder("x/target"));
        assert!(file("x/y.log") && !file("x/keep.log"));
        assert!(file("a/z") && file("a/b/c/z") && !file("z"));
        assert!(folder("x/node_modules") && !file("# build"));
        assert!(exclusion.covers_from_root(Path::new("target/debug/x")));
        assert!(!exclusion.covers_from_root(Path::new("src/debug/x")));
    }

    #[test]
    fn the_command_line_has_the_last_word() {
        assert!(!exclusion("*.log\n", &["!a.log"]).covers(Path::new("a.log"), false));
    }

    #[test]
    fn names_need_not_be_text() {
        use std::os::unix::ffi::OsStrExt as _;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"a\xff.log"));
        assert!(exclusion("*.log", &[]).covers(path, false));
        assert!(!exclusion("*.txt", &[]).covers(path, false));
    }

    #[test]
    fn a_pattern_that_is_none_is_named() {
        let error = Exclusion::of(Some("a\n[z-a]\n".into()), &[]).unwrap_err();
        assert!(
            matches!(&error, ExclusionError::Line { line: 2, pattern, .. } if pattern == "[z-a]"),
            "{error}"
        );
        let error = Exclusion::of(None, &["{a".to_owned()]);
        assert!(error.is_ok() || matches!(error, Err(ExclusionError::Argument { .. })));
        assert_eq!(Exclusion::of(Some(vec![0xff]), &[]).unwrap_err(), ExclusionError::NotText);
    }
}
