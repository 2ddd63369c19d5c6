//! Splits a template's text into tokens, one at a time.
//!
//! Text between actions is found with a byte search and never looked at
//! otherwise. Tokens are spans of the text; a token of kind
//! [`TokenKind::Error`] ends the text, its message is in [`Lexer::message`].

use memchr::memmem;

use super::token::{Token, TokenKind};
use crate::unicode;

const LEFT_DELIM: &[u8] = b"{{";
const RIGHT_DELIM: &[u8] = b"}}";
const LEFT_COMMENT: &[u8] = b"/*";
const RIGHT_COMMENT: &[u8] = b"*/";

pub(crate) struct Lexer<'t> {
    pub(super) text: &'t [u8],
    finder: memmem::Finder<'static>,
    /// Where the token under way starts.
    pub(super) start: usize,
    pub(super) pos: usize,
    in_action: bool,
    paren_depth: usize,
    /// Whether `break` and `continue` are keywords: not if they are functions.
    break_is_keyword: bool,
    continue_is_keyword: bool,
    message: String,
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(text: &'t [u8], break_is_keyword: bool, continue_is_keyword: bool) -> Lexer<'t> {
        Lexer {
            text,
            finder: memmem::Finder::new(LEFT_DELIM),
            start: 0,
            pos: 0,
            in_action: false,
            paren_depth: 0,
            break_is_keyword,
            continue_is_keyword,
            message: String::new(),
        }
    }

    /// What an error token means.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn next_token(&mut self) -> Token {
        self.start = self.pos;
        if self.in_action { self.inside_action() } else { self.outside_action() }
    }

    pub(super) fn rest(&self) -> &'t [u8] {
        &self.text[self.pos..]
    }

    pub(super) fn byte(&self) -> Option<u8> {
        self.text.get(self.pos).copied()
    }

    pub(super) fn emit(&mut self, kind: TokenKind) -> Token {
        let token = Token { kind, start: self.start, end: self.pos };
        self.start = self.pos;
        token
    }

    /// A token that ends the text for the reason `message`.
    pub(super) fn error(&mut self, message: impl Into<String>) -> Token {
        self.message = message.into();
        Token { kind: TokenKind::Error, start: self.start, end: self.pos.max(self.start) }
    }

    /// Text, comments, and the delimiter that starts an action.
    fn outside_action(&mut self) -> Token {
        loop {
            let rest = self.rest();
            let Some(offset) = self.finder.find(rest) else {
                self.pos = self.text.len();
                let kind = if self.pos > self.start { TokenKind::Text } else { TokenKind::Eof };
                return self.emit(kind);
            };
            if offset > 0 {
                let text = &rest[..offset];
                let trims = starts_with_trim_marker(&rest[offset + LEFT_DELIM.len()..]);
                let kept = if trims { trim_end(text).len() } else { offset };
                let token = Token { kind: TokenKind::Text, start: self.start, end: self.start + kept };
                self.pos += offset;
                self.start = self.pos;
                if kept > 0 {
                    return token;
                }
            }
            if let Some(token) = self.left_delim() {
                return token;
            }
        }
    }

    /// The start of an action; `None` after a comment.
    fn left_delim(&mut self) -> Option<Token> {
        self.pos += LEFT_DELIM.len();
        let marker = if starts_with_trim_marker(self.rest()) { 2 } else { 0 };
        if self.rest()[marker..].starts_with(LEFT_COMMENT) {
            self.pos += marker;
            return self.comment();
        }
        let token = self.emit(TokenKind::LeftDelim);
        self.pos += marker;
        self.start = self.pos;
        self.in_action = true;
        self.paren_depth = 0;
        Some(token)
    }

    fn comment(&mut self) -> Option<Token> {
        self.start = self.pos;
        self.pos += LEFT_COMMENT.len();
        let Some(end) = memmem::find(self.rest(), RIGHT_COMMENT) else {
            self.pos = self.start;
            return Some(self.error("unclosed comment"));
        };
        self.pos += end + RIGHT_COMMENT.len();
        let Some(trims) = self.at_right_delim() else {
            return Some(self.error("comment ends before closing delimiter"));
        };
        self.pos += RIGHT_DELIM.len();
        if trims {
            self.pos += 2;
            self.skip_space();
        }
        self.start = self.pos;
        None
    }

    /// Whether the action ends here, and if so, whether it trims.
    fn at_right_delim(&self) -> Option<bool> {
        let rest = self.rest();
        if rest.starts_with(RIGHT_DELIM) {
            return Some(false);
        }
        let trims = matches!(rest, [space, b'-', ..] if is_space(*space));
        (trims && rest[2..].starts_with(RIGHT_DELIM)).then_some(true)
    }

    fn skip_space(&mut self) {
        while self.byte().is_some_and(is_space) {
            self.pos += 1;
        }
    }

    fn right_delim(&mut self, trims: bool) -> Token {
        if trims {
            self.pos += 2;
            self.start = self.pos;
        }
        self.pos += RIGHT_DELIM.len();
        let token = self.emit(TokenKind::RightDelim);
        if trims {
            self.skip_space();
        }
        self.in_action = false;
        token
    }

    fn inside_action(&mut self) -> Token {
        if let Some(trims) = self.at_right_delim() {
            if self.paren_depth > 0 {
                return self.error("unclosed left paren");
            }
            return self.right_delim(trims);
        }
        let Some(byte) = self.byte() else {
            return self.error("unclosed action");
        };
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => return self.space(),
            b'+' | b'-' | b'0'..=b'9' => return self.number(),
            _ => {}
        }
        let (rune, size) = unicode::decode_rune(self.rest());
        if is_alphanumeric(rune) {
            return self.word();
        }
        self.pos += size;
        match byte {
            b'=' => self.emit(TokenKind::Assign),
            b':' => {
                if self.byte() != Some(b'=') {
                    return self.error("expected :=");
                }
                self.pos += 1;
                self.emit(TokenKind::Declare)
            }
            b'|' => self.emit(TokenKind::Pipe),
            b'"' => self.quoted(b'"', TokenKind::String, "unterminated quoted string"),
            b'\'' => self.quoted(b'\'', TokenKind::CharConstant, "unterminated character constant"),
            b'`' => self.raw_quoted(),
            b'$' => self.name(TokenKind::Variable, TokenKind::Variable),
            // A dot that ends the text is taken for a number, too.
            b'.' if self.byte().is_none_or(|next| next.is_ascii_digit()) => {
                self.pos = self.start;
                self.number()
            }
            b'.' => self.name(TokenKind::Field, TokenKind::Dot),
            b'(' => {
                self.paren_depth += 1;
                self.emit(TokenKind::LeftParen)
            }
            b')' if self.paren_depth == 0 => self.error("unexpected right paren"),
            b')' => {
                self.paren_depth -= 1;
                self.emit(TokenKind::RightParen)
            }
            b' '..=b'~' => self.emit(TokenKind::Char),
            _ => self.error(format!("unrecognized character in action: {}", unicode_name(rune))),
        }
    }

    /// A run of space. The last one belongs to the delimiter if that trims.
    fn space(&mut self) -> Token {
        self.skip_space();
        self.pos -= 1;
        if self.at_right_delim() != Some(true) {
            self.pos += 1;
        }
        self.emit(TokenKind::Space)
    }

    fn word(&mut self) -> Token {
        self.skip_alphanumeric();
        if !self.at_terminator() {
            return self.bad_character();
        }
        let kind = match TokenKind::of_word(&self.text[self.start..self.pos]) {
            TokenKind::Break if !self.break_is_keyword => TokenKind::Identifier,
            TokenKind::Continue if !self.continue_is_keyword => TokenKind::Identifier,
            kind => kind,
        };
        self.emit(kind)
    }

    /// A field or variable whose first character is read; `bare` if nothing
    /// more belongs to it.
    fn name(&mut self, kind: TokenKind, bare: TokenKind) -> Token {
        if self.at_terminator() {
            return self.emit(bare);
        }
        self.skip_alphanumeric();
        if !self.at_terminator() {
            return self.bad_character();
        }
        self.emit(kind)
    }

    fn skip_alphanumeric(&mut self) {
        while let Some(byte) = self.byte() {
            if byte.is_ascii_alphanumeric() || byte == b'_' {
                self.pos += 1;
                continue;
            }
            if byte.is_ascii() {
                return;
            }
            let (rune, size) = unicode::decode_rune(self.rest());
            if !is_alphanumeric(rune) {
                return;
            }
            self.pos += size;
        }
    }

    fn at_terminator(&self) -> bool {
        match self.byte() {
            None | Some(b' ' | b'\t' | b'\r' | b'\n' | b'.' | b',' | b'|' | b':' | b')' | b'(') => true,
            Some(_) => self.rest().starts_with(RIGHT_DELIM),
        }
    }

    fn bad_character(&mut self) -> Token {
        let (rune, size) = unicode::decode_rune(self.rest());
        self.start = self.pos;
        self.pos += size;
        self.error(format!("bad character {}", unicode_name(rune)))
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

pub(super) fn is_alphanumeric(rune: u32) -> bool {
    rune == u32::from(b'_') || unicode::is_letter(rune) || unicode::is_digit(rune)
}

fn starts_with_trim_marker(text: &[u8]) -> bool {
    matches!(text, [b'-', space, ..] if is_space(*space))
}

fn trim_end(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| !is_space(*byte)).map_or(0, |last| last + 1);
    &text[..end]
}

/// The character as Go's `%#U` shows it: `U+002D '-'`.
fn unicode_name(rune: u32) -> String {
    let mut name = format!("U+{rune:04X}");
    if let Some(character) = char::from_u32(rune).filter(|_| unicode::is_print(rune)) {
        name.push_str(&format!(" '{character}'"));
    }
    name
}
