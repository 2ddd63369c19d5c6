//! From a selected context to a client: address, authority, proxy, credentials.

use std::sync::Once;
use std::time::Duration;

use futures::FutureExt as _;
use http::Uri;
use kube::config::{ExecAuthCluster, ExecInteractiveMode, KubeconfigError, LoadDataError};
use kube::{Client, Config};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::access::Access;
use crate::transport::plugin_reason;

use super::plugin::{self, PluginError};
use super::selection::Selection;
use super::{ConnectError, ConnectRequest, REQUEST_TIMEOUT, http_client, proxy};

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
    install_crypto();
    let config = config(selection, request)?;
    let server = config.cluster_url.to_string().trim_end_matches('/').to_owned();
    let proxy = config.proxy_url.as_ref().map(proxy::display);
    let has_plugin = config.auth_info.exec.is_some();
    let again = config.clone();
    let client = client(config).await.map_err(|error| refused(selection, error))?;
    let access = if has_plugin {
        let renew = move || {
            let config = again.clone();
            async { self::client(config).await.ok() }.boxed()
        };
        Access::renewable(client, Box::new(renew))
    } else {
        Access::fixed(client)
    };
    Ok(Connection { access, server, proxy })
}

/// Why there is no client.
enum NoClient {
    Plugin(PluginError),
    Library(kube::Error),
    /// The library panicked.
    Gone,
}

/// Makes a client, with the credentials of the plugin if there is one.
async fn client(mut config: Config) -> Result<Client, NoClient> {
    config.auth_info = plugin::resolved(&config.auth_info).await.map_err(NoClient::Plugin)?;
    // Files are read, and the oldest kind of plugin is run by the library: Ctrl-C must be heard all the same.
    let client = tokio::task::spawn_blocking(move || http_client::client(config)).await;
    match client {
        Ok(client) => client.map_err(NoClient::Library),
        Err(_) => Err(NoClient::Gone),
    }
}

/// One provider of cryptography for all TLS of the process; with two the library would not choose.
pub(crate) fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Someone else who was faster installed the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

fn config(selection: &Selection, request: &ConnectRequest<'_>) -> Result<Config, ConnectError> {
    let setting = |problem: String| ConnectError::Setting { context: selection.context.clone(), problem };
    let Selection { cluster, user, .. } = selection;
    let server = address(selection).ok_or_else(|| {
        setting(format!("`{}` is no address of a server", cluster.server.as_deref().unwrap_or_default()))
    })?;
    let proxy = proxy::proxy(&server, cluster.proxy_url.as_deref(), request.variables).map_err(setting)?;
    let mut config = Config::new(server);
    config.root_cert = authority(selection)?;
    if config.root_cert.is_some() && cluster.certificate_authority_data.is_none() {
        // Read again when it changes, as a pod's does.
        config.root_cert_file = cluster.certificate_authority.clone().map(Into::into);
    }
    config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or(false);
    config.disable_compression = cluster.disable_compression.unwrap_or(false);
    config.tls_server_name = cluster.tls_server_name.clone().filter(|name| !name.is_empty());
    config.proxy_url = proxy;
    // The library would retry for minutes without a word.
    config.default_retry = false;
    if let Some(namespace) = &selection.namespace {
        config.default_namespace.clone_from(namespace);
    }
    config.auth_info = user.clone();
    if let Some(exec) = &mut config.auth_info.exec {
        if !request.stdin_is_terminal {
            // The plugin would read from our pipe.
            exec.interactive_mode = Some(ExecInteractiveMode::Never);
        }
        if exec.provide_cluster_info {
            let information = ExecAuthCluster::try_from(cluster).map_err(|error| setting(words(&error)))?;
            exec.cluster = Some(information);
        }
    }
    Ok(config)
}

