//! What the parser makes of the text: a flat list in the order of the document.
//!
//! Flat, so that an alias is no more than the index of what it stands for, and
//! so that neither the parser nor the composer has to recurse.

use std::borrow::Cow;

use crate::yaml::node::Position;

use super::tag::Tag;

/// One step through a document.
#[derive(Debug)]
pub(super) struct Event<'a> {
    /// Where the node starts; the closing place for [`Kind::End`].
    pub(super) position: Position,
    /// The node's tag.
    pub(super) tag: Tag,
    /// What it is.
    pub(super) kind: Kind<'a>,
}

/// What an [`Event`] is.
#[derive(Debug)]
pub(super) enum Kind<'a> {
    /// A scalar without quotes, which may stand for a number.
    Plain(Cow<'a, str>),
    /// A scalar in quotes or a block scalar, which is a text.
    Text(Cow<'a, str>),
    /// A list begins.
    Sequence,
    /// A mapping begins; keys and values follow in turn.
    Mapping,
    /// The innermost list or mapping ends.
    End,
    /// The node that begins with the event of this index stands here once more.
    Alias(usize),
}
