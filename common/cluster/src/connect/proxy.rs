//! Which proxy requests go through: the kubeconfig's own, else the environment's, by the rules of `NO_PROXY`.
//!
//! Ours, because the client library holds `NO_PROXY` against the proxy's own address instead of the server's.

use std::collections::BTreeMap;
use std::net::IpAddr;

use http::Uri;

/// The proxy for `server`. `of_cluster` is the kubeconfig's `proxy-url`; it knows no exceptions.
///
/// # Errors
/// What names the proxy, with the reason why it can't be used.
pub(super) fn proxy(
    server: &Uri,
    of_cluster: Option<&str>,
    variables: &BTreeMap<String, String>,
) -> Result<Option<Uri>, String> {
    let variable = |upper: &'static str, lower: &'static str| {
        let set = |name: &'static str| {
            variables.get(name).filter(|text| !text.is_empty()).map(|text| (name, text.as_str()))
        };
        set(upper).or_else(|| set(lower))
    };
    let named = match of_cluster.filter(|text| !text.is_empty()) {
        Some(text) => Some(("proxy-url", text)),
        None => {
            let is_https = server.scheme_str() == Some("https");
            let named = if is_https {
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
    let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let uri: Uri = text.parse().map_err(|_| format!("{name} is no address"))?;
    match uri.scheme_str() {
        Some("http" | "https") => Ok(Some(uri)),
        scheme => Err(format!(
            "{name}: proxies of the kind {} are not supported, only http and https",
            scheme.unwrap_or("that it names")
        )),
    }
}

/// A proxy's address without the credentials that may stand in it.
pub(super) fn display(proxy: &Uri) -> String {
    let authority = proxy.authority().map_or("", |authority| authority.as_str());
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{}://{host}", proxy.scheme_str().unwrap_or("http"))
}

/// Whether a server is reached without a proxy: this machine itself, and what the exceptions name.
fn is_direct(server: &Uri, exceptions: &str) -> bool {
    let host = server.host().unwrap_or_default().trim_matches(['[', ']']).to_lowercase();
    let address: Option<IpAddr> = host.parse().ok();
    if host == "localhost" || address.is_some_and(|address| address.is_loopback()) {
        return true;
    }
    let port = server.port_u16().unwrap_or(if server.scheme_str() == Some("https") { 443 } else { 80 });
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
        let uri = server.parse().unwrap();
        proxy(&uri, of_cluster, &variables).map(|found| found.map(|uri| display(&uri)))
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
        let error = of("https://a", Some("socks5://user:pass@p:1"), &[]).unwrap_err();
        assert_eq!(error, "proxy-url: proxies of the kind socks5 are not supported, only http and https");
        assert_eq!(of("https://a", Some("http://user:pass@p:1"), &[]), Ok(Some("http://p:1".into())));
        assert_eq!(of("https://a", Some("http://a b"), &[]), Err("proxy-url is no address".into()));
    }
}
