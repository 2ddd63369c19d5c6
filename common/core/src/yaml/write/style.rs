//! In which style a text is written: yaml.v3's choice, except where that could
//! not be read back.

use crate::yaml::read::resolve::{is_old_bool, is_text};

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// As it is.
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes, with escapes.
    Double,
    /// As a literal block (`|`).
    Literal,
}

/// Which styles the characters of a text allow.
struct Allowed {
    plain: bool,
    single: bool,
    literal: bool,
}

/// The style for `text` as a key or a value.
pub(super) fn style_of(text: &str, is_key: bool) -> Style {
    if is_simple_word(text.as_bytes()) {
        return Style::Plain;
    }
    let allowed = allowed_styles(text);
    if text.contains('\n') {
        // yaml.v3 loses a first line that is empty, and nothing can read one
        // that starts with a tab.
        return if allowed.literal && !text.starts_with(['\n', '\t']) {
            Style::Literal
        } else {
            Style::Double
        };
    }
    // A bare `<<` merges when it is a key.
    if !is_text(text) || is_old_bool(text) || is_base_60(text) || (is_key && text == "<<") {
        return Style::Double;
    }
    match allowed {
        Allowed { plain: true, .. } => Style::Plain,
        Allowed { single: true, .. } => Style::Single,
        _ => Style::Double,
    }
}

/// Whether a text begins with a letter, is longer than any word that means
/// something, and has no character that needs a thought.
fn is_simple_word(text: &[u8]) -> bool {
    let is_simple = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'/' | b'_');
    text.len() > 5 && text[0].is_ascii_alphabetic() && text.iter().all(is_simple)
}

fn allowed_styles(text: &str) -> Allowed {
    let bytes = text.as_bytes();
    let starts_with_gap = |rest: &[u8]| matches!(rest.first(), None | Some(b' ' | b'\t' | b'\n' | b'\r'));

    let mut indicators = text.starts_with("---") || text.starts_with("...");
    if let Some((&first, rest)) = bytes.split_first() {
        indicators |= match first {
            b'#' | b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"'
            | b'%' | b'@' | b'`' => true,
            b'?' | b':' | b'-' => starts_with_gap(rest),
            _ => false,
        };
    }
    // Not printable, or a line end for some parsers and a text for others.
    let mut special = false;
    let mut has_tab = false;
    let mut has_break = false;
    let mut space_before_break = false;
    let mut space_after_break = false;
    let mut previous = '\0';
    for (index, c) in text.char_indices() {
        match c {
            ' ' => space_after_break |= previous == '\n',
            '\n' => {
                has_break = true;
                space_before_break |= previous == ' ';
            }
            '\t' => has_tab = true,
            ':' => indicators |= starts_with_gap(&bytes[index + 1..]),
            '#' => indicators |= matches!(previous, ' ' | '\t' | '\n'),
            _ => special |= !is_printable(c),
        }
        previous = c;
    }
    let at_edge = |edge: &[char]| text.starts_with(edge) || text.ends_with(edge);
    Allowed {
        plain: !(indicators || special || has_tab || has_break || at_edge(&[' '])),
        single: !(special || has_tab || space_before_break || space_after_break),
        literal: !(special || space_before_break || text.ends_with(' ')),
    }
}

/// Characters that yaml.v3 writes as they are; beyond the basic plane it
/// escapes all. Line and paragraph separator are escaped too, as YAML 1.1 reads
/// them as line ends.
pub(super) fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{A0}'..='\u{FFFD}') && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{FEFF}')
}

/// Whether YAML 1.1 reads the text as a number of base 60, such as `12:30:45`.
fn is_base_60(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let Some((first, rest)) = text.split_once(':') else {
        return false;
    };
    let starts_with_digit = first.starts_with(|c: char| c.is_ascii_digit());
    let digits_only = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    if !starts_with_digit || !digits_only(first) {
        return false;
    }
    let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    digits_only(fraction)
        && whole.split(':').all(|part| match part.as_bytes() {
            [digit] => digit.is_ascii_digit(),
            [tens, digit] => (b'0'..=b'5').contains(tens) && digit.is_ascii_digit(),
            _ => false,
        })
}
