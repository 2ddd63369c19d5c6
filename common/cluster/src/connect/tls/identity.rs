//! The certificate and key that a client shows.

use std::fmt;

use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{Error, InconsistentKeys};

/// A client's certificate with those that lead to its authority, and its key.
pub(in crate::connect) struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("chain", &self.chain.len()).finish_non_exhaustive()
    }
}

impl Identity {
    /// Reads both from PEM; what else stands there is passed over.
    ///
    /// # Errors
    /// Which of them can't be read, and why.
    pub(in crate::connect) fn read(certificate: &[u8], key: &[u8]) -> Result<Self, String> {
        let chain = super::certificates(certificate);
        if chain.is_empty() {
            return Err("there is no certificate in its client certificate".to_owned());
        }
        let is_encrypted = |line: &[u8]| {
            line.starts_with(b"-----BEGIN ENCRYPTED") || line.starts_with(b"Proc-Type: 4,ENCRYPTED")
        };
        if key.split(|byte| matches!(byte, b'\n' | b'\r')).any(is_encrypted) {
            return Err("its client key is encrypted: decrypt it with `openssl pkey`".to_owned());
        }
        match PrivateKeyDer::from_pem_slice(key) {
            Ok(key) => Ok(Self { chain, key }),
            Err(pem::Error::NoItemsFound) => Err("there is no private key in its client key".to_owned()),
            Err(_) => Err("its client key is no PEM".to_owned()),
        }
    }

    pub(super) fn into_parts(self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        (self.chain, self.key)
    }
}

/// Why certificate and key don't serve.
pub(super) fn reason(error: &Error) -> String {
    match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            "its client key isn't the key of its client certificate"
        }
        Error::InvalidCertificate(_) => "its client certificate can't be read",
        _ => "its client key is of a kind that isn't supported",
    }
    .to_owned()
}
