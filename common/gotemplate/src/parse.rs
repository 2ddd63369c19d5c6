//! From a template's text to its tree: lexer, parser, and the way back from a
//! node to its source in normal form.

mod ast;
mod blocks;
mod lexer;
mod number;
mod parser;
mod pipeline;
mod source;

pub(crate) use ast::{Branch, Many, NodeId, NodeKind, Tree};
pub(crate) use parser::parse;
