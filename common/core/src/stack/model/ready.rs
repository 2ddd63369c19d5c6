//! When objects of a kind are ready, where the project knows better than its conditions do.

use crate::jsonpath::JsonPath;
use crate::stack::decode::{Decode, DecodeError, Fields, Path};
use crate::yaml::Node;

/// An entry of the block `ready`: what `kubectl wait --for=jsonpath='{…}'=VALUE` says, for all objects of a kind.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReadyRule {
    /// The kind.
    pub kind: String,
    /// Its API group; `None` for a kind of this name in any group.
    pub group: Option<String>,
    /// Where the values are that are looked at.
    pub jsonpath: JsonPath,
    /// What all of them have to be; `None` if they only have to be there.
    pub value: Option<String>,
    /// Values that end a wait: the object won't be ready by itself.
    pub failed: Vec<String>,
}

impl ReadyRule {
    /// Whether the rule is about objects of this group and kind.
    pub fn is_about(&self, group: &str, kind: &str) -> bool {
        self.kind == kind && self.group.as_deref().is_none_or(|wanted| wanted == group)
    }
}

impl Decode for ReadyRule {
    fn decode(node: &Node, path: &Path<'_>) -> Result<Self, DecodeError> {
        let mut fields = Fields::of(node, path)?;
        let kind: String = fields.take("kind")?;
        let group = fields.take("group")?;
        let jsonpath: Option<JsonPath> = fields.take("jsonpath")?;
        let value = fields.take("value")?;
        let failed = fields.take("failed")?;
        fields.finish()?;
        if kind.is_empty() {
            return Err(path.missing(node, "kind"));
        }
        let jsonpath = jsonpath.ok_or_else(|| path.missing(node, "jsonpath"))?;
        Ok(Self { kind, group, jsonpath, value, failed })
    }
}

impl Decode for JsonPath {
    fn decode(node: &Node, path: &Path<'_>) -> Result<Self, DecodeError> {
        let text = String::decode(node, path)?;
        Self::parse(&text).map_err(|error| path.invalid(node, error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::decode::Strictness;
    use crate::stack::model::Stack;
    use crate::yaml::{self, Dialect};

    fn decoded(text: &str, strictness: Strictness) -> Result<Vec<ReadyRule>, String> {
        let section = yaml::split(text).next().expect("one document");
        let node = yaml::read(&section, Dialect::Go).expect("it is YAML").expect("it isn't empty");
        let stack = Stack::decode(&node, &Path::root(strictness));
        stack.map(|stack| stack.ready).map_err(|error| format!("{}: {}", error.position.line, error.fault))
    }

    fn strict(text: &str) -> Result<Vec<ReadyRule>, String> {
        decoded(text, Strictness::Strict)
    }

    #[test]
    fn a_rule_has_a_kind_a_path_and_perhaps_values() {
        let text = "ready:\n- {kind: Kafka, group: queue.example, jsonpath: '{.status.phase}', value: Up, failed: [Broken, 7]}\n- {kind: Topic, jsonpath: status.id}\n- {kind: Bridge, jsonpath: .status.ok, value: true}\n";
        let rules = strict(text).expect("valid");
        assert_eq!(rules[0].jsonpath.to_string(), "{.status.phase}");
        assert_eq!(
            (rules[0].value.as_deref(), &rules[0].failed[..]),
            (Some("Up"), &["Broken".to_owned(), "7".to_owned()][..])
        );
        assert_eq!((rules[1].group.as_deref(), rules[1].value.as_deref()), (None, None));
        assert_eq!(rules[2].value.as_deref(), Some("true"));
        assert!(rules[0].is_about("queue.example", "Kafka") && !rules[0].is_about("other.example", "Kafka"));
        assert!(rules[1].is_about("any.example", "Topic") && !rules[1].is_about("any.example", "topic"));
    }

    #[test]
    fn a_rule_that_says_too_little_or_nothing_sensible_is_refused_at_its_line() {
        for (entry, expected) in [
            ("{jsonpath: '{.a}'}", "2: `ready[0].kind` is missing"),
            ("{kind: Kafka, value: Up}", "2: `ready[0].jsonpath` is missing"),
            ("{kind: Kafka, jsonpath: }", "2: `ready[0].jsonpath` is missing"),
            ("{kind: Kafka, jsonpath: '{.a'}", "2: `ready[0].jsonpath`: `{` is never closed"),
            ("{kind: Kafka, jsonpath: a, path: b}", "2: unknown key `ready[0].path`"),
            ("{kind: Kafka, jsonpath: a, failed: b}", "2: `ready[0].failed` must be a list, not a text"),
        ] {
            assert_eq!(strict(&format!("ready:\n- {entry}\n")), Err(expected.to_owned()), "{entry}");
        }
        assert_eq!(
            strict("ready:\n- kind: Kafka\n  jsonpath: '{.a}{.b}'\n").unwrap_err().split(':').next(),
            Some("3")
        );
        assert!(decoded("ready:\n- {kind: Kafka, jsonpath: a, path: b}\n", Strictness::Lenient).is_ok());
    }
}
