//! Statements: text, actions, control structures and definitions.
//!
//! Control structures that are still open lie in [`Parser::blocks`]; `else` and
//! `end` look at the last one.

use super::ast::{Branch, Many, NodeId, NodeKind};
use super::parser::{Body, Parser};
use super::token::{Token, TokenKind};
use crate::error::{Error, ErrorKind};

/// A control structure or definition that waits for its `{{end}}`.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) kind: BlockKind,
    /// Start of the action that opened it.
    pub(super) start: usize,
    /// Where its statements start among the pending nodes.
    pub(super) mark: usize,
}

#[derive(Debug)]
pub(super) enum BlockKind {
    Control(Control),
    /// `{{define}}`: the body around it.
    Define {
        name: String,
        outer: Body,
    },
    /// `{{block}}`: defines and, around that, calls.
    Block {
        name: String,
        name_token: Token,
        pipe: NodeId,
        outer: Body,
    },
}

#[derive(Debug)]
pub(super) struct Control {
    word: TokenKind,
    pipe: NodeId,
    /// How many variables were in scope before it.
    variables: usize,
    /// The statements before `{{else}}`, once that is read.
    list: Option<Many>,
    /// Whether it stands in `{{else if}}` or `{{else with}}`, so that one
    /// `{{end}}` ends the structure around it too.
    shares_end: bool,
}

