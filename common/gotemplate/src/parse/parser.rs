//! The parser: tokens to tree.
//!
//! It keeps the open control structures and the open parentheses in lists of
//! its own, so a template nested a million levels deep needs no native stack.
//! This file holds what both halves use: the tokens, the variables in scope
//! and the nodes. `blocks` parses the statements, `pipeline` the expressions.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::ast::{Many, Node, NodeId, NodeKind, Tree};
use super::blocks::Block;
use super::lexer::Lexer;
use super::token::{Token, TokenKind};
use crate::error::{Error, ErrorKind, Facts, Phase, Place};
use crate::function::Functions;
use crate::strconv;

/// Longest text, so that every index of the tree fits 32 bits.
const MAX_TEXT: usize = 1 << 28;

/// Most nodes of a tree. Each takes ten times as much memory as the text of one, and few templates have a
/// hundredth of it.
const MAX_NODES: usize = 1 << 20;

/// Parses `text`, the template `name`.
pub(crate) fn parse(name: &str, text: &[u8], functions: &Functions) -> Result<Tree, Error> {
    let is_keyword = |word| functions.get(word).is_none();
    let mut parser = Parser {
        name,
        text,
        functions,
        lexer: Lexer::new(text, is_keyword("break"), is_keyword("continue")),
        tree: Tree { text: Arc::from(text), variables: std::iter::once(0..0).collect(), ..Tree::default() },
        symbols: HashMap::new(),
        definitions: HashMap::new(),
        pending: Vec::new(),
        blocks: Vec::new(),
        body: Body::default(),
    };
    if text.len() > MAX_TEXT {
        return Err(parser.error_at(0..0, 0, ErrorKind::Other, "template is too large".to_owned()));
    }
    parser.statements()?;
    Ok(parser.tree)
}

pub(super) struct Parser<'t> {
    pub(super) name: &'t str,
    pub(super) text: &'t [u8],
    pub(super) functions: &'t Functions,
    pub(super) lexer: Lexer<'t>,
    pub(super) tree: Tree,
    /// Symbols of the variables by name.
    symbols: HashMap<&'t [u8], u32>,
    /// Indexes of the definitions by name.
    pub(super) definitions: HashMap<String, u32>,
    /// Nodes whose parents are still open.
    pub(super) pending: Vec<NodeId>,
    pub(super) blocks: Vec<Block>,
    pub(super) body: Body,
}

/// What the template and every definition have for themselves.
#[derive(Debug)]
pub(super) struct Body {
    /// Tokens read ahead, the last read first; the error line is that of the
    /// first.
    tokens: [Token; 3],
    peeked: usize,
    /// Start of the action that is being parsed.
    pub(super) action: Option<usize>,
    /// Symbols of the variables in scope, besides `$`.
    pub(super) variables: Vec<u32>,
    pub(super) range_depth: usize,
}

impl Default for Body {
    fn default() -> Body {
        const NONE: Token = Token { kind: TokenKind::Eof, start: 0, end: 0 };
        Body { tokens: [NONE; 3], peeked: 0, action: None, variables: Vec::new(), range_depth: 0 }
    }
}

impl Body {
    pub(super) fn last_token(&self) -> Token {
        self.tokens[0]
    }
}

impl<'t> Parser<'t> {
    pub(super) fn next(&mut self) -> Token {
        if self.body.peeked > 0 {
            self.body.peeked -= 1;
        } else {
            self.body.tokens[0] = match self.tree.nodes.len() {
                ..MAX_NODES => self.lexer.next_token(),
                _ => self.lexer.error(format!("template is too large (limit {MAX_NODES} nodes)")),
            };
        }
        self.body.tokens[self.body.peeked]
    }

    pub(super) fn backup(&mut self) {
        self.body.peeked += 1;
    }

    /// Puts `first` back in front of the token that was read last.
    pub(super) fn backup2(&mut self, first: Token) {
        self.body.tokens[1] = first;
        self.body.peeked = 2;
    }

    /// Puts `first` and `second` back in front of the token that was read last.
    pub(super) fn backup3(&mut self, first: Token, second: Token) {
        self.body.tokens[1] = second;
        self.body.tokens[2] = first;
        self.body.peeked = 3;
    }

