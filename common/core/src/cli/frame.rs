//! A message as text: title, the user's lines with the columns marked, hint.
//!
//! The drawing is rustc's own renderer; here its input is cut to the lines that matter, so that a huge
//! file costs nothing, and secrets are masked before anything is drawn. What others wrote stays within its line or
//! its note.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::printable;
use crate::secrets::Secrets;

/// The longest stretch of one line that is shown on either side of a mark, in bytes.
const REACH: usize = 120;

/// The text of a message, ending in a line break.
pub(super) fn render(message: &Diagnostic, secrets: &Secrets, colored: bool) -> String {
    let shown = |text: &str| secrets.masked(&printable::lines(text));
    // The renderer indents all lines but their first.
    let title = shown(&message.title);
    let hint = message.hint.as_deref().map(shown);
    let windows: Vec<Window> = message.places.iter().map(|place| Window::cut(place, secrets)).collect();
    let level = match message.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut main = Group::with_title(level.primary_title(title.as_str()));
    for window in &windows {
        let mark = AnnotationKind::Primary.span(window.span.clone());
        let mark = if window.label.is_empty() { mark } else { mark.label(window.label.as_str()) };
        main = main.element(
            Snippet::source(window.text.as_str()).path(&window.name).line_start(window.line).annotation(mark),
        );
    }
    let notes = message.notes.iter().map(|note| printable::indented(&shown(note)));
    let notes: String = notes.map(|note| format!("\n  {note}")).collect();
    let mut report = vec![main];
    if let Some(hint) = &hint {
        report.push(Group::with_title(Level::HELP.with_name("hint").secondary_title(hint.as_str())));
    }
    let renderer = if colored { Renderer::styled() } else { Renderer::plain() };
    // With nothing to draw between them, the renderer would still put a bar between title and hint.
    let groups: Vec<&[Group<'_>]> =
        if windows.is_empty() { report.chunks(1).collect() } else { vec![&report] };
    let parts: Vec<String> = groups.into_iter().map(|group| renderer.render(group)).collect();
    match (parts.as_slice(), notes.is_empty()) {
        (_, true) => parts.join("\n") + "\n",
        // Notes stand between the places and the hint.
        ([title, rest @ ..], false) if windows.is_empty() => {
            [std::slice::from_ref(&(title.clone() + &notes)), rest].concat().join("\n") + "\n"
        }
        (_, false) => parts.join("\n") + &notes + "\n",
    }
}

/// The marked line of a place, ready to be drawn.
struct Window {
    name: String,
    line: usize,
    text: String,
    span: Range<usize>,
    label: String,
}

impl Window {
    fn cut(place: &Place, secrets: &Secrets) -> Self {
        let text = &*place.source.text;
        let start = floor(text, place.span.start.min(text.len()));
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let end = floor(text, place.span.end.clamp(start, line_end));
        // Masking comes before shortening: half a secret would not be recognised any more.
        let line = text[line_start..line_end].trim_end_matches('\r');
        let span = (start - line_start).min(line.len())..(end - line_start).min(line.len());
        let (line, span) = printable_span(secrets.mask(line, span));
        Self {
            name: secrets.masked(&printable::line(&place.source.name)),
            line: text[..line_start].bytes().filter(|byte| *byte == b'\n').count() + 1,
            text: line,
            span,
            label: secrets.masked(&printable::line(&place.label)),
        }
        .shortened()
    }

    /// A line of many thousand characters is cut behind the mark; before it the columns must stay right.
    fn shortened(mut self) -> Self {
        let end = floor(&self.text, self.span.end.saturating_add(REACH).min(self.text.len()));
        self.text.truncate(end);
        self
    }
}

/// A line as it is shown, column for column, and where its span went.
fn printable_span((line, span): (String, Range<usize>)) -> (String, Range<usize>) {
    let shown = |part: &str| part.chars().map(printable::letter).collect::<String>();
    let mut text = shown(&line[..span.start]);
    let start = text.len();
    text += &shown(&line[span.clone()]);
    let end = text.len();
    (text + &shown(&line[span.end..]), start..end)
}

/// The nearest character boundary at or before `at`.
fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Source;

    fn message(text: &str, span: Range<usize>) -> Diagnostic {
        let place = Place { source: Source::new("a.yaml", text), span, label: "here".into() };
        Diagnostic::input("cannot read a.yaml").at(place).hint(Some("try less".into()))
    }

    #[test]
    fn the_frame_shows_line_column_mark_and_hint() {
        let text = render(&message("one: 1\nключ: x\n", 7 + 10..7 + 11), &Secrets::default(), false);
        assert_eq!(
            text,
            "error: cannot read a.yaml\n --> a.yaml:2:7\n  |\n2 | ключ: x\n  |       ^ here\n  |\nhint: try less\n"
        );
    }

    #[test]
    fn secrets_in_the_line_are_masked_and_the_mark_follows() {
        let secrets = Secrets::default();
        secrets.learn("DB_PASSWORD", "hunter22");
        let text = render(&message("p: hunter22 !x\n", 12..14), &secrets, false);
        assert!(text.contains("1 | p: *** !x\n  |        ^^ here"), "{text}");
    }

    #[test]
    fn what_others_wrote_neither_moves_the_cursor_nor_forges_a_message() {
        let place = Place {
            source: Source::new("a\u{1b}.yaml", "a: \u{9b}2J\u{202e}x y\n"),
            span: 10..11,
            label: "l\nerror: l".into(),
        };
        let message = Diagnostic::machine("cannot apply x\u{1b}[2J\nerror: forged")
            .at(place)
            .note("denied\r\nerror: forged\u{8}")
            .hint(Some("try\nhint: forged".into()));
        assert_eq!(
            render(&message, &Secrets::default(), false),
            "error: cannot apply x\u{fffd}[2J\n       error: forged\n --> a\u{fffd}.yaml:1:8\n  |\n1 | a: \u{fffd}2J\u{fffd}x y\n  |        ^ l error: l\n  |\nhint: try\n      hint: forged\n  denied\n  error: forged\u{fffd}\n"
        );
    }

    #[test]
    fn a_huge_line_is_cut_behind_the_mark() {
        let text = render(&message(&format!("a: {}", "x".repeat(1 << 20)), 0..1), &Secrets::default(), false);
        assert!(text.len() < 1_000, "{}", text.len());
    }
}
