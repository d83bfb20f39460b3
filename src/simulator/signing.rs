//! Standard Webhooks signatures, as a supplier or a payment provider makes them.
//!
//! Source: <https://www.standardwebhooks.com/>: the signed content is
//! `{webhook-id}.{webhook-timestamp}.{body}`, the key the base64 part of a `whsec_…`
//! secret, the header `v1,` and the base64 HMAC-SHA256.

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A signing key, taken from a `whsec_…` secret.
#[derive(Clone)]
pub struct SigningKey(Vec<u8>);

impl SigningKey {
    /// Reads `whsec_<base64>`; the prefix may be missing, the base64 may not be empty.
    pub fn parse(secret: &str) -> anyhow::Result<Self> {
        let encoded = secret.strip_prefix("whsec_").unwrap_or(secret);
        let key = STANDARD.decode(encoded).context("a webhook secret is `whsec_` and standard base64")?;
        anyhow::ensure!(!key.is_empty(), "a webhook secret must not be empty");
        Ok(Self(key))
    }

    /// The value of the `webhook-signature` header.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::SigningKey;

    #[test]
    fn signs_the_published_example() {
        // The example of the Standard Webhooks specification's reference libraries.
        let key = SigningKey::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a valid secret");
        let signature = key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn refuses_a_secret_that_is_not_base64() {
        assert!(SigningKey::parse("whsec_%%%").is_err());
        assert!(SigningKey::parse("whsec_").is_err());
    }
}
