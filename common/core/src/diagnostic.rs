//! What is said to the user: one message with the places it is about.
//!
//! Takes facts and places from the module errors, gives one value that `cli` prints. It stands apart
//! from printing so that the pure stages can build messages without knowing of terminals.

use std::ops::Range;
use std::sync::Arc;

use crate::yaml::Position;

/// A text that the user can look up: a file, a rendered file, standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The name as the user would write it, for instance `deploy/api.yaml`.
    pub name: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
}

impl Source {
    /// A text under the name that the user knows it by.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// The byte range of what stands at `position`: up to the end of the word or quoted text there.
    pub fn span_at(&self, position: Position) -> Range<usize> {
        let start = self.offset(position);
        let rest = self.text[start..].lines().next().unwrap_or("");
        start..start + word_length(rest)
    }

    /// The byte offset of a position; positions behind a line's end stand for that end.
    pub fn offset(&self, position: Position) -> usize {
        let mut start = 0;
        for _ in 1..position.line {
            match self.text[start..].find('\n') {
                Some(length) => start += length + 1,
                None => return self.text.len(),
            }
        }
        let line = self.text[start..].split('\n').next().unwrap_or("");
        let column = position.column.saturating_sub(1) as usize;
        start + line.char_indices().nth(column).map_or(line.len(), |(at, _)| at)
    }
}

/// The length in bytes of the thing a line begins with: a quoted text, or all up to a blank.
fn word_length(line: &str) -> usize {
    let line = line.trim_end();
    let Some(first) = line.chars().next() else {
        return 0;
    };
    if first == '"' || first == '\'' {
        if let Some(end) = line[1..].find(first) {
            return end + 2;
        }
        return line.len();
    }
    let end = line.find([' ', '\t', ',', ']', '}']).unwrap_or(line.len());
    if end == 0 {
        return first.len_utf8();
    }
    let word = &line[..end];
    if word.len() > 1 { word.trim_end_matches(':').len() } else { end }
}

/// A marked stretch of a source, with what is to be said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The text that is marked.
    pub source: Source,
    /// The marked bytes.
    pub span: Range<usize>,
    /// What stands beside the mark; may be empty.
    pub label: String,
}

/// How grave a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The command failed.
    Error,
    /// The command goes on.
    Warning,
}

/// Whose fault a failure is; the exit code follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// What the user wrote: command line, `services.yaml`, manifests, variable files.
    Input,
    /// The machine: files that can't be read, output that can't be written.
    Machine,
    /// Nobody: the user stopped it.
    User,
}

/// One message: what could not be done, where, why, and what may help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// Whose fault it is.
    pub blame: Blame,
    /// One line, lower case, no full stop, the object by name.
    pub title: String,
    /// Marked places, the user's own text first.
    pub places: Vec<Place>,
    /// What else is to be said, a line each: the API server's own words, for instance.
    pub notes: Vec<String>,
    /// What may help, one line.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// An error in what the user wrote.
    pub fn input(title: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            blame: Blame::Input,
            title: title.into(),
            places: Vec::new(),
            notes: Vec::new(),
            hint: None,
        }
    }

    /// An error of the machine.
    pub fn machine(title: impl Into<String>) -> Self {
        Self { blame: Blame::Machine, ..Self::input(title) }
    }

    /// The user stopped the command.
    pub fn interrupted(title: impl Into<String>) -> Self {
        Self { blame: Blame::User, ..Self::input(title) }
    }

    /// Something worth saying that stops nothing.
    pub fn warning(title: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::input(title) }
    }

    /// The same message with one more place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.places.push(place);
        self
    }

    /// The same message with one more line.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// The same message with a hint, when there is one.
    #[must_use]
    pub fn hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }
}

/// The system's reason in the style of our messages: lower case, without the number that Rust appends.
pub fn system_reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_marks_the_word_that_stands_there() {
        let source = Source::new("a.yaml", "one: 1\nключ: 'two words' # c\n");
        let at = |line, column| &source.text[source.span_at(Position { line, column })];
        assert_eq!(at(1, 1), "one");
        assert_eq!(at(1, 6), "1");
        assert_eq!(at(2, 1), "ключ");
        assert_eq!(at(2, 7), "'two words'");
    }

    #[test]
    fn a_position_behind_the_text_is_its_end() {
        let source = Source::new("a.yaml", "a\n");
        assert_eq!(source.span_at(Position { line: 9, column: 9 }), 2..2);
        assert_eq!(source.span_at(Position { line: 1, column: 9 }), 1..1);
    }
}
