//! The user information of URLs: `https://user:password@host`.
//!
//! Tokens are given as user names too, so all before the `@` is hidden. With SSH the user name is part of the
//! address, and only a password goes.

use std::ops::Range;

/// Where credentials stand in the URLs of a text.
pub fn credentials(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for at in memchr::memmem::find_iter(text.as_bytes(), "://") {
        let start = at + 3;
        let rest = &text[start..];
        let word = &rest[..rest.find(ends_url).unwrap_or(rest.len())];
        let authority = &word[..word.find(['/', '?', '#']).unwrap_or(word.len())];
        let end = match authority.rfind('@') {
            Some(end) => end,
            // A password with a slash in it: what looks like a port is none.
            None if authority
                .split_once(':')
                .is_some_and(|(_, port)| !port.bytes().all(|b| b.is_ascii_digit())) =>
            {
                match word.rfind('@') {
                    Some(end) => end,
                    None => continue,
                }
            }
            None => continue,
        };
        let user = &word[..end];
        let is_ssh = scheme(&text[..at]).split(['+', '-']).any(|part| part.eq_ignore_ascii_case("ssh"));
        let hidden = match user.find(':') {
            Some(colon) if is_ssh => colon + 1..end,
            None if is_ssh => continue,
            _ => 0..end,
        };
        found.push(start + hidden.start..start + hidden.end);
    }
    found
}

/// The user and password of a text that is one URL of the web, however they are written.
pub(super) fn pair(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    rest[..rest.rfind('@')?].split_once(':')
}

/// The parameters in the query of a text that is one URL of the web.
pub(super) fn query(url: &str) -> impl Iterator<Item = (&str, &str)> {
    let is_of_web = url.starts_with("https://") || url.starts_with("http://");
    let query = url.split_once('?').filter(|_| is_of_web).map_or("", |(_, query)| query);
    let query = query.split_once('#').map_or(query, |(query, _)| query);
    query.split('&').filter_map(|parameter| parameter.split_once('='))
}

fn ends_url(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control() || "\"'`<>".contains(letter)
}

/// The scheme that a text ends with.
fn scheme(text: &str) -> &str {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "+-.".contains(letter);
    &text[text.trim_end_matches(is_part).len()..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(text: &str) -> Vec<&str> {
        credentials(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn all_before_the_at_is_hidden() {
        assert_eq!(hidden("at https://user:pass@host:6443/a (x)"), ["user:pass"]);
        assert_eq!(hidden("`http://token@host` and `https://a:b@c`"), ["token", "a:b"]);
        assert_eq!(hidden("https://u:p@ss@host/"), ["u:p@ss"]);
        assert_eq!(hidden("https://u:p/a#s?s@host/"), ["u:p/a#s?s"]);
    }

    #[test]
    fn with_ssh_only_a_password_is() {
        assert_eq!(hidden("ssh://git@host/a git+ssh://git:pw@host/a"), ["pw"]);
    }

    #[test]
    fn what_holds_no_credentials_stays() {
        for text in ["https://host/a@b", "https://host:6443/@x", "repo:tag@sha256:0", "a://", "://@"] {
            assert!(hidden(text).iter().all(|part| part.is_empty()), "{text}");
        }
    }
}
