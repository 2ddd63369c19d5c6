//! Text functions of Go's package `strings` that Rust's own differ from, for
//! hosts that declare functions of these names.
//!
//! Go maps character by character, so that `ß` stays and `İ` becomes `i`, and
//! turns bytes that are not UTF-8 into U+FFFD while it does.

use crate::unicode;
use crate::value::Value;

/// Go's `strings.ToLower`.
#[must_use]
pub fn to_lower(text: &[u8]) -> Vec<u8> {
    if text.is_ascii() { text.to_ascii_lowercase() } else { map(text, unicode::to_lower) }
}

/// Go's `strings.ToUpper`.
#[must_use]
pub fn to_upper(text: &[u8]) -> Vec<u8> {
    if text.is_ascii() { text.to_ascii_uppercase() } else { map(text, unicode::to_upper) }
}

/// Go's `strings.Title`: the first letter of every word in title case.
///
/// ```
/// assert_eq!(gotemplate::strings::title(b"db-main it's"), b"Db-Main It'S");
/// ```
#[must_use]
pub fn title(text: &[u8]) -> Vec<u8> {
    let mut in_word = false;
    map(text, |rune| {
        let starts = !in_word;
        in_word = continues_word(rune);
        if starts { unicode::to_title(rune) } else { rune }
    })
}

/// Go's `strings.TrimSpace`: without white space, as Unicode has it, at both
/// ends.
#[must_use]
pub fn trim_space(text: &[u8]) -> &[u8] {
    let is_space = |(rune, _): &(u32, usize)| unicode::is_space(*rune);
    let start: usize = unicode::runes(text).take_while(is_space).map(|(_, size)| size).sum();
    let text = &text[start..];
    let mut end = 0;
    let mut pos = 0;
    for (rune, size) in unicode::runes(text) {
        pos += size;
        if !unicode::is_space(rune) {
            end = pos;
        }
    }
    &text[..end]
}

/// Go's `strconv.Quote`: the text in double quotes.
#[must_use]
pub fn quote(text: &[u8]) -> Vec<u8> {
    crate::strconv::quote(text)
}

/// Go's `fmt.Sprint` of one value, at most `limit` bytes of it.
///
/// ```
/// use gotemplate::{Value, strings};
///
/// assert_eq!(strings::sprint(&Value::list([1, 2]), 100), b"[1 2]");
/// ```
#[must_use]
pub fn sprint(value: &Value, limit: usize) -> Vec<u8> {
    let mut out = Vec::new();
    if crate::fmt::append_value(&mut out, value, limit).is_err() {
        out.truncate(limit);
    }
    out
}

/// Whether a character after this one is inside a word for `title`: digits and
/// the underscore count, all other ASCII doesn't, the apostrophe included.
fn continues_word(rune: u32) -> bool {
    match u8::try_from(rune) {
        Ok(byte) if byte.is_ascii() => byte.is_ascii_alphanumeric() || byte == b'_',
        _ => !unicode::is_space(rune),
    }
}

fn map(text: &[u8], mut to: impl FnMut(u32) -> u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for (rune, _) in unicode::runes(text) {
        unicode::append_rune(&mut out, to(rune));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_mapped_character_by_character() {
        assert_eq!(to_lower("İΣΑΣ".as_bytes()), "iσασ".as_bytes());
        assert_eq!(to_upper("straße".as_bytes()), "STRAßE".as_bytes());
    }

    #[test]
    fn space_is_what_unicode_says() {
        assert_eq!(trim_space(" \u{85}\u{a0}a b\u{3000}\n".as_bytes()), b"a b");
        assert_eq!(trim_space(b" \t"), b"");
    }
}
