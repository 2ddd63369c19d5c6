//! Literals as the lexer reads them: strings, characters and numbers.
//!
//! It finds where they end; what they mean is seen later.

use super::lexer::{Lexer, is_alphanumeric};
use super::token::{Token, TokenKind};
use crate::unicode;

impl Lexer<'_> {
    pub(super) fn quoted(&mut self, quote: u8, kind: TokenKind, unterminated: &str) -> Token {
        loop {
            let byte = self.byte();
            self.pos += 1;
            match byte {
                Some(b'\\') => match self.byte() {
                    None | Some(b'\n') => break,
                    Some(_) => self.pos += 1,
                },
                None | Some(b'\n') => break,
                Some(byte) if byte == quote => return self.emit(kind),
                Some(_) => {}
            }
        }
        self.pos = self.pos.min(self.text.len());
        self.error(unterminated)
    }

    pub(super) fn raw_quoted(&mut self) -> Token {
        match memchr::memchr(b'`', self.rest()) {
            Some(offset) => {
                self.pos += offset + 1;
                self.emit(TokenKind::RawString)
            }
            None => self.error("unterminated raw quoted string"),
        }
    }

    pub(super) fn number(&mut self) -> Token {
        if !self.scan_number() {
            return self.bad_number();
        }
        if !matches!(self.byte(), Some(b'+' | b'-')) {
            return self.emit(TokenKind::Number);
        }
        // A sign right after a number: only `1+2i` is allowed.
        if !self.scan_number() || self.text[self.pos - 1] != b'i' {
            return self.bad_number();
        }
        self.emit(TokenKind::Complex)
    }

    fn bad_number(&mut self) -> Token {
        let quoted = crate::strconv::quote(&self.text[self.start..self.pos]);
        self.error(format!("bad number syntax: {}", String::from_utf8_lossy(&quoted)))
    }

    /// Reads what may be a number; whether it is one is seen later.
    fn scan_number(&mut self) -> bool {
        self.accept(b"+-");
        let mut digits: &[u8] = b"0123456789_";
        let mut exponent: &[u8] = b"eE";
        if self.accept(b"0") {
            if self.accept(b"xX") {
                (digits, exponent) = (b"0123456789abcdefABCDEF_", b"pP");
            } else if self.accept(b"oO") {
                (digits, exponent) = (b"01234567_", b"");
            } else if self.accept(b"bB") {
                (digits, exponent) = (b"01_", b"");
            }
        }
        self.accept_run(digits);
        if self.accept(b".") {
            self.accept_run(digits);
        }
        if self.accept(exponent) {
            self.accept(b"+-");
            self.accept_run(b"0123456789_");
        }
        self.accept(b"i");
        let (rune, size) = unicode::decode_rune(self.rest());
        if size > 0 && is_alphanumeric(rune) {
            self.pos += size;
            return false;
        }
        true
    }

    fn accept(&mut self, valid: &[u8]) -> bool {
        let accepted = self.byte().is_some_and(|byte| valid.contains(&byte));
        self.pos += usize::from(accepted);
        accepted
    }

    fn accept_run(&mut self, valid: &[u8]) {
        while self.accept(valid) {}
    }
}
