//! Addresses of servers and proxies, taken apart.
//!
//! Ours, because credentials may stand in an address, and because a port that is none would silently become the
//! scheme's own.

use http::Uri;
use http::uri::Authority;
use percent_encoding::percent_decode_str;

/// An address: `scheme://user:password@host:port/path`.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// In lower case.
    pub(super) scheme: String,
    /// Who it says that we are.
    pub(super) userinfo: Option<Userinfo>,
    /// A name or an IP address; one of version 6 in brackets.
    pub(super) host: String,
    /// The port, if it isn't the scheme's own.
    pub(super) port: Option<u16>,
    /// What stands behind, without query and without a slash at its end.
    pub(super) path: String,
}

/// The credentials in an address, decoded.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Userinfo {
    /// The user's name.
    pub(super) name: String,
    /// The password; empty if there is none.
    pub(super) password: String,
}

impl Address {
    /// Takes an address apart; `None` if it is none. One without a scheme has `default_scheme`.
    pub(super) fn parse(text: &str, default_scheme: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://").unwrap_or((default_scheme, text));
        let (authority, path) = match rest.find(['/', '?', '#']) {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let (userinfo, place) = match authority.rsplit_once('@') {
            Some((userinfo, place)) => (Some(userinfo), place),
            None => (None, authority),
        };
        let behind_host = match place.strip_prefix('[') {
            Some(rest) => place.len() - rest.len() + rest.find(']')? + 1,
            None => place.find(':').unwrap_or(place.len()),
        };
        let (host, port) = place.split_at(behind_host);
        let port = match port.strip_prefix(':') {
            None if port.is_empty() => None,
            Some("") => None,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(digits.parse().ok()?),
            _ => return None,
        };
        let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        let address = Self {
            scheme: scheme.to_ascii_lowercase(),
            userinfo: userinfo.map(Userinfo::decoded),
            host: host.to_owned(),
            port,
            path: path.to_owned(),
        };
        host.parse::<Authority>().ok().filter(|_| !host.is_empty() && !scheme.is_empty())?;
        address.uri().is_some().then_some(address)
    }

    /// The address as the HTTP stack takes it, without credentials.
    pub(super) fn uri(&self) -> Option<Uri> {
        self.to_string().parse().ok()
    }

    /// Host and port, as a proxy is told them.
    pub(super) fn place(&self, default_port: u16) -> String {
        format!("{}:{}", self.host, self.port.unwrap_or(default_port))
    }

    /// The host without the brackets of an IP address of version 6.
    pub(super) fn bare_host(&self) -> &str {
        self.host.trim_matches(['[', ']'])
    }
}

impl std::fmt::Display for Address {
    /// Without credentials.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(&self.path)
    }
}

impl std::fmt::Debug for Address {
    /// Without credentials.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

impl Userinfo {
    fn decoded(text: &str) -> Self {
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let (name, password) = text.split_once(':').unwrap_or((text, ""));
        Self { name: decoded(name), password: decoded(password) }
    }

    /// The value of a header that says so.
    pub(super) fn basic(&self) -> String {
        use base64::Engine as _;
        let pair = format!("{}:{}", self.name, self.password);
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
    }
}

/// A text that should be an address, without the credentials that may stand in it: for messages.
pub(super) fn without_userinfo(text: &str) -> String {
    let start = text.find("://").map_or(0, |at| at + 3);
    match text[start..].rfind('@') {
        Some(at) => format!("{}{}", &text[..start], &text[start + at + 1..]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let address = Address::parse("HTTPS://jane:p%40ss@[fd00::1]:6443/k8s/c-1/?x#y", "http").unwrap();
        assert_eq!(address.to_string(), "https://[fd00::1]:6443/k8s/c-1");
        assert_eq!(address.userinfo.as_ref().unwrap().basic(), "Basic amFuZTpwQHNz");
        assert_eq!((address.bare_host(), address.place(1).as_str()), ("fd00::1", "[fd00::1]:6443"));
        let address = Address::parse("a.example:", "http").unwrap();
        assert_eq!(
            (address.to_string().as_str(), address.place(80).as_str()),
            ("http://a.example", "a.example:80")
        );
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in [
            "",
            "https://",
            "https://:1",
            "https://a:99999",
            "https://a:-1",
            "https://a:+1",
            "https://a:b",
            "https://a b",
            "https://[::1",
            "https://[::1]x",
            "https://a:1:2",
            "https://\n",
            "https://a/\u{7f}b\n",
            "://a",
            "a b://c",
        ] {
            assert_eq!(Address::parse(text, "https"), None, "{text:?}");
        }
    }

    #[test]
    fn credentials_are_left_out_of_messages() {
        assert_eq!(without_userinfo("https://u:p@a:x"), "https://a:x");
        assert_eq!(without_userinfo("u:p/@w@a b"), "a b");
        assert_eq!(without_userinfo("ftp://a"), "ftp://a");
    }
}
