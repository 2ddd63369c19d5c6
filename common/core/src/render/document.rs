//! One Kubernetes object on its way through the stages.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Place, Source};
use crate::stack::model::Block;
use crate::template::Rendered;
use crate::yaml::{Node, Position};

/// The text that a document was read from.
#[derive(Debug, Clone)]
pub enum Text {
    /// A template's output, which leads back to the template.
    Rendered(Arc<Rendered>),
    /// A text that is as the user wrote it.
    Plain(Source),
}

/// Where a document came from; it goes with the document to the end.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The text it was read from.
    pub text: Text,
    /// The line on which the document's content begins, from 1, in the rendered text.
    pub line: u32,
    /// The block and name of the item that the file belongs to, if it belongs to one.
    pub item: Option<(Block, Arc<str>)>,
}

impl Origin {
    /// The file as the user wrote its name, or `standard input`.
    pub fn file(&self) -> &Arc<str> {
        match &self.text {
            Text::Rendered(rendered) => &rendered.source().name,
            Text::Plain(source) => &source.name,
        }
    }

    /// A message about a position of the text, with the user's own line.
    pub fn blame(&self, message: Diagnostic, position: Position, label: &str) -> Diagnostic {
        match &self.text {
            Text::Rendered(rendered) => rendered.blame(message, position, label),
            Text::Plain(_) if position == Position::NONE => message,
            Text::Plain(source) => {
                let place =
                    Place { span: source.span_at(position), source: source.clone(), label: label.to_owned() };
                message.at(place)
            }
        }
    }
}

/// One object and its origin.
#[derive(Debug)]
pub struct Document {
    /// The object.
    pub node: Node,
    /// Where it came from.
    pub origin: Origin,
}

impl Document {
    /// Whether the object lives in a namespace and doesn't say in which. Of the kinds that aren't built in it
    /// isn't known where they live: they count as living in one.
    pub fn lacks_a_namespace(&self) -> bool {
        let namespace = self.node.get("metadata").and_then(|metadata| metadata.get("namespace"));
        let has_one = namespace.and_then(Node::as_str).is_some_and(|namespace| !namespace.trim().is_empty());
        !has_one && kind(&self.node).is_some_and(|kind| !super::is_cluster_scoped(kind))
    }

    /// Kind, name and place for messages: ``ConfigMap `shop` (deploy/config.yaml:3)``.
    pub fn name(&self) -> String {
        let (kind, name) = (kind(&self.node).unwrap_or_default(), name(&self.node).unwrap_or_default());
        format!("{kind} `{name}` ({}:{})", self.origin.file(), self.origin.line)
    }
}

/// The object's `kind`, if it is a text.
pub(crate) fn kind(node: &Node) -> Option<&str> {
    node.get("kind").and_then(Node::as_str)
}

/// The object's name, if it has one that is a text.
pub(crate) fn name(node: &Node) -> Option<&str> {
    node.get("metadata").and_then(|metadata| metadata.get("name")).and_then(Node::as_str)
}
