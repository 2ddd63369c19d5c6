//! From a selected context to a client: address, authority, proxy, credentials.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use codex_common::stack::files::read_text;
use futures::FutureExt as _;
use http::HeaderMap;
use kube::Client;
use kube::config::{AuthInfo, ExecAuthCluster, ExecInteractiveMode};
use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, ServerName};
use secrecy::ExposeSecret as _;

use crate::access::Access;

use super::address::{Address, without_userinfo};
use super::authorization::{self, Authorization};
use super::dial::Route;
use super::http_client::{self, Bearings, PATIENCE};
use super::plugin::{self, PluginError, Relay};
use super::proxy::{self, Kind, Proxy};
use super::selection::Selection;
use super::tls::{self, Identity, Trust};
use super::{ConnectError, ConnectRequest, REQUEST_TIMEOUT};

/// The largest file of certificates or of a key, in bytes.
const MAX_PEM: u64 = 4 << 20;

/// A way in and what it leads through.
pub(super) struct Connection {
    pub(super) access: Access,
    pub(super) server: String,
    pub(super) proxy: Option<String>,
}

/// Makes the client; credential plugins run now.
pub(super) async fn connect(
    selection: &Selection,
    request: &ConnectRequest<'_>,
) -> Result<Connection, ConnectError> {
    let refused = |refusal| refused(selection, refusal);
    let plan = Plan::of(selection, request).map_err(|problem| refused(Refusal::Setting(problem)))?;
    let server = plan.server.to_string();
    let proxy = plan.proxy.as_ref().map(Proxy::to_string);
    // A token may end before its time, and a file may hold another one by now.
    let is_renewable = plugin::is_asked(&plan.user) || plan.user.token_file.is_some();
    let client = plan.client().await.map_err(refused)?;
    let access = if is_renewable {
        let plan = Arc::new(plan);
        let renew = move || {
            let plan = Arc::clone(&plan);
            async move { plan.client().await.ok() }.boxed()
        };
        Access::renewable(client, Box::new(renew))
    } else {
        Access::fixed(client)
    };
    Ok(Connection { access, server, proxy })
}

/// Why there is no client.
enum Refusal {
    Setting(String),
    Plugin(PluginError),
}

/// What a client is made of, again when its credentials have to be new ones.
struct Plan {
    server: Address,
    proxy: Option<Proxy>,
    trust: Option<Arc<Trust>>,
    server_name: Option<ServerName<'static>>,
    headers: HeaderMap,
    user: AuthInfo,
    user_name: String,
    relay: Relay,
}

impl Plan {
    fn of(selection: &Selection, request: &ConnectRequest<'_>) -> Result<Self, String> {
        let Selection { cluster, user, user_name, .. } = selection;
        let server = address(selection).ok_or_else(|| {
            let server = without_userinfo(cluster.server.as_deref().unwrap_or_default());
            format!("`{}` is no address of a server", server.escape_debug())
        })?;
        let proxy = proxy::proxy(&server, cluster.proxy_url.as_deref(), request.variables)?;
        let authority = authority(selection)?;
        let is_insecure = cluster.insecure_skip_tls_verify.unwrap_or(false);
        if is_insecure && authority.is_some() {
            return Err(
                "its cluster has both insecure-skip-tls-verify and a certificate-authority".to_owned()
            );
        }
        let is_sealed =
            server.scheme == "https" || proxy.as_ref().is_some_and(|proxy| proxy.kind == Kind::Https);
        let trust = is_sealed.then(|| match authority {
            Some(certificates) => Trust::of(certificates),
            None if is_insecure => Trust::anybody(),
            None => Trust::system(),
        });
        let server_name = match cluster.tls_server_name.as_deref().filter(|name| !name.is_empty()) {
            Some(name) => Some(ServerName::try_from(name.to_owned()).map_err(|_| {
                format!("its tls-server-name `{}` is no name of a server", name.escape_debug())
            })?),
            None => None,
        };
        let mut headers = http_client::user_agent(request.program);
        headers.extend(authorization::impersonation(user).map_err(|problem| of_user(user_name, &problem))?);
        let mut plan = Self {
            server,
            proxy,
            trust: trust.map(Arc::new),
            server_name,
            headers,
            user: user.clone(),
            user_name: user_name.clone(),
            relay: request.relay.clone(),
        };
        plan.check_user(selection, request).map_err(|problem| of_user(user_name, &problem))?;
        Ok(plan)
    }

