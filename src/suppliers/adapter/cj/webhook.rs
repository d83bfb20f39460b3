//! CJ's messages. They are signed without a time, so only their name tells a repeat.

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::read;
use super::wire::{LogisticParams, Message, OrderParams};
use crate::kernel::clock::Timestamp;
use crate::suppliers::adapter::text::{self, cut};
use crate::suppliers::adapter::{InboundMessage, RemoteEvent, SupplierNews, WebhookError};

/// The longest name of a message or of a kind of messages.
const MAX_NAME: usize = 100;

/// Whether the body is signed with `key`: header `sign`, base64 of HMAC-SHA256.
pub(super) fn verify(key: &str, headers: &HeaderMap, body: &[u8]) -> Result<(), WebhookError> {
    let told = headers.get("sign").and_then(|it| it.to_str().ok()).ok_or(WebhookError::Forged)?;
    let told = STANDARD.decode(told.trim()).map_err(|_| WebhookError::Forged)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).map_err(|_| WebhookError::Forged)?;
    mac.update(body);
    mac.verify_slice(&told).map_err(|_| WebhookError::Forged)
}

/// What a message says; `None` if it is not of the form.
pub(super) fn read(body: &[u8], now: Timestamp) -> Option<InboundMessage> {
    let message: Message = serde_json::from_slice(body).ok()?;
    let id = Some(message.message_id).filter(|id| !id.is_empty() && id.len() <= MAX_NAME)?;
    let news = match message.kind.as_str() {
        "ORDER" => order(message.params)?,
        "LOGISTIC" => logistic(&id, message.params, now)?,
        other => SupplierNews::Unknown(cut(other, MAX_NAME)),
    };
    Some(InboundMessage { id, news })
}

fn order(params: Value) -> Option<SupplierNews> {
    let params: OrderParams = serde_json::from_value(params).ok()?;
    Some(SupplierNews::Look { reference: cut(&params.order_number?, MAX_NAME) })
}

fn logistic(id: &str, params: Value, now: Timestamp) -> Option<SupplierNews> {
    let params: LogisticParams = serde_json::from_value(params).ok()?;
    let number = params.tracking_number?;
    let order_id = params.order_id.as_ref().and_then(text::id)?;
    let event = params.tracking_status.map(|status| RemoteEvent {
        id: id.to_owned(),
        status: read::tracking(status),
        raw_status: status.to_string(),
        occurred_at: now,
        description: None,
        location: None,
    });
    Some(SupplierNews::ShipmentUpdated {
        shipment_id: read::parcel(&order_id, &number),
        tracking_number: Some(cut(&number, MAX_NAME)),
        event,
        estimated_delivery: None,
    })
}
