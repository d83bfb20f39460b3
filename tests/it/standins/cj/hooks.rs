//! Webhooks: what the store asks for, and the messages it would get. The test carries them to the
//! store itself, so that it can lose, repeat and swap them.
//!
//! Assumptions of ours: the params of `ORDER`, and those of `LOGISTIC` but `logisticsTrackEvents`, have
//! the words of the order's query; a `LOGISTIC` message names the order by the platform's id alone; the
//! events in its string have `status`, `activity`, `location` and `eventTime`; every message states the
//! account's `openId`, which must not be what a receiver verifies with.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::envelope::{Answer, Refusal};
use super::{Books, Cj};
use crate::standins::{Call, Message, Object, hmac, only, text};

/// The most products that one call subscribes.
const MAX_PRODUCTS: usize = 100;
/// The account of somebody else.
const FOREIGN_OPEN_ID: u64 = 6_660_000_000_666;

impl Cj {
    /// A message of this type, signed as the page says, with an id of its own.
    pub fn webhook(&self, kind: &str, params: Value) -> Message {
        let open_id = self.locked().tokens.open_id;
        self.message(kind, &params, open_id)
    }

    /// The same from somebody else, who signs with a key of his own and states it in the message.
    pub fn forged_webhook(&self, kind: &str, params: Value) -> Message {
        self.message(kind, &params, FOREIGN_OPEN_ID)
    }

    /// How an order stands.
    pub fn order_webhook(&self, order_number: &str) -> Message {
        let params = {
            let books = &mut self.locked();
            let order = books.order_numbered(order_number);
            json!({
                "orderId": order.book.order_id, "orderNumber": order.book.order_number,
                "orderStatus": order.book.status, "logisticName": order.book.logistic_name,
                "trackNumber": order.track_number, "trackingUrl": order.tracking_url(),
            })
        };
        self.webhook("ORDER", params)
    }

    /// What the carrier reported of an order so far.
    pub fn logistic_webhook(&self, order_number: &str) -> Message {
        let params = {
            let books = &mut self.locked();
            let order = books.order_numbered(order_number);
            let event = |(status, time): &(i64, String)| {
                let activity = format!("tracking status {status}");
                json!({ "status": status, "activity": activity, "location": "Hangzhou", "eventTime": time })
            };
            let events: Value = order.events.iter().map(event).collect();
            json!({
                "orderId": order.book.order_id, "logisticName": order.book.logistic_name,
                "trackNumber": order.track_number, "trackingStatus": order.tracking_status(),
                "logisticsTrackEvents": events.to_string(),
            })
        };
        self.webhook("LOGISTIC", params)
    }

    /// What there is of these variants.
    pub fn stock_webhook(&self, vids: &[&str]) -> Message {
        let params: BTreeMap<String, Value> = {
            let books = self.locked();
            let storage = |vid: &&str| {
                let item = books.items.get(*vid).expect("a variant that was added");
                ((*vid).to_owned(), item.storage())
            };
            vids.iter().map(storage).collect()
        };
        self.webhook("STOCK", json!(params))
    }

    /// What the store asked for last: `{order: {type, callbackUrls}, …}`.
    pub fn webhook_settings(&self) -> Value {
        Value::Object(self.locked().topics.clone())
    }

    fn message(&self, kind: &str, params: &Value, open_id: u64) -> Message {
        let id = {
            let books = &mut self.locked();
            let number = books.next_id();
            format!("cj-{}-{number}", books.port)
        };
        let message = json!({
            "messageId": id, "type": kind, "messageType": "UPDATE", "params": params, "openId": open_id,
        });
        let body = message.to_string().into_bytes();
        let sign = STANDARD.encode(hmac(open_id.to_string().as_bytes(), &body));
        let headers = [("content-type", "application/json".to_owned()), ("sign", sign)];
        (headers.map(|(name, value)| (name.to_owned(), value)).into(), body)
    }
}

/// `POST webhook/set {product, stock, order, logistics, …}`. Which topics hide behind the dots the page
/// does not say, so any is taken; that one is enough is our own assumption.
pub(super) fn set(books: &mut Books, call: &Call) -> Answer {
    let body = call.json()?;
    if body.is_empty() {
        return Err("no topic is given".to_owned().into());
    }
    for (topic, setting) in &body {
        let setting = setting.as_object().ok_or_else(|| format!("`{topic}` has to be an object"))?;
        check(setting).map_err(|error| format!("`{topic}`: {error}"))?;
    }
    books.topics.extend(body);
    Ok(json!(true))
}

fn check(setting: &Object) -> Result<(), String> {
    only(setting, &["type", "callbackUrls"])?;
    let kind = text(setting, "type")?;
    if !["ENABLE", "CANCEL"].contains(&kind) {
        return Err(format!("`type` has to be ENABLE or CANCEL, not `{kind}`"));
    }
    let urls = setting.get("callbackUrls").and_then(Value::as_array).map(Vec::as_slice);
    match urls {
        Some([Value::String(url)]) if url.starts_with("https://") => Ok(()),
        _ => Err("`callbackUrls` has to hold exactly one HTTPS URL".to_owned()),
    }
}

/// `POST webhook/product/subscribe {productIds}`, at most a hundred.
pub(super) fn subscribe(books: &mut Books, call: &Call) -> Answer {
    let body = call.json()?;
    only(&body, &["productIds"])?;
    let given = body.get("productIds").and_then(Value::as_array);
    let ids: Option<Vec<&str>> = given.and_then(|it| it.iter().map(Value::as_str).collect());
    let ids = ids.ok_or_else(|| "`productIds` has to be a list of strings".to_owned())?;
    if !(1..=MAX_PRODUCTS).contains(&ids.len()) {
        return Err(format!("`productIds` has to hold 1 to {MAX_PRODUCTS}").into());
    }
    if !ids.iter().all(|id| books.has_product(id)) {
        return Err(Refusal::not_found("product"));
    }
    books.subscribed.extend(ids.into_iter().map(str::to_owned));
    Ok(json!(true))
}
