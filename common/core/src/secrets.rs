//! Which values are secret, and a text without them.
//!
//! The rule is in one place because every writer needs it. A secret is
//!
//! - the value of a variable whose name contains one of [`MARKS`], if it has four characters or more (blanks around
//!   it don't count) and is not one of [`WORDS`]: shorter values and such words would blank innocent text and hide nothing;
//! - each of the value's lines of four characters or more;
//! - whatever stands before the `@` of a URL, whoever says it ([`url`]).
//!
//! It shows as `***`, in each of the forms that quoting, escaping and encoding give it ([`forms`]), and where a text
//! was shortened in the middle of it. Masking comes before anything is cut, drawn or compared.
//!
//! What is data is not masked: `render`'s output, and the facts of a slot (its number, its namespace), which scripts
//! go on with. `apply --diff --show-secrets` is the one exception that a user can ask for.

mod forms;
mod matcher;
pub mod url;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use matcher::Matcher;

/// What makes a variable's name a secret's name, in capitals.
const MARKS: [&str; 8] = ["PASS", "PWD", "SECRET", "TOKEN", "KEY", "PAT", "AUTH", "CREDENTIAL"];

/// Values that are never secret: they switch something on or off (`USE_AUTH=true`).
const WORDS: [&str; 3] = ["true", "false", "null"];

/// Values shorter than this many characters are not hidden: they would blank innocent text.
const SHORTEST: usize = 4;

/// What a secret is shown as.
pub const MASK: &str = "***";

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
/// Shared between the reader of variables, which fills it, and every writer, which asks it.
#[derive(Debug, Default)]
pub struct Secrets {
    learnt: Mutex<Learnt>,
}

#[derive(Default)]
struct Learnt {
    values: BTreeSet<String>,
    /// Made when it is first needed: most runs have nothing to hide.
    matcher: Option<Arc<Matcher>>,
}

impl std::fmt::Debug for Learnt {
    /// The number only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Learnt").field("values", &self.values.len()).finish_non_exhaustive()
    }
}

impl Secrets {
    /// Remembers the value if the name says that it is secret.
    pub fn learn(&self, name: &str, value: &str) {
        if is_secret_name(name) {
            self.add(value);
        }
    }

    /// Remembers the password of a text that is one URL of the web, and the user with it; and what parameters of its
    /// query hold whose names say that it is secret, or a signature.
    pub fn learn_url(&self, url: &str) {
        for (name, value) in url::query(url) {
            if is_secret_name(name) || name.to_ascii_lowercase().contains("sig") {
                self.add(value);
            }
        }
        if let Some((user, password)) = url::pair(url) {
            self.add(password);
            self.add(&format!("{user}:{password}"));
        }
    }

    fn add(&self, value: &str) {
        let word = value.trim();
        if word.chars().count() < SHORTEST || WORDS.iter().any(|other| word.eq_ignore_ascii_case(other)) {
            return;
        }
        let mut learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        if learnt.values.insert(value.to_owned()) {
            learnt.matcher = None;
        }
    }

    fn matcher(&self) -> Arc<Matcher> {
        let mut learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        let Learnt { values, matcher } = &mut *learnt;
        let forms = || values.iter().flat_map(|value| forms::of(value)).collect();
        Arc::clone(matcher.get_or_insert_with(|| Arc::new(Matcher::new(forms()))))
    }

    /// Where secrets stand in a text.
    fn hidden(&self, text: &str) -> Vec<Range<usize>> {
        let mut hidden = self.matcher().find(text);
        hidden.extend(url::credentials(text));
        hidden.retain(|range| !range.is_empty());
        hidden.sort_by_key(|range| range.start);
        hidden
    }

    /// `text` with every secret masked, and where `span` of it went.
    pub fn mask(&self, text: &str, span: Range<usize>) -> (String, Range<usize>) {
        let hidden = self.hidden(text);
        if hidden.is_empty() {
            return (text.to_owned(), span);
        }
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

    /// Whether there is a secret in `text`.
    pub fn are_in(&self, text: &str) -> bool {
        !self.hidden(text).is_empty()
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

#[cfg(test)]
mod tests;
