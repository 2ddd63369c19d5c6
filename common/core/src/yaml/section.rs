//! Cuts a stream into its documents before any of them is parsed.
//!
//! Separate from the parser so that documents can be read in parallel, and so
//! that a broken one can't hide where the next begins.

use memchr::{memchr, memchr2};

use super::node::Position;
use super::read::{Problem, ReadError};

/// How many documents one text may be split into. Empty ones have no nodes, but where they stand takes memory, too.
pub const MAX_DOCUMENTS: usize = 1_000_000;

/// One document of a stream, with the lines that introduce it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section<'a> {
    text: &'a str,
    first_line: u32,
}

impl<'a> Section<'a> {
    /// A whole text taken as one document.
    pub fn whole(text: &'a str) -> Self {
        Self { text, first_line: 1 }
    }

    /// The text, from the directives or the `---` line to the line before the
    /// next document's.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The line of the stream, from 1, on which the text begins.
    pub fn first_line(&self) -> u32 {
        self.first_line
    }
}

/// Iterator over the documents of a stream, made by [`split`].
#[derive(Debug, Clone)]
pub struct Split<'a> {
    rest: &'a str,
    line: u32,
    line_ends: LineEnds,
}

/// Which characters may end a line, looked up once for the whole stream.
#[derive(Debug, Clone, Copy)]
enum LineEnds {
    Newline,
    Both,
}

/// The documents of a stream, in order; those without content are among them.
///
/// A line that starts with `---` followed by a blank or the line's end begins a
/// document wherever it stands, be it inside a quoted text. What follows on
/// that line and the `%` lines before it belong to the new document. A `...`
/// line ends one; what follows is a document of its own even without `---`.
pub fn split(text: &str) -> Split<'_> {
    split_from(text, 1)
}

/// As [`split`], of the part of a stream that begins on the line `line`.
pub(super) fn split_from(text: &str, line: u32) -> Split<'_> {
    let line_ends = if memchr(b'\r', text.as_bytes()).is_some() { LineEnds::Both } else { LineEnds::Newline };
    Split { rest: text, line, line_ends }
}

impl<'a> Split<'a> {
    /// All documents.
    ///
    /// # Errors
    /// There are more than [`MAX_DOCUMENTS`].
    pub fn all(self) -> Result<Vec<Section<'a>>, ReadError> {
        let sections: Vec<_> = self.take(MAX_DOCUMENTS + 1).collect();
        match sections.get(MAX_DOCUMENTS) {
            None => Ok(sections),
            Some(surplus) => {
                let position = Position { line: surplus.first_line, column: 1 };
                Err(ReadError::new(position, Problem::TooManyDocuments))
            }
        }
    }
}

impl<'a> Iterator for Split<'a> {
    type Item = Section<'a>;

    fn next(&mut self) -> Option<Section<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let first_line = self.line;
        let end = self.find_end();
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(Section { text, first_line })
    }
}

impl Split<'_> {
    /// Where the document at the start of `rest` ends; counts lines up to there.
    fn find_end(&mut self) -> usize {
        let text = self.rest;
        let mut line = self.line;
        let mut start = 0;
        let mut has_begun = false;
        // Where the comments and `%` lines begin that would belong to a
        // document that begins next, if there is a `%` line among them.
        let mut introduction: Option<(usize, u32)> = None;
        while start < text.len() {
            let rest = &text.as_bytes()[start..];
            if is_marker(rest, b"---") {
                if has_begun {
                    let (end, line) = introduction.unwrap_or((start, line));
                    self.line = line;
                    return end;
                }
                has_begun = true;
                introduction = None;
            } else if is_marker(rest, b"...") {
                let end = self.end_of_line(start);
                self.line = line + 1;
                return end;
            } else if rest[0] == b'%' {
                introduction.get_or_insert((start, line));
            } else if !is_blank_or_comment(rest) {
                has_begun = true;
                introduction = None;
            }
            start = self.end_of_line(start);
            line += 1;
        }
        self.line = line;
        text.len()
    }

    /// Where the line that begins at `start` ends, with its line end.
    fn end_of_line(&self, start: usize) -> usize {
        let text = self.rest.as_bytes();
        let rest = &text[start..];
        let end = match self.line_ends {
            LineEnds::Newline => memchr(b'\n', rest),
            LineEnds::Both => memchr2(b'\n', b'\r', rest),
        };
        match end {
            None => text.len(),
            Some(end) if rest[end] == b'\r' && rest.get(end + 1) == Some(&b'\n') => start + end + 2,
            Some(end) => start + end + 1,
        }
    }
}

/// Whether a line is `marker` followed by a blank or the line's end.
fn is_marker(line: &[u8], marker: &[u8; 3]) -> bool {
    line.starts_with(marker) && matches!(line.get(3), None | Some(b' ' | b'\t' | b'\n' | b'\r'))
}

/// Whether a line holds nothing, or a comment only. A byte order mark before it
/// doesn't count.
fn is_blank_or_comment(line: &[u8]) -> bool {
    let line = line.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(line);
    let first = line.iter().find(|byte| !matches!(byte, b' ' | b'\t'));
    matches!(first, None | Some(b'#' | b'\n' | b'\r'))
}
