//! Characters as Go sees them: UTF-8 decoding that never fails, and the character
//! classes and simple case mappings of Go 1.27's `unicode` package (Unicode 17).
//!
//! Takes bytes and code points, gives code points and answers. Separate from `char`'s
//! own methods because those follow the compiler's Unicode version, know nothing of
//! Go's "printable", and map one character to several (`İ`, final sigma).
//!
//! A code point is a `u32`, as in Go a `rune` may be any number: surrogates and values
//! above U+10FFFF belong to no class and encode as U+FFFD.

mod case;
mod class;

/// What stands for anything that can't be decoded or encoded: U+FFFD.
pub(crate) const REPLACEMENT: u32 = 0xFFFD;

/// The highest code point there is.
pub(crate) const MAX_RUNE: u32 = 0x10_FFFF;

/// The first character of `text` and its length in bytes.
///
/// As `utf8.DecodeRune`: a byte that starts no valid sequence gives U+FFFD and length 1;
/// empty text gives U+FFFD and length 0.
pub(crate) fn decode_rune(text: &[u8]) -> (u32, usize) {
    const BAD: (u32, usize) = (REPLACEMENT, 1);
    let Some(&first) = text.first() else {
        return (REPLACEMENT, 0);
    };
    // The range of the second byte excludes overlong forms, surrogates and > U+10FFFF.
    let (len, second) = match first {
        0..=0x7F => return (u32::from(first), 1),
        0xC2..=0xDF => (2, 0x80..=0xBF),
        0xE0 => (3, 0xA0..=0xBF),
        0xE1..=0xEC | 0xEE..=0xEF => (3, 0x80..=0xBF),
        0xED => (3, 0x80..=0x9F),
        0xF0 => (4, 0x90..=0xBF),
        0xF1..=0xF3 => (4, 0x80..=0xBF),
        0xF4 => (4, 0x80..=0x8F),
        _ => return BAD,
    };
    let Some(tail) = text.get(1..len) else {
        return BAD;
    };
    if !second.contains(&tail[0]) || tail[1..].iter().any(|byte| byte & 0xC0 != 0x80) {
        return BAD;
    }
    let lead = u32::from(first) & (0x7F >> len);
    let rune = tail.iter().fold(lead, |rune, &byte| rune << 6 | u32::from(byte & 0x3F));
    (rune, len)
}

/// The characters of `text`, each with its length in bytes, as [`decode_rune`] gives them.
pub(crate) fn runes(text: &[u8]) -> impl Iterator<Item = (u32, usize)> + '_ {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (rune, len) = decode_rune(rest);
        rest = &rest[len..];
        (len > 0).then_some((rune, len))
    })
}

/// `text` in parts of about `length` bytes, no character cut in two.
pub(crate) fn parts(text: &[u8], length: usize) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        // A character has three bytes at most behind its first.
        let ends = length..(length + 4).min(rest.len());
        let end = ends.clone().find(|end| rest[*end] & 0xC0 != 0x80).unwrap_or(ends.start);
        let (part, after) = rest.split_at(end.min(rest.len()));
        rest = after;
        (!part.is_empty()).then_some(part)
    })
}

/// How many characters `text` has, a byte outside of any valid sequence counting as one.
pub(crate) fn rune_count(text: &[u8]) -> usize {
    match text.is_ascii() {
        true => text.len(),
        false => runes(text).count(),
    }
}

