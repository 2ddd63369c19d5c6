//! The last lines of a terminal, drawn anew in place.
//!
//! Takes lines that fit the terminal and messages that go above them. Each drawing is one write, so nothing is
//! seen half. The cursor stands at the beginning of the line below and stays visible: whoever kills the program
//! finds the terminal as it should be.

use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use codex_common::cli::Footer;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The size of a terminal that doesn't tell.
const USUAL: Size = Size { columns: 80, rows: 24 };

/// The size of a terminal, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    /// How many half-width characters fit into a line.
    pub(crate) columns: usize,
    /// How many lines there are.
    pub(crate) rows: usize,
}

impl Size {
    /// The size of the terminal that stderr is.
    pub(crate) fn of_stderr() -> Self {
        match rustix::termios::tcgetwinsize(std::io::stderr()) {
            Ok(size) if size.ws_col > 0 && size.ws_row > 0 => {
                Self { columns: usize::from(size.ws_col), rows: usize::from(size.ws_row) }
            }
            _ => USUAL,
        }
    }
}

/// A line of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The text, with its colours.
    pub(crate) text: String,
    /// How many columns it takes.
    pub(crate) width: usize,
}

/// Lines at the bottom of the terminal that stderr is. Clones are the same picture.
#[derive(Debug, Clone, Default)]
pub(crate) struct Picture {
    lines: Arc<Mutex<Vec<Line>>>,
}

impl Picture {
    /// Shows these lines in place of those before; none takes the picture away.
    pub(crate) fn show(&self, lines: Vec<Line>) {
        let mut shown = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if *shown != lines {
            let before = std::mem::replace(&mut *shown, lines);
            write(&redrawn(&before, "", &shown, Size::of_stderr().columns));
        }
    }
}

impl Footer for Picture {
    fn write_above(&mut self, text: &str) {
        let shown = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        write(&redrawn(&shown, text, &shown, Size::of_stderr().columns));
    }
}

/// When stderr is closed there is nobody left to tell.
fn write(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// What turns one picture into another, with whole lines above it.
fn redrawn(before: &[Line], above: &str, after: &[Line], columns: usize) -> String {
    // A terminal that was made narrower since has wrapped them.
    let rows: usize = before.iter().map(|line| line.width.div_ceil(columns.max(1)).max(1)).sum();
    let mut text = match rows {
        0 => String::new(),
        // Up to the first of them, and everything below is erased.
        rows => format!("\r\u{1b}[{rows}A\u{1b}[J"),
    };
    text.push_str(above);
    for line in after {
        text.push_str(&line.text);
        text.push('\n');
    }
    text
}

/// How many columns a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// A text that is at most so many columns wide, with `…` where something was cut off.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut taken = 1;
    for letter in text.chars() {
        taken += letter.width().unwrap_or(0);
        if taken > columns {
            break;
        }
        short.push(letter);
    }
    if columns > 0 {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        Line { text: text.to_owned(), width: width(text) }
    }

    #[test]
    fn texts_are_cut_between_characters() {
        let cuts = [0, 1, 2, 3, 4, 5, 6].map(|columns| cut("a日本z", columns));
        assert_eq!(cuts, ["", "…", "a…", "a…", "a日…", "a日…", "a日本z"]);
    }

    #[test]
    fn messages_go_above_and_nothing_is_left_of_what_was() {
        let (one, two) = ([line("one")], [line("two"), line("three")]);
        assert_eq!(redrawn(&[], "", &one, 80), "one\n");
        assert_eq!(redrawn(&one, "note\n", &one, 80), "\r\u{1b}[1A\u{1b}[Jnote\none\n");
        assert_eq!(redrawn(&two, "", &[], 80), "\r\u{1b}[2A\u{1b}[J");
        assert_eq!(redrawn(&two, "", &[], 4), "\r\u{1b}[3A\u{1b}[J", "the terminal wrapped it");
        assert_eq!(redrawn(&[], "", &[], 0), "");
    }
}
