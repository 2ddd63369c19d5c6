//! A whole input as kubectl goes through it: JSON values one after the other, YAML documents, or one JSON
//! value and then documents.
//!
//! A text is JSON if it begins with `{`. Where that turns out to be wrong the rest is read as YAML, but only
//! behind one value at most: behind two it has been JSON for certain.

use std::borrow::Cow;

use crate::yaml::MAX_NODES;
use crate::yaml::node::Node;
use crate::yaml::section::{Section, split_from};

use super::cursor::Cursor;
use super::error::ReadError;
use super::{Dialect, compose, json, read};

/// An input taken apart. First come the values that are read already, then the documents.
#[derive(Debug)]
pub struct Stream<'a> {
    /// The JSON values.
    pub values: Vec<Node>,
    /// The YAML documents.
    pub sections: Vec<Section<'a>>,
    /// Why the sections aren't JSON, if they might have been meant to be.
    not_json: Option<ReadError>,
}

impl<'a> Stream<'a> {
    /// The text in the form that [`Stream::of`] takes: kubectl gives every line its end, the last one too.
    pub fn with_last_line_ended(text: &str) -> Cow<'_, str> {
        match text {
            "" => Cow::Borrowed(""),
            text if text.ends_with(['\n', '\r']) => Cow::Borrowed(text),
            text => Cow::Owned(format!("{text}\n")),
        }
    }

    /// Takes an input apart.
    ///
    /// # Errors
    /// What is wrong behind two JSON values or more, or there are too many documents.
    pub fn of(text: &'a str) -> Result<Self, ReadError> {
        if !text.trim_start().starts_with('{') {
            return Ok(Self { values: Vec::new(), sections: split_from(text, 1).all()?, not_json: None });
        }
        let mut cursor = Cursor::of_any(&Section::whole(text))?;
        let mut values = Vec::new();
        let (mut end, mut line) = (0, 1);
        let not_json = loop {
            json::skip_white_space(&mut cursor);
            if cursor.at_end() {
                return Ok(Self { values, sections: Vec::new(), not_json: None });
            }
            match json_value(&mut cursor) {
                Ok(value) => values.extend(value),
                Err(error) if values.len() > 1 => return Err(error),
                Err(error) => break error,
            }
            (end, line) = (cursor.pos(), cursor.line());
        };
        let rest = &text[end..];
        // What is left of the last value's line is no line of YAML.
        let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let rest = &rest[blank..];
        let (rest, line) = match rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n')) {
            Some(rest) if !values.is_empty() => (rest, line + 1),
            _ => (rest, line),
        };
        let was_meant = !values.is_empty() || text.trim_start()[1..].trim_start().starts_with('"');
        Ok(Self { values, sections: split_from(rest, line).all()?, not_json: was_meant.then_some(not_json) })
    }

    /// Reads one of the [sections](Self::sections).
    ///
    /// # Errors
    /// Why it is no YAML, or no JSON, if that reader got further.
    ///
    /// # Panics
    /// There is no such section.
    pub fn read(&self, number: usize) -> Result<Option<Node>, ReadError> {
        read(&self.sections[number], Dialect::Kubectl).map_err(|error| match &self.not_json {
            Some(not_json) if not_json.position > error.position => not_json.clone(),
            _ => error,
        })
    }
}