/// Appends `rune` in UTF-8; what is no Unicode scalar value becomes U+FFFD.
pub(crate) fn append_rune(out: &mut Vec<u8>, rune: u32) {
    let rune = char::from_u32(rune).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Printable (`unicode.IsPrint`): a letter, mark, number, punctuation, symbol or U+0020.
pub(crate) fn is_print(rune: u32) -> bool {
    match rune {
        0..=0x7F => (0x20..0x7F).contains(&rune),
        _ => in_class(class::PRINT, rune),
    }
}

/// White space (`unicode.IsSpace`): U+0085 and U+00A0 too.
pub(crate) fn is_space(rune: u32) -> bool {
    matches!(
        rune,
        0x09..=0x0D
            | 0x20
            | 0x85
            | 0xA0
            | 0x1680
            | 0x2000..=0x200A
            | 0x2028
            | 0x2029
            | 0x202F
            | 0x205F
            | 0x3000
    )
}

/// A letter, category L (`unicode.IsLetter`).
pub(crate) fn is_letter(rune: u32) -> bool {
    match u8::try_from(rune) {
        Ok(byte) if byte.is_ascii() => byte.is_ascii_alphabetic(),
        _ => in_class(class::LETTER, rune),
    }
}

/// A decimal digit, category Nd (`unicode.IsDigit`).
pub(crate) fn is_digit(rune: u32) -> bool {
    match u8::try_from(rune) {
        Ok(byte) if byte.is_ascii() => byte.is_ascii_digit(),
        _ => in_class(class::DIGIT, rune),
    }
}

/// An upper-case letter, category Lu (`unicode.IsUpper`).
pub(crate) fn is_upper(rune: u32) -> bool {
    match u8::try_from(rune) {
        Ok(byte) if byte.is_ascii() => byte.is_ascii_uppercase(),
        _ => distance(case::UPPER, rune).is_some(),
    }
}

/// The lower-case form, always one character (`unicode.ToLower`).
pub(crate) fn to_lower(rune: u32) -> u32 {
    match u8::try_from(rune) {
        Ok(byte) if byte.is_ascii() => u32::from(byte.to_ascii_lowercase()),
        _ => mapped(case::TO_LOWER, rune),
    }
}

/// The upper-case form, always one character (`unicode.ToUpper`).
pub(crate) fn to_upper(rune: u32) -> u32 {
    match u8::try_from(rune) {
        Ok(byte) if byte.is_ascii() => u32::from(byte.to_ascii_uppercase()),
        _ => mapped(case::TO_UPPER, rune),
    }
}

/// The title-case form, always one character (`unicode.ToTitle`).
pub(crate) fn to_title(rune: u32) -> u32 {
    if rune < 0x80 {
        return to_upper(rune);
    }
    match distance(case::TO_TITLE, rune) {
        Some(distance) => rune.wrapping_add_signed(distance),
        None => to_upper(rune),
    }
}

fn in_class(ranges: &[(u32, u32)], rune: u32) -> bool {
    let next = ranges.partition_point(|&(_, last)| last < rune);
    ranges.get(next).is_some_and(|&(first, _)| first <= rune)
}

fn mapped(ranges: &[(u32, u32, u32, i32)], rune: u32) -> u32 {
    match distance(ranges, rune) {
        Some(distance) => rune.wrapping_add_signed(distance),
        None => rune,
    }
}

/// How far `rune`'s mapping is from it, if one of the ranges contains it.
fn distance(ranges: &[(u32, u32, u32, i32)], rune: u32) -> Option<i32> {
    let next = ranges.partition_point(|&(_, last, _, _)| last < rune);
    let &(first, _, step, distance) = ranges.get(next)?;
    (first <= rune && (rune - first).is_multiple_of(step)).then_some(distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_sequences_are_one_replacement_per_byte() {
        for (text, expect) in [
            (&b""[..], (REPLACEMENT, 0)),
            (b"a", (0x61, 1)),
            ("é".as_bytes(), (0xE9, 2)),
            ("€x".as_bytes(), (0x20AC, 3)),
            ("😀".as_bytes(), (0x1F600, 4)),
            ("\u{FFFD}".as_bytes(), (REPLACEMENT, 3)),
            (b"\xff", (REPLACEMENT, 1)),
            (b"\xc0\x80", (REPLACEMENT, 1)),
            (b"\xe2\x82", (REPLACEMENT, 1)),
            (b"\xed\xa0\x80", (REPLACEMENT, 1)),
            (b"\xf4\x90\x80\x80", (REPLACEMENT, 1)),
            (b"\xf0\x9f\x98x", (REPLACEMENT, 1)),
        ] {
            assert_eq!(decode_rune(text), expect, "{text:?}");
        }
        assert_eq!(rune_count(b"a\xe2\x82\xc3\xa9"), 4);
    }

    #[test]
    fn decoding_agrees_with_the_standard_library_on_every_character() {
        for character in '\0'..=char::MAX {
            let mut text = Vec::new();
            append_rune(&mut text, u32::from(character));
            assert_eq!(text, character.to_string().into_bytes());
            assert_eq!(decode_rune(&text), (u32::from(character), text.len()));
        }
    }

    #[test]
    fn what_is_no_scalar_value_encodes_as_the_replacement() {
        for rune in [0xD800, 0xDFFF, MAX_RUNE + 1, u32::MAX] {
            let mut out = Vec::new();
            append_rune(&mut out, rune);
            assert_eq!(out, "\u{FFFD}".as_bytes(), "{rune:x}");
        }
    }

    #[test]
    fn classes() {
        assert!(is_print(0x20) && is_print(0xE9) && is_print(0x1F600) && is_print(0x301));
        assert!(!is_print(0x7F) && !is_print(0xA0) && !is_print(0xAD) && !is_print(0xE000));
        assert!(!is_print(0xD800) && !is_print(u32::MAX));
        assert!(is_space(0x85) && is_space(0xA0) && !is_space(0x200B) && !is_space(0xFEFF));
        assert!(is_digit(0x0663) && !is_digit(0xBD));
        assert!(is_letter(0x4E2D) && is_letter(0x1F2) && !is_letter(0x301));
        assert!(is_upper(0x130) && !is_upper(0x1C5) && !is_upper(0x61));
    }

    #[test]
    fn cases_map_one_to_one() {
        assert_eq!(to_lower(0x130), 0x69, "İ loses its dot");
        assert_eq!(to_lower(0x3A3), 0x3C3, "no final sigma");
        assert_eq!(to_upper(0xDF), 0xDF, "ß has no single upper-case letter");
        assert_eq!(to_upper(0xFF), 0x178);
        assert_eq!([0x1C4, 0x1C5, 0x1C6].map(to_title), [0x1C5; 3], "Dž is neither upper nor lower case");
        assert_eq!([to_upper(0x10D0), to_title(0x10D0)], [0x1C90, 0x10D0]);
        assert_eq!(to_lower(u32::MAX), u32::MAX);
    }
}
