//! Env files, in the grammar of Go's godotenv v1.5.1.
//!
//! ```text
//! NAME=value # comment        export NAME=value        NAME: value
//! NAME='as it is'             NAME="with \n and ${EARLIER}, over several lines"
//! ```
//!
//! `$NAME` stands for an earlier variable of the same file, never for one of
//! the process.

use std::borrow::Cow;
use std::collections::HashMap;

pub use super::error::{Error, Problem};
use super::{MAX_SIZE, Size};

/// An env file as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnvFile {
    /// Names and values, in order.
    pub variables: Vec<(String, String)>,
    /// Where the grammar loses text that was probably meant.
    pub losses: Vec<Loss>,
}

/// Text that isn't in any value. What it is isn't kept: it may be part of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The line on which the variable begins, from 1.
    pub line: u32,
    /// The variable.
    pub name: String,
    /// How it is lost.
    pub how: How,
}

/// How text is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// `$NAME` with a name that stands for nothing.
    Reference,
    /// What follows the closing quote.
    BehindQuote,
    /// A `#` inside quotes that don't begin the value.
    Comment,
    /// A backslash before a character that needs none.
    Backslash,
    /// A quote at the edge of a quoted value.
    EdgeQuote,
    /// A line without `=`.
    NoName,
}

impl Loss {
    /// What is lost, and what to write instead.
    pub fn words(&self) -> (String, &'static str) {
        let name = &self.name;
        match self.how {
            How::Reference => (
                format!(
                    "a `$` in `{name}` stands for a variable that this file doesn't set before, so for nothing"
                ),
                "single quotes keep a value as it is",
            ),
            How::BehindQuote => (
                format!("what follows the closing quote of `{name}` is not part of the value"),
                "put the whole value in quotes; a quote inside is written `\\\"` in double quotes",
            ),
            How::Comment => (
                format!("a `#` in `{name}` begins a comment, though it stands in quotes"),
                "quotes protect a value only if they stand around all of it",
            ),
            How::Backslash => {
                (format!("a backslash in `{name}` is left out"), "write it twice, or use single quotes")
            }
            How::EdgeQuote => (
                format!("a quote at the edge of `{name}` is left out"),
                "use the other kind of quotes around the value",
            ),
            How::NoName => ("there is no `=`, so the line sets nothing".to_owned(), "write NAME=value"),
        }
    }
}

/// Reads an env file. A byte order mark before it doesn't count.
///
/// # Errors
///
/// A name with other characters than letters, digits, `_` and `.`, a quote
/// that is never closed, or more than [`MAX_SIZE`](super::MAX_SIZE).
pub fn parse(text: &str) -> Result<EnvFile, Error> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let text =
        if text.contains("\r\n") { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) };
    let mut variables = Variables::default();
    let mut lines = Lines { text: &text, counted: 0, line: 1 };
    let mut rest = statement(&text);
    let mut losses = Vec::new();
    while !rest.is_empty() {
        let line = lines.line_of(rest);
        let (name, after) = split_name(rest).ok_or(Error::new(line, Problem::MalformedName))?;
        // What follows a closing quote was said to be lost already.
        let is_remnant = losses.last().is_some_and(|loss: &Loss| loss.line == line);
        let mut lose = |how, is_so: bool| {
            if is_so {
                losses.push(Loss { line, name: name.to_owned(), how });
            }
        };
        lose(How::NoName, name.is_empty() && !is_remnant);
        let (value, after) = match after.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let quotes_at = after;
                let Some((quoted, after)) = split_quoted(after, quote) else {
                    let problem = Problem::UnclosedQuote { name: name.to_owned() };
                    return Err(Error::new(lines.line_of(after), problem));
                };
                // Both quotes, and nothing else, stand around the value.
                let length = quotes_at.len() - after.len();
                let is_cut = length != quoted.len() + 2;
                lose(How::EdgeQuote, is_cut);
                let behind = after.split(['\n', '\r']).next().unwrap_or_default();
                let is_comment = behind.starts_with(is_blank) && behind.trim_start().starts_with('#');
                lose(How::BehindQuote, !behind.trim().is_empty() && !is_comment);
                let value = if quote == '"' {
                    lose(How::Backslash, !is_cut && has_needless_backslash(quoted));
                    let plain = unescape(quoted);
                    lose(How::Reference, variables.has_unset(&plain));
                    variables.expand(&plain)
                } else {
                    Ok(quoted.to_owned())
                };
                (value, after)
            }
            _ => {
                let (line, after) = after.split_at(after.find(['\n', '\r']).unwrap_or(after.len()));
                let value = without_comment(line);
                lose(How::Comment, is_in_quotes(value, &line[value.len()..]));
                lose(How::Reference, variables.has_unset(value));
                (variables.expand(value.trim_matches(is_blank)), after)
            }
        };
        let set = value.and_then(|value| variables.set(name, value));
        set.map_err(|problem| Error::new(line, problem))?;
        rest = statement(after);
    }
    Ok(EnvFile { variables: variables.list, losses })
}

/// Counts lines as the statements go by.
struct Lines<'a> {
    text: &'a str,
    counted: usize,
    line: u32,
}

