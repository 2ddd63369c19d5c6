//! Var files (`--var-file`), in two grammars.
//!
//! [`Grammar::Compat`] is codexctl's and lenient; [`Grammar::Plain`] reports
//! what it doesn't understand. Both split a line at the first of `=` and `:`,
//! understand `export`, a byte order mark and `#` comments on lines of their own.

pub use super::error::{Error, Problem};
use super::{MAX_SIZE, Size};

use crate::yaml;

/// How strictly a var file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grammar {
    /// As codexctl: lines without separator or name are passed over, quotes at
    /// both ends of a value are cut one by one whether they match or not, names
    /// keep theirs.
    Compat,
    /// One pair of matching quotes is cut. A file with an indented line is a
    /// YAML mapping of scalars. Any other line is an error.
    Plain,
}

/// Reads a var file.
///
/// # Errors
///
/// More than [`MAX_SIZE`](super::MAX_SIZE); with [`Grammar::Plain`] the first line that can't be understood.
pub fn parse(text: &str, grammar: Grammar) -> Result<Vec<(String, String)>, Error> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    if grammar == Grammar::Plain && text.lines().any(is_indented) {
        return parse_yaml(text);
    }
    let mut variables = Variables::default();
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let variable = match grammar {
            Grammar::Compat => parse_lenient(line),
            Grammar::Plain => Some(parse_strict(line).map_err(|problem| Error::new(number, problem))?),
        };
        if let Some((name, value)) = variable {
            variables.add(number, name, value)?;
        }
    }
    Ok(variables.list)
}

/// The variables so far and what they take.
#[derive(Default)]
struct Variables {
    list: Vec<(String, String)>,
    size: Size,
}

impl Variables {
    fn add(&mut self, line: u32, name: String, value: String) -> Result<(), Error> {
        self.size.add(&name, &value).map_err(|problem| Error::new(line, problem))?;
        self.list.push((name, value));
        Ok(())
    }
}

/// Whether a line with content starts with white space.
fn is_indented(line: &str) -> bool {
    let content = line.trim_start();
    content.len() < line.len() && !content.is_empty() && !content.starts_with('#')
}

/// Name and value of a line, without `export` and the white space around them.
fn split(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(['=', ':'])?;
    let name = name.trim();
    let name = match name.strip_prefix("export") {
        Some(exported) if exported.starts_with(char::is_whitespace) => exported.trim_start(),
        _ => name,
    };
    Some((name, value.trim()))
}

fn parse_lenient(line: &str) -> Option<(String, String)> {
    let (name, mut value) = split(line).filter(|(name, _)| !name.is_empty())?;
    for quote in ['"', '\''] {
        value = value.strip_prefix(quote).unwrap_or(value);
        value = value.strip_suffix(quote).unwrap_or(value);
    }
    Some((name.to_owned(), value.to_owned()))
}

fn parse_strict(line: &str) -> Result<(String, String), Problem> {
    let (name, value) = split(line).ok_or(Problem::MissingSeparator)?;
    let name = unquoted(name).unwrap_or(name);
    if name.is_empty()
        || name.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\''))
    {
        return Err(Problem::MissingSeparator);
    }
    let value = match unquoted(value) {
        Some(value) => value,
        None if value.starts_with(['"', '\'']) => {
            return Err(Problem::UnclosedQuote { name: name.to_owned() });
        }
        None => value,
    };
    Ok((name.to_owned(), value.to_owned()))
}

