//! Go's way with texts, for hosts that declare functions of their own.
//!
//! Separate from the modules that do it, which work on bytes and runes as the
//! executor needs them.

use crate::unicode;
use crate::value::Value;

/// The lower case of a character as Go's `unicode.ToLower` has it: always one
/// character, so `İ` becomes `i`.
#[must_use]
pub fn to_lower(character: char) -> char {
    mapped(unicode::to_lower(character.into()), character)
}

/// The upper case of a character as Go's `unicode.ToUpper` has it: always one
/// character, so `ß` stays.
#[must_use]
pub fn to_upper(character: char) -> char {
    mapped(unicode::to_upper(character.into()), character)
}

/// The title case of a character as Go's `unicode.ToTitle` has it.
#[must_use]
pub fn to_title(character: char) -> char {
    mapped(unicode::to_title(character.into()), character)
}

/// A text in double quotes as Go's `strconv.Quote` writes it.
#[must_use]
pub fn quote(text: &[u8]) -> Vec<u8> {
    crate::strconv::quote(text)
}

/// A value as Go's `fmt.Sprint` prints it, at most `limit` bytes of it.
///
/// ```
/// use gotemplate::{Value, text};
///
/// assert_eq!(text::sprint(&Value::list([1, 2]), 100), b"[1 2]");
/// ```
#[must_use]
pub fn sprint(value: &Value, limit: usize) -> Vec<u8> {
    let mut out = Vec::new();
    if crate::fmt::append_value(&mut out, value, limit).is_err() {
        out.truncate(limit);
    }
    out
}

/// Case mappings lead from characters to characters.
fn mapped(rune: u32, otherwise: char) -> char {
    char::from_u32(rune).unwrap_or(otherwise)
}