impl Lines<'_> {
    /// The line on which `rest`, the end of the text, begins.
    fn line_of(&mut self, rest: &str) -> u32 {
        let at = self.text.len() - rest.len();
        let breaks = self.text.as_bytes()[self.counted..at].iter().filter(|&&byte| byte == b'\n').count();
        self.line = self.line.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX));
        self.counted = at;
        self.line
    }
}

/// What has been defined so far.
#[derive(Default)]
struct Variables {
    list: Vec<(String, String)>,
    /// The last definition of each name.
    index: HashMap<String, usize>,
    size: Size,
}

impl Variables {
    fn set(&mut self, name: &str, value: String) -> Result<(), Problem> {
        self.size.add(name, &value)?;
        self.index.insert(name.to_owned(), self.list.len());
        self.list.push((name.to_owned(), value));
        Ok(())
    }

    fn get(&self, name: &str) -> &str {
        self.index.get(name).map_or("", |&index| &self.list[index].1)
    }

    /// Whether [`expand`](Self::expand) puts nothing in the place of a name that isn't set.
    fn has_unset(&self, text: &str) -> bool {
        text.match_indices('$').any(|(at, _)| {
            let name = text[at + 1..].trim_start_matches(['(', '{']);
            let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
            let name = &name[..name.find(|c| !is_name(c)).unwrap_or(name.len())];
            !text[..at].ends_with('\\') && !name.is_empty() && !self.index.contains_key(name)
        })
    }

    /// Puts values for `$NAME` and `${NAME}`; a backslash before `$` protects
    /// it. Names in capitals, digits and `_` only; the brace need not close.
    fn expand(&self, text: &str) -> Result<String, Problem> {
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            let is_protected = rest[..at].ends_with('\\');
            expanded.push_str(&rest[..at - usize::from(is_protected)]);
            let reference = &rest[at..];
            let open = &reference[1..];
            let open = open.strip_prefix('(').unwrap_or(open);
            let open = open.strip_prefix('{').unwrap_or(open);
            let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
            let (name, after) = open.split_at(open.find(|c| !is_name(c)).unwrap_or(open.len()));
            let after = after.strip_prefix('}').unwrap_or(after);
            if is_protected || name.is_empty() {
                expanded.push_str(&reference[..reference.len() - after.len()]);
            } else {
                expanded.push_str(self.get(name));
                if expanded.len() > MAX_SIZE {
                    return Err(Problem::TooLarge);
                }
            }
            rest = after;
        }
        expanded.push_str(rest);
        Ok(expanded)
    }
}

/// The text from the next statement on: white space and comments are left out.
fn statement(text: &str) -> &str {
    let mut rest = text.trim_start();
    while rest.starts_with('#') {
        rest = rest.find('\n').map_or("", |end| rest[end..].trim_start());
    }
    rest
}

/// White space that doesn't end a line.
fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\u{B}' | '\u{C}' | '\r' | ' ' | '\u{85}' | '\u{A0}')
}

/// The name at the start of a statement, and what follows its `=` or `:`. With
/// neither, all of it is the value of a variable without name.
fn split_name(statement: &str) -> Option<(&str, &str)> {
    let statement = match statement.strip_prefix("export") {
        Some(after) if after.starts_with(is_blank) => after.trim_start_matches(is_blank),
        _ => statement,
    };
    let end = statement.bytes().position(|byte| matches!(byte, b'=' | b':'));
    if !statement.bytes().take(end.unwrap_or(statement.len())).all(may_be_in_name) || statement.is_empty() {
        return None;
    }
    let (name, after) = end.map_or(("", statement), |end| (&statement[..end], &statement[end + 1..]));
    Some((name.trim_end(), after.trim_start_matches(is_blank)))
}

/// godotenv looks at bytes and takes each for a character of Latin-1, so that
/// some letters beyond ASCII pass and others don't.
fn may_be_in_name(byte: u8) -> bool {
    let c = char::from(byte);
    is_blank(c) || c == '_' || c == '.' || c.is_alphanumeric()
}

/// A value without the comment that may follow it, which begins with the last
/// `#` after a blank.
fn without_comment(line: &str) -> &str {
    let comment = line.rmatch_indices('#').map(|(at, _)| at).find(|&at| line[..at].ends_with(is_blank));
    &line[..comment.unwrap_or(line.len())]
}

/// The text in quotes at the start of `text`, and what follows them. A quote
/// after a backslash doesn't close; quotes at the edges of the text are cut.
fn split_quoted(text: &str, quote: char) -> Option<(&str, &str)> {
    let close =
        text.match_indices(quote).map(|(at, _)| at).skip(1).find(|&at| !text[..at].ends_with('\\'))?;
    Some((text[..close].trim_matches(quote), &text[close + 1..]))
}

/// Whether a quote opens in `before` that closes in `after`.
fn is_in_quotes(before: &str, after: &str) -> bool {
    ['"', '\''].into_iter().any(|quote| before.matches(quote).count() % 2 == 1 && after.contains(quote))
}

