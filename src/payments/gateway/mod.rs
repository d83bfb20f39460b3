//! Payment providers: what the store asks of one, and the ones that are configured.

#[cfg(test)]
pub(super) mod contract;
mod measured;
pub(super) mod test;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::http::HeaderMap;

use crate::kernel::clock::Timestamp;
use crate::kernel::money::Money;
use crate::platform::config::Config;

/// A payment provider. Every writing call carries an idempotency key: the same key again has no
/// second effect, so a call whose outcome is unknown may be made again under its own key only.
#[async_trait]
pub trait Gateway: Send + Sync {
    /// What the store calls it.
    fn name(&self) -> &'static str;

    /// Whether no real money moves.
    fn is_test(&self) -> bool;

    /// Holds money.
    async fn authorize(&self, request: &AuthorizeRequest, key: &str) -> Result<ProviderPayment, GatewayError>;

    /// Takes part of what is held.
    async fn capture(&self, id: &str, amount: Money, key: &str) -> Result<ProviderPayment, GatewayError>;

    /// Releases all that is held and not taken.
    async fn void(&self, id: &str, key: &str) -> Result<ProviderPayment, GatewayError>;

    /// Gives back part of what was taken.
    async fn refund(&self, id: &str, amount: Money, key: &str) -> Result<ProviderPayment, GatewayError>;

    /// The payment with the provider's `id`.
    async fn lookup(&self, id: &str) -> Result<Option<ProviderPayment>, GatewayError>;

    /// The payments made under our `reference`.
    async fn find(&self, reference: &str) -> Result<Vec<ProviderPayment>, GatewayError>;

    /// The payments that were made or changed since `since`; `None` from a provider that cannot list them.
    async fn changed_since(&self, since: Timestamp) -> Result<Option<Vec<ProviderPayment>>, GatewayError> {
        let _ = since;
        Ok(None)
    }

    /// The message a webhook carries, if it is proved to come from the provider.
    fn read_webhook(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<GatewayMessage, GatewayWebhookError>;
}

/// A request to hold money.
#[derive(Clone)]
pub struct AuthorizeRequest {
    /// Our name for it.
    pub reference: String,
    /// How much.
    pub amount: Money,
    /// What the buyer's client got from the provider.
    pub token: String,
}

/// A payment as the provider has it. Amounts are in minor units of the currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderPayment {
    /// The provider's name for it.
    pub id: String,
    /// Our name for it.
    pub reference: String,
    /// Where it stands.
    pub status: ProviderStatus,
    /// What was asked for.
    pub amount: Money,
    /// What is or was held.
    pub authorized: i64,
    /// What was taken of it.
    pub captured: i64,
    /// What was given back of that.
    pub refunded: i64,
    /// What was released.
    pub voided: i64,
    /// Why the provider said no.
    pub decline_code: Option<String>,
}

/// Where a payment stands at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProviderStatus {
    /// Not decided yet.
    Pending,
    /// Held, and perhaps taken or released since.
    Authorized,
    /// Refused.
    Declined,
    /// A word this program does not know; kept, never guessed.
    Unknown(String),
}

/// A webhook of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayMessage {
    /// The message's id; a repeat has the same.
    pub id: String,
    /// The payment it tells of; `None` for a message that does not concern us.
    pub payment: Option<ProviderPayment>,
}

/// Why a webhook is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GatewayWebhookError {
    /// It is not proved to come from the provider, or too old.
    #[error("the signature is not valid")]
    Forged,
    /// It comes from the provider and cannot be read.
    #[error("the body cannot be read")]
    Unreadable,
}

/// Why a provider's answer is missing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// Surely not done; trying again may help.
    #[error("the payment provider cannot be asked: {reason}")]
    Retry {
        /// What happened.
        reason: String,
        /// When the provider wants to be asked again.
        after: Option<Duration>,
    },
    /// May be done: ask, and repeat only under the same key.
    #[error("the payment provider's answer is not known: {reason}")]
    Unknown {
        /// What happened.
        reason: String,
    },
    /// Surely not done, and never will be.
    #[error("the payment provider refused: {code}: {message}")]
    Refused {
        /// The provider's code.
        code: String,
        /// The provider's sentence.
        message: String,
    },
}

/// The providers that are configured, by name.
#[derive(Clone, Default)]
pub struct Gateways(BTreeMap<&'static str, Arc<dyn Gateway>>);

impl Gateways {
    /// The providers of the configuration.
    pub fn from_config(config: &Config) -> anyhow::Result<Self> {
        let mut gateways = Self::default();
        if let Some(test) = &config.gateways.test {
            gateways.add(Arc::new(test::TestGateway::new(test, config)?));
        }
        Ok(gateways)
    }

    /// Adds a provider, or puts it in the place of the one with its name. Its calls are counted.
    pub fn add(&mut self, gateway: Arc<dyn Gateway>) {
        self.0.insert(gateway.name(), Arc::new(measured::Measured(gateway)));
    }

    /// The provider of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Gateway>> {
        self.0.get(name)
    }

    /// The names, for those who may choose.
    pub fn names(&self) -> Vec<&'static str> {
        self.0.keys().copied().collect()
    }
}
