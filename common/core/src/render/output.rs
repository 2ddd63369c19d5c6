//! Documents as text: a YAML stream or one JSON list, and the line that says whose they are.

use crate::yaml::{self, KeyOrder, Mapping, Node};

use super::document::Document;

/// How documents are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A stream of YAML documents.
    Yaml,
    /// One JSON `List`.
    Json,
}

/// What stands between the documents of a YAML stream.
const SEPARATOR: &str = "---\n";

/// Whose the documents are: the first line of a stream, a comment for every other tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity<'a> {
    /// The project.
    pub project: &'a str,
    /// The environment.
    pub env: &'a str,
    /// The slot, 0 without one.
    pub slot: i64,
    /// The namespace; empty if nothing gives one.
    pub namespace: &'a str,
}

impl Identity<'_> {
    /// What the line begins with.
    pub const MARK: &'static str = "# kubectl-codex: ";

    /// The line, with its line break.
    pub fn line(&self) -> String {
        let mut line = Self::MARK.to_owned();
        let fields = Mapping::from_iter([
            ("project", Node::from(self.project)),
            ("env", Node::from(self.env)),
            ("slot", Node::from(self.slot)),
            ("namespace", Node::from(self.namespace)),
        ]);
        // Texts and one number: there is nothing in it that JSON can't hold.
        if yaml::write_json(&Node::from(fields), KeyOrder::Kept, 0, &mut line).is_err() {
            line.push_str("{}");
        }
        line.push('\n');
        line
    }
}

/// Whose a stream is, as its first line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamIdentity {
    /// The project.
    pub project: String,
    /// The environment.
    pub env: String,
    /// The slot, 0 without one.
    pub slot: i64,
    /// The namespace; empty if nothing gave one.
    pub namespace: String,
}

impl StreamIdentity {
    /// Reads the first line of a stream; `None` if it says nothing of the kind.
    pub fn of(text: &str) -> Option<Self> {
        let line = text.lines().next()?.strip_prefix(Identity::MARK)?;
        let node = yaml::read(&yaml::Section::whole(line), yaml::Dialect::Go).ok()??;
        let text = |key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
        Some(Self {
            project: text("project")?,
            env: text("env")?,
            slot: node.get("slot").and_then(Node::as_i64)?,
            namespace: text("namespace")?,
        })
    }
}

/// Appends a document to `text`, behind a separator if there is something before it.
///
/// # Errors
/// JSON can't hold one of its numbers; the message names the object.
pub fn write_document(
    text: &mut String,
    document: &Document,
    format: Format,
    order: KeyOrder,
) -> Result<(), String> {
    match format {
        Format::Yaml => {
            if !text.is_empty() {
                text.push_str(SEPARATOR);
            }
            yaml::write(&document.node, order, text);
            Ok(())
        }
        Format::Json => {
            if !text.is_empty() {
                text.push_str(",\n");
            }
            yaml::write_json(&document.node, order, 0, text)
                .map_err(|error| format!("{}:{}: {error}", document.origin.file(), document.origin.line))
        }
    }
}

/// The whole output from its pieces; nothing if there is no document at all.
pub fn join(pieces: &[String], format: Format, identity: Option<&Identity<'_>>) -> String {
    let pieces: Vec<&str> = pieces.iter().map(String::as_str).filter(|piece| !piece.is_empty()).collect();
    if pieces.is_empty() {
        return String::new();
    }
    match format {
        Format::Yaml => {
            let line = identity.map(Identity::line).unwrap_or_default();
            let length = pieces.iter().map(|piece| piece.len() + SEPARATOR.len()).sum::<usize>() + line.len();
            let mut text = String::with_capacity(length);
            text.push_str(&line);
            for (at, piece) in pieces.into_iter().enumerate() {
                if at > 0 {
                    text.push_str(SEPARATOR);
                }
                text.push_str(piece);
            }
            text
        }
        Format::Json => {
            format!("{{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[\n{}\n]}}\n", pieces.join(",\n"))
        }
    }
}
