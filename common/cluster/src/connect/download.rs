//! Manifests at a URL, fetched with the client that also talks to clusters.

use std::collections::BTreeMap;

use http::{Request, Uri};
use kube::client::Body;
use kube::{Client, Config};

use crate::transport::NoAnswer;

use super::client::install_crypto;
use super::{REQUEST_TIMEOUT, proxy};

/// How often a server may send us elsewhere.
const MOST_REDIRECTS: usize = 5;

/// Fetches a text; no credentials are sent.
///
/// # Errors
/// Why it can't be had. More than `limit` bytes are refused.
pub async fn download(
    url: &str,
    limit: usize,
    variables: &BTreeMap<String, String>,
) -> Result<Vec<u8>, String> {
    install_crypto();
    let mut address: Uri = url.parse().map_err(|_| "it is no address".to_owned())?;
    for _ in 0..=MOST_REDIRECTS {
        let mut config = Config::new(base(&address).ok_or("it is no address")?);
        config.proxy_url = proxy::proxy(&address, None, variables)?;
        config.default_retry = false;
        let client = Client::try_from(config).map_err(|error| NoAnswer::from(error).detail)?;
        let path = address.path_and_query().map_or("/", |path| path.as_str());
        let request = Request::get(path).body(Body::empty()).map_err(|_| "it is no address".to_owned())?;
        let exchange = async {
            let response = client.send(request).await?;
            let status = response.status();
            let location = response.headers().get(http::header::LOCATION).cloned();
            Ok::<_, kube::Error>((status, location, response.into_body().collect_bytes().await?))
        };
        let answer = tokio::time::timeout(REQUEST_TIMEOUT, exchange).await;
        let (status, location, bytes) = answer
            .map_err(|_| format!("no answer within {REQUEST_TIMEOUT:?}"))?
            .map_err(|error| NoAnswer::from(error).detail)?;
        if status.is_redirection() {
            let location = location.and_then(|location| location.to_str().ok()?.parse::<Uri>().ok());
            address = location.filter(|uri| uri.host().is_some()).ok_or("it leads nowhere")?;
            continue;
        }
        if !status.is_success() {
            return Err(format!("the server answered {}", status.as_u16()));
        }
        if bytes.len() > limit {
            return Err(format!("it is larger than {} MiB", limit >> 20));
        }
        return Ok(bytes.to_vec());
    }
    Err("it leads in a circle".to_owned())
}

/// The server of an address.
fn base(address: &Uri) -> Option<Uri> {
    let parts = format!("{}://{}", address.scheme_str()?, address.authority()?);
    parts.parse().ok()
}
