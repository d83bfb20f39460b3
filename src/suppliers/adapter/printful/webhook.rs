//! Printful's messages: each is taken as a hint to ask.

use axum::http::HeaderMap;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::long;
use super::wire::Message;
use crate::kernel::ids::SupplierOrderId;
use crate::suppliers::adapter::text::cut;
use crate::suppliers::adapter::{InboundMessage, SupplierNews, WebhookError};

/// The longest name of an order or of a kind of messages.
const MAX_NAME: usize = 100;

/// Whether the body is signed with `key`: header `x-pf-webhook-signature`, hex of HMAC-SHA256; the key itself
/// is told in hex.
pub(super) fn verify(key: &str, headers: &HeaderMap, body: &[u8]) -> Result<(), WebhookError> {
    let told = headers.get("x-pf-webhook-signature").and_then(|it| it.to_str().ok()).ok_or(WebhookError::Forged)?;
    let told = hex::decode(told.trim()).map_err(|_| WebhookError::Forged)?;
    let key = hex::decode(key).map_err(|_| WebhookError::Forged)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| WebhookError::Forged)?;
    mac.update(body);
    mac.verify_slice(&told).map_err(|_| WebhookError::Forged)
}

/// What a message says; `None` if it is not of the form. A repeat differs in the number of its tries alone, so
/// the rest is its name.
pub(super) fn read(body: &[u8]) -> Option<InboundMessage> {
    let message: Message = serde_json::from_slice(body).ok()?;
    let named = serde_json::to_vec(&(&message.kind, &message.occurred_at, &message.data)).ok()?;
    let id = hex::encode(Sha256::digest(&named));
    let about_an_order = message.kind.starts_with("order_") || message.kind.starts_with("shipment_");
    let reference = message.data.pointer("/order/external_id").and_then(Value::as_str);
    let news = match reference.filter(|_| about_an_order) {
        Some(reference) => SupplierNews::Look { reference: cut(&long::<SupplierOrderId>(reference), MAX_NAME) },
        None => SupplierNews::Unknown(cut(&message.kind, MAX_NAME)),
    };
    Some(InboundMessage { id, news })
}
