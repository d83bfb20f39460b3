//! Taking a message in: as little as must be done before the sender is answered.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use axum::http::HeaderMap;
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, Set};
use sha2::{Digest, Sha256};

use super::entity::{ActiveModel, Column, DeliveryStatus, Entity, Headers};
use super::process::{ProcessWebhook, quarantine_item};
use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{SupplierId, WebhookId};
use crate::kernel::problem::Fault;
use crate::payments::{self, GatewayWebhookError};
use crate::platform::jobs;
use crate::platform::tx::Tx;
use crate::suppliers::adapter::{InboundMessage, WebhookError};
use crate::suppliers::{self, supplier};

/// The headers that are kept: what signatures are about, Standard Webhooks' and the platforms' own.
const KEPT: [&str; 5] = ["webhook-id", "webhook-timestamp", "webhook-signature", "sign", "x-pf-webhook-signature"];

/// Who sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sender {
    /// A supplier.
    Supplier(SupplierId),
    /// A payment provider, by its name.
    Gateway(String),
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Supplier(id) => write!(f, "suppliers/{id}"),
            Self::Gateway(name) => write!(f, "payments/{name}"),
        }
    }
}

impl FromStr for Sender {
    type Err = Fault;
    fn from_str(text: &str) -> Result<Self, Fault> {
        let unknown = || Fault::internal(format!("a webhook of the unknown sender {text}"));
        match text.split_once('/') {
            Some(("suppliers", id)) => id.parse().map(Self::Supplier).map_err(|_| unknown()),
            Some(("payments", name)) => Ok(Self::Gateway(name.to_owned())),
            _ => Err(unknown()),
        }
    }
}

/// What became of a message at the door.
pub(super) enum Received {
    /// It is kept and will be worked.
    Stored,
    /// It is here already.
    Repeated,
    /// It is not proved to come from the sender.
    Forged,
}

/// What the door finds out about a message.
enum Verdict {
    /// Its name, as proved; and whether it can be read.
    Authentic {
        id: String,
        readable: bool,
    },
    Forged,
}

/// Verifies and stores a message, and has it worked.
pub(super) async fn receive(app: &App, sender: &Sender, headers: &HeaderMap, body: &[u8]) -> Result<Received, Fault> {
    let received = take_in(app, sender, headers, body).await?;
    let from = match sender {
        Sender::Supplier(_) => "suppliers",
        Sender::Gateway(_) => "payments",
    };
    let outcome = match received {
        Received::Stored => "stored",
        Received::Repeated => "repeated",
        Received::Forged => "forged",
    };
    metrics::counter!("consign_webhooks_total", "from" => from, "outcome" => outcome).increment(1);
    Ok(received)
}

async fn take_in(app: &App, sender: &Sender, headers: &HeaderMap, body: &[u8]) -> Result<Received, Fault> {
    let now = app.clock.now();
    let verdict = match sender {
        Sender::Supplier(id) => judge_supplier(app, *id, headers, body, now).await?,
        Sender::Gateway(name) => judge_gateway(app, name, headers, body, now),
    };
    let Verdict::Authentic { id, readable } = verdict else {
        tracing::info!(%sender, "a webhook without a valid signature was refused");
        return Ok(Received::Forged);
    };
    store(app, sender, id, headers, body, readable).await
}

async fn judge_supplier(
    app: &App,
    id: SupplierId,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<Verdict, Fault> {
    let Some(supplier) = suppliers::lookup(app.db.read(), id).await? else { return Ok(Verdict::Forged) };
    Ok(match read_supplier(app, &supplier, headers, body, now).await? {
        Ok(message) => Verdict::Authentic { id: message.id, readable: true },
        Err(WebhookError::Unreadable) => unreadable(headers, body),
        Err(WebhookError::Forged) => Verdict::Forged,
        Err(error @ WebhookError::NotNow) => return Err(Fault::Unavailable(error.into())),
    })
}

/// What a supplier's message says.
pub(super) async fn read_supplier(
    app: &App,
    supplier: &supplier::Model,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<Result<InboundMessage, WebhookError>, Fault> {
    Ok(suppliers::adapter_for(app, supplier)?.read_webhook(headers, body, now).await)
}

fn judge_gateway(app: &App, name: &str, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Verdict {
    match payments::read_webhook(app, name, headers, body, now) {
        Ok(message) => Verdict::Authentic { id: message.id, readable: true },
        Err(GatewayWebhookError::Unreadable) => unreadable(headers, body),
        Err(GatewayWebhookError::Forged) => Verdict::Forged,
    }
}

/// The signature was good, so the name it covers is as well; where names are in the body, which cannot be read,
/// the whole of it is the name.
fn unreadable(headers: &HeaderMap, body: &[u8]) -> Verdict {
    let named = headers.get("webhook-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    Verdict::Authentic { id: named.unwrap_or_else(|| hex::encode(Sha256::digest(body))), readable: false }
}

async fn store(
    app: &App,
    sender: &Sender,
    message_id: String,
    headers: &HeaderMap,
    body: &[u8],
    readable: bool,
) -> Result<Received, Fault> {
    let tx = Tx::begin(app).await?;
    let id: WebhookId = tx.new_id();
    let error = (!readable).then(|| "the body cannot be read".to_owned());
    let row = ActiveModel {
        id: Set(id),
        sender: Set(sender.to_string()),
        message_id: Set(message_id),
        status: Set(if readable { DeliveryStatus::Pending } else { DeliveryStatus::Quarantined }),
        headers: Set(kept(headers)),
        body: Set(body.to_vec()),
        attempts: Set(0),
        last_error: Set(error),
        received_at: Set(tx.now()),
        processed_at: Set((!readable).then(|| tx.now())),
    };
    let conflict = OnConflict::columns([Column::Sender, Column::MessageId]).do_nothing().to_owned();
    if Entity::insert(row).on_conflict(conflict).exec_without_returning(&tx).await? == 0 {
        return Ok(Received::Repeated);
    }
    if readable {
        jobs::enqueue(&tx, &ProcessWebhook { id }).await?;
    } else {
        quarantine_item(&tx, id, &sender.to_string(), "the body cannot be read").await?;
    }
    tx.commit().await?;
    Ok(Received::Stored)
}

fn kept(headers: &HeaderMap) -> Headers {
    let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Headers(KEPT.iter().filter_map(|&name| Some((name.to_owned(), value(name)?))).collect::<BTreeMap<_, _>>())
}