    /// Whether the user entry can be used, and what its plugin has to know.
    fn check_user(&mut self, selection: &Selection, request: &ConnectRequest<'_>) -> Result<(), String> {
        if let Some(provider) = self.user.auth_provider.take() {
            let id_token = provider.config.get("id-token").filter(|token| !token.is_empty());
            match (provider.name.as_str(), id_token) {
                ("oidc", Some(token)) if self.user.token.is_none() => {
                    self.user.token = Some(token.clone().into());
                }
                ("oidc", Some(_)) => {}
                ("gcp", _) => return Err(gone("gcp", "gke-gcloud-auth-plugin")),
                ("azure", _) => return Err(gone("azure", "kubelogin")),
                (name, _) => {
                    return Err(format!(
                        "its auth-provider `{}` is not supported: use a credential plugin (exec)",
                        name.escape_debug()
                    ));
                }
            }
        }
        let Some(exec) = &mut self.user.exec else { return Ok(()) };
        if exec.interactive_mode == Some(ExecInteractiveMode::Always) && !request.stdin_is_terminal {
            return Err(
                "its credential plugin has the interactiveMode Always, and standard input is no terminal"
                    .to_owned(),
            );
        }
        if !request.stdin_is_terminal {
            // The plugin would read from our pipe.
            exec.interactive_mode = Some(ExecInteractiveMode::Never);
        }
        if exec.provide_cluster_info {
            let information = ExecAuthCluster::try_from(&selection.cluster);
            exec.cluster =
                Some(information.map_err(|_| "its cluster can't be described to its credential plugin")?);
        }
        Ok(())
    }

    /// Makes a client, with the credentials of the plugin if there is one.
    async fn client(&self) -> Result<Client, Refusal> {
        let user = plugin::resolved(&self.user, &self.relay).await.map_err(Refusal::Plugin)?;
        let setting = |problem: String| Refusal::Setting(of_user(&self.user_name, &problem));
        let authorization = Authorization::of(&user, self.server.userinfo.as_ref()).map_err(setting)?;
        let tls = self.tls(&user).map_err(setting)?;
        let route = Route {
            server: self.server.clone(),
            proxy: self.proxy.clone(),
            tls: tls.map(Arc::new),
            server_name: self.server_name.clone(),
            patience: PATIENCE,
        };
        let bearings = Bearings { authorization, headers: self.headers.clone() };
        http_client::client(route, bearings).map_err(Refusal::Setting)
    }

    fn tls(&self, user: &AuthInfo) -> Result<Option<ClientConfig>, String> {
        let identity = identity(user)?;
        let Some(trust) = &self.trust else { return Ok(None) };
        tls::client_config(Arc::clone(trust) as Arc<_>, identity).map(Some)
    }
}

fn of_user(name: &str, problem: &str) -> String {
    if name.is_empty() { problem.to_owned() } else { format!("user `{}`: {problem}", name.escape_debug()) }
}

fn gone(provider: &str, plugin: &str) -> String {
    format!("its auth-provider `{provider}` is gone from Kubernetes: use the credential plugin {plugin}")
}

/// The server's address. Without a scheme it is https where something about TLS is said, else http, as in kubectl.
fn address(selection: &Selection) -> Option<Address> {
    let Selection { cluster, user, .. } = selection;
    let is_secure = cluster.insecure_skip_tls_verify == Some(true)
        || cluster.certificate_authority.is_some()
        || cluster.certificate_authority_data.is_some()
        || user.client_certificate.is_some()
        || user.client_certificate_data.is_some();
    let default_scheme = if is_secure { "https" } else { "http" };
    let address = Address::parse(cluster.server.as_deref()?.trim(), default_scheme)?;
    matches!(address.scheme.as_str(), "http" | "https").then_some(address)
}

