//! Webhooks of payment providers, proved and read.

use axum::http::HeaderMap;

use super::attempts::{AuthorizeOutcome, outcome_of};
use super::gateway::GatewayWebhookError;
use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::PaymentAttemptId;

/// A message of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundPayment {
    /// The message's id; a repeat has the same.
    pub id: String,
    /// What it says; `None` for a message that does not concern us.
    pub news: Option<PaymentNews>,
}

/// What a provider says about an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentNews {
    /// The attempt its reference names. There may be none with this id.
    pub attempt_id: PaymentAttemptId,
    /// What became of it.
    pub outcome: AuthorizeOutcome,
}

/// Reads a message of the provider called `gateway`, which arrived at `now`. Whether its amount and
/// currency are ours is checked where it is recorded.
pub fn read_webhook(
    app: &App,
    gateway: &str,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<InboundPayment, GatewayWebhookError> {
    let gateway = app.gateways.get(gateway).ok_or(GatewayWebhookError::Forged)?;
    let message = gateway.read_webhook(headers, body, now)?;
    let news = message.payment.and_then(|payment| {
        let attempt_id = payment.reference.parse().ok()?;
        Some(PaymentNews { attempt_id, outcome: outcome_of(payment) })
    });
    Ok(InboundPayment { id: message.id, news })
}
