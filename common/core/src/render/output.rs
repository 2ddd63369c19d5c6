//! Documents as text: a YAML stream or one JSON list, and the lines that say whose they are.
//!
//! ```text
//! # kubectl-codex: {"project":"shop","env":"ai","slot":1,"namespace":"shop-ai-1"}
//! # kubectl-codex: {"item":"service.api"}
//! apiVersion: apps/v1
//! ```
//!
//! Whoever applies the stream puts the labels on by them; for every other tool they are comments.

use std::sync::Arc;

use crate::stack::model::Block;
use crate::yaml::{self, KeyOrder, Mapping, Node, Section};

use super::document::Document;

/// How documents are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A stream of YAML documents.
    Yaml,
    /// One JSON `List`.
    Json,
}

/// How long the output of a project may be, in bytes.
pub const MAX_OUTPUT: usize = 64 << 20;

/// What stands between the documents of a YAML stream.
const SEPARATOR: &str = "---\n";

/// What our comment lines begin with.
const MARK: &str = "# kubectl-codex: ";

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
    /// Whether the documents are only some of the project's.
    pub is_partial: bool,
}

impl Identity<'_> {
    /// The line, with its line break.
    pub fn line(&self) -> String {
        let fields = [
            ("project", Node::from(self.project)),
            ("env", Node::from(self.env)),
            ("slot", Node::from(self.slot)),
            ("namespace", Node::from(self.namespace)),
        ];
        let partial = self.is_partial.then(|| ("partial", Node::from(true)));
        marked_line(Mapping::from_iter(fields.into_iter().chain(partial)))
    }
}

/// A comment line of ours, with its line break.
fn marked_line(fields: Mapping) -> String {
    let mut line = MARK.to_owned();
    // Texts and plain values: there is nothing in it that JSON can't hold.
    if yaml::write_json(&Node::from(fields), KeyOrder::Kept, 0, &mut line).is_err() {
        line.push_str("{}");
    }
    line.push('\n');
    line
}

/// What a comment line of ours says.
fn marked(line: &str) -> Option<Node> {
    yaml::read(&Section::whole(line.strip_prefix(MARK)?), yaml::Dialect::Go).ok()?
}

/// The item that a document of a stream comes from, as the comments before it say.
pub(super) fn item_of(section: &Section<'_>) -> Option<(Block, Arc<str>)> {
    let is_before = |line: &&str| line.is_empty() || line.starts_with('#') || line.starts_with("---");
    let mut comments = section.text().lines().take_while(is_before);
    let node = comments.find_map(|line| marked(line).filter(|node| node.get("item").is_some()))?;
    let (word, name) = node.get("item")?.as_str()?.split_once('.')?;
    let block = [Block::Infrastructure, Block::Service].into_iter().find(|block| block.word() == word)?;
    Some((block, name.into()))
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
    /// Whether its documents are only some of the project's: the others aren't gone for that.
    pub is_partial: bool,
}

impl StreamIdentity {
    /// Reads the first line of a stream; `None` if it says nothing of the kind.
    pub fn of(text: &str) -> Option<Self> {
        let node = marked(text.lines().next()?)?;
        let text = |key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
        Some(Self {
            project: text("project")?,
            env: text("env")?,
            slot: node.get("slot").and_then(Node::as_i64)?,
            namespace: text("namespace")?,
            is_partial: node.get("partial").and_then(Node::as_bool).unwrap_or(false),
        })
    }

    /// Whether both are of one project, environment, slot and namespace.
    pub fn is_of_same_owner(&self, other: &Self) -> bool {
        *self == Self { is_partial: self.is_partial, ..other.clone() }
    }
}

/// Appends a document to `text`, behind a separator if there is something before it; in YAML `with_items` says
/// in a comment which item it comes from.
///
/// `limit` is how long `text` may become, in bytes: [`MAX_OUTPUT`], or less where others share it.
///
/// # Errors
/// JSON can't hold one of its numbers, or the text is too long; the message names the document.
pub fn write_document(
    text: &mut String,
    document: &Document,
    format: Format,
    order: KeyOrder,
    with_items: bool,
    limit: usize,
) -> Result<(), String> {
    match format {
        Format::Yaml => {
            if !text.is_empty() {
                text.push_str(SEPARATOR);
            }
            if let Some((block, name)) = document.origin.item.as_ref().filter(|_| with_items) {
                let item = format!("{}.{name}", block.word());
                text.push_str(&marked_line(Mapping::from_iter([("item", Node::from(item))])));
            }
            yaml::write_within(&document.node, order, limit, text).map_err(|_| too_long(document))
        }
        Format::Json => {
            if !text.is_empty() {
                text.push_str(",\n");
            }
            yaml::write_json(&document.node, order, 0, text)
                .map_err(|error| format!("{}:{}: {error}", document.origin.file(), document.origin.line))?;
            if text.len() > limit { Err(too_long(document)) } else { Ok(()) }
        }
    }
}

fn too_long(document: &Document) -> String {
    let (file, line) = (document.origin.file(), document.origin.line);
    format!("{file}:{line}: with this document the output is larger than can be held")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_streams_lines_are_read_as_they_were_written() {
        let identity =
            Identity { project: "shop \"x\"", env: "ai", slot: 1, namespace: "shop-ai-1", is_partial: true };
        let line = identity.line();
        let read = StreamIdentity::of(&line).unwrap();
        assert_eq!(
            (read.project.as_str(), read.env.as_str(), read.slot, read.namespace.as_str(), read.is_partial),
            ("shop \"x\"", "ai", 1, "shop-ai-1", true)
        );
        let whole = Identity { is_partial: false, ..identity }.line();
        assert!(!whole.contains("partial") && read.is_of_same_owner(&StreamIdentity::of(&whole).unwrap()));
        let other = Identity { slot: 2, ..identity }.line();
        assert!(!read.is_of_same_owner(&StreamIdentity::of(&other).unwrap()));
    }

    #[test]
    fn items_stand_before_their_documents_only() {
        let item = |text: &str| item_of(&yaml::split(text).last().unwrap()).map(|(_, name)| name.to_string());
        let line = "# kubectl-codex: {\"item\":\"service.a.b\"}\n";
        assert_eq!(
            item(&format!("# kubectl-codex: {{\"project\":\"p\"}}\n{line}kind: A\n")),
            Some("a.b".into())
        );
        assert_eq!(item(&format!("kind: A\n---\n\n# of a chart\n{line}kind: B\n")), Some("a.b".into()));
        assert_eq!(item("kind: A\n# kubectl-codex: {\"item\":\"service.x\"}\n"), None, "behind the content");
        assert_eq!(item("# kubectl-codex: {\"item\":\"other.x\"}\nkind: A\n"), None);
    }
}
