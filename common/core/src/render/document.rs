//! One Kubernetes object on its way through the stages.

use std::sync::Arc;

use crate::stack::model::Block;
use crate::yaml::Node;

/// Where a document came from; it goes with the document to the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The file as the user wrote its name, or `standard input`.
    pub file: Arc<str>,
    /// The line on which the document's content begins, from 1, in the rendered text.
    pub line: u32,
    /// The block and name of the item that the file belongs to, if it belongs to one.
    pub item: Option<(Block, Arc<str>)>,
}

/// One object and its origin.
#[derive(Debug)]
pub struct Document {
    /// The object.
    pub node: Node,
    /// Where it came from.
    pub origin: Origin,
}

/// The object's `kind`, if it is a text.
pub(crate) fn kind(node: &Node) -> Option<&str> {
    node.get("kind").and_then(Node::as_str)
}

/// The object's name, if it has one that is a text.
pub(crate) fn name(node: &Node) -> Option<&str> {
    node.get("metadata")
        .and_then(|metadata| metadata.get("name"))
        .and_then(Node::as_str)
}
