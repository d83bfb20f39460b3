//! Signatures of webhooks: only what the key signed is taken for its holder's.
#![no_main]

use axum::http::{HeaderMap, HeaderValue};
use chrono::DateTime;
use consign::platform::standard_webhooks::WebhookKey;
use libfuzzer_sys::fuzz_target;

const NOW: i64 = 1_800_000_000;

fuzz_target!(|input: (&str, [&[u8]; 3], &[u8])| {
    let (secret, values, body) = input;
    let _ = WebhookKey::parse(secret);
    let key = WebhookKey::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a secret");
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let mut headers = HeaderMap::new();
    for (name, value) in names.into_iter().zip(values) {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.insert(name, value);
        }
    }
    let now = DateTime::from_timestamp(NOW, 0).expect("a moment");
    // Nobody finds a signature by chance.
    assert!(key.verify(&headers, body, now).is_err());
    let id = std::str::from_utf8(values[0]).unwrap_or_default();
    if !id.is_empty() && id.len() <= 255 && HeaderValue::from_str(id).is_ok_and(|it| it.to_str().is_ok()) {
        headers.insert("webhook-id", HeaderValue::from_str(id).expect("checked"));
        headers.insert("webhook-timestamp", HeaderValue::from(NOW));
        headers.insert("webhook-signature", HeaderValue::from_str(&key.sign(id, NOW, body)).expect("base64"));
        assert_eq!(key.verify(&headers, body, now).as_deref(), Ok(id));
    }
});