/// The server's address. Without a scheme it is https where something about TLS is said, else http, as in kubectl.
fn address(selection: &Selection) -> Option<Uri> {
    let Selection { cluster, user, .. } = selection;
    let server = cluster.server.as_deref()?;
    let server = if server.contains("://") {
        server.to_owned()
    } else {
        let is_secure = cluster.insecure_skip_tls_verify == Some(true)
            || cluster.certificate_authority.is_some()
            || cluster.certificate_authority_data.is_some()
            || user.client_certificate.is_some()
            || user.client_certificate_data.is_some();
        format!("{}://{server}", if is_secure { "https" } else { "http" })
    };
    let uri: Uri = server.parse().ok()?;
    let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
    (is_http && uri.host().is_some_and(|host| !host.is_empty())).then_some(uri)
}

/// The certificates of the authority that the kubeconfig names.
fn authority(selection: &Selection) -> Result<Option<Vec<Vec<u8>>>, ConnectError> {
    let setting = |problem: String| ConnectError::Setting { context: selection.context.clone(), problem };
    let cluster = &selection.cluster;
    let data = cluster.certificate_authority_data.as_deref().filter(|data| !data.is_empty());
    let file = cluster.certificate_authority.as_deref().filter(|path| !path.is_empty());
    let (pem, name) = match (data, file) {
        (Some(data), _) => {
            use base64::Engine as _;
            let bytes = base64::engine::general_purpose::STANDARD.decode(data.trim());
            let bytes =
                bytes.map_err(|_| setting("its certificate-authority-data is no Base64".to_owned()))?;
            (bytes, "certificate-authority-data".to_owned())
        }
        (None, Some(path)) => {
            let text = codex_common::stack::files::read_text(std::path::Path::new(path), path, 4 << 20);
            (text.map_err(|error| setting(error.to_string()))?.into_bytes(), path.to_owned())
        }
        (None, None) => return Ok(None),
    };
    let certificates: Result<Vec<Vec<u8>>, _> = CertificateDer::pem_slice_iter(&pem)
        .map(|certificate| certificate.map(|certificate| certificate.to_vec()))
        .collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(Some(certificates)),
        _ => Err(setting(format!("there is no certificate in its authority ({name})"))),
    }
}

/// What is said when there is no client.
fn refused(selection: &Selection, error: NoClient) -> ConnectError {
    let context = selection.context.clone();
    let error = match error {
        NoClient::Library(error) => error,
        NoClient::Gone => {
            return ConnectError::Setting { context, problem: "the client could not be made".to_owned() };
        }
        NoClient::Plugin(PluginError { reason, is_missing }) => {
            let exec = selection.user.exec.clone().unwrap_or_default();
            let install = exec.install_hint.filter(|_| is_missing);
            let install = install.map(|hint| hint.split_whitespace().collect::<Vec<_>>().join(" "));
            return ConnectError::Plugin {
                command: exec.command.unwrap_or_default(),
                reason,
                install,
                context,
            };
        }
    };
    let problem = match &error {
        kube::Error::Auth(error) => plugin_reason(error),
        kube::Error::InferKubeconfig(error) => words(error),
        kube::Error::RustlsTls(_) => "its client certificate or key can't be used".to_owned(),
        other => other.to_string(),
    };
    ConnectError::Setting { context, problem }
}

/// What is wrong with credentials in the kubeconfig; never with what stands there.
fn words(error: &KubeconfigError) -> String {
    let load = |what: &str, error: &LoadDataError| match error {
        LoadDataError::DecodeBase64(_) => format!("its {what} is no Base64"),
        LoadDataError::ReadFile(error, path) => {
            format!("cannot read {}: {}", path.display(), codex_common::diagnostic::system_reason(error))
        }
        LoadDataError::NoBase64DataOrFile => format!("its {what} is missing"),
    };
    match error {
        KubeconfigError::LoadClientCertificate(error) => load("client certificate", error),
        KubeconfigError::LoadClientKey(error) => load("client key", error),
        KubeconfigError::LoadCertificateAuthority(error) => load("certificate authority", error),
        _ => "its credentials can't be used".to_owned(),
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
