//! Go literals for any bytes: `"a\tb"`, `'x'`, and whether `` `…` `` would do.
//!
//! Takes text or a character, gives its literal. Separate from reading literals
//! (`unquote`) because what is escaped depends on Go's notion of printable.

use crate::unicode::{MAX_RUNE, REPLACEMENT, append_rune, decode_rune, is_print, runes};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// `text` as a string literal between `"`, unprintable characters escaped (`strconv.Quote`).
pub(crate) fn quote(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    append_quote(&mut out, text);
    out
}

/// Appends what [`quote`] gives.
pub(crate) fn append_quote(out: &mut Vec<u8>, text: &[u8]) {
    append_literal(out, text, false);
}

/// Like [`append_quote`], with everything beyond ASCII escaped (`strconv.AppendQuoteToASCII`).
pub(crate) fn append_quote_to_ascii(out: &mut Vec<u8>, text: &[u8]) {
    append_literal(out, text, true);
}

/// `rune` as a character literal between `'` (`strconv.QuoteRune`).
#[cfg(test)]
pub(crate) fn quote_rune(rune: u32) -> Vec<u8> {
    let mut out = Vec::new();
    append_quote_rune(&mut out, rune);
    out
}

/// Appends what [`quote_rune`] gives; what is no Unicode scalar value counts as U+FFFD.
pub(crate) fn append_quote_rune(out: &mut Vec<u8>, rune: u32) {
    append_rune_literal(out, rune, false);
}

/// Like [`append_quote_rune`], with everything beyond ASCII escaped.
pub(crate) fn append_quote_rune_to_ascii(out: &mut Vec<u8>, rune: u32) {
    append_rune_literal(out, rune, true);
}

/// Whether `text` can stand unchanged between back quotes on one line: valid UTF-8 without
/// control characters other than tab, back quotes and byte order marks.
pub(crate) fn can_backquote(text: &[u8]) -> bool {
    runes(text).all(|(rune, len)| match rune {
        REPLACEMENT => len > 1,
        0x09 => true,
        0..0x20 | 0x60 | 0x7F | 0xFEFF => false,
        _ => true,
    })
}

fn append_literal(out: &mut Vec<u8>, text: &[u8], ascii: bool) {
    out.push(b'"');
    let mut rest = text;
    while !rest.is_empty() {
        let (rune, len) = decode_rune(rest);
        if rune == REPLACEMENT && len == 1 {
            append_hex(out, b'x', u32::from(rest[0]), 2);
        } else {
            append_escaped(out, rune, b'"', ascii);
        }
        rest = &rest[len..];
    }
    out.push(b'"');
}

fn append_rune_literal(out: &mut Vec<u8>, rune: u32, ascii: bool) {
    let rune = char::from_u32(rune).map_or(REPLACEMENT, u32::from);
    out.push(b'\'');
    append_escaped(out, rune, b'\'', ascii);
    out.push(b'\'');
}

fn append_escaped(out: &mut Vec<u8>, rune: u32, delimiter: u8, ascii: bool) {
    if rune == u32::from(delimiter) || rune == u32::from(b'\\') {
        out.push(b'\\');
        append_rune(out, rune);
        return;
    }
    if is_print(rune) && (rune < 0x80 || !ascii) {
        append_rune(out, rune);
        return;
    }
    let letter = match rune {
        0x07 => b'a',
        0x08 => b'b',
        0x0C => b'f',
        0x0A => b'n',
        0x0D => b'r',
        0x09 => b't',
        0x0B => b'v',
        0..0x20 | 0x7F => return append_hex(out, b'x', rune, 2),
        0x80..0x1_0000 => return append_hex(out, b'u', rune, 4),
        _ => return append_hex(out, b'U', rune.min(MAX_RUNE), 8),
    };
    out.extend_from_slice(&[b'\\', letter]);
}

/// Appends `\`, the kind of escape and the low `digits` hexadecimal digits of `number`.
fn append_hex(out: &mut Vec<u8>, kind: u8, number: u32, digits: u32) {
    out.extend_from_slice(&[b'\\', kind]);
    for place in (0..digits).rev() {
        out.push(HEX[(number >> (4 * place) & 0xF) as usize]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings() {
        for (text, plain, ascii) in [
            (&b""[..], r#""""#, r#""""#),
            (b"a'b\"c\\", r#""a'b\"c\\""#, r#""a'b\"c\\""#),
            (b"\x07\x08\x0c\n\r\t\x0b", r#""\a\b\f\n\r\t\v""#, r#""\a\b\f\n\r\t\v""#),
            (b"\0\x1b\x7f", r#""\x00\x1b\x7f""#, r#""\x00\x1b\x7f""#),
            ("é☺😀".as_bytes(), "\"é☺😀\"", r#""\u00e9\u263a\U0001f600""#),
            ("\u{a0}\u{ad}\u{feff}".as_bytes(), r#""\u00a0\u00ad\ufeff""#, r#""\u00a0\u00ad\ufeff""#),
            (b"\xff\xc3", r#""\xff\xc3""#, r#""\xff\xc3""#),
            ("\u{fffd}".as_bytes(), "\"\u{fffd}\"", r#""\ufffd""#),
            ("\u{10ffff}".as_bytes(), r#""\U0010ffff""#, r#""\U0010ffff""#),
        ] {
            assert_eq!(quote(text), plain.as_bytes(), "{text:?}");
            let mut out = Vec::new();
            append_quote_to_ascii(&mut out, text);
            assert_eq!(out, ascii.as_bytes(), "{text:?}");
        }
    }

    #[test]
    fn characters() {
        for (rune, expect) in [
            (0x27, r"'\''"),
            (0x22, "'\"'"),
            (0xE9, "'é'"),
            (0x0A, r"'\n'"),
            (0xD800, "'\u{fffd}'"),
            (u32::MAX, "'\u{fffd}'"),
        ] {
            assert_eq!(quote_rune(rune), expect.as_bytes(), "{rune:x}");
        }
        let mut out = Vec::new();
        append_quote_rune_to_ascii(&mut out, 0xE9);
        assert_eq!(out, br"'\u00e9'");
    }

    #[test]
    fn back_quotes() {
        assert!(can_backquote("a\tbé\u{fffd}\"\\".as_bytes()));
        for text in [&b"`"[..], b"\n", b"\x7f", b"\xff", "\u{feff}".as_bytes()] {
            assert!(!can_backquote(text), "{text:?}");
        }
    }
}
