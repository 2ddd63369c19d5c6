//! Strings and byte lists: `%s`, `%q`, `%x`, `%X`.
//!
//! Takes bytes, appends them cut, quoted or in hexadecimal. Separate because precision
//! counts characters here, and bytes for `%x`.

use super::Flags;
use crate::strconv::{append_quote, append_quote_to_ascii, can_backquote};
use crate::unicode::runes;

impl Flags {
    /// Appends `text` (`%s`, `%v`), at most as many characters as the precision.
    pub(crate) fn fmt_s(&self, out: &mut Vec<u8>, text: &[u8]) {
        self.pad(out, self.truncated(text));
    }

    /// Appends `text` as a Go string literal (`%q`), cut to the precision before.
    ///
    /// With `#` between back quotes where that is possible, with `+` in ASCII only.
    pub(crate) fn fmt_q(&self, out: &mut Vec<u8>, text: &[u8]) {
        let text = self.truncated(text);
        let mut literal = Vec::with_capacity(text.len() + 2);
        if self.sharp && can_backquote(text) {
            literal.push(b'`');
            literal.extend_from_slice(text);
            literal.push(b'`');
        } else if self.plus {
            append_quote_to_ascii(&mut literal, text);
        } else {
            append_quote(&mut literal, text);
        }
        self.pad(out, &literal);
    }

    /// Appends the bytes of `text` in hexadecimal (`%x`, or `%X` if `upper`).
    ///
    /// At most as many bytes as the precision; with ` ` spaces between them; with `#` a `0x`
    /// before the first one, or with both flags before each.
    pub(crate) fn fmt_sbx(&self, out: &mut Vec<u8>, text: &[u8], upper: bool) {
        let (digits, prefix): (&[u8; 16], &[u8]) = match upper {
            true => (b"0123456789ABCDEF", b"0X"),
            false => (b"0123456789abcdef", b"0x"),
        };
        let taken = self.precision.unwrap_or(text.len()).min(text.len());
        let mut hex = Vec::with_capacity(taken * 2 + 2);
        for (at, &byte) in text[..taken].iter().enumerate() {
            if self.space && at > 0 {
                hex.push(b' ');
            }
            if self.sharp && (self.space || at == 0) {
                hex.extend_from_slice(prefix);
            }
            hex.push(digits[usize::from(byte >> 4)]);
            hex.push(digits[usize::from(byte & 0xF)]);
        }
        self.pad(out, &hex);
    }

    fn truncated<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        match self.precision {
            Some(precision) if precision < text.len() => {
                let end: usize = runes(text).take(precision).map(|(_, len)| len).sum();
                &text[..end]
            }
            _ => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(text: &str, width: Option<usize>, precision: Option<usize>) -> Flags {
        Flags {
            width,
            precision,
            plus: text.contains('+'),
            sharp: text.contains('#'),
            space: text.contains(' '),
            zero: text.contains('0'),
            ..Flags::default()
        }
    }

    #[test]
    fn strings() {
        let mut out = Vec::new();
        flags("", Some(4), Some(2)).fmt_s(&mut out, "éàü".as_bytes());
        flags("", None, Some(2)).fmt_s(&mut out, b"\xff\xfe\xfd");
        assert_eq!(out, b"  \xc3\xa9\xc3\xa0\xff\xfe");
    }

    #[test]
    fn quoted() {
        for (flag, text, expect) in [
            ("", "é\n", r#""é\n""#),
            ("+", "é", r#""\u00e9""#),
            ("#", "a\"b", "`a\"b`"),
            ("#", "a`b", "\"a`b\""),
            ("#+", "é`", r#""\u00e9`""#),
        ] {
            let mut out = Vec::new();
            flags(flag, None, None).fmt_q(&mut out, text.as_bytes());
            assert_eq!(out, expect.as_bytes(), "%{flag}q");
        }
    }

    #[test]
    fn hexadecimal() {
        for (flag, width, precision, expect) in [
            ("", None, None, "6bff00"),
            (" ", None, None, "6b ff 00"),
            ("#", None, None, "0x6bff00"),
            ("# ", None, None, "0x6b 0xff 0x00"),
            ("", Some(8), Some(2), "    6bff"),
            ("0", Some(8), Some(2), "00006bff"),
        ] {
            let mut out = Vec::new();
            flags(flag, width, precision).fmt_sbx(&mut out, b"k\xff\0", false);
            assert_eq!(out, expect.as_bytes(), "%{flag}x");
        }
    }
}