/// The text inside one pair of matching quotes.
fn unquoted(text: &str) -> Option<&str> {
    ['"', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
}

/// Reads a YAML mapping of scalars; null is an empty text.
fn parse_yaml(text: &str) -> Result<Vec<(String, String)>, Error> {
    let mut variables = Variables::default();
    // As many as the smallest variables could be.
    let mut nodes = MAX_SIZE / 16;
    for section in yaml::split(text) {
        let document = yaml::read_within(&section, yaml::Dialect::Go, &mut nodes).map_err(yaml_error)?;
        let Some(document) = document else {
            continue;
        };
        let Some(entries) = document.as_mapping() else {
            let problem = Problem::NotMapping { what: document.describe() };
            return Err(Error::new(document.position.line, problem));
        };
        for (key, value) in entries.iter() {
            let name = key.text().unwrap_or_default().into_owned();
            if !value.is_scalar() {
                let problem = Problem::NotScalar { name, what: value.describe() };
                return Err(Error::new(key.position.line, problem));
            }
            variables.add(key.position.line, name, value.text().unwrap_or_default().into_owned())?;
        }
    }
    Ok(variables.list)
}

/// The reader's messages may quote the file; what is kept of them doesn't.
fn yaml_error(error: yaml::ReadError) -> Error {
    let problem = match error.problem {
        yaml::Problem::DuplicateKey { key, first } => Problem::Duplicate { name: key, first: first.line },
        yaml::Problem::TooManyNodes | yaml::Problem::ExcessiveAliases => Problem::TooLarge,
        _ => Problem::MalformedYaml,
    };
    Error::new(error.position.line, problem)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(entries: &[(&str, &str)]) -> Vec<(String, String)> {
        entries.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn both_grammars_read_common_lines() {
        let text =
            "\u{FEFF}A=1\nB = two words\n# c\n\n# d\nC=\nD==x\nexport E=5\nurl: http://h/?q=1\nF=a: b\r\n";
        let expected = pairs(&[
            ("A", "1"),
            ("B", "two words"),
            ("C", ""),
            ("D", "=x"),
            ("E", "5"),
            ("url", "http://h/?q=1"),
            ("F", "a: b"),
        ]);
        for grammar in [Grammar::Compat, Grammar::Plain] {
            assert_eq!(parse(text, grammar), Ok(expected.clone()));
        }
    }

    #[test]
    fn compat_cuts_quotes_one_by_one_and_passes_over_the_rest() {
        let text = "A=\"d\"\nB='s'\nC=\"open\nD=close\"\nE='\"both\"'\nF=\"'both'\"\nI=''x''\nnothing\n=x\n\"K\": 1\n  L=2\n";
        let expected = pairs(&[
            ("A", "d"),
            ("B", "s"),
            ("C", "open"),
            ("D", "close"),
            ("E", "\"both\""),
            ("F", "both"),
            ("I", "'x'"),
            ("\"K\"", "1"),
            ("L", "2"),
        ]);
        assert_eq!(parse(text, Grammar::Compat), Ok(expected));
    }

    #[test]
    fn plain_reads_indented_files_as_yaml() {
        let text = "A: |\n  x\n  y\nB: 0644\nC: ~\n'D': yes\n";
        let expected = pairs(&[("A", "x\ny\n"), ("B", "0644"), ("C", ""), ("D", "yes")]);
        assert_eq!(parse(text, Grammar::Plain), Ok(expected));
    }

    #[test]
    fn plain_errors_name_the_line_and_never_quote_it() {
        let problem = |text| parse(text, Grammar::Plain).unwrap_err();
        let name = || "B".to_owned();
        assert_eq!(problem("A=1\nhunter2"), Error::new(2, Problem::MissingSeparator));
        assert_eq!(problem("=1"), Error::new(1, Problem::MissingSeparator));
        assert_eq!(problem("B=\"hunter2"), Error::new(1, Problem::UnclosedQuote { name: name() }));
        assert_eq!(
            problem("A: 1\nB:\n  - hunter2"),
            Error::new(2, Problem::NotScalar { name: name(), what: "a list" })
        );
        assert_eq!(problem("B: 1\nB: 2\n#\n\n C"), Error::new(5, Problem::MalformedYaml));
        assert_eq!(problem("B: 1\nB:\n  2"), Error::new(2, Problem::Duplicate { name: name(), first: 1 }));
        assert_eq!(problem("- a\n- \n  b"), Error::new(1, Problem::NotMapping { what: "a list" }));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "([A=:\"'# \n\r\t|-]|export |\\PC){0,30}") {
            let _ = parse(&text, Grammar::Compat);
            let _ = parse(&text, Grammar::Plain);
        }
    }
}
