//! Which proxy requests go through: the kubeconfig's own, else the environment's, by the rules of `NO_PROXY`.
//!
//! Ours, because the client library holds `NO_PROXY` against the proxy's own address instead of the server's.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use super::address::{Address, Userinfo};

/// How a proxy is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// HTTP.
    Http,
    /// HTTP over TLS.
    Https,
    /// SOCKS 5; names are looked up by the proxy.
    Socks,
}

/// A proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Proxy {
    /// How it is spoken to.
    pub(super) kind: Kind,
    address: Address,
}

impl Proxy {
    /// Its host with its port.
    pub(super) fn place(&self) -> String {
        self.address.place(match self.kind {
            Kind::Http => 80,
            Kind::Https => 443,
            Kind::Socks => 1080,
        })
    }

    /// Its host, without brackets.
    pub(super) fn host(&self) -> &str {
        self.address.bare_host()
    }

    /// The credentials in its address.
    pub(super) fn userinfo(&self) -> Option<&Userinfo> {
        self.address.userinfo.as_ref()
    }
}

impl fmt::Display for Proxy {
    /// Its address without credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.address)
    }
}

/// The proxy for `server`. `of_cluster` is the kubeconfig's `proxy-url`; it knows no exceptions.
///
/// # Errors
/// What names the proxy, with the reason why it can't be used.
pub(super) fn proxy(
    server: &Address,
    of_cluster: Option<&str>,
    variables: &BTreeMap<String, String>,
) -> Result<Option<Proxy>, String> {
    let variable = |upper: &'static str, lower: &'static str| {
        let set = |name: &'static str| {
            variables.get(name).filter(|text| !text.is_empty()).map(|text| (name, text.as_str()))
        };
        set(upper).or_else(|| set(lower))
    };
    let named = match of_cluster.filter(|text| !text.is_empty()) {
        Some(text) => Some(("proxy-url", text)),
        None => {
            let named = if server.scheme == "https" {
                variable("HTTPS_PROXY", "https_proxy")
            } else {
                variable("HTTP_PROXY", "http_proxy")
            };
            let exceptions = variable("NO_PROXY", "no_proxy").map_or("", |(_, list)| list);
            named.filter(|_| !is_direct(server, exceptions))
        }
    };
    let Some((name, text)) = named else {
        return Ok(None);
    };
    let address = Address::parse(text.trim(), "http").ok_or_else(|| format!("{name} is no address"))?;
    let kind = match address.scheme.as_str() {
        "http" => Kind::Http,
        "https" => Kind::Https,
        "socks5" | "socks5h" => Kind::Socks,
        scheme => {
            return Err(format!(
                "{name}: proxies of the kind {scheme} are not supported, only http, https and socks5"
            ));
        }
    };
    Ok(Some(Proxy { kind, address }))
}

/// Whether a server is reached without a proxy: this machine itself, and what the exceptions name.
fn is_direct(server: &Address, exceptions: &str) -> bool {
    let host = server.bare_host().to_lowercase();
    let address: Option<IpAddr> = host.parse().ok();
    if host == "localhost" || address.is_some_and(|address| address.is_loopback()) {
        return true;
    }
    let port = server.port.unwrap_or(if server.scheme == "https" { 443 } else { 80 });
    exceptions.split(',').map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| {
        let (name, of_port) = match entry.rsplit_once(':') {
            Some((name, digits)) if !name.contains(':') || name.ends_with(']') => (name, digits.parse().ok()),
            _ => (entry, None),
        };
        of_port.is_none_or(|of_port: u16| of_port == port) && matches(&host, address, name)
    })
}

/// Whether one exception names a host: `*`, an address, a network, a domain with all below it, or, with a dot
/// before it, only what is below.
fn matches(host: &str, address: Option<IpAddr>, name: &str) -> bool {
    let name = name.trim_matches(['[', ']']).to_lowercase();
    if name == "*" {
        return true;
    }
    if let Some(address) = address {
        return match name.split_once('/') {
            Some((network, bits)) => match (network.parse(), bits.parse()) {
                (Ok(network), Ok(bits)) => contains(network, bits, address),
                _ => false,
            },
            None => name.parse() == Ok(address),
        };
    }
    let name = name.strip_prefix('*').unwrap_or(&name);
    match name.strip_prefix('.') {
        Some(_) => host.ends_with(name),
        None => host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.')),
    }
}

