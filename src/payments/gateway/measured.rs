//! A provider whose calls are counted.

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use axum::http::HeaderMap;

use super::{
    AuthorizeRequest, Gateway, GatewayError, GatewayMessage, GatewayWebhookError, ProviderPayment, ProviderStatus,
};
use crate::kernel::clock::Timestamp;
use crate::kernel::money::Money;

/// The provider, with what its calls come to in the metrics.
pub(super) struct Measured(pub Arc<dyn Gateway>);

impl Measured {
    async fn call<T>(
        &self,
        call: &'static str,
        work: impl Future<Output = Result<T, GatewayError>> + Send,
        answer: impl Fn(&T) -> &'static str + Send,
    ) -> Result<T, GatewayError> {
        let (gateway, began) = (self.0.name(), Instant::now());
        let result = work.await;
        let outcome = match &result {
            Ok(it) => answer(it),
            Err(GatewayError::Retry { .. }) => "retry",
            Err(GatewayError::Unknown { .. }) => "unknown",
            Err(GatewayError::Refused { .. }) => "refused",
        };
        let labels = [("gateway", gateway), ("call", call), ("outcome", outcome)];
        metrics::counter!("consign_payment_calls_total", &labels).increment(1);
        let took = began.elapsed().as_secs_f64();
        metrics::histogram!("consign_payment_call_seconds", &labels[..2]).record(took);
        result
    }
}

fn of_payment(payment: &ProviderPayment) -> &'static str {
    match payment.status {
        ProviderStatus::Authorized => "ok",
        ProviderStatus::Pending => "pending",
        ProviderStatus::Declined => "declined",
        ProviderStatus::Unknown(_) => "unknown",
    }
}

#[async_trait]
impl Gateway for Measured {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn is_test(&self) -> bool {
        self.0.is_test()
    }

    async fn authorize(&self, request: &AuthorizeRequest, key: &str) -> Result<ProviderPayment, GatewayError> {
        self.call("authorize", self.0.authorize(request, key), of_payment).await
    }

    async fn capture(&self, id: &str, amount: Money, key: &str) -> Result<ProviderPayment, GatewayError> {
        self.call("capture", self.0.capture(id, amount, key), of_payment).await
    }

    async fn void(&self, id: &str, key: &str) -> Result<ProviderPayment, GatewayError> {
        self.call("void", self.0.void(id, key), of_payment).await
    }

    async fn refund(&self, id: &str, amount: Money, key: &str) -> Result<ProviderPayment, GatewayError> {
        self.call("refund", self.0.refund(id, amount, key), of_payment).await
    }

    async fn lookup(&self, id: &str) -> Result<Option<ProviderPayment>, GatewayError> {
        self.call("lookup", self.0.lookup(id), |_| "ok").await
    }

    async fn find(&self, reference: &str) -> Result<Vec<ProviderPayment>, GatewayError> {
        self.call("find", self.0.find(reference), |_| "ok").await
    }

    async fn changed_since(&self, since: Timestamp) -> Result<Option<Vec<ProviderPayment>>, GatewayError> {
        self.call("changed_since", self.0.changed_since(since), |_| "ok").await
    }

    fn read_webhook(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<GatewayMessage, GatewayWebhookError> {
        self.0.read_webhook(headers, body, now)
    }
}