    pub(super) fn peek(&mut self) -> Token {
        let token = self.next();
        self.backup();
        token
    }

    pub(super) fn next_non_space(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != TokenKind::Space {
                return token;
            }
        }
    }

    pub(super) fn peek_non_space(&mut self) -> Token {
        let token = self.next_non_space();
        self.backup();
        token
    }

    pub(super) fn token_text(&self, token: Token) -> &'t [u8] {
        &self.text[token.start..token.end]
    }

    pub(super) fn add(&mut self, pos: usize, span: Range<usize>, kind: NodeKind) -> NodeId {
        let id = index(self.tree.nodes.len());
        let node = Node { pos: index(pos), start: index(span.start), end: index(span.end), kind };
        self.tree.nodes.push(node);
        id
    }

    /// Moves the pending nodes from `mark` on to their parent.
    pub(super) fn settle(&mut self, mark: usize) -> Many {
        let start = index(self.tree.links.len());
        self.tree.links.extend(self.pending.drain(mark..));
        Many { start, end: index(self.tree.links.len()) }
    }

    /// The symbol of a variable's name; 0 is `$`.
    pub(super) fn symbol(&mut self, token: Token) -> u32 {
        let name = &self.text[token.start..token.end];
        if name == b"$" {
            return 0;
        }
        let variables = &mut self.tree.variables;
        *self.symbols.entry(name).or_insert_with(|| {
            variables.push(token.start..token.end);
            index(variables.len() - 1)
        })
    }

    /// An error that blames `token`; its line is that of the last token read.
    pub(super) fn error(&self, token: Token, kind: ErrorKind, message: impl Into<String>) -> Error {
        self.error_at(token.start..token.end, self.body.tokens[0].start, kind, message.into())
    }

    pub(super) fn syntax_error(&self, token: Token, message: impl Into<String>) -> Error {
        self.error(token, ErrorKind::Syntax, message)
    }

    /// The last token read, whatever was put back since.
    pub(super) fn last_token(&self) -> Token {
        self.body.last_token()
    }

    pub(super) fn error_at(
        &self,
        span: Range<usize>,
        position: usize,
        kind: ErrorKind,
        message: String,
    ) -> Error {
        Error::new(Facts {
            phase: Phase::Parse,
            template: self.name.to_owned(),
            place: Some(Place::new(self.text, position, span)),
            executing: String::new(),
            source: String::new(),
            message,
            kind,
        })
    }

    /// The error that `token` is not allowed in `context`, or what the lexer
    /// has to say.
    pub(super) fn unexpected(&self, token: Token, context: &str) -> Error {
        if token.kind != TokenKind::Error {
            let message = format!("unexpected {} in {context}", self.show(token));
            return self.syntax_error(token, message);
        }
        let mut message = self.lexer.message().to_owned();
        if let Some(action) = self.body.action {
            let newlines = &self.text[action.min(token.start)..token.start];
            if memchr::memchr(b'\n', newlines).is_some() {
                let line = Place::new(self.text, action, 0..0).line;
                let action = if message.ends_with(" action") { "" } else { " in action" };
                message.push_str(&format!("{action} started at {}:{line}", self.name));
            }
        }
        self.syntax_error(token, message)
    }

    /// A token as error messages show it.
    pub(super) fn show(&self, token: Token) -> String {
        let text = self.token_text(token);
        let quoted = |text: &[u8]| String::from_utf8_lossy(&strconv::quote(text)).into_owned();
        match token.kind {
            TokenKind::Eof => "EOF".to_owned(),
            kind if kind.is_keyword() => format!("<{}>", String::from_utf8_lossy(text)),
            _ if text.len() > 10 => {
                let end = crate::unicode::runes(text).take(10).map(|(_, size)| size).sum();
                format!("{}...", quoted(&text[..end]))
            }
            _ => quoted(text),
        }
    }
}

/// An offset or index as stored in the tree. Longer texts are
/// refused before parsing starts, and no byte makes more than a few nodes.
#[allow(clippy::cast_possible_truncation)]
pub(super) fn index(value: usize) -> u32 {
    value as u32
}