impl Parser<'_> {
    /// Parses the whole text.
    pub(super) fn statements(&mut self) -> Result<(), Error> {
        loop {
            let token = self.peek();
            if token.kind == TokenKind::Eof {
                break;
            }
            if self.blocks.is_empty() && token.kind == TokenKind::LeftDelim {
                let delim = self.next();
                if self.next_non_space().kind == TokenKind::Define {
                    self.open_definition(delim)?;
                    continue;
                }
                self.backup2(delim);
            }
            let token = self.next_non_space();
            match token.kind {
                TokenKind::Text => {
                    let node = self.add(token.start, token.start..token.end, NodeKind::Text);
                    self.pending.push(node);
                }
                TokenKind::LeftDelim => {
                    self.body.action = Some(token.start);
                    self.action(token.start)?;
                }
                _ => return Err(self.unexpected(token, "input")),
            }
        }
        if let Some(block) = self.blocks.last() {
            // The blamed place is the action that was never ended.
            let opener = block.start
                ..self.text[block.start..]
                    .windows(2)
                    .position(|window| window == b"}}")
                    .map_or(self.text.len(), |end| block.start + end + 2);
            let position = self.last_token().start;
            return Err(self.error_at(opener, position, ErrorKind::Syntax, "unexpected EOF".to_owned()));
        }
        let list = self.settle(0);
        self.define(self.name.to_owned(), list)?;
        self.resolve_targets();
        Ok(())
    }

    /// Parses what follows `{{`.
    fn action(&mut self, start: usize) -> Result<(), Error> {
        let token = self.next_non_space();
        match token.kind {
            TokenKind::If | TokenKind::With | TokenKind::Range => {
                return self.open_control(token.kind, start, false);
            }
            TokenKind::Block => return self.open_block(start),
            TokenKind::Else => return self.else_clause(token),
            TokenKind::End => {
                self.expect(TokenKind::RightDelim, "end")?;
                self.close(token)?;
            }
            TokenKind::Break => self.jump(token, start, "break", NodeKind::Break)?,
            TokenKind::Continue => self.jump(token, start, "continue", NodeKind::Continue)?,
            TokenKind::Template => self.template(start)?,
            _ => {
                self.backup();
                let pipe = self.pipeline("command", TokenKind::RightDelim)?;
                self.statement(token.start, start, NodeKind::Action { pipe });
            }
        }
        self.body.action = None;
        Ok(())
    }

    /// Adds a statement that ends with the token read last.
    pub(super) fn statement(&mut self, pos: usize, start: usize, kind: NodeKind) {
        let end = self.last_token().end;
        let node = self.add(pos, start..end, kind);
        self.pending.push(node);
    }

    pub(super) fn expect(&mut self, kind: TokenKind, context: &str) -> Result<Token, Error> {
        let token = self.next_non_space();
        if token.kind == kind { Ok(token) } else { Err(self.unexpected(token, context)) }
    }

    fn open_control(&mut self, word: TokenKind, start: usize, shares_end: bool) -> Result<(), Error> {
        let context = match word {
            TokenKind::If => "if",
            TokenKind::With => "with",
            _ => "range",
        };
        let variables = self.body.variables.len();
        let pipe = self.pipeline(context, TokenKind::RightDelim)?;
        if word == TokenKind::Range {
            self.body.range_depth += 1;
        }
        let control = Control { word, pipe, variables, list: None, shares_end };
        self.blocks.push(Block { kind: BlockKind::Control(control), start, mark: self.pending.len() });
        Ok(())
    }

    fn else_clause(&mut self, token: Token) -> Result<(), Error> {
        let following = self.peek_non_space();
        let chained = matches!(following.kind, TokenKind::If | TokenKind::With);
        if !chained {
            self.expect(TokenKind::RightDelim, "else")?;
        }
        self.body.action = None;
        let Some(mut block) = self.blocks.pop() else {
            return Err(self.syntax_error(token, "unexpected {{else}}"));
        };
        let BlockKind::Control(control) = &mut block.kind else {
            return Err(self.else_in_definition(token, &block.kind));
        };
        if control.list.is_some() {
            return Err(self.syntax_error(token, "expected end; found {{else}}"));
        }
        control.list = Some(self.settle(block.mark));
        if control.word == TokenKind::Range {
            self.body.range_depth -= 1;
        }
        let word = control.word;
        self.blocks.push(block);
        // "{{range}}…{{else if}}" is left for the statements to complain about.
        if chained && following.kind == word {
            let word = self.next();
            return self.open_control(word.kind, word.start, true);
        }
        Ok(())
    }

    fn else_in_definition(&mut self, token: Token, kind: &BlockKind) -> Error {
        let (context, line_of) = match kind {
            // Go counts the line where the clause of the block ends.
            BlockKind::Block { outer, .. } => ("block", outer.last_token()),
            _ => ("define", self.last_token()),
        };
        let message = format!("unexpected {{{{else}}}} in {context} clause");
        self.error_at(token.start..token.end, line_of.start, ErrorKind::Syntax, message)
    }

    /// Closes the last block, and those that share its `{{end}}`.
    fn close(&mut self, token: Token) -> Result<(), Error> {
        let mut block = match self.blocks.pop() {
            Some(block) => block,
            None => return Err(self.syntax_error(token, "unexpected {{end}}")),
        };
        loop {
            let list = self.settle(block.mark);
            match block.kind {
                BlockKind::Control(control) => {
                    let shares_end = control.shares_end;
                    self.close_control(&control, block.start, list);
                    match self.blocks.pop() {
                        Some(parent) if shares_end => block = parent,
                        Some(parent) => {
                            self.blocks.push(parent);
                            return Ok(());
                        }
                        None => return Ok(()),
                    }
                }
                BlockKind::Define { name, outer } => {
                    self.define(name, list)?;
                    self.body = outer;
                    return Ok(());
                }
                BlockKind::Block { name, name_token, pipe, outer } => {
                    self.define(name.clone(), list)?;
                    self.body = outer;
                    let name = self.template_name_index(name);
                    let kind = NodeKind::Template { name, pipe: Some(pipe) };
                    self.statement(name_token.start, block.start, kind);
                    return Ok(());
                }
            }
        }
    }

    fn close_control(&mut self, control: &Control, start: usize, last: Many) {
        let (list, else_list) = match control.list {
            Some(list) => (list, Some(last)),
            None => (last, None),
        };
        let branch = Branch { pipe: control.pipe, list, else_list };
        if control.word == TokenKind::Range && else_list.is_none() {
            self.body.range_depth -= 1;
        }
        let kind = match control.word {
            TokenKind::If => NodeKind::If(branch),
            TokenKind::With => NodeKind::With(branch),
            _ => NodeKind::Range(branch),
        };
        self.body.variables.truncate(control.variables);
        let pos = self.tree.node(control.pipe).pos as usize;
        self.statement(pos, start, kind);
    }

    fn jump(&mut self, token: Token, start: usize, word: &str, kind: NodeKind) -> Result<(), Error> {
        let context = format!("{{{{{word}}}}}");
        self.expect(TokenKind::RightDelim, &context)?;
        if self.body.range_depth == 0 {
            return Err(self.syntax_error(token, format!("{context} outside {{{{range}}}}")));
        }
        self.statement(token.start, start, kind);
        Ok(())
    }
}
