//! The cryptography of all TLS here: ring's, and P-521, which ring lacks.

use std::sync::{Arc, LazyLock};

use rustls::crypto::{CryptoProvider, KeyProvider, WebPkiSupportedAlgorithms, ring};
use rustls::pki_types::{PrivateKeyDer, SignatureVerificationAlgorithm};
use rustls::sign::SigningKey;
use rustls::{Error, SignatureScheme};

use super::p521;

/// Shared by all connections.
pub(super) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
        let ring = ring::default_provider();
        Arc::new(CryptoProvider {
            signature_verification_algorithms: with_p521(ring.signature_verification_algorithms),
            key_provider: &Keys,
            ..ring
        })
    });
    Arc::clone(&PROVIDER)
}

/// ring's algorithms and those of P-521. Under TLS 1.2 a scheme names a digest and any curve, so the new curve is
/// added to the schemes that are there; under TLS 1.3 only the first algorithm of a scheme counts.
fn with_p521(ring: WebPkiSupportedAlgorithms) -> WebPkiSupportedAlgorithms {
    type Algorithms = &'static [&'static dyn SignatureVerificationAlgorithm];
    // Leaked once per process: the library wants them for ever.
    let joined = |first: Algorithms, second: Algorithms| -> Algorithms { [first, second].concat().leak() };
    let mut mapping: Vec<(SignatureScheme, Algorithms)> = Vec::new();
    for (scheme, algorithms) in ring.mapping {
        let algorithms = match scheme {
            SignatureScheme::ECDSA_NISTP256_SHA256 => joined(algorithms, &[p521::SHA256]),
            SignatureScheme::ECDSA_NISTP384_SHA384 => joined(algorithms, &[p521::SHA384]),
            _ => *algorithms,
        };
        mapping.push((*scheme, algorithms));
    }
    mapping.push((SignatureScheme::ECDSA_NISTP521_SHA512, &[p521::SHA512]));
    WebPkiSupportedAlgorithms {
        all: joined(ring.all, &[p521::SHA256, p521::SHA384, p521::SHA512]),
        mapping: mapping.leak(),
    }
}

/// Reads private keys.
#[derive(Debug)]
struct Keys;

impl KeyProvider for Keys {
    fn load_private_key(&self, key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        match p521::Key::read(&key) {
            Some(key) => Ok(Arc::new(key)),
            None => ring::sign::any_supported_type(&key),
        }
    }
}
