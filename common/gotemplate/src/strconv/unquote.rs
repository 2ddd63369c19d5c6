//! What a Go literal stands for: `"…"`, `` `…` `` and `'…'`.
//!
//! Takes the literal as it is written, gives the bytes or the character it means.
//! Separate from `quote`: it accepts far more than that writes.

use std::borrow::Cow;

use super::LiteralError;
use crate::unicode::{append_rune, decode_rune};

/// One character of a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unquoted<'a> {
    /// The code point, or for `\xFF` and `\377` the byte.
    pub(crate) rune: u32,
    /// Whether `rune` is a character to encode in UTF-8, not a byte to take as it is.
    pub(crate) multibyte: bool,
    /// What follows.
    pub(crate) rest: &'a [u8],
}

/// The text a string, raw string or character literal stands for (`strconv.Unquote`).
///
/// Bytes that are not UTF-8 become U+FFFD, except between back quotes. An empty character
/// literal gives empty text, no error, as it does with Go 1.27.
///
/// # Errors
/// When `literal` as a whole is not exactly one literal.
pub(crate) fn unquote(literal: &[u8]) -> Result<Cow<'_, [u8]>, LiteralError> {
    let [delimiter, inside @ .., last] = literal else {
        return Err(LiteralError);
    };
    if delimiter != last {
        return Err(LiteralError);
    }
    match delimiter {
        b'`' => unquote_raw(inside),
        b'"' | b'\'' => unquote_interpreted(inside, *delimiter),
        _ => Err(LiteralError),
    }
}

/// The first character of `text`, what stands between `delimiter`s (`strconv.UnquoteChar`).
///
/// An unescaped `delimiter` is refused, and so is the other quote when it is escaped.
///
/// # Errors
/// When `text` is empty or begins with neither a character nor a valid escape.
pub(crate) fn unquote_char(text: &[u8], delimiter: u8) -> Result<Unquoted<'_>, LiteralError> {
    let (&first, rest) = text.split_first().ok_or(LiteralError)?;
    match first {
        b'"' | b'\'' if first == delimiter => Err(LiteralError),
        b'\\' => unescape(rest, delimiter),
        0..0x80 => Ok(byte(u32::from(first), rest)),
        _ => {
            let (rune, len) = decode_rune(text);
            Ok(character(rune, &text[len..]))
        }
    }
}

fn unquote_raw(inside: &[u8]) -> Result<Cow<'_, [u8]>, LiteralError> {
    if inside.contains(&b'`') {
        return Err(LiteralError);
    }
    if inside.contains(&b'\r') {
        // Go drops carriage returns so that a file's line ends don't change its meaning.
        let kept = inside.iter().copied().filter(|&byte| byte != b'\r');
        return Ok(Cow::Owned(kept.collect()));
    }
    Ok(Cow::Borrowed(inside))
}

fn unquote_interpreted(inside: &[u8], delimiter: u8) -> Result<Cow<'_, [u8]>, LiteralError> {
    if inside.contains(&b'\n') {
        return Err(LiteralError);
    }
    let plain = |&byte: &u8| byte < 0x80 && byte != b'\\' && byte != delimiter;
    if delimiter == b'"' && inside.iter().all(plain) {
        return Ok(Cow::Borrowed(inside));
    }
    let mut out = Vec::with_capacity(inside.len());
    let mut rest = inside;
    while !rest.is_empty() {
        let next = unquote_char(rest, delimiter)?;
        match u8::try_from(next.rune) {
            Ok(byte) if !next.multibyte => out.push(byte),
            _ => append_rune(&mut out, next.rune),
        }
        rest = next.rest;
        if delimiter == b'\'' && !rest.is_empty() {
            return Err(LiteralError);
        }
    }
    Ok(Cow::Owned(out))
}

/// The character that the escape stands for whose text after the `\` is `text`.
fn unescape(text: &[u8], delimiter: u8) -> Result<Unquoted<'_>, LiteralError> {
    let (&kind, rest) = text.split_first().ok_or(LiteralError)?;
    let control = match kind {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0C,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0B,
        b'\\' => b'\\',
        b'"' | b'\'' if kind == delimiter => kind,
        b'x' => {
            let (value, rest) = digits(rest, 2, 16)?;
            return Ok(byte(value, rest));
        }
        b'u' | b'U' => {
            let (value, rest) = digits(rest, if kind == b'u' { 4 } else { 8 }, 16)?;
            char::from_u32(value).ok_or(LiteralError)?;
            return Ok(character(value, rest));
        }
        b'0'..=b'7' => {
            let (value, rest) = digits(text, 3, 8)?;
            return match value {
                0..=0xFF => Ok(byte(value, rest)),
                _ => Err(LiteralError),
            };
        }
        _ => return Err(LiteralError),
    };
    Ok(byte(u32::from(control), rest))
}

/// The number that the first `count` (at most 8) digits of `text` make, and what follows.
fn digits(text: &[u8], count: usize, base: u32) -> Result<(u32, &[u8]), LiteralError> {
    let (digits, rest) = text.split_at_checked(count).ok_or(LiteralError)?;
    let mut value = 0;
    for &digit in digits {
        let digit = char::from(digit).to_digit(base).ok_or(LiteralError)?;
        value = value * base + digit;
    }
    Ok((value, rest))
}

fn byte(rune: u32, rest: &[u8]) -> Unquoted<'_> {
    Unquoted { rune, multibyte: false, rest }
}

fn character(rune: u32, rest: &[u8]) -> Unquoted<'_> {
    Unquoted { rune, multibyte: true, rest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_stand_for_their_text() {
        for (literal, expect) in [
            (&br#""""#[..], &b""[..]),
            (br#""a'b""#, b"a'b"),
            (br#""\a\b\f\n\r\t\v\\\"""#, b"\x07\x08\x0c\n\r\t\x0b\\\""),
            (br#""\xff\377\101""#, b"\xff\xffA"),
            (br#""\u00e9\U0001f600""#, "é😀".as_bytes()),
            (b"\"\xff\"", "\u{fffd}".as_bytes()),
            (b"`a\\n\xff\r\n`", b"a\\n\xff\n"),
            (b"'x'", b"x"),
            (b"''", b""),
            (br"'\''", b"'"),
            (b"'\"'", b"\""),
            (br"'\xff'", b"\xff"),
        ] {
            assert_eq!(unquote(literal).as_deref(), Ok(expect), "{literal:?}");
        }
    }

    #[test]
    fn what_is_no_literal_is_refused() {
        for literal in [
            &b""[..],
            b"\"",
            b"abc",
            b"\"a'",
            b"\"a\"b\"",
            b"\"\n\"",
            b"`a`b`",
            b"'ab'",
            br#""\'""#,
            br#"'\"'"#,
            br#""\400""#,
            br#""\08""#,
            br#""\x1""#,
            br#""\ud800""#,
            br#""\U00110000""#,
            br#""\q""#,
            br#""\""#,
        ] {
            assert_eq!(unquote(literal), Err(LiteralError), "{literal:?}");
        }
    }

    #[test]
    fn one_character_leaves_the_rest() {
        let next = unquote_char(br"\u00e9'", b'\'').unwrap();
        assert_eq!((next.rune, next.multibyte, next.rest), (0xE9, true, &b"'"[..]));
        let next = unquote_char(br"\xe9", b'\'').unwrap();
        assert_eq!((next.rune, next.multibyte), (0xE9, false));
        assert_eq!(unquote_char(b"'", b'\''), Err(LiteralError));
        assert!(unquote_char(b"'", b'"').is_ok());
    }
}
