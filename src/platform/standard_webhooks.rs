//! Verifying and making signatures of webhooks.
//!
//! Source: <https://www.standardwebhooks.com/>. What is signed is `{webhook-id}.{webhook-timestamp}.{body}`
//! as it travels, the key is the base64 part of a `whsec_…` secret, and the header `webhook-signature`
//! holds `v1,` and the base64 HMAC-SHA256, several of them during a rotation, with spaces between.

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::keys::equal;
use crate::kernel::clock::Timestamp;

/// How far a message's time may be from ours, in seconds: a replay window, so never scaled.
const TOLERANCE: i64 = 5 * 60;
/// The longest id of a message.
const MAX_ID: usize = 255;
/// How many signatures a header may hold.
const MAX_SIGNATURES: usize = 8;

/// A message that is not proved to come from the holder of the secret. It does not say why, so that
/// a forger learns nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature is not valid")]
pub struct Forged;

/// A `whsec_…` secret that cannot be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a webhook secret is `whsec_` and at least 16 bytes of base64")]
pub struct BadSecret;

/// A key made of a `whsec_…` secret.
#[derive(Clone)]
pub struct WebhookKey(Vec<u8>);

impl std::fmt::Debug for WebhookKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookKey")
    }
}

impl WebhookKey {
    /// Reads `whsec_<base64>`; the prefix may be missing.
    pub fn parse(secret: &str) -> Result<Self, BadSecret> {
        let encoded = secret.strip_prefix("whsec_").unwrap_or(secret);
        let key = STANDARD.decode(encoded).map_err(|_| BadSecret)?;
        if key.len() < 16 { Err(BadSecret) } else { Ok(Self(key)) }
    }

    /// The message's id, if one of its signatures is this key's and its time is near `now`.
    pub fn verify(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<String, Forged> {
        let id = header(headers, "webhook-id")?;
        if id.is_empty() || id.len() > MAX_ID {
            return Err(Forged);
        }
        let time: i64 = header(headers, "webhook-timestamp")?.parse().map_err(|_| Forged)?;
        if now.timestamp().abs_diff(time) > TOLERANCE.unsigned_abs() {
            return Err(Forged);
        }
        let expected = self.mac(id, time, body);
        let given = header(headers, "webhook-signature")?.split(' ').take(MAX_SIGNATURES);
        let mut is_ours = false;
        for signature in given.filter_map(|one| one.strip_prefix("v1,")) {
            // Every signature is looked at, so that time does not tell which one fits.
            is_ours |= STANDARD.decode(signature).is_ok_and(|bytes| equal(&bytes, &expected));
        }
        if is_ours { Ok(id.to_owned()) } else { Err(Forged) }
    }

    /// The value of `webhook-signature` for a message sent at `time` (in seconds).
    pub fn sign(&self, id: &str, time: i64, body: &[u8]) -> String {
        format!("v1,{}", STANDARD.encode(self.mac(id, time, body)))
    }

    fn mac(&self, id: &str, time: i64, body: &[u8]) -> Vec<u8> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(format!("{id}.{time}.").as_bytes());
        mac.update(body);
        mac.finalize().into_bytes().to_vec()
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Forged> {
    headers.get(name).and_then(|value| value.to_str().ok()).ok_or(Forged)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    /// The example of the specification's reference libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;

    fn headers(id: &str, time: &str, signature: &str) -> HeaderMap {
        let pairs = [("webhook-id", id), ("webhook-timestamp", time), ("webhook-signature", signature)];
        pairs.into_iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn a_message_is_ours_only_as_it_was_signed_and_only_for_a_while() {
        let key = WebhookKey::parse(SECRET).unwrap();
        let now = Timestamp::from_timestamp(1_614_265_330, 0).unwrap();
        let (id, time) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330");
        let right = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(key.sign(id, 1_614_265_330, BODY), right);
        assert_eq!(key.verify(&headers(id, time, right), BODY, now), Ok(id.to_owned()));
        let rotated = format!("v1,AAAA v1a,zzz {right}");
        assert_eq!(key.verify(&headers(id, time, &rotated), BODY, now), Ok(id.to_owned()));
        assert_eq!(key.verify(&headers(id, time, right), b"{}", now), Err(Forged));
        assert_eq!(key.verify(&headers("msg_other", time, right), BODY, now), Err(Forged));
        assert_eq!(key.verify(&headers(id, "1614265331", right), BODY, now), Err(Forged));
        assert_eq!(key.verify(&headers(id, time, right), BODY, now + chrono::TimeDelta::seconds(301)), Err(Forged));
        assert_eq!(key.verify(&HeaderMap::new(), BODY, now), Err(Forged));
    }

    #[test]
    fn short_and_garbled_secrets_are_refused() {
        for secret in ["", "whsec_", "whsec_%%%", "whsec_c2hvcnQ="] {
            assert!(WebhookKey::parse(secret).is_err(), "{secret}");
        }
    }
}
