//! Named templates: `{{define}}`, `{{block}}`, and the calls of both.

use super::ast::{Definition, Many, NodeKind};
use super::blocks::{Block, BlockKind};
use super::parser::{Parser, index};
use super::pipeline::quote;
use super::token::{Token, TokenKind};
use crate::error::Error;
use crate::strconv;
use crate::unicode;

impl Parser<'_> {
    pub(super) fn template(&mut self, start: usize) -> Result<(), Error> {
        const CONTEXT: &str = "template clause";
        let token = self.next_non_space();
        let name = self.template_name(token, CONTEXT)?;
        let pipe = match self.next_non_space().kind {
            TokenKind::RightDelim => None,
            _ => {
                self.backup();
                Some(self.pipeline(CONTEXT, TokenKind::RightDelim)?)
            }
        };
        let name = self.template_name_index(name);
        self.statement(token.start, start, NodeKind::Template { name, pipe });
        Ok(())
    }

    fn template_name(&self, token: Token, context: &str) -> Result<String, Error> {
        if !matches!(token.kind, TokenKind::String | TokenKind::RawString) {
            return Err(self.unexpected(token, context));
        }
        match strconv::unquote(self.token_text(token)) {
            Ok(name) => Ok(String::from_utf8_lossy(&name).into_owned()),
            Err(_) => Err(self.syntax_error(token, "invalid syntax")),
        }
    }

    pub(super) fn template_name_index(&mut self, name: String) -> u32 {
        self.tree.template_names.push(name);
        index(self.tree.template_names.len() - 1)
    }

    pub(super) fn open_definition(&mut self, delim: Token) -> Result<(), Error> {
        const CONTEXT: &str = "define clause";
        let outer = std::mem::take(&mut self.body);
        let token = self.next_non_space();
        let name = self.template_name(token, CONTEXT)?;
        self.expect(TokenKind::RightDelim, CONTEXT)?;
        let kind = BlockKind::Define { name, outer };
        self.blocks.push(Block { kind, start: delim.start, mark: self.pending.len() });
        Ok(())
    }

    pub(super) fn open_block(&mut self, start: usize) -> Result<(), Error> {
        const CONTEXT: &str = "block clause";
        let name_token = self.next_non_space();
        let name = self.template_name(name_token, CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, TokenKind::RightDelim)?;
        let outer = std::mem::take(&mut self.body);
        let kind = BlockKind::Block { name, name_token, pipe, outer };
        self.blocks.push(Block { kind, start, mark: self.pending.len() });
        Ok(())
    }

    /// Adds a definition. An empty one never takes another one's place.
    pub(super) fn define(&mut self, name: String, list: Many) -> Result<(), Error> {
        let Some(&known) = self.definitions.get(&name) else {
            self.definitions.insert(name.clone(), index(self.tree.definitions.len()));
            self.tree.definitions.push(Definition { name, list });
            return Ok(());
        };
        let known = known as usize;
        if self.is_blank(self.tree.definitions[known].list) {
            self.tree.definitions[known].list = list;
        } else if !self.is_blank(list) {
            let message = format!("template: multiple definition of template {}", quote(&name));
            return Err(self.syntax_error(self.last_token(), message));
        }
        Ok(())
    }

    /// Whether statements are nothing but white space.
    fn is_blank(&self, list: Many) -> bool {
        self.tree.many(list).iter().all(|node| {
            matches!(self.tree.node(*node).kind, NodeKind::Text)
                && unicode::runes(self.tree.slice(*node)).all(|(rune, _)| unicode::is_space(rune))
        })
    }

    pub(super) fn resolve_targets(&mut self) {
        let names = &self.tree.template_names;
        self.tree.targets = names.iter().map(|name| self.definitions.get(name).copied()).collect();
        self.tree.main = self.definitions.get(self.name).copied().unwrap_or_default();
    }
}
