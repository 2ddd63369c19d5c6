//! TLS settings: whom to trust, and the certificate that this side shows.
//!
//! ```text
//! certificates of authorities ──trust──▶ verifier ─┐
//! client certificate and key ──identity────────────┴─▶ ClientConfig
//! ```
//!
//! The rules are those of Go's TLS client, since kubeconfigs are written for kubectl: a certificate that is among the
//! authorities is trusted itself, and the curve P-521 is known.

mod certificate;
mod identity;
mod p521;
mod provider;
mod trust;

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::time_provider::TimeProvider;

pub(super) use identity::Identity;
pub(super) use trust::Trust;

/// The settings of a client that trusts as `verifier` says, and shows `identity` to servers that ask who it is.
///
/// # Errors
/// Why certificate and key can't be used.
pub(super) fn client_config(
    verifier: Arc<dyn ServerCertVerifier>,
    identity: Option<Identity>,
) -> Result<ClientConfig, String> {
    let builder = ClientConfig::builder_with_details(provider::provider(), Arc::new(Clock))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    match identity {
        None => Ok(builder.with_no_client_auth()),
        Some(identity) => {
            let (chain, key) = identity.into_parts();
            builder.with_client_auth_cert(chain, key).map_err(|error| identity::reason(&error))
        }
    }
}

/// The certificates of a PEM text. What else stands there is passed over, as Go does.
pub(super) fn certificates(pem: &[u8]) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem).flatten().collect()
}
/// The machine's clock. The library's own panics where it shows a time before 1970.
#[derive(Debug)]
struct Clock;

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        let (seconds, _) = codex_common::cli::clock()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(seconds).ok()?)))
    }
}
