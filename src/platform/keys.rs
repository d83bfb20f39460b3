//! Secrets: sealing at rest, hashing and drawing of tokens.
//!
//! What must be read again (a supplier's token, a tracking token for the next mail) is sealed; what
//! only ever has to be recognized is hashed. Tokens carry 256 random bits, so a plain hash is enough
//! for them; passwords are another matter and are `identity`'s.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::kernel::ids::IdSource;

/// Marks the way a text was sealed, so that a later way can be told apart.
const VERSION: &str = "v1.";
const NONCE_BYTES: usize = 12;

/// Seals secrets with a key derived from the configuration's `secret_key`, and opens those that the
/// previous one sealed. Cheap to clone.
#[derive(Clone)]
pub struct Sealer {
    current: Arc<RandomizedNonceKey>,
    previous: Option<Arc<RandomizedNonceKey>>,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer")
    }
}

/// A sealed text that cannot be opened: altered, of another context, or sealed under another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed secret cannot be opened; was CONSIGN_SECRET_KEY changed?")]
pub struct SealError;

impl From<SealError> for crate::kernel::problem::Fault {
    fn from(error: SealError) -> Self {
        Self::Internal(error.into())
    }
}

impl Sealer {
    /// A sealer whose key comes from `secret_key` by HKDF.
    pub fn new(secret_key: &str) -> Self {
        Self { current: sealing_key(secret_key), previous: None }
    }

    /// The same, opening also what `previous` sealed.
    pub fn after(self, previous: &str) -> Self {
        Self { previous: Some(sealing_key(previous)), ..self }
    }

    /// Seals `plaintext` for `context` (what it is and whose, such as `supplier.token:sup_…`); it opens
    /// for the same context only, so that a sealed text cannot be moved to another row.
    pub fn seal(&self, context: &str, plaintext: &str) -> String {
        let mut sealed = plaintext.as_bytes().to_vec();
        let nonce = self
            .current
            .seal_in_place_append_tag(Aad::from(context.as_bytes()), &mut sealed)
            .expect("sealing fails only past the cipher's limit of 64 GiB");
        let text = [nonce.as_ref().as_slice(), &sealed].concat();
        format!("{VERSION}{}", URL_SAFE_NO_PAD.encode(text))
    }

    /// Opens what [`Sealer::seal`] made for `context`.
    pub fn open(&self, context: &str, sealed: &str) -> Result<String, SealError> {
        let text = sealed.strip_prefix(VERSION).ok_or(SealError)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| SealError)?;
        let (nonce, body) = bytes.split_at_checked(NONCE_BYTES).ok_or(SealError)?;
        let keys = std::iter::once(&self.current).chain(&self.previous);
        keys.filter_map(|key| open_with(key, context, nonce, body)).next().ok_or(SealError)
    }

    /// What `sealed` is once it is sealed with the current key; `None` if it is already.
    pub fn renew(&self, context: &str, sealed: &str) -> Result<Option<String>, SealError> {
        let current = Self { current: Arc::clone(&self.current), previous: None };
        match current.open(context, sealed) {
            Ok(_) => Ok(None),
            Err(SealError) => Ok(Some(self.seal(context, &self.open(context, sealed)?))),
        }
    }
}

fn sealing_key(secret_key: &str) -> Arc<RandomizedNonceKey> {
    let key = derive(secret_key, b"consign sealing v1");
    Arc::new(RandomizedNonceKey::new(&AES_256_GCM, &key).expect("the key has the cipher's length"))
}

fn open_with(key: &RandomizedNonceKey, context: &str, nonce: &[u8], body: &[u8]) -> Option<String> {
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut body = body.to_vec();
    let plain = key.open_in_place(nonce, Aad::from(context.as_bytes()), &mut body).ok()?;
    String::from_utf8(plain.to_vec()).ok()
}

/// 32 bytes that belong to `purpose` and cannot be traced back to `secret`.
pub fn derive(secret: &str, purpose: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    Salt::new(HKDF_SHA256, b"consign")
        .extract(secret.as_bytes())
        .expand(&[purpose], HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut key))
        .expect("one block of output is always allowed");
    key
}

/// What is stored of a token: its SHA-256.
pub fn hash_token(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// A new token of 256 random bits behind `prefix`, such as `cst_`.
pub fn random_token(ids: &IdSource, prefix: &str) -> String {
    format!("{prefix}{}", hex::encode(ids.bytes::<32>()))
}

/// Compares without telling by time where the difference is.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_for_its_context_and_key_only() {
        let sealer = Sealer::new("the key of a test, of thirty-two bytes and more");
        let sealed = sealer.seal("supplier:1", "hush");
        assert_eq!(sealer.open("supplier:1", &sealed), Ok("hush".to_owned()));
        assert_eq!(sealer.open("supplier:2", &sealed), Err(SealError));
        assert_eq!(Sealer::new("another key").open("supplier:1", &sealed), Err(SealError));
        assert_ne!(sealer.seal("supplier:1", "hush"), sealed, "the nonce is new each time");
        for broken in ["", "v1.", "v1.AAAA", "v2.AAAA", "hush", &sealed[..sealed.len() - 2]] {
            assert_eq!(sealer.open("supplier:1", broken), Err(SealError), "{broken}");
        }
    }

    #[test]
    fn what_an_old_key_sealed_is_opened_and_renewed_after_a_change() {
        let old = Sealer::new("the old key of a test, of thirty-two bytes");
        let new = Sealer::new("the new key of a test, of thirty-two bytes");
        let sealed = old.seal("a", "hush");
        assert_eq!(new.renew("a", &sealed), Err(SealError));
        let both = new.clone().after("the old key of a test, of thirty-two bytes");
        assert_eq!(both.open("a", &sealed), Ok("hush".to_owned()));
        let renewed = both.renew("a", &sealed).expect("opens").expect("was the old key's");
        assert_eq!(new.open("a", &renewed), Ok("hush".to_owned()));
        assert_eq!(both.renew("a", &renewed), Ok(None));
    }
}
