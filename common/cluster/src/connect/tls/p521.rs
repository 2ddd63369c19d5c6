//! ECDSA on the curve P-521: the signatures of servers and authorities, and a client's own key.

use std::fmt;

use p521::ecdsa::signature::hazmat::{PrehashSigner as _, PrehashVerifier as _};
use p521::ecdsa::{DerSignature, Signature, SigningKey, VerifyingKey};
use rustls::pki_types::{
    AlgorithmIdentifier, InvalidSignature, PrivateKeyDer, SignatureVerificationAlgorithm, alg_id,
};
use rustls::sign::Signer;
use rustls::{Error, SignatureAlgorithm, SignatureScheme};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::certificate::{Der, SEQUENCE};

/// The size of a number of the curve, in bytes.
const SIZE: usize = 66;

/// Signatures over a SHA-256 digest, OpenSSL's default for certificates.
pub(super) const SHA256: &dyn SignatureVerificationAlgorithm =
    &Verification { id: alg_id::ECDSA_SHA256, digest: |message| padded(&Sha256::digest(message)) };

/// Signatures over a SHA-384 digest.
pub(super) const SHA384: &dyn SignatureVerificationAlgorithm =
    &Verification { id: alg_id::ECDSA_SHA384, digest: |message| padded(&Sha384::digest(message)) };

/// Signatures over a SHA-512 digest, what TLS 1.3 asks for.
pub(super) const SHA512: &dyn SignatureVerificationAlgorithm =
    &Verification { id: alg_id::ECDSA_SHA512, digest: |message| padded(&Sha512::digest(message)) };

/// A digest as a number of the curve's size; the library takes none of less than half of that.
fn padded(digest: &[u8]) -> [u8; SIZE] {
    let mut number = [0; SIZE];
    number[SIZE - digest.len()..].copy_from_slice(digest);
    number
}

struct Verification {
    id: AlgorithmIdentifier,
    digest: fn(&[u8]) -> [u8; SIZE],
}

impl fmt::Debug for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ECDSA on P-521")
    }
}

impl SignatureVerificationAlgorithm for Verification {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let key = VerifyingKey::from_sec1_bytes(public_key).map_err(|_| InvalidSignature)?;
        let signature = Signature::from_der(signature).map_err(|_| InvalidSignature)?;
        key.verify_prehash(&(self.digest)(message), &signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P521
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.id
    }
}

/// A private key.
#[derive(Clone)]
pub(super) struct Key(SigningKey);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a private key on P-521")
    }
}

impl Key {
    /// Reads a key in PKCS #8 or SEC 1; `None` if it is none of this curve.
    pub(super) fn read(key: &PrivateKeyDer<'_>) -> Option<Self> {
        const OCTETS: u8 = 0x04;
        const CURVE: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];
        let mentions_curve = |bytes: &[u8]| bytes.windows(CURVE.len()).any(|window| window == CURVE);
        let sec1 = match key {
            PrivateKeyDer::Pkcs8(key) => {
                let mut parts = Der(Der(key.secret_pkcs8_der()).expect(SEQUENCE)?);
                parts.next()?;
                let algorithm = parts.expect(SEQUENCE)?;
                mentions_curve(algorithm).then_some(())?;
                parts.expect(OCTETS)?
            }
            PrivateKeyDer::Sec1(key) => {
                let key = key.secret_sec1_der();
                mentions_curve(key).then_some(key)?
            }
            _ => return None,
        };
        let mut parts = Der(Der(sec1).expect(SEQUENCE)?);
        parts.next()?;
        let number = parts.expect(OCTETS)?;
        // Some writers leave out leading zeros.
        let mut whole = [0; SIZE];
        whole.get_mut(SIZE.checked_sub(number.len())?..)?.copy_from_slice(number);
        SigningKey::from_slice(&whole).ok().map(Self)
    }
}

impl rustls::sign::SigningKey for Key {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let is_offered = offered.contains(&SignatureScheme::ECDSA_NISTP521_SHA512);
        is_offered.then(|| -> Box<dyn Signer> { Box::new(self.clone()) })
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let digest = padded(&Sha512::digest(message));
        let signature: Result<DerSignature, _> = self.0.sign_prehash(&digest);
        let signature = signature.map_err(|_| Error::General("signing failed".to_owned()))?;
        Ok(signature.as_bytes().to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP521_SHA512
    }
}
