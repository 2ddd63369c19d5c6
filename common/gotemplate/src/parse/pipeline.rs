//! Expressions: pipelines of commands of operands.
//!
//! Parentheses open a pipeline inside a pipeline; the open ones are kept in a
//! list, not on the native stack.

use super::ast::{Many, NodeId, NodeKind};
use super::number::Number;
use super::parser::{Parser, index};
use super::token::{Token, TokenKind};
use crate::error::{Error, ErrorKind};
use crate::strconv;
use crate::value::Value;

/// Go's limit for parentheses in parentheses.
const MAX_DEPTH: usize = 10_000;

/// A pipeline that isn't finished.
struct Open<'c> {
    /// What it is for, in words for errors.
    context: &'c str,
    /// The token that ends it.
    end: TokenKind,
    /// Its first token.
    first: Token,
    assigns: bool,
    decls: Many,
    /// Where its commands start among the pending nodes.
    cmds: usize,
    /// Where the arguments of the current command start, and its first token.
    args: usize,
    command: Token,
}

/// What to read next.
enum Next {
    /// A command or the end of the pipeline.
    Command,
    /// An operand of the current command.
    Operand,
    /// What follows an operand.
    AfterOperand,
}

impl Parser<'_> {
    /// Parses a pipeline up to the token `end` and takes that too.
    pub(super) fn pipeline(&mut self, context: &str, end: TokenKind) -> Result<NodeId, Error> {
        let mut open = vec![self.open_pipeline(context, end)?];
        let mut next = Next::Command;
        while let Some(current) = open.last_mut() {
            match next {
                Next::Command => {
                    let token = self.next_non_space();
                    if token.kind == current.end {
                        let node = self.close_pipeline(current, token)?;
                        open.pop();
                        if open.is_empty() {
                            return Ok(node);
                        }
                        self.operand(node)?;
                        next = Next::AfterOperand;
                    } else if starts_operand(token.kind) {
                        self.backup();
                        current.command = token;
                        current.args = self.pending.len();
                        next = Next::Operand;
                    } else {
                        return Err(self.unexpected(token, current.context));
                    }
                }
                Next::Operand => {
                    let token = self.next_non_space();
                    if token.kind == TokenKind::LeftParen {
                        if open.len() > MAX_DEPTH {
                            return Err(self.syntax_error(token, "max expression depth exceeded"));
                        }
                        open.push(self.open_pipeline("parenthesized pipeline", TokenKind::RightParen)?);
                        next = Next::Command;
                        continue;
                    }
                    match self.term(token)? {
                        Some(node) => self.operand(node)?,
                        None => self.backup(),
                    }
                    next = Next::AfterOperand;
                }
                Next::AfterOperand => {
                    let token = self.next();
                    match token.kind {
                        TokenKind::Space => {
                            next = Next::Operand;
                            continue;
                        }
                        TokenKind::RightDelim | TokenKind::RightParen => self.backup(),
                        TokenKind::Pipe => {}
                        _ => return Err(self.unexpected(token, "operand")),
                    }
                    self.close_command(current);
                    next = Next::Command;
                }
            }
        }
        // The loop returns when the last open pipeline is closed.
        Err(self.unexpected(self.last_token(), context))
    }

    fn open_pipeline<'c>(&mut self, context: &'c str, end: TokenKind) -> Result<Open<'c>, Error> {
        let first = self.peek_non_space();
        let mark = self.pending.len();
        let assigns = self.declarations(context)?;
        let decls = self.settle(mark);
        Ok(Open {
            context,
            end,
            first,
            assigns,
            decls,
            cmds: self.pending.len(),
            args: self.pending.len(),
            command: first,
        })
    }

    /// Reads `$x :=`, `$x =` and, for a range, `$i, $x :=`; leaves the
    /// variables among the pending nodes and tells whether they are assigned.
    fn declarations(&mut self, context: &str) -> Result<bool, Error> {
        let mut count = 0;
        loop {
            let variable = self.peek_non_space();
            if variable.kind != TokenKind::Variable {
                return Ok(false);
            }
            self.next();
            // "$x y" and "$x := y" differ only after the space.
            let after = self.peek();
            let next = self.peek_non_space();
            let is_comma = next.kind == TokenKind::Char && self.token_text(next) == b",";
            let is_declaration = matches!(next.kind, TokenKind::Assign | TokenKind::Declare);
            if !is_comma && !is_declaration {
                if after.kind == TokenKind::Space {
                    self.backup3(variable, after);
                } else {
                    self.backup2(variable);
                }
                return Ok(false);
            }
            self.next_non_space();
            count += 1;
            self.declare(variable);
            if is_declaration {
                return Ok(next.kind == TokenKind::Assign);
            }
            if context != "range" || count > 1 {
                let message = format!("too many declarations in {context}");
                return Err(self.syntax_error(next, message));
            }
            let following = self.peek_non_space();
            if !matches!(following.kind, TokenKind::Variable | TokenKind::RightDelim | TokenKind::RightParen)
            {
                return Err(self.syntax_error(following, "range can only initialize variables"));
            }
        }
    }

    fn declare(&mut self, token: Token) {
        let symbol = self.symbol(token);
        let kind = NodeKind::Variable { symbol, fields: index(token.end) };
        let node = self.add(token.start, token.start..token.end, kind);
        self.pending.push(node);
        self.body.variables.push(symbol);
    }

    fn close_command(&mut self, open: &Open<'_>) {
        let args = self.settle(open.args);
        let end = self.tree.many(args).last().map_or(open.command.end, |last| self.tree.span(*last).end);
        let span = open.command.start..end;
        let node = self.add(open.command.start, span, NodeKind::Command { args });
        self.pending.push(node);
    }

    fn close_pipeline(&mut self, open: &Open<'_>, last: Token) -> Result<NodeId, Error> {
        let cmds = self.settle(open.cmds);
        if cmds.len() == 0 {
            return Err(self.syntax_error(last, format!("missing value for {}", open.context)));
        }
        for (stage, command) in self.tree.many(cmds).iter().enumerate().skip(1) {
            let NodeKind::Command { args } = self.tree.node(*command).kind else {
                continue;
            };
            let Some(word) = self.tree.many(args).first() else {
                continue;
            };
            if is_literal(self.tree.node(*word).kind) {
                let span = self.tree.span(*word);
                let token = Token { kind: TokenKind::Error, start: span.start, end: span.end };
                let message = format!("non executable command in pipeline stage {}", stage + 1);
                return Err(self.syntax_error(token, message));
            }
        }
        let start = match open.end {
            // A parenthesized pipeline's span includes the parentheses.
            TokenKind::RightParen => self.text[..open.first.start]
                .iter()
                .rposition(|byte| *byte == b'(')
                .unwrap_or(open.first.start),
            _ => open.first.start,
        };
        let end = match open.end {
            TokenKind::RightParen => last.end,
            _ => self.tree.many(cmds).last().map_or(last.start, |cmd| self.tree.span(*cmd).end),
        };
        let kind = NodeKind::Pipe { assigns: open.assigns, decls: open.decls, cmds };
        Ok(self.add(open.first.start, start..end, kind))
    }

    /// Takes the fields that follow a term and leaves it as an argument.
    fn operand(&mut self, term: NodeId) -> Result<(), Error> {
        let first = self.peek();
        let mut node = term;
        if first.kind == TokenKind::Field {
            let mut end = first.end;
            while self.peek().kind == TokenKind::Field {
                end = self.next().end;
            }
            let span = self.tree.span(term).start..end;
            node = match self.tree.node(term).kind {
                kind @ (NodeKind::Field | NodeKind::Variable { .. }) => self.add(first.start, span, kind),
                kind if is_literal(kind) => {
                    let quoted = strconv::quote(self.tree.slice(term));
                    let message = format!("unexpected . after term {}", String::from_utf8_lossy(&quoted));
                    return Err(self.syntax_error(first, message));
                }
                _ => {
                    let kind = NodeKind::Chain { base: term, fields: index(first.start) };
                    self.add(first.start, span, kind)
                }
            };
        }
        self.pending.push(node);
        Ok(())
    }

    /// A term that is one token.
    fn term(&mut self, token: Token) -> Result<Option<NodeId>, Error> {
        let text = &self.text[token.start..token.end];
        let kind = match token.kind {
            TokenKind::Identifier => self.identifier(token)?,
            TokenKind::Dot => NodeKind::Dot,
            TokenKind::Nil => NodeKind::Nil,
            TokenKind::Variable => self.variable(token)?,
            TokenKind::Field => NodeKind::Field,
            TokenKind::Bool => NodeKind::Bool(text == b"true"),
            TokenKind::CharConstant => self.number(token, Number::from_character(text))?,
            TokenKind::Complex => self.number(token, Number::from_complex(text))?,
            TokenKind::Number => self.number(token, Number::parse(text))?,
            TokenKind::String | TokenKind::RawString => {
                let Ok(value) = strconv::unquote(text) else {
                    return Err(self.syntax_error(token, "invalid syntax"));
                };
                self.tree.strings.push(Value::string(value.as_ref()));
                NodeKind::String(index(self.tree.strings.len() - 1))
            }
            _ => return Ok(None),
        };
        Ok(Some(self.add(token.start, token.start..token.end, kind)))
    }

    fn identifier(&mut self, token: Token) -> Result<NodeKind, Error> {
        // Identifiers are letters and digits, hence valid UTF-8.
        let name = String::from_utf8_lossy(self.token_text(token)).into_owned();
        let Some(function) = self.functions.get(&name) else {
            let message = format!("function {} not defined", quote(&name));
            return Err(self.error(token, ErrorKind::UndefinedFunction { name }, message));
        };
        let functions = &mut self.tree.functions;
        let known = functions.iter().position(|known| std::sync::Arc::ptr_eq(known, function));
        let known = known.unwrap_or_else(|| {
            functions.push(std::sync::Arc::clone(function));
            functions.len() - 1
        });
        Ok(NodeKind::Identifier(index(known)))
    }

    fn variable(&mut self, token: Token) -> Result<NodeKind, Error> {
        let symbol = self.symbol(token);
        if symbol != 0 && !self.body.variables.contains(&symbol) {
            let name = String::from_utf8_lossy(self.token_text(token)).into_owned();
            let message = format!("undefined variable {}", quote(&name));
            return Err(self.error(token, ErrorKind::UndefinedVariable { name }, message));
        }
        Ok(NodeKind::Variable { symbol, fields: index(token.end) })
    }

    fn number(&mut self, token: Token, number: Result<Number, String>) -> Result<NodeKind, Error> {
        let number = number.map_err(|message| self.syntax_error(token, message))?;
        self.tree.numbers.push(number);
        Ok(NodeKind::Number(index(self.tree.numbers.len() - 1)))
    }
}

pub(super) fn quote(name: &str) -> String {
    String::from_utf8_lossy(&strconv::quote(name.as_bytes())).into_owned()
}

fn starts_operand(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Bool
            | TokenKind::CharConstant
            | TokenKind::Complex
            | TokenKind::Dot
            | TokenKind::Field
            | TokenKind::Identifier
            | TokenKind::Number
            | TokenKind::Nil
            | TokenKind::RawString
            | TokenKind::String
            | TokenKind::Variable
            | TokenKind::LeftParen
    )
}

/// Whether a node has a value of its own, so that it can be neither called nor
/// given fields.
fn is_literal(kind: NodeKind) -> bool {
    matches!(
        kind,
        NodeKind::Bool(_) | NodeKind::Dot | NodeKind::Nil | NodeKind::Number(_) | NodeKind::String(_)
    )
}
