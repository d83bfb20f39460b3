//! Webhooks: what the store asks for, and the messages it would get. The test carries them to the
//! store itself, so that it can lose, repeat and swap them.
//!
//! Assumptions of ours: setting webhooks replaces what was set, gives a new pair of keys, named
//! `public_key` and `secret_key` in the answer, and ends the old pair; `data` of a message holds the
//! order, the shipment or the availability as the queries show them; a repeated message has one retry
//! more in its body and so another signature, and nothing but `occurred_at` and `data` to know it by.

use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::refusal::Answer;
use super::{Books, Printful};
use crate::standins::{Call, Message, Object, given, hmac, objects, only, optional_text, text};

const KINDS: [&str; 13] = [
    "shipment_sent",
    "shipment_returned",
    "shipment_out_of_stock",
    "order_created",
    "order_updated",
    "order_failed",
    "order_canceled",
    "order_put_hold",
    "order_put_hold_approval",
    "order_remove_hold",
    "catalog_stock_updated",
    "catalog_price_changed",
    "mockup_task_finished",
];

/// The keys of the store's webhooks, and what it asked for.
pub(super) struct Hook {
    public_key: String,
    /// Hexadecimal; what signs are the bytes it stands for.
    secret: String,
    generation: u32,
    settings: Value,
}

impl Hook {
    pub(super) fn new(port: u16, generation: u32) -> Self {
        let secret = hex::encode(hmac(b"stand-in", format!("{port}-{generation}").as_bytes()));
        Self { public_key: format!("pk-{port}-{generation}"), secret, generation, settings: Value::Null }
    }
}

impl Printful {
    /// The secret of the store's webhooks, hexadecimal.
    pub fn webhook_secret(&self) -> String {
        self.locked().hook.secret.clone()
    }

    /// The name of the present keys, as messages carry it.
    pub fn webhook_public_key(&self) -> String {
        self.locked().hook.public_key.clone()
    }

    /// What the store asked for last; null before.
    pub fn webhook_settings(&self) -> Value {
        self.locked().hook.settings.clone()
    }

    /// A message of this type, signed as the page says.
    pub fn webhook(&self, kind: &str, data: Value) -> Message {
        let message = self.envelope(kind, &data);
        self.signed(&message, &self.webhook_secret())
    }

    /// The same from somebody who does not know the secret.
    pub fn forged_webhook(&self, kind: &str, data: Value) -> Message {
        let message = self.envelope(kind, &data);
        self.signed(&message, &hex::encode("the secret of somebody else"))
    }

    /// A message as it comes once more after it was not taken.
    pub fn again(&self, message: &Message) -> Message {
        let mut envelope: Value = serde_json::from_slice(&message.1).expect("a message of the platform");
        let retries = envelope["retries"].as_i64().expect("a number of retries");
        envelope["retries"] = json!(retries + 1);
        self.signed(&envelope, &self.webhook_secret())
    }

    /// How a parcel stands.
    pub fn shipment_webhook(&self, kind: &str, number: &str) -> Message {
        let data = {
            let books = self.locked();
            let shipment = books.shipments.iter().find(|it| it.is(number)).expect("a parcel that was sent");
            let order = books.orders.iter().find(|it| it.book.id == shipment.order()).expect("its order");
            json!({ "shipment": shipment.json(), "order": order.json(books.store_id) })
        };
        self.webhook(kind, data)
    }

    fn envelope(&self, kind: &str, data: &Value) -> Value {
        let books = &mut self.locked();
        let occurred = books.time.tick().to_rfc3339_opts(SecondsFormat::Secs, true);
        json!({
            "type": kind, "occurred_at": occurred, "retries": 0, "store_id": books.store_id, "data": data,
        })
    }

    fn signed(&self, message: &Value, secret: &str) -> Message {
        let body = message.to_string().into_bytes();
        let key = hex::decode(secret).expect("a hexadecimal secret");
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("x-pf-webhook-signature", hex::encode(hmac(&key, &body))),
            ("x-pf-webhook-public-key", self.webhook_public_key()),
        ];
        (headers.map(|(name, value)| (name.to_owned(), value)).into(), body)
    }
}

/// `POST v2/webhooks {default_url, expires_at, events}`.
pub(super) fn set(books: &mut Books, call: &Call) -> Answer {
    let body = call.json()?;
    only(&body, &["default_url", "expires_at", "events"])?;
    optional_text(&body, "default_url", usize::MAX)?;
    optional_text(&body, "expires_at", usize::MAX)?;
    let has_default = given(&body, "default_url").is_some();
    for event in objects(&body, "events")? {
        check(event, has_default)?;
    }
    let mut settings = Value::Object(body);
    let mut hook = Hook::new(books.port, books.hook.generation + 1);
    hook.settings = settings.clone();
    settings["public_key"] = json!(hook.public_key);
    settings["secret_key"] = json!(hook.secret);
    books.hook = hook;
    Ok(settings)
}

fn check(event: &Object, has_default: bool) -> Result<(), String> {
    only(event, &["type", "url", "params"])?;
    let kind = text(event, "type")?;
    if !KINDS.contains(&kind) {
        return Err(format!("there is no event `{kind}`"));
    }
    optional_text(event, "url", usize::MAX)?;
    if !has_default && given(event, "url").is_none() {
        return Err(format!("the event `{kind}` has no URL"));
    }
    Ok(())
}
