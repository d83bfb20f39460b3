//! The payment provider: its own books, and its side of the store's [`Gateway`].

use std::collections::BTreeMap;

use async_trait::async_trait;
use axum::http::HeaderMap;
use consign::kernel::clock::Timestamp;
use consign::kernel::money::Money;
use consign::payments::gateway::{
    AuthorizeRequest, Gateway, GatewayError, GatewayMessage, GatewayWebhookError, ProviderPayment, ProviderStatus,
};
use serde::{Deserialize, Serialize};

use super::clock::Watch;
use super::net::{Ask, Net, Reply};
use super::plan::Fate;

/// What the provider and the store both know.
pub const PROOF: &str = "proved";

/// The provider's books.
#[derive(Default)]
pub struct Provider {
    payments: Vec<ProviderPayment>,
    /// What was done under each key.
    done: BTreeMap<String, Result<ProviderPayment, GatewayError>>,
    /// How often something was moved under each key.
    pub effects: BTreeMap<String, u32>,
}

type Done = Result<Option<ProviderPayment>, GatewayError>;

impl Provider {
    /// All payments.
    pub fn payments(&self) -> &[ProviderPayment] {
        &self.payments
    }

    /// Payments that are not decided yet.
    pub fn undecided(&self) -> Vec<String> {
        let pending = self.payments.iter().filter(|it| it.status == ProviderStatus::Pending);
        pending.map(|it| it.reference.clone()).collect()
    }

    /// Decides a payment.
    pub fn settle(&mut self, reference: &str, yes: bool) {
        let found = self.payments.iter_mut().find(|it| it.reference == reference);
        if let Some(payment) = found.filter(|it| it.status == ProviderStatus::Pending) {
            rule(payment, yes);
        }
    }

    pub(super) fn authorize(&mut self, request: &AuthorizeRequest, key: &str, fate: Fate) -> ProviderPayment {
        if let Some(known) = self.payments.iter().find(|it| it.reference == key) {
            return known.clone();
        }
        let mut payment = ProviderPayment {
            id: format!("auth_{}", self.payments.len() + 1),
            reference: request.reference.clone(),
            status: ProviderStatus::Pending,
            amount: request.amount,
            authorized: 0,
            captured: 0,
            refunded: 0,
            voided: 0,
            decline_code: None,
        };
        if fate != Fate::Part {
            rule(&mut payment, fate != Fate::No);
        }
        self.payments.push(payment.clone());
        payment
    }

    pub(super) fn capture(&mut self, id: &str, amount: Money, key: &str, fate: Fate) -> Done {
        self.move_money(id, key, fate, |it| {
            let free = it.authorized - it.captured - it.voided;
            (amount.minor() <= free).then(|| it.captured += amount.minor())
        })
    }

    pub(super) fn void(&mut self, id: &str, key: &str) -> Done {
        self.move_money(id, key, Fate::Good, |it| {
            it.voided = it.authorized - it.captured;
            Some(())
        })
    }

    pub(super) fn refund(&mut self, id: &str, amount: Money, key: &str, fate: Fate) -> Done {
        self.move_money(id, key, fate, |it| {
            (amount.minor() <= it.captured - it.refunded).then(|| it.refunded += amount.minor())
        })
    }

    /// Moves money once per key. A refusal is no effect: the same key may try again.
    fn move_money(
        &mut self,
        id: &str,
        key: &str,
        fate: Fate,
        change: impl FnOnce(&mut ProviderPayment) -> Option<()>,
    ) -> Done {
        if let Some(known) = self.done.get(key) {
            return known.clone().map(Some);
        }
        let refused = |code: &str| GatewayError::Refused { code: code.to_owned(), message: String::new() };
        if fate == Fate::No {
            return Err(refused("refused_today"));
        }
        let payment = self.payments.iter_mut().find(|it| it.id == id);
        let payment = payment.ok_or_else(|| refused("no_such_payment"))?;
        change(payment).ok_or_else(|| refused("more_than_there_is"))?;
        *self.effects.entry(key.to_owned()).or_default() += 1;
        self.done.insert(key.to_owned(), Ok(payment.clone()));
        Ok(Some(payment.clone()))
    }

    pub(super) fn lookup(&self, id: &str) -> Option<ProviderPayment> {
        self.payments.iter().find(|it| it.id == id).cloned()
    }

    pub(super) fn find(&self, reference: &str) -> Vec<ProviderPayment> {
        self.payments.iter().filter(|it| it.reference == reference).cloned().collect()
    }

