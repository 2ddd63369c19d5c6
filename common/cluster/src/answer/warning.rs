//! What the server warns of, though it did what was asked.

use super::conflict::quoted;

/// The text of a `Warning` header (RFC 9111): `299 - "v1 Endpoints is deprecated"`. What isn't of that form is
/// the text itself.
pub fn text(header: &str) -> String {
    let code = header
        .split_once(' ')
        .filter(|(code, _)| code.len() == 3 && code.bytes().all(|b| b.is_ascii_digit()));
    let agent_and_text = code.and_then(|(_, rest)| rest.split_once(' '));
    let text = agent_and_text.and_then(|(_, rest)| quoted(rest.trim_start()));
    text.map_or_else(|| header.trim().to_owned(), |(text, _)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_what_stands_in_quotes() {
        for (header, expected) in [
            (r#"299 - "v1 Endpoints is deprecated""#, "v1 Endpoints is deprecated"),
            (r#"299 kube-apiserver "say \"no\"" "Sat, 01 Jan 2026""#, r#"say "no""#),
            ("299 - unquoted", "299 - unquoted"),
            (" other words ", "other words"),
            ("", ""),
        ] {
            assert_eq!(text(header), expected);
        }
    }
}
