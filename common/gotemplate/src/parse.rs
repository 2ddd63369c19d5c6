//! From a template's text to its tree: lexer, parser, and the way back from a
//! node to its source in normal form.

mod ast;
mod blocks;
mod definitions;
mod lexer;
mod literals;
mod number;
mod parser;
mod pipeline;
mod source;
mod token;

pub(crate) use ast::{Branch, Many, NodeId, NodeKind, Tree};
pub(crate) use parser::parse;