    /// What is told of a payment, as a body.
    pub(super) fn news(&self, reference: &str) -> Vec<String> {
        let told = self.find(reference).into_iter().map(|it| Told {
            id: it.id,
            reference: it.reference,
            status: match it.status {
                ProviderStatus::Authorized => Some(true),
                ProviderStatus::Declined => Some(false),
                ProviderStatus::Pending | ProviderStatus::Unknown(_) => None,
            },
            amount: it.amount.minor(),
            sums: [it.authorized, it.captured, it.refunded, it.voided],
        });
        told.map(|it| serde_json::to_string(&it).expect("JSON")).collect()
    }
}

fn rule(payment: &mut ProviderPayment, yes: bool) {
    if yes {
        payment.status = ProviderStatus::Authorized;
        payment.authorized = payment.amount.minor();
    } else {
        payment.status = ProviderStatus::Declined;
        payment.decline_code = Some("insufficient_funds".to_owned());
    }
}

#[derive(Serialize, Deserialize)]
struct Told {
    id: String,
    reference: String,
    status: Option<bool>,
    amount: i64,
    sums: [i64; 4],
}

/// The store's side of it.
pub struct Line {
    /// The way there.
    pub net: Net,
    /// The time.
    pub watch: Watch,
}

impl Line {
    async fn one(&self, ask: Ask) -> Result<ProviderPayment, GatewayError> {
        let none = || GatewayError::Unknown { reason: "no payment in the answer".to_owned() };
        self.maybe(ask).await?.ok_or_else(none)
    }

    async fn maybe(&self, ask: Ask) -> Done {
        match self.net.call(ask, self.watch.now()).await {
            Reply::Payment(done) => done,
            _ => unreachable!("a question about a payment is answered by one"),
        }
    }
}

#[async_trait]
impl Gateway for Line {
    fn name(&self) -> &'static str {
        "test"
    }

    fn is_test(&self) -> bool {
        true
    }

    async fn authorize(&self, request: &AuthorizeRequest, key: &str) -> Result<ProviderPayment, GatewayError> {
        self.one(Ask::Authorize(request.clone(), key.to_owned())).await
    }

    async fn capture(&self, id: &str, amount: Money, key: &str) -> Result<ProviderPayment, GatewayError> {
        self.one(Ask::Capture(id.to_owned(), amount, key.to_owned())).await
    }

    async fn void(&self, id: &str, key: &str) -> Result<ProviderPayment, GatewayError> {
        self.one(Ask::Void(id.to_owned(), key.to_owned())).await
    }

    async fn refund(&self, id: &str, amount: Money, key: &str) -> Result<ProviderPayment, GatewayError> {
        self.one(Ask::Refund(id.to_owned(), amount, key.to_owned())).await
    }

    async fn lookup(&self, id: &str) -> Result<Option<ProviderPayment>, GatewayError> {
        self.maybe(Ask::Payment(id.to_owned())).await
    }

    async fn find(&self, reference: &str) -> Result<Vec<ProviderPayment>, GatewayError> {
        match self.net.call(Ask::Payments(reference.to_owned()), self.watch.now()).await {
            Reply::Payments(found) => found,
            _ => unreachable!("a question about payments is answered by payments"),
        }
    }

    fn read_webhook(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        _now: Timestamp,
    ) -> Result<GatewayMessage, GatewayWebhookError> {
        let header = |name: &str| headers.get(name).and_then(|it| it.to_str().ok());
        let id = header("webhook-id").filter(|_| header("webhook-signature") == Some(PROOF));
        let id = id.ok_or(GatewayWebhookError::Forged)?.to_owned();
        let told: Told = serde_json::from_slice(body).map_err(|_| GatewayWebhookError::Unreadable)?;
        let [authorized, captured, refunded, voided] = told.sums;
        let payment = ProviderPayment {
            id: told.id,
            reference: told.reference,
            status: match told.status {
                Some(true) => ProviderStatus::Authorized,
                Some(false) => ProviderStatus::Declined,
                None => ProviderStatus::Pending,
            },
            amount: Money::from_minor(told.amount, "EUR".parse().expect("a currency")),
            authorized,
            captured,
            refunded,
            voided,
            decline_code: (told.status == Some(false)).then(|| "insufficient_funds".to_owned()),
        };
        Ok(GatewayMessage { id, payment: Some(payment) })
    }
}
