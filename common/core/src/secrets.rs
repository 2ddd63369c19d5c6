//! Which values are secret, and a text without them.
//!
//! The rule is in one place because every writer needs it: a secret is the value, of four characters
//! or more, of a variable whose name contains one of [`MARKS`]. It shows as `***`.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Mutex;

/// What makes a variable's name a secret's name, in capitals.
const MARKS: [&str; 8] = ["PASS", "PWD", "SECRET", "TOKEN", "KEY", "PAT", "AUTH", "CREDENTIAL"];

/// Values shorter than this many characters are not hidden: they would blank innocent text.
const SHORTEST: usize = 4;

/// What a secret is shown as.
const MASK: &str = "***";

/// Whether a variable of this name holds a secret.
///
/// `PATH`-like names (`PATH`, `GOPATH`) and the shell's own `PWD` and `OLDPWD` contain a mark by accident:
/// hiding their values would only hide where a file is.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_uppercase();
    if name == "PWD" || name == "OLDPWD" {
        return false;
    }
    MARKS.iter().any(|mark| match *mark {
        "PAT" => name.replace("PATH", "").contains("PAT"),
        mark => name.contains(mark),
    })
}

/// The secret values learnt so far.
///
/// Shared between the reader of variables, which fills it, and the writer of messages, which asks it.
#[derive(Debug, Default)]
pub struct Secrets {
    values: Mutex<BTreeSet<String>>,
}

impl Secrets {
    /// Remembers the value if the name says that it is secret.
    pub fn learn(&self, name: &str, value: &str) {
        if !is_secret_name(name) {
            return;
        }
        let mut values = self.values.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for form in spellings(value) {
            if form.chars().count() >= SHORTEST {
                values.insert(form);
            }
        }
    }

    /// `text` with every secret masked, and where `span` of it went.
    pub fn mask(&self, text: &str, span: Range<usize>) -> (String, Range<usize>) {
        let values = self.values.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut hidden: Vec<Range<usize>> = Vec::new();
        for value in values.iter() {
            hidden.extend(text.match_indices(value.as_str()).map(|(at, found)| at..at + found.len()));
        }
        if hidden.is_empty() {
            return (text.to_owned(), span);
        }
        hidden.sort_by_key(|range| range.start);
        let mut masked = String::with_capacity(text.len());
        let (mut from, mut start, mut end) = (0, None, None);
        let mut at = 0;
        while at < hidden.len() {
            // Overlapping secrets are one hidden stretch.
            let mut stretch = hidden[at].clone();
            while at + 1 < hidden.len() && hidden[at + 1].start <= stretch.end {
                at += 1;
                stretch.end = stretch.end.max(hidden[at].end);
            }
            at += 1;
            let here = masked.len() + stretch.start - from;
            place(&mut start, span.start, from, &stretch, masked.len(), here);
            place(&mut end, span.end, from, &stretch, masked.len(), here + MASK.len());
            masked.push_str(&text[from..stretch.start]);
            masked.push_str(MASK);
            from = stretch.end;
        }
        let moved = |offset: usize| masked.len() + offset.saturating_sub(from);
        let (start, end) =
            (start.unwrap_or_else(|| moved(span.start)), end.unwrap_or_else(|| moved(span.end)));
        masked.push_str(&text[from..]);
        let end = end.min(masked.len());
        (masked, start.min(end)..end)
    }

    /// `text` with every secret masked.
    pub fn masked(&self, text: &str) -> String {
        self.mask(text, 0..0).0
    }
}

/// Finds the new offset of `offset`, if it lies before or in the stretch that is hidden next.
fn place(
    found: &mut Option<usize>,
    offset: usize,
    from: usize,
    stretch: &Range<usize>,
    base: usize,
    inside: usize,
) {
    if found.is_some() || offset >= stretch.end {
        return;
    }
    *found = Some(if offset <= stretch.start { base + offset - from } else { inside });
}

/// The forms in which a message may show a value: as it is, each of its lines, quoted, in Base64.
fn spellings(value: &str) -> Vec<String> {
    use base64::Engine as _;
    let quoted = format!("{value:?}");
    let mut forms = vec![
        value.to_owned(),
        value.trim().to_owned(),
        quoted[1..quoted.len() - 1].to_owned(),
        value.replace('\'', "''"),
        base64::engine::general_purpose::STANDARD.encode(value),
    ];
    forms.extend(value.lines().map(|line| line.trim().to_owned()));
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        let secrets = Secrets::default();
        secrets.learn("DB_PASSWORD", "hunter22");
        secrets.learn("API_TOKEN", "line one\nline two");
        secrets.learn("MY_KEY", "abc");
        secrets.learn("HOST", "plain.example");
        secrets
    }

    #[test]
    fn names_decide() {
        for name in ["db_password", "CODEX_GH_PAT", "AUTH", "MYSQL_PWD", "SSH_KEY", "CREDENTIALS"] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["PATH", "GOPATH", "PWD", "OLDPWD", "HOME", "HOST"] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn values_are_masked_whole_by_line_and_encoded() {
        let secrets = secrets();
        assert_eq!(secrets.masked("p=hunter22;"), "p=***;");
        assert_eq!(secrets.masked("at line two"), "at ***");
        assert_eq!(secrets.masked("aHVudGVyMjI="), "***");
        assert_eq!(secrets.masked("abc plain.example"), "abc plain.example");
    }

    #[test]
    fn a_mark_stays_on_what_it_marked() {
        let secrets = secrets();
        let text = "a: hunter22 # b";
        let (masked, span) = secrets.mask(text, 3..11);
        assert_eq!(&masked[span], "***");
        let (masked, span) = secrets.mask(text, 14..15);
        assert_eq!(&masked[span], "b");
        let (masked, span) = secrets.mask(text, 0..1);
        assert_eq!(&masked[span], "a");
        let (masked, span) = secrets.mask(text, 5..7);
        assert_eq!(&masked[span], "***");
    }
}
