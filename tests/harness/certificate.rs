//! A certificate authority of one test, and the TLS settings that come of it.
//!
//! Takes nothing; gives the authority's certificate for a kubeconfig, a server's settings with
//! a certificate for loopback, and a client's that trusts it. Separate so that a server can be
//! of one authority while a kubeconfig names another.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

/// An authority that nobody else knows.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    #[cfg(test)]
    certificate: CertificateDer<'static>,
    pem: String,
}

impl Authority {
    /// A new authority with a key of its own.
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let name = "authority of one test";
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self {
            pem: certificate.pem(),
            #[cfg(test)]
            certificate: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        }
    }

    /// The authority's certificate, as a kubeconfig's `certificate-authority` wants it.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// A server on 127.0.0.1 or localhost that speaks HTTP/1.1.
    pub(crate) fn server_config(&self) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
        let certificate =
            CertificateParams::new(names).and_then(|params| params.signed_by(&key, &self.issuer)).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key))
            .unwrap();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(config)
    }

    /// A client that trusts this authority and no other.
    #[cfg(test)]
    pub(crate) fn client_config(&self) -> Arc<ClientConfig> {
        client_config(vec![self.certificate.clone()], None)
    }
}

/// A client that trusts the given authorities, and shows a certificate of its own if it has one.
pub(crate) fn client_config(
    authorities: Vec<CertificateDer<'static>>,
    own: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        roots.add(authority).unwrap();
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match own {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key).unwrap(),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Arc::new(config)
}
