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

/// Reads an env file. A byte order mark before it doesn't count.
///
/// # Errors
///
/// A name with other characters than letters, digits, `_` and `.`, or a quote
/// that is never closed.
pub fn parse(text: &str) -> Result<Vec<(String, String)>, Error> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let text =
        if text.contains("\r\n") { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) };
    let mut variables = Variables::default();
    let mut lines = Lines { text: &text, counted: 0, line: 1 };
    let mut rest = statement(&text);
    while !rest.is_empty() {
        let line = lines.line_of(rest);
        let (name, after) = split_name(rest).ok_or(Error::new(line, Problem::MalformedName))?;
        let (value, after) = match after.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let Some((quoted, after)) = split_quoted(after, quote) else {
                    let problem = Problem::UnclosedQuote { name: name.to_owned() };
                    return Err(Error::new(lines.line_of(after), problem));
                };
                let value =
                    if quote == '"' { variables.expand(&unescape(quoted)) } else { quoted.to_owned() };
                (value, after)
            }
            _ => {
                let (line, after) = after.split_at(after.find(['\n', '\r']).unwrap_or(after.len()));
                (variables.expand(without_comment(line).trim_matches(is_blank)), after)
            }
        };
        variables.set(name, value);
        rest = statement(after);
    }
    Ok(variables.list)
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
}

impl Variables {
    fn set(&mut self, name: &str, value: String) {
        self.index.insert(name.to_owned(), self.list.len());
        self.list.push((name.to_owned(), value));
    }

    fn get(&self, name: &str) -> &str {
        self.index.get(name).map_or("", |&index| &self.list[index].1)
    }

    /// Puts values for `$NAME` and `${NAME}`; a backslash before `$` protects
    /// it. Names in capitals, digits and `_` only; the brace need not close.
    fn expand(&self, text: &str) -> String {
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
            }
            rest = after;
        }
        expanded.push_str(rest);
        expanded
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
        parse(text).unwrap()
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