/// Whether [`unescape`] drops a backslash that escapes nothing.
fn has_needless_backslash(text: &str) -> bool {
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        if c == '\\' && !matches!(characters.next(), Some('n' | 'r' | '$' | '\\' | '"' | '\'')) {
            return true;
        }
    }
    false
}

/// Resolves `\n` and `\r`; any other character loses its backslash, but for
/// `$`, which [`Variables::expand`] still has to see.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        match characters.next_if(|&next| next != '$') {
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some(other) => plain.push(other),
            None => plain.push('\\'),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(text: &str) -> Vec<(String, String)> {
        parse(text).unwrap().variables
    }

    #[test]
    fn reads_what_godotenv_reads() {
        let cases: [(&str, &[(&str, &str)]); 20] = [
            ("A=b", &[("A", "b")]),
            ("export A=b", &[("A", "b")]),
            ("A: b", &[("A", "b")]),
            ("A=b # c", &[("A", "b")]),
            ("A=b #c #d", &[("A", "b #c")]),
            ("A=b#c", &[("A", "b#c")]),
            ("A='b # c'", &[("A", "b # c")]),
            ("A=\"b\\nc\\t\"", &[("A", "b\nct")]),
            ("A='b\\nc'", &[("A", "b\\nc")]),
            ("A=\"x\ny\"", &[("A", "x\ny")]),
            ("A=1\nB=${A}x$A$(A)", &[("A", "1"), ("B", "1x11)")]),
            ("A=1\nB='$A'", &[("A", "1"), ("B", "$A")]),
            ("B=\\$A", &[("B", "$A")]),
            ("B=$HOME$lower", &[("B", "$lower")]),
            ("A", &[("", "A")]),
            ("A= b ", &[("A", "b")]),
            ("FOO.BAR=1", &[("FOO.BAR", "1")]),
            ("#c\n\nA=1\r\nB=2", &[("A", "1"), ("B", "2")]),
            ("\u{FEFF}A=1", &[("A", "1")]),
            ("A=\"a\\\"b\"", &[("A", "a\"b")]),
        ];
        for (text, expected) in cases {
            let expected: Vec<_> =
                expected.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
            assert_eq!(values(text), expected, "{text:?}");
        }
    }

    #[test]
    fn text_that_is_lost_is_found() {
        let losses = |text: &str| {
            let losses = parse(text).unwrap().losses;
            losses.iter().map(|loss| (loss.line, loss.name.clone(), loss.how)).collect::<Vec<_>>()
        };
        for (line, how) in [
            ("A=p@ss$WORD!", How::Reference),
            ("A=\"x${HOME}y\"", How::Reference),
            ("A=5$1", How::Reference),
            ("A=\"x\"#y", How::BehindQuote),
            ("A='x'y", How::BehindQuote),
            ("A=x\"y #z\"", How::Comment),
            ("A=\"C:\\tmp\"", How::Backslash),
            ("A=\"\\\"x\\\"\"", How::EdgeQuote),
        ] {
            assert_eq!(losses(&format!("# c\n{line}")), [(2, "A".to_owned(), how)], "{line}");
        }
        assert_eq!(losses("B=1\nA"), [(2, String::new(), How::NoName)]);
        for line in [
            "A=x # y",
            "A=x#y",
            "A='p@ss$WORD! # x'",
            "A=\"x # y\" # z",
            "A=x\\$HOME",
            "A=\"\\$B\\n\"",
            "A=it's #1",
            "A=$lower$",
            "B=1\nA=${B}x$B",
            "A=",
            "A=\"\"",
            "A=\"x\ny\"",
            "A='it \"is\"'",
            "A=\"a\\\"b\"",
        ] {
            assert_eq!(losses(line), [], "{line}");
        }
    }

    #[test]
    fn values_that_double_and_double_are_refused_where_they_become_too_large() {
        let doubling: String = (1..64).map(|n| format!("A{n}=${{A{}}}${{A{}}}\n", n - 1, n - 1)).collect();
        let error = parse(&format!("A0=abcdefgh\n{doubling}")).unwrap_err();
        assert_eq!((error.line, error.problem), (19, Problem::TooLarge));
        let often = format!("A={}\nB={}\n", "x".repeat(1 << 20), "$A".repeat(1 << 20));
        assert_eq!(parse(&often).unwrap_err(), Error::new(2, Problem::TooLarge));
        let many = "A=\n".repeat(1 << 17);
        assert_eq!(parse(&many).unwrap_err().problem, Problem::TooLarge);
    }

    #[test]
    fn errors_name_the_line_and_never_quote_it() {
        let error = parse("A=1\n\nB-C=hunter2\n").unwrap_err();
        assert_eq!((error.line, &error.problem), (3, &Problem::MalformedName));
        let error = parse("A=1\nB=\"hunter2\n").unwrap_err();
        assert_eq!((error.line, &error.problem), (2, &Problem::UnclosedQuote { name: "B".to_owned() }));
        assert!(!error.to_string().contains("hunter2"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "([A=:\"'\\\\$\\{\\}# \n\r\u{a0}é]|export |\\PC){0,30}") {
            let _ = parse(&text);
        }
    }
}
