//! Whom a client trusts, by the rules of Go's TLS client.
//!
//! A server's certificate that is itself among the authorities is trusted whatever it says of signing: management
//! servers hand out kubeconfigs whose authority is the server's own certificate. All others need a chain of signatures
//! to an authority that may sign.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::certificate::Certificate;
use super::provider::provider;

/// What is trusted.
#[derive(Debug)]
pub(in crate::connect) struct Trust {
    authorities: Option<Authorities>,
    provider: Arc<CryptoProvider>,
}

#[derive(Debug)]
struct Authorities {
    /// The certificates themselves.
    certificates: Vec<CertificateDer<'static>>,
    /// Those that may sign.
    signers: RootCertStore,
}

impl Trust {
    /// Whoever shows one of these certificates, or one that leads to them. Those that can't be read are passed over.
    pub(in crate::connect) fn of(certificates: Vec<CertificateDer<'static>>) -> Self {
        let mut signers = RootCertStore::empty();
        let read = |certificate: &CertificateDer<'_>| Certificate::read(certificate);
        signers.add_parsable_certificates(
            certificates.iter().filter(|one| read(one).is_some_and(|one| one.may_sign)).cloned(),
        );
        Self { authorities: Some(Authorities { certificates, signers }), provider: provider() }
    }

    /// Whoever the system trusts.
    pub(in crate::connect) fn system() -> Self {
        Self::of(rustls_native_certs::load_native_certs().certs)
    }

    /// Anybody.
    pub(in crate::connect) fn anybody() -> Self {
        Self { authorities: None, provider: provider() }
    }
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(authorities) = &self.authorities else {
            return Ok(ServerCertVerified::assertion());
        };
        let parsed = ParsedCertificate::try_from(certificate)?;
        if authorities.certificates.contains(certificate) {
            may_serve(certificate, now)?;
        } else {
            verify_server_cert_signed_by_trust_anchor(
                &parsed,
                &authorities.signers,
                intermediates,
                now,
                self.provider.signature_verification_algorithms.all,
            )?;
        }
        verify_server_name(&parsed, name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.authorities.is_none() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.authorities.is_none() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Whether a certificate that is trusted for itself is a server's, at this time.
fn may_serve(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let certificate = Certificate::read(certificate).ok_or(CertificateError::BadEncoding)?;
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    if now < certificate.not_before {
        return Err(CertificateError::NotValidYet.into());
    }
    if now > certificate.not_after {
        return Err(CertificateError::Expired.into());
    }
    if !certificate.may_serve {
        return Err(CertificateError::InvalidPurpose.into());
    }
    Ok(())
}
