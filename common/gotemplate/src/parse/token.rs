//! Tokens: what the lexer gives and the parser takes.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Error,
    Eof,
    Text,
    LeftDelim,
    RightDelim,
    Space,
    Assign,
    Declare,
    Pipe,
    LeftParen,
    RightParen,
    Char,
    CharConstant,
    Complex,
    Number,
    String,
    RawString,
    Variable,
    Field,
    Identifier,
    Bool,
    // Keywords.
    Dot,
    Nil,
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
}

impl TokenKind {
    pub(crate) fn is_keyword(self) -> bool {
        self as u8 >= TokenKind::Dot as u8
    }

    /// What a word stands for inside an action.
    pub(super) fn of_word(word: &[u8]) -> TokenKind {
        match word {
            b"true" | b"false" => TokenKind::Bool,
            b"nil" => TokenKind::Nil,
            b"block" => TokenKind::Block,
            b"break" => TokenKind::Break,
            b"continue" => TokenKind::Continue,
            b"define" => TokenKind::Define,
            b"else" => TokenKind::Else,
            b"end" => TokenKind::End,
            b"if" => TokenKind::If,
            b"range" => TokenKind::Range,
            b"template" => TokenKind::Template,
            b"with" => TokenKind::With,
            _ => TokenKind::Identifier,
        }
    }
}

/// A token: its kind and the bytes of the text it stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}
