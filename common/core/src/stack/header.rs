//! The fields that must be known before `services.yaml` can be rendered, from its raw text.
//!
//! The raw text is YAML with templates in it, so only these five fields are looked at and everything else
//! may be anything. What can't be told from the raw text (a field that is an unquoted action, or one that
//! needs a header variable) is left to the rendered text, and the header says that it isn't complete.

use crate::template::Engine;
use crate::yaml::{self, Dialect, Node, Problem, ReadError, Value};

use super::decode::{Decode, Path, Strictness};
use super::model::Namespace;
use super::namespace::SimplePattern;
use super::rounds::MAX_NODES;
use super::variables::Map;

/// Stands for an action without quotes: a character of Unicode's private use area.
const BARE_ACTION: char = '\u{f8ff}';

/// What `services.yaml` says before it is rendered; values may hold templates.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Header {
    pub(super) project: String,
    pub(super) env_files: Vec<String>,
    pub(super) versions: Map,
    pub(super) base_domain: Map,
    pub(super) patterns: Map,
    /// Whether the rendered text has to be asked for what is missing here.
    pub(super) complete: bool,
}

impl Header {
    /// Reads the header of a raw `services.yaml`.
    ///
    /// # Errors
    /// The raw text isn't YAML.
    pub(super) fn of(text: &str) -> Result<Self, ReadError> {
        let root = match root(text) {
            Err(ReadError { problem: Problem::TemplateAction | Problem::CollectionKey { .. }, .. }) => {
                root(&without_bare_actions(text))?
            }
            root => root?,
        };
        let mut header = Self { complete: true, ..Self::default() };
        header.project = header.known(&root, "project");
        header.env_files = header.known(&root, "envFiles");
        header.versions = header.known(&root, "versions");
        header.base_domain = header.known(&root, "baseDomain");
        header.patterns = header.known::<Namespace>(&root, "namespace").patterns;
        Ok(header)
    }

    /// The field `key`, or its zero value and a note that it isn't known.
    fn known<T: Decode + Default>(&mut self, root: &Node, key: &str) -> T {
        let Some(node) = root.get(key) else {
            return T::default();
        };
        let decoded = T::decode(node, &Path::root(Strictness::Lenient));
        match decoded {
            Ok(value) if !holds_bare_action(node) => value,
            _ => {
                self.complete = false;
                T::default()
            }
        }
    }

    /// The pattern of an environment's namespace, if it needs no rendering and so is known for all slots at once.
    /// To be asked before the names are rendered.
    pub(super) fn simple_pattern(&self, env: &str) -> Option<SimplePattern> {
        let is_fixed = self.complete && !self.project.is_empty() && !self.project.contains("{{");
        let raw = self.patterns.get(env).map(String::as_str);
        SimplePattern::of(raw, env).filter(|_| is_fixed)
    }

    /// Whether the pattern of an environment's namespace, or the default of its name, uses the slot; `None` if the
    /// pattern isn't known. To be asked before the names are rendered.
    pub(super) fn uses_slot(&self, env: &str) -> Option<bool> {
        match self.patterns.get(env).filter(|raw| !raw.trim().is_empty()) {
            Some(raw) => Some(raw.contains(".Slot")),
            None if !self.complete => None,
            None => Some(matches!(env, "ai" | "ai-repair")),
        }
    }

    /// Renders the fields that the suite renders and codexctl doesn't: `project` and `envFiles`.
    pub(super) fn render_names(&mut self, engine: &Engine) {
        match engine.render_field("project", &self.project) {
            Ok(project) => self.project = project,
            Err(_) => {
                self.project.clear();
                self.complete = false;
            }
        }
        let files = self.env_files.iter().map(|name| engine.render_field("envFiles", name));
        match files.collect() {
            Ok(files) => self.env_files = files,
            Err(_) => {
                self.env_files.clear();
                self.complete = false;
            }
        }
    }
}

/// What the first document of a text is.
fn root(text: &str) -> Result<Node, ReadError> {
    let node = match yaml::split(text).next() {
        Some(section) => yaml::read_within(&section, Dialect::GoUndecoded, &mut MAX_NODES.clone())?,
        None => None,
    };
    Ok(node.unwrap_or_else(|| Node::new(Value::Null)))
}

/// The text with [`BARE_ACTION`] in the place of every action that begins a value without quotes.
///
/// To YAML `x: {{ f }}` is a mapping whose key is a mapping, which codexctl's reader takes and ours doesn't.
fn without_bare_actions(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let mut rest = line;
        while let Some(start) = rest.find("{{") {
            let end = rest[start..].find("}}").map_or(rest.trim_end().len(), |end| start + end + 2);
            let before = rest[..start].trim_end();
            if before.ends_with([':', '-', ',', '[']) && before.len() < start {
                masked.push_str(&rest[..start]);
                masked.push(BARE_ACTION);
            } else {
                masked.push_str(&rest[..end]);
            }
            rest = &rest[end..];
        }
        masked.push_str(rest);
    }
    masked
}

/// Whether an action without quotes stood in a value.
fn holds_bare_action(node: &Node) -> bool {
    match &node.value {
        Value::String(text) => text.contains(BARE_ACTION),
        Value::Sequence(items) => items.iter().any(holds_bare_action),
        Value::Mapping(entries) => entries.values().any(holds_bare_action),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_five_fields_are_looked_at() {
        let text = "project: demo\nimages: {a: {{ .X }}}\nextra: {a: 1, a: 2}\nversions: {app: 1.10}\n";
        let header = Header::of(text).unwrap();
        assert_eq!(header.project, "demo");
        assert_eq!(header.versions["app"], "1.10");
        assert!(header.complete);
    }

    #[test]
    fn an_unquoted_action_is_left_to_the_rendered_text() {
        let header = Header::of("project: {{ .Env }}\n").unwrap();
        assert_eq!(header.project, "");
        assert!(!header.complete);
    }
}
