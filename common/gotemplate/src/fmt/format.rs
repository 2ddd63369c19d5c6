//! How one basic value is laid out for one verb and its flags: the half of Go's `fmt`
//! that knows nothing of types, only of booleans, numbers and bytes.
//!
//! Takes [`Flags`] and a value, appends bytes. Separate from the half that looks at a
//! value's type to decide which of these applies. Nothing here fails or checks a verb;
//! the caller writes `%!d(string=a)` and the like, and keeps width and precision bounded,
//! as this many bytes are written.

mod float;
mod integer;
mod text;

use crate::unicode::rune_count;

/// What stands between `%` and the verb.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    /// Fewest characters to write.
    pub(crate) width: Option<usize>,
    /// Digits, or the most characters of a text to take.
    pub(crate) precision: Option<usize>,
    /// `-`: pad on the right.
    pub(crate) minus: bool,
    /// `+`: always a sign; ASCII only for `q`.
    pub(crate) plus: bool,
    /// `#`: the verb's alternate form.
    pub(crate) sharp: bool,
    /// ` `: a space where a `+` would be; between the bytes of `x`.
    pub(crate) space: bool,
    /// `0`: pad with zeros, unless `minus`.
    pub(crate) zero: bool,
    /// `%+v`, where `+` has another meaning; `plus` is not set then.
    pub(crate) plus_v: bool,
    /// `%#v`, where `#` has another meaning; `sharp` is not set then.
    pub(crate) sharp_v: bool,
}

impl Flags {
    /// Appends `text`, padded to the width.
    pub(crate) fn pad(&self, out: &mut Vec<u8>, text: &[u8]) {
        let missing = match self.width {
            Some(width) => width.saturating_sub(rune_count(text)),
            None => 0,
        };
        if self.minus {
            out.extend_from_slice(text);
            self.write_padding(out, missing);
        } else {
            self.write_padding(out, missing);
            out.extend_from_slice(text);
        }
    }

    /// Appends `true` or `false` (`%t`).
    pub(crate) fn fmt_bool(&self, out: &mut Vec<u8>, value: bool) {
        self.pad(out, if value { b"true" } else { b"false" });
    }

    fn write_padding(&self, out: &mut Vec<u8>, count: usize) {
        let byte = if self.pads_with_zeros() { b'0' } else { b' ' };
        out.resize(out.len() + count, byte);
    }

    fn pads_with_zeros(&self) -> bool {
        self.zero && !self.minus
    }

    fn without_zero(self) -> Self {
        Self { zero: false, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_counts_characters() {
        let flags = |text: &str| Flags {
            width: Some(5),
            minus: text.contains('-'),
            zero: text.contains('0'),
            ..Flags::default()
        };
        for (flag, text, expect) in [
            ("", &b"\xc3\xa9\xff"[..], &b"   \xc3\xa9\xff"[..]),
            ("-", b"ab", b"ab   "),
            ("0", b"ab", b"000ab"),
            ("0-", b"ab", b"ab   "),
            ("", b"abcdef", b"abcdef"),
        ] {
            let mut out = Vec::new();
            flags(flag).pad(&mut out, text);
            assert_eq!(out, expect, "{flag}");
        }
        let mut out = Vec::new();
        flags("").fmt_bool(&mut out, true);
        assert_eq!(out, b" true");
    }
}
