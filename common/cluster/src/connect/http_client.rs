//! The HTTP stack: requests get their address and headers, and go through one connector.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, PROXY_AUTHORIZATION, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::rt::TokioExecutor;
use kube::Client;
use kube::client::Body;
use tower::BoxError;

use super::address::Address;
use super::authorization::Authorization;
use super::dial::{Dialer, Route};
use super::proxy::{self, Kind};
use super::tls::{self, Trust};

/// How long a connection may take to come about.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// What every request carries.
pub(super) struct Bearings {
    /// Who it is from.
    pub(super) authorization: Authorization,
    /// Further headers.
    pub(super) headers: HeaderMap,
}

/// Makes a client for one server.
///
/// # Errors
/// A header can't be sent.
pub(super) fn client(route: Route, bearings: Bearings) -> Result<Client, String> {
    let Bearings { authorization, mut headers } = bearings;
    // Only a proxy that reads the requests gets its credentials with them; others get them once.
    let reads_requests = |kind| matches!(kind, Kind::Http | Kind::Https) && route.server.scheme == "http";
    let proxy = route.proxy.as_ref().filter(|proxy| reads_requests(proxy.kind));
    if let Some(userinfo) = proxy.and_then(|proxy| proxy.userinfo()) {
        let mut value = HeaderValue::try_from(userinfo.basic()).map_err(|error| error.to_string())?;
        value.set_sensitive(true);
        headers.insert(PROXY_AUTHORIZATION, value);
    }
    let server = route.server.clone();
    let http = HttpClient::builder(TokioExecutor::new()).build::<_, Body>(Dialer::new(route));
    let service = tower::service_fn(move |request: Request<Body>| {
        let request = addressed(request, &server, &headers, authorization.header());
        let http = http.clone();
        async move { http.request(request?).await.map_err(BoxError::from) }
    });
    Ok(Client::new(service, "default"))
}

/// A client for a server that isn't told who asks; the environment's proxies count where `variables` are given.
///
/// # Errors
/// Why there is none, in a few words.
pub(crate) fn anonymous(
    server: &str,
    variables: Option<&BTreeMap<String, String>>,
    patience: Option<Duration>,
) -> Result<Client, String> {
    let server = Address::parse(server, "http").ok_or("it is no address")?;
    let proxy = match variables {
        Some(variables) => proxy::proxy(&server, None, variables)?,
        None => None,
    };
    let is_sealed = server.scheme == "https" || proxy.as_ref().is_some_and(|proxy| proxy.kind == Kind::Https);
    let tls = if is_sealed { Some(tls::client_config(Arc::new(Trust::system()), None)?) } else { None };
    let authorization = Authorization::of(&kube::config::AuthInfo::default(), server.userinfo.as_ref())?;
    let patience = patience.unwrap_or(PATIENCE);
    let route = Route { server, proxy, tls: tls.map(Arc::new), server_name: None, patience };
    client(route, Bearings { authorization, headers: user_agent("kubectl-codex") })
}

/// The header that names the program, in kubectl's form: `kubectl-codex-apply/0.1.0 (linux/amd64)`.
pub(super) fn user_agent(program: &str) -> HeaderMap {
    let program: String = program.chars().filter(char::is_ascii_graphic).collect();
    let program = if program.is_empty() { "kubectl-codex" } else { &program };
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        system => system,
    };
    let machine = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "x86" => "386",
        "aarch64" => "arm64",
        machine => machine,
    };
    let text = format!("{program}/{} ({system}/{machine})", env!("CARGO_PKG_VERSION"));
    HeaderValue::try_from(text).map(|value| HeaderMap::from_iter([(USER_AGENT, value)])).unwrap_or_default()
}

/// The request as it goes to the server: paths become addresses, and headers of its own win.
fn addressed(
    request: Request<Body>,
    server: &Address,
    headers: &HeaderMap,
    authorization: Option<HeaderValue>,
) -> Result<Request<Body>, BoxError> {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    parts.uri = format!("{server}{path}").parse()?;
    let mut all = headers.clone();
    if let Some(authorization) = authorization {
        all.insert(AUTHORIZATION, authorization);
    }
    all.extend(parts.headers);
    parts.headers = all;
    Ok(Request::from_parts(parts, body))
}
