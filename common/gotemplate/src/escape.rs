//! Escaping of text for HTML, JavaScript and URL queries: the functions `html`, `js` and
//! `urlquery`.
//!
//! Takes and appends bytes, which need not be UTF-8. Separate because the results are
//! fixed by Go's `text/template` and `net/url`, and differ from what escapers for these
//! languages usually write.

use crate::unicode::{decode_rune, is_print};

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Appends `text` with `<`, `>`, `&`, `'`, `"` and NUL replaced (`template.HTMLEscape`).
pub(crate) fn append_html(out: &mut Vec<u8>, text: &[u8]) {
    for &byte in text {
        let escape: &[u8] = match byte {
            b'"' => b"&#34;",
            b'\'' => b"&#39;",
            b'&' => b"&amp;",
            b'<' => b"&lt;",
            b'>' => b"&gt;",
            // HTML has no way to write NUL; parsers read it as this.
            0 => "\u{FFFD}".as_bytes(),
            _ => {
                out.push(byte);
                continue;
            }
        };
        out.extend_from_slice(escape);
    }
}

/// Appends `text` fit to stand in a JavaScript string (`template.JSEscape`).
///
/// Unprintable characters become `\uXXXX`, with more digits above U+FFFF.
pub(crate) fn append_js(out: &mut Vec<u8>, text: &[u8]) {
    let mut rest = text;
    while !rest.is_empty() {
        let (rune, len) = decode_rune(rest);
        match rest[0] {
            escaped @ (b'\\' | b'\'' | b'"') => out.extend_from_slice(&[b'\\', escaped]),
            // Left alone, these could end the script or open an HTML entity around it.
            b'<' | b'>' | b'&' | b'=' | 0..0x20 => append_js_escape(out, rune),
            0x20..0x80 => out.push(rest[0]),
            _ if is_print(rune) => out.extend_from_slice(&rest[..len]),
            _ => append_js_escape(out, rune),
        }
        rest = &rest[len..];
    }
}

fn append_js_escape(out: &mut Vec<u8>, rune: u32) {
    out.extend_from_slice(format!("\\u{rune:04X}").as_bytes());
}

/// Appends `text` fit to stand in the query of a URL (`url.QueryEscape`): a space becomes
/// `+`, all but ASCII letters, digits and `-_.~` becomes `%XX`.
pub(crate) fn append_url_query(out: &mut Vec<u8>, text: &[u8]) {
    for &byte in text {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte),
            b' ' => out.push(b'+'),
            _ => out.extend_from_slice(&[b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 0xF)]]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(append: fn(&mut Vec<u8>, &[u8]), text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        append(&mut out, text);
        out
    }

    #[test]
    fn html() {
        assert_eq!(
            escaped(append_html, b"<a href=\"x\">'&amp;\0\xff</a>"),
            b"&lt;a href=&#34;x&#34;&gt;&#39;&amp;amp;\xef\xbf\xbd\xff&lt;/a&gt;"
        );
    }

    #[test]
    fn js() {
        assert_eq!(
            escaped(append_js, b"it's <\"\\a=b\"> & \n"),
            br#"it\'s \u003C\"\\a\u003Db\"\u003E \u0026 \u000A"#
        );
        assert_eq!(
            escaped(append_js, "é\u{2028}\u{a0}\u{e0001}".as_bytes()),
            "é\\u2028\\u00A0\\uE0001".as_bytes()
        );
    }

    #[test]
    fn url_query() {
        assert_eq!(
            escaped(append_url_query, "a b/é?&=~-_.+%".as_bytes()),
            b"a+b%2F%C3%A9%3F%26%3D~-_.%2B%25"
        );
    }
}
