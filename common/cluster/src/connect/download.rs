//! Manifests at a URL, fetched with the client that also talks to clusters.

use std::collections::BTreeMap;

use futures::StreamExt as _;
use http::header::{CONTENT_LENGTH, LOCATION};
use http::{Request, Response, Uri};
use http_body_util::BodyExt as _;
use kube::client::Body;

use crate::transport::NoAnswer;

use super::{REQUEST_TIMEOUT, http_client};

/// How often a server may send us elsewhere.
const MOST_REDIRECTS: usize = 5;

/// Fetches a text; no credentials are sent but those that the address holds.
///
/// # Errors
/// Why it can't be had. Reading stops, and it is refused, after `limit` bytes.
pub async fn download(
    url: &str,
    limit: usize,
    variables: &BTreeMap<String, String>,
) -> Result<Vec<u8>, String> {
    match tokio::time::timeout(REQUEST_TIMEOUT, fetch(url, limit, variables)).await {
        Ok(fetched) => fetched,
        Err(_) => Err(format!("no answer within {REQUEST_TIMEOUT:?}")),
    }
}

async fn fetch(url: &str, limit: usize, variables: &BTreeMap<String, String>) -> Result<Vec<u8>, String> {
    let mut address = url.to_owned();
    for _ in 0..=MOST_REDIRECTS {
        let client = http_client::anonymous(&base(&address)?, Some(variables), None)?;
        let request = Request::get(target(&address)?).body(Body::empty());
        let request = request.map_err(|_| "it is no address".to_owned())?;
        let response = client.send(request).await.map_err(|error| NoAnswer::from(error).detail)?;
        let status = response.status();
        if status.is_redirection() {
            let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
            address = next(&address, location.ok_or("it leads nowhere")?).ok_or("it leads nowhere")?;
            continue;
        }
        if !status.is_success() {
            return Err(format!("the server answered {}", status.as_u16()));
        }
        return body(response, limit).await;
    }
    Err("it leads in a circle".to_owned())
}

async fn body(response: Response<Body>, limit: usize) -> Result<Vec<u8>, String> {
    let too_large = || format!("it is larger than {} MiB", limit >> 20);
    let said = response.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if said.is_some_and(|length: usize| length > limit) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    let mut chunks = response.into_body().into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| NoAnswer::from(error).detail)?;
        if bytes.len() + chunk.len() > limit {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The server of an address.
fn base(address: &str) -> Result<String, String> {
    let (scheme, rest) = address.split_once("://").ok_or("it is no address")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    Ok(format!("{scheme}://{authority}"))
}

/// What is asked of that server.
fn target(address: &str) -> Result<Uri, String> {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.split('#').next().unwrap_or_default();
    let path = rest.find(['/', '?']).map_or("/", |at| &rest[at..]);
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    path.parse().map_err(|_| "it is no address".to_owned())
}

/// Where a redirection leads: another address, or another path of the same server.
fn next(address: &str, location: &str) -> Option<String> {
    if location.starts_with("http://") || location.starts_with("https://") {
        return Some(location.to_owned());
    }
    let is_path = location.starts_with('/') && !location.starts_with("//");
    is_path.then(|| base(address).ok().map(|base| base + location))?
}