/// The certificates of the authority that the kubeconfig names.
fn authority(selection: &Selection) -> Result<Option<Vec<CertificateDer<'static>>>, String> {
    let cluster = &selection.cluster;
    let pem = pem(
        "certificate-authority",
        cluster.certificate_authority_data.as_deref(),
        cluster.certificate_authority.as_deref(),
    )?;
    let Some(pem) = pem else { return Ok(None) };
    let certificates = tls::certificates(&pem);
    if certificates.is_empty() {
        let file = cluster.certificate_authority.as_deref().filter(|path| !path.is_empty());
        let is_file = cluster.certificate_authority_data.as_deref().is_none_or(str::is_empty);
        let name = file.filter(|_| is_file).unwrap_or("certificate-authority-data");
        return Err(format!("there is no certificate in its authority ({name})"));
    }
    Ok(Some(certificates))
}

/// The certificate and key of a user who has both.
fn identity(user: &AuthInfo) -> Result<Option<Identity>, String> {
    let certificate = pem(
        "client-certificate",
        user.client_certificate_data.as_deref(),
        user.client_certificate.as_deref(),
    )?;
    // A key alone says nothing.
    let Some(certificate) = certificate else { return Ok(None) };
    let data = user.client_key_data.as_ref().map(|data| data.expose_secret());
    let key = pem("client-key", data, user.client_key.as_deref())?;
    let key = key.ok_or("it has a client certificate, but no client-key")?;
    Identity::read(&certificate, &key).map(Some)
}

/// What a field says, by its data or else by the file that it names; neither is an error of its own.
fn pem(field: &str, data: Option<&str>, file: Option<&str>) -> Result<Option<Vec<u8>>, String> {
    if let Some(data) = data.filter(|data| !data.is_empty()) {
        let bytes = STANDARD.decode(data).map_err(|_| format!("its {field}-data is no Base64"))?;
        return Ok(Some(bytes));
    }
    let Some(path) = file.filter(|path| !path.is_empty()) else { return Ok(None) };
    let text = read_text(Path::new(path), path, MAX_PEM).map_err(|error| error.to_string())?;
    Ok(Some(text.into_bytes()))
}

/// What is said when there is no client.
fn refused(selection: &Selection, refusal: Refusal) -> ConnectError {
    let context = selection.context.clone();
    match refusal {
        Refusal::Setting(problem) => ConnectError::Setting { context, problem },
        Refusal::Plugin(PluginError { reason, is_missing }) => {
            let exec = selection.user.exec.clone().unwrap_or_default();
            let install = exec.install_hint.filter(|_| is_missing);
            let install = install.map(|hint| hint.split_whitespace().collect::<Vec<_>>().join(" "));
            ConnectError::Plugin { command: exec.command.unwrap_or_default(), reason, install, context }
        }
    }
}

/// `--request-timeout`: `0` is none, whole numbers are seconds.
pub(super) fn request_timeout(text: Option<&str>) -> Result<Option<Duration>, ConnectError> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(Some(REQUEST_TIMEOUT));
    };
    let duration = match text.parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => gotemplate::time::parse_duration(text.as_bytes())
            .ok()
            .and_then(|duration| u64::try_from(duration.0).ok())
            .map(Duration::from_nanos),
    };
    match duration {
        Some(Duration::ZERO) => Ok(None),
        Some(duration) => Ok(Some(duration)),
        None => Err(ConnectError::Flag {
            flag: "--request-timeout",
            value: text.to_owned(),
            problem: "it must be a number of seconds or a duration like `1m30s`".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_timeouts_are_read_as_kubectl_reads_them() {
        assert_eq!(request_timeout(None), Ok(Some(REQUEST_TIMEOUT)));
        assert_eq!(request_timeout(Some("0")), Ok(None));
        assert_eq!(request_timeout(Some("0s")), Ok(None));
        assert_eq!(request_timeout(Some("30")), Ok(Some(Duration::from_secs(30))));
        assert_eq!(request_timeout(Some("1m30s")), Ok(Some(Duration::from_secs(90))));
        for text in ["-1s", "soon", "1.5", "99999999999999999999"] {
            assert!(request_timeout(Some(text)).is_err(), "{text}");
        }
    }
}
