//! Label and field selectors.
//!
//! Takes a selector's text, says of an object whether it is selected. Separate because LIST,
//! watch and DELETE of many share it.

use serde_json::Value;

/// One requirement on a label.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
}

/// Both selectors of a call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selector {
    labels: Vec<Requirement>,
    /// Path and value, and whether they are to be equal.
    fields: Vec<(String, String, bool)>,
}

impl Selector {
    /// Reads the parameters `labelSelector` and `fieldSelector`; the error is the server's
    /// message.
    pub(crate) fn read(labels: &str, fields: &str) -> Result<Self, String> {
        let labels = split(labels).map(requirement).collect::<Result<_, _>>()?;
        let fields = split(fields).map(field).collect::<Result<_, _>>()?;
        Ok(Self { labels, fields })
    }

    /// Whether the object is selected.
    pub(crate) fn selects(&self, object: &Value) -> bool {
        let label = |key: &str| object["metadata"]["labels"][key].as_str();
        let labels = self.labels.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => {
                label(key).is_some_and(|found| values.iter().any(|value| value == found))
            }
            Requirement::NotIn(key, values) => {
                label(key).is_none_or(|found| values.iter().all(|value| value != found))
            }
            Requirement::Exists(key) => label(key).is_some(),
            Requirement::Absent(key) => label(key).is_none(),
        });
        labels
            && self.fields.iter().all(|(path, value, equal)| {
                let found = path.split('.').fold(object, |inside, key| &inside[key]);
                (found.as_str().unwrap_or_default() == value) == *equal
            })
    }
}

/// The parts between the commas that stand in no brackets.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0;
    let parts = text.split(move |letter| {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        letter == ',' && depth == 0
    });
    parts.map(str::trim).filter(|part| !part.is_empty())
}

fn requirement(text: &str) -> Result<Requirement, String> {
    let trimmed = |text: &str| text.trim().to_owned();
    let set = |text: &str| -> Option<Vec<String>> {
        let inside = text.trim().strip_prefix('(')?.strip_suffix(')')?;
        Some(inside.split(',').map(trimmed).collect())
    };
    if let Some((key, values)) = text.split_once(" notin ") {
        let values = set(values).ok_or_else(|| unreadable(text))?;
        Ok(Requirement::NotIn(trimmed(key), values))
    } else if let Some((key, values)) = text.split_once(" in ") {
        let values = set(values).ok_or_else(|| unreadable(text))?;
        Ok(Requirement::In(trimmed(key), values))
    } else if let Some((key, value)) = text.split_once("!=") {
        Ok(Requirement::NotIn(trimmed(key), vec![trimmed(value)]))
    } else if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        Ok(Requirement::In(trimmed(key), vec![trimmed(value)]))
    } else if let Some(key) = text.strip_prefix('!') {
        Ok(Requirement::Absent(trimmed(key)))
    } else if text.contains([' ', '(', ')', '<', '>']) {
        Err(unreadable(text))
    } else {
        Ok(Requirement::Exists(trimmed(text)))
    }
}

fn field(text: &str) -> Result<(String, String, bool), String> {
    let pair = |(path, value): (&str, &str), equal| (path.to_owned(), value.to_owned(), equal);
    if let Some(parts) = text.split_once("!=") {
        return Ok(pair(parts, false));
    }
    let parts = text.split_once("==").or_else(|| text.split_once('='));
    parts.map(|parts| pair(parts, true)).ok_or_else(|| unreadable(text))
}

fn unreadable(text: &str) -> String {
    format!("unable to parse requirement: {text:?}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn labels_are_matched_as_kubernetes_does() {
        let object = json!({ "metadata": { "labels": { "a": "1", "slot": "2" } } });
        let cases = [
            ("", true),
            ("a=1", true),
            ("a==1", true),
            ("a=2", false),
            ("a!=2", true),
            ("b!=2", true),
            ("a", true),
            ("!a", false),
            ("!b", true),
            ("b", false),
            ("a in (1, 3),slot", true),
            ("a notin (1,3)", false),
            ("b notin (1)", true),
            ("a=1,slot=3", false),
            ("a=1, slot in (2,3) ,!x/y", true),
        ];
        for (text, expected) in cases {
            let selector = Selector::read(text, "").unwrap();
            assert_eq!(selector.selects(&object), expected, "{text}");
        }
        assert!(Selector::read("a in 1", "").is_err());
        assert!(Selector::read("a > (", "").is_err());
    }

    #[test]
    fn fields_are_paths() {
        let object = json!({ "metadata": { "name": "x" }, "involvedObject": { "kind": "Pod" } });
        let selects = |text: &str| Selector::read("", text).unwrap().selects(&object);
        assert!(selects("metadata.name=x,involvedObject.kind=Pod"));
        assert!(!selects("metadata.name=y"));
        assert!(selects("metadata.name!=y"));
        assert!(selects("metadata.namespace="));
    }
}