/// Reads a JSON value; `None` for null.
fn json_value(cursor: &mut Cursor<'_>) -> Result<Option<Node>, ReadError> {
    let (value, _) = compose::compose(&json::value(cursor)?, Dialect::Kubectl, MAX_NODES)?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{KeyOrder, write_json};
    use proptest::prelude::*;

    fn read_all(text: &str) -> Result<Vec<Node>, ReadError> {
        let text = Stream::with_last_line_ended(text);
        let stream = Stream::of(&text)?;
        let mut nodes: Vec<Node> = Vec::new();
        let read: Result<Vec<_>, _> = (0..stream.sections.len()).map(|number| stream.read(number)).collect();
        let read = read?;
        nodes.extend(stream.values);
        nodes.extend(read.into_iter().flatten());
        Ok(nodes)
    }

    fn json_of(text: &str) -> String {
        let mut out = String::new();
        for node in read_all(text).unwrap() {
            write_json(&node, KeyOrder::Kept, 0, &mut out).unwrap();
            out.push(' ');
        }
        out.trim_end().to_owned()
    }

    #[test]
    fn json_values_may_follow_each_other() {
        for between in ["", " ", "\n", "\r\n\t\n", "\n\n  "] {
            assert_eq!(json_of(&format!(" {{\"a\":1}}{between}{{\"b\": [ ] }}")), r#"{"a":1} {"b":[]}"#);
        }
        assert_eq!(json_of("{\"a\"\n:\n1\n}\n{}{}"), r#"{"a":1} {} {}"#);
        assert_eq!(json_of(r#"{}null{} "x" 5"#), r#"{} null {} "x" 5"#);
    }

    #[test]
    fn json_says_what_go_takes_it_for() {
        assert_eq!(
            json_of(
                r#"{"a":"\ud83d\ude00\ud83dx\/\u00e9","b":1.0,"c":-0,"d":1e2,"e":"","f":"\t","<<":{"a":1},"a":2}"#
            ),
            "{\"a\":2,\"b\":1,\"c\":0,\"d\":100,\"e\":\"\",\"f\":\"\\t\",\"<<\":{\"a\":1}}"
        );
        assert_eq!(json_of("{\"a\":\"\\ud83dx\",\"yes\":\"no\"}"), "{\"a\":\"\u{FFFD}x\",\"yes\":\"no\"}");
    }

    #[test]
    fn yaml_that_begins_like_json_stays_yaml() {
        assert_eq!(json_of("{a: 1, 'b': yes,}"), r#"{"a":1,"b":true}"#);
        assert_eq!(json_of("{\"a\": 1}\n---\nb: 2\n---\n{\"c\":3}"), r#"{"a":1} {"b":2} {"c":3}"#);
        assert_eq!(json_of("{\"a\": 1} # one\n---\nb: 2\n"), r#"{"a":1} {"b":2}"#);
    }

    #[test]
    fn of_two_readers_the_one_that_got_further_speaks() {
        let error = |text: &str| {
            let error = read_all(text).unwrap_err();
            (error.position.line, error.position.column, error.problem.to_string())
        };
        assert_eq!(
            error("{\"a\":1}\n{\"b\":2}\n{\"c\" 3}"),
            (3, 6, "expected `:` after this key".to_owned())
        );
        assert_eq!(
            error("{\"a\":1}{\"b\":2} x"),
            (1, 16, "`x` is no JSON value; texts stand in double quotes".to_owned())
        );
        assert_eq!(error("{\n  \"a\": [1, 2\n"), (3, 1, "expected `,` or `]`".to_owned()));
        assert!(error("{{ .Values.x }}").2.starts_with("a mapping cannot be a mapping key"));
    }

    #[test]
    fn the_last_line_of_a_block_ends_as_all_do() {
        for (text, expected) in [
            ("a: |\n  x", "x\n"),
            ("a: |-\n  x", "x"),
            ("a: |+\n  x", "x\n"),
            ("a: |+\n  x\n  ", "x\n\n"),
            ("a: >\n  x\n  y", "x y\n"),
            ("a: >+\n  x\n\n", "x\n\n"),
            ("a: |\r\n  x\r\n  y", "x\ny\n"),
            ("a: |\n  x\r", "x\n"),
            ("b: 1\n---\na: |\n  x", "x\n"),
            ("a: x", "x"),
        ] {
            let nodes = read_all(text).unwrap();
            assert_eq!(nodes.last().unwrap().get("a").unwrap().as_str(), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn depth_costs_no_stack() {
        let deep = "[".repeat(200_000);
        assert!(read_all(&format!("{{\"a\":{deep}")).is_err());
        let shallow = format!("{{\"a\":{}{}}}", "[".repeat(9_000), "]".repeat(9_000));
        assert_eq!(read_all(&shallow).unwrap().len(), 1);
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            "\\PC{0,6}|[\"\\\\\n\t\u{1}]{1,3}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                prop::collection::hash_map("\\PC{0,4}", inner, 0..4)
                    .prop_map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_another_library_writes_is_read_the_same(
            maps in prop::collection::vec(prop::collection::btree_map("\\PC{0,4}", any_json(), 0..4), 1..4),
            pretty in any::<bool>(),
        ) {
            let values: Vec<serde_json::Value> =
                maps.into_iter().map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into()).collect();
            let text: String = values
                .iter()
                .map(|value| if pretty { format!("{value:#}") } else { value.to_string() })
                .collect();
            let back: Vec<serde_json::Value> = read_all(&text)
                .unwrap()
                .iter()
                .map(|node| {
                    let mut out = String::new();
                    write_json(node, KeyOrder::Kept, 0, &mut out).unwrap();
                    serde_json::from_str(&out).unwrap()
                })
                .collect();
            prop_assert_eq!(back, values);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "([{}\\[\\]\",:a0-9\\\\ \n\r\t|-]|\\PC|---\n|true|null){0,40}") {
            let _ = read_all(&format!("{{{text}"));
        }
    }
}
