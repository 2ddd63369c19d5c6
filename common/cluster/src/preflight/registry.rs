//! Whether the images from a local registry are there.
//!
//! Asks the registry's own API (`HEAD /v2/NAME/manifests/REFERENCE`), without credentials, over the HTTP
//! stack that talks to clusters, so nothing more is linked. A registry on this machine, or on a port of its
//! own, is asked in plain HTTP first, as container runtimes take such registries.

use std::time::Duration;

use futures::{StreamExt as _, stream};
use http::header::ACCEPT;
use http::{Method, Request};
use kube::Client;
use kube::client::Body;
use tokio::time::timeout;

use crate::answer::Transport;
use crate::connect;
use crate::transport::NoAnswer;

use super::{Check, Outcome};

/// How many images are looked for at once.
const AT_ONCE: usize = 8;

/// How long one look may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// All kinds of manifests: a registry answers 404 for one of a kind that isn't accepted.
const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json,application/vnd.oci.image.manifest.v1+json,\
application/vnd.docker.distribution.manifest.list.v2+json,application/vnd.docker.distribution.manifest.v2+json";

/// An image in a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Image<'a> {
    name: &'a str,
    /// A tag or a digest.
    reference: &'a str,
}

/// Whether an image is there.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Look {
    There,
    Missing,
    Unknown(String),
}

/// One check for each registry that is named and of which an image is used.
pub(super) async fn checks(images: &[String], registries: &[String]) -> Vec<Check> {
    let mut checks = Vec::new();
    for registry in registries {
        let mut wanted: Vec<Image<'_>> = images.iter().filter_map(|image| parse(image, registry)).collect();
        wanted.sort_by_key(|image| (image.name, image.reference));
        wanted.dedup();
        if !wanted.is_empty() {
            let looks = look_at(registry, &wanted).await;
            checks.push(report(registry, &wanted, &looks));
        }
    }
    checks
}

fn report(registry: &str, wanted: &[Image<'_>], looks: &[Look]) -> Check {
    let name = format!("images in {registry}");
    let missing: Vec<String> = wanted
        .iter()
        .zip(looks)
        .filter(|(_, look)| **look == Look::Missing)
        .map(|(image, _)| image.display())
        .collect();
    if !missing.is_empty() {
        return Check::new(name, Outcome::Fail, format!("missing: {}", missing.join(", ")));
    }
    let unknown = looks.iter().find_map(|look| match look {
        Look::Unknown(reason) => Some(reason),
        _ => None,
    });
    match unknown {
        // Nodes may reach a registry that this machine doesn't.
        Some(reason) => Check::new(name, Outcome::Warn, format!("they can't be looked for: {reason}")),
        None => Check::new(name, Outcome::Ok, format!("all {} are there", wanted.len())),
    }
}

/// Takes apart the name of an image that comes from `registry`.
fn parse<'a>(image: &'a str, registry: &str) -> Option<Image<'a>> {
    let rest = image.trim().strip_prefix(registry)?.strip_prefix('/')?;
    let (name, reference) = match rest.split_once('@') {
        // The tag beside a digest says nothing.
        Some((name, digest)) => (name.split_once(':').map_or(name, |(name, _)| name), digest),
        None => rest.split_once(':').unwrap_or((rest, "latest")),
    };
    Some(Image { name, reference }).filter(|image| !image.name.is_empty())
}

impl Image<'_> {
    fn display(&self) -> String {
        let separator = if self.reference.contains(':') { '@' } else { ':' };
        format!("{}{separator}{}", self.name, self.reference)
    }
}

async fn look_at(registry: &str, images: &[Image<'_>]) -> Vec<Look> {
    let client = match reach(registry).await {
        Ok(client) => client,
        Err(reason) => return vec![Look::Unknown(reason); images.len()],
    };
    let questions: Vec<_> = images.iter().map(|image| look(&client, image)).collect();
    stream::iter(questions).buffered(AT_ONCE).collect().await
}

/// A client for the scheme that the registry speaks.
async fn reach(registry: &str) -> Result<Client, String> {
    let has_port = registry.rsplit_once(':').is_some_and(|(_, port)| port != "443");
    let is_local =
        registry.starts_with("localhost") || registry.starts_with("127.") || registry.starts_with("[::1]");
    let schemes = if has_port || is_local { ["http", "https"] } else { ["https", "http"] };
    let mut reason = String::new();
    for scheme in schemes {
        let client = client(scheme, registry)?;
        match head(&client, "/v2/").await {
            // What speaks TLS answers plain HTTP with a 400.
            Ok(400) if scheme == "http" => {}
            Ok(_) => return Ok(client),
            Err(error) => {
                // The second scheme says no more than the first where nobody listens.
                if reason.is_empty() || error.transport == Transport::Tls {
                    reason = error.detail;
                }
            }
        }
    }
    Err(if reason.is_empty() { "it answers neither http nor https".to_owned() } else { reason })
}

fn client(scheme: &str, registry: &str) -> Result<Client, String> {
    connect::anonymous(&format!("{scheme}://{registry}"), None, Some(PATIENCE))
}

async fn look(client: &Client, image: &Image<'_>) -> Look {
    let path = format!("/v2/{}/manifests/{}", image.name, image.reference);
    match head(client, &path).await {
        Ok(200) => Look::There,
        Ok(404) => Look::Missing,
        Ok(401 | 403) => Look::Unknown("the registry asks for credentials".to_owned()),
        Ok(status) => Look::Unknown(format!("the registry answered {status}")),
        Err(error) => Look::Unknown(error.detail),
    }
}

async fn head(client: &Client, path: &str) -> Result<u16, NoAnswer> {
    let request =
        Request::builder().method(Method::HEAD).uri(path).header(ACCEPT, MANIFESTS).body(Body::empty());
    let request = request.map_err(|error| NoAnswer::new(Transport::Unsent, error.to_string()))?;
    match timeout(PATIENCE, client.send(request)).await {
        Ok(Ok(response)) => Ok(response.status().as_u16()),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(NoAnswer::new(Transport::TimedOut, "it doesn't answer within 5 s")),
    }
}

#[cfg(test)]
mod tests;
