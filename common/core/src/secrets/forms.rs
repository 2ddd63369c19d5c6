//! The forms in which a value shows up: as it is, line by line, quoted, escaped, encoded.
//!
//! Pure. What templates, YAML, JSON, shells, URLs and Go's error messages make of a value is listed here, and what
//! one of them makes of another's: `b64enc` of a JSON text, a URL in a JSON text.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use super::SHORTEST;

/// Of values longer than this many bytes encodings of encodings are not looked for.
const LONGEST_TWICE: usize = 4 << 10;

/// After how many characters Base64 is wrapped: by `base64`, by OpenSSL.
const WRAPPED_AT: [usize; 2] = [76, 64];

/// A text that is hidden wherever it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Form {
    /// The text.
    pub(super) text: String,
    /// Whether the characters before and behind it hold some bits of the value, too: it is a stretch of Base64.
    pub(super) shares: [bool; 2],
}

/// All forms of a value, none of them shorter than [`SHORTEST`] characters.
pub(super) fn of(value: &str) -> BTreeSet<Form> {
    let mut forms = BTreeSet::new();
    for whole in [value, value.trim()] {
        for text in escaped(whole) {
            if text.len() <= LONGEST_TWICE {
                let encoded = encoded(&text);
                for form in &encoded {
                    forms.extend(self::encoded(&form.text));
                    forms.insert(Form { text: percent(&form.text, true), shares: form.shares });
                }
                forms.extend(encoded);
                forms.extend(escaped(&text).into_iter().map(outer));
            }
            forms.insert(outer(text));
        }
        forms.extend(encoded(whole));
        forms.extend(wrapped(whole).into_iter().map(outer));
    }
    for line in value.lines().map(str::trim) {
        forms.extend(escaped(line).into_iter().map(outer));
        forms.extend(encoded(line));
    }
    forms.retain(|form| form.text.chars().count() >= SHORTEST);
    forms
}

fn outer(text: String) -> Form {
    Form { text, shares: [false; 2] }
}

/// The value, and what quoting and escaping make of it.
fn escaped(value: &str) -> BTreeSet<String> {
    let debug = format!("{value:?}");
    BTreeSet::from([
        value.to_owned(),
        debug[1..debug.len() - 1].to_owned(),
        json(value, |_| false),
        // Go's JSON, and JSON in ASCII.
        json(value, |letter| matches!(letter, '<' | '>' | '&' | '\u{2028}' | '\u{2029}')),
        json(value, |letter| !letter.is_ascii()),
        // YAML in single quotes.
        value.replace('\'', "''"),
        percent(value, true),
        percent(value, false),
        // What a shell's trace shows: '…', $'…', and what `printf %q` makes of a value.
        value.replace('\'', r"'\''"),
        json(value, |_| false).replace(r#"\""#, "\"").replace('\'', r"\'"),
        backslashed(value),
        html(value),
        crate::printable::lines(value).into_owned(),
    ])
}

/// A text as it stands between the quotes of JSON; `is_escaped` says which harmless letters are escaped, too.
fn json(value: &str, is_escaped: impl Fn(char) -> bool) -> String {
    let mut text = String::with_capacity(value.len());
    for letter in value.chars() {
        match letter {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            letter if letter < ' ' || is_escaped(letter) => {
                let mut units = [0; 2];
                for unit in letter.encode_utf16(&mut units) {
                    // Writing to a String can't fail.
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
            letter => text.push(letter),
        }
    }
    text
}

/// A text in a URL; in a query a blank is a plus.
fn percent(value: &str, is_query: bool) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b' ' if is_query => text.push('+'),
            b'-' | b'_' | b'.' | b'~' => text.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => text.push(char::from(byte)),
            // Writing to a String can't fail.
            byte => drop(write!(text, "%{byte:02X}")),
        }
    }
    text
}

fn backslashed(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for letter in value.chars() {
        if letter.is_ascii() && !letter.is_ascii_alphanumeric() && !"-_./:=@%+,".contains(letter) {
            text.push('\\');
        }
        text.push(letter);
    }
    text
}

/// As Go's template function `html` escapes it.
fn html(value: &str) -> String {
    let value = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    value.replace('"', "&#34;").replace('\'', "&#39;")
}

/// The value in Base64, alone and in the middle of something longer, and in hexadecimal digits.
fn encoded(value: &str) -> BTreeSet<Form> {
    let mut forms = BTreeSet::new();
    for engine in [STANDARD, URL_SAFE] {
        forms.insert(outer(engine.encode(value)));
        for before in 0..3 {
            let bytes = [&[0; 3][..before], value.as_bytes()].concat();
            // Six bits a character: those that hold bits of the value alone.
            let (first, end) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
            let whole = engine.encode(&bytes);
            // Where it ends with the value.
            forms.insert(Form { text: whole[first..].to_owned(), shares: [before > 0, false] });
            if first < end {
                let text = whole[first..end].to_owned();
                forms.insert(Form { text, shares: [before > 0, bytes.len() % 3 > 0] });
            }
        }
    }
    let mut digits = String::with_capacity(value.len() * 2);
    for byte in value.bytes() {
        // Writing to a String can't fail.
        let _ = write!(digits, "{byte:02x}");
    }
    forms.insert(outer(digits));
    forms
}

/// The lines of the value's wrapped Base64.
fn wrapped(value: &str) -> BTreeSet<String> {
    let whole = STANDARD.encode(value);
    let widths = WRAPPED_AT.into_iter().filter(|width| whole.len() > *width);
    // Base64 is ASCII.
    let lines = widths.flat_map(|width| whole.as_bytes().chunks(width).map(String::from_utf8_lossy));
    lines.map(std::borrow::Cow::into_owned).collect()
}