fn contains(network: IpAddr, bits: u32, address: IpAddr) -> bool {
    let same = |left: u128, right: u128, width: u32| {
        bits <= width && (bits == 0 || (left ^ right) >> (width - bits) == 0)
    };
    match (network, address) {
        (IpAddr::V4(left), IpAddr::V4(right)) => {
            same(u128::from(left.to_bits()), u128::from(right.to_bits()), 32)
        }
        (IpAddr::V6(left), IpAddr::V6(right)) => same(left.to_bits(), right.to_bits(), 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(
        server: &str,
        of_cluster: Option<&str>,
        variables: &[(&str, &str)],
    ) -> Result<Option<String>, String> {
        let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let server = Address::parse(server, "https").unwrap();
        proxy(&server, of_cluster, &variables).map(|found| found.map(|proxy| proxy.to_string()))
    }

    #[test]
    fn the_kubeconfig_wins_over_the_environment() {
        let environment = [("HTTPS_PROXY", "http://env:1"), ("NO_PROXY", "*")];
        assert_eq!(of("https://a", Some("http://own:2"), &environment), Ok(Some("http://own:2".into())));
        assert_eq!(of("https://a", None, &environment), Ok(None));
        assert_eq!(of("https://a", None, &environment[..1]), Ok(Some("http://env:1".into())));
        assert_eq!(of("https://a", None, &[("https_proxy", "low:3")]), Ok(Some("http://low:3".into())));
        assert_eq!(of("http://a", None, &environment[..1]), Ok(None));
    }

    #[test]
    fn exceptions_are_about_the_server() {
        let direct = |server: &str, exceptions: &str| {
            of(server, None, &[("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", exceptions)]) == Ok(None)
        };
        for (server, exceptions) in [
            ("https://localhost:6443", ""),
            ("https://127.0.0.1:6443", ""),
            ("https://[::1]:6443", ""),
            ("https://k8s.example.org", "example.org"),
            ("https://k8s.example.org", "a, .example.org"),
            ("https://k8s.example.org", "*.example.org"),
            ("https://K8S.example.org:6443", "k8s.example.org:6443"),
            ("https://10.1.2.3", "10.0.0.0/8"),
            ("https://10.1.2.3", "10.1.2.3"),
            ("https://[fd00::1]", "fd00::/8"),
            ("https://any", "*"),
            ("https://10.1.2.3", "0.0.0.0/0"),
        ] {
            assert!(direct(server, exceptions), "{server} {exceptions}");
        }
        for (server, exceptions) in [
            ("https://example.org", ".example.org"),
            ("https://badexample.org", "example.org"),
            ("https://k8s.example.org:6443", "k8s.example.org:443"),
            ("https://11.1.2.3", "10.0.0.0/8"),
            ("https://10.1.2.3", "10.0.0.0/99"),
            ("https://p", ""),
        ] {
            assert!(!direct(server, exceptions), "{server} {exceptions}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_said_without_credentials() {
        let error = of("https://a", Some("socks4://user:pass@p:1"), &[]).unwrap_err();
        assert_eq!(
            error,
            "proxy-url: proxies of the kind socks4 are not supported, only http, https and socks5"
        );
        assert_eq!(of("https://a", Some("http://user:pass@p:1"), &[]), Ok(Some("http://p:1".into())));
        for text in ["http://a b", "http://u:s3cr3t@p:99999", "://", "http://"] {
            assert_eq!(of("https://a", Some(text), &[]), Err("proxy-url is no address".into()), "{text}");
        }
    }

    #[test]
    fn socks_proxies_have_a_port_of_their_own() {
        let of = |text| proxy(&Address::parse("https://a", "").unwrap(), Some(text), &BTreeMap::new());
        let proxy = of("socks5h://user:p%3Ass@[::1]").unwrap().unwrap();
        assert_eq!((proxy.kind, proxy.place().as_str(), proxy.host()), (Kind::Socks, "[::1]:1080", "::1"));
        assert!(proxy.userinfo().is_some_and(|userinfo| userinfo.password == "p:ss"));
        assert_eq!(of("socks5://p:9").unwrap().unwrap().place(), "p:9");
    }
}
