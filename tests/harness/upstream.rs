//! The real API server behind a proxy: where it is and how to get in.
//!
//! Takes a kubeconfig; gives connections to its current context's server, and the header that
//! goes with each request. Separate because it knows kubeconfigs and the proxy needn't.

use std::fs;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;

use crate::certificate::client_config;
use crate::wire::Wire;

/// A server that a kubeconfig leads to.
pub(crate) struct Upstream {
    address: SocketAddr,
    host: String,
    tls: Option<Arc<ClientConfig>>,
    token: Option<String>,
    /// The namespace of the context.
    pub(crate) namespace: Option<String>,
}

impl Upstream {
    /// Reads the current context of a kubeconfig with a client certificate or a token.
    ///
    /// # Panics
    ///
    /// When there is none, or when it needs a plugin or skips TLS verification.
    pub(crate) fn read(kubeconfig: &Path) -> Self {
        let text = fs::read_to_string(kubeconfig)
            .unwrap_or_else(|error| panic!("{}: {error}", kubeconfig.display()));
        let config: Value =
            serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", kubeconfig.display()));
        let folder = kubeconfig.parent().unwrap_or(Path::new(""));
        let context = named(&config, "context", &config["current-context"]);
        let cluster = named(&config, "cluster", &context["cluster"]);
        let user = named(&config, "user", &context["user"]);
        assert!(user.get("exec").is_none(), "exec plugins aren't relayed");
        let insecure = cluster["insecure-skip-tls-verify"] == true;
        assert!(!insecure, "a server that can't be verified isn't relayed");

        let server = cluster["server"].as_str().expect("a server");
        let (scheme, rest) = server.split_once("://").expect("a URL");
        let authority = rest.split('/').next().unwrap_or(rest);
        let port = if scheme == "https" { 443 } else { 80 };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, number)) => (host, number.parse().expect("a port")),
            None => (authority, port),
        };
        let mut addresses = (host, port).to_socket_addrs().unwrap();
        let roots = data(&cluster, "certificate-authority", folder);
        let chain = data(&user, "client-certificate", folder);
        let key = data(&user, "client-key", folder);
        let own = chain
            .zip(key)
            .map(|(chain, key)| (certificates(&chain), PrivateKeyDer::from_pem_slice(&key).unwrap()));
        let roots = certificates(&roots.unwrap_or_default());
        let token =
            data(&user, "token", folder).map(|token| String::from_utf8_lossy(&token).trim().to_owned());
        Self {
            address: addresses.next().expect("an address"),
            host: host.into(),
            tls: (scheme == "https").then(|| client_config(roots, own)),
            token,
            namespace: context["namespace"].as_str().map(str::to_owned),
        }
    }

    /// A new connection.
    pub(crate) fn connect(&self) -> io::Result<Wire> {
        Wire::connect(self.address, &self.host, self.tls.as_ref())
    }

    /// The header that lets a request in, if it isn't the connection's certificate that does.
    pub(crate) fn authorization(&self) -> Option<String> {
        self.token.as_ref().map(|token| format!("Bearer {token}"))
    }
}

/// The entry of that name in one of the kubeconfig's lists.
fn named(config: &Value, what: &str, name: &Value) -> Value {
    let list = config[format!("{what}s")].as_array();
    let found = list.into_iter().flatten().find(|entry| entry["name"] == *name);
    found.unwrap_or_else(|| panic!("no {what} {name} in the kubeconfig"))[what].clone()
}

/// `name-data` decoded, or the file that `name` (`tokenFile` for a token) leads to.
fn data(entry: &Value, name: &str, folder: &Path) -> Option<Vec<u8>> {
    if name == "token" {
        let file = entry["tokenFile"].as_str().map(|file| fs::read(folder.join(file)).unwrap());
        return entry["token"].as_str().map(|token| token.as_bytes().to_vec()).or(file);
    }
    if let Some(encoded) = entry[format!("{name}-data")].as_str() {
        return Some(STANDARD.decode(encoded).unwrap());
    }
    let file = entry[name].as_str()?;
    Some(fs::read(folder.join(file)).unwrap())
}

fn certificates(pem: &[u8]) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem).map(Result::unwrap).collect()
}
