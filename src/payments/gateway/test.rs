//! The test provider of `consign simulate`: HTTP and JSON, amounts in minor units, Standard Webhooks.
//! No real money moves, and its orders are marked as tests.

use std::time::Duration;

use async_trait::async_trait;
use axum::http::{HeaderMap, StatusCode};
use reqwest::{Method, RequestBuilder};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::{
    AuthorizeRequest, Gateway, GatewayError, GatewayMessage, GatewayWebhookError, ProviderPayment, ProviderStatus,
};
use crate::kernel::clock::Timestamp;
use crate::kernel::money::{Currency, Money};
use crate::platform::config::{Config, Secret, TestGatewayConfig};
use crate::platform::egress::{self, Egress, EgressError, Partner, read_bounded};
use crate::platform::standard_webhooks::WebhookKey;

/// How long the provider may take to answer before its answer counts as unknown. Less than a
/// request's deadline, so that a buyer gets *processing* rather than an error.
const TIMEOUT: Duration = Duration::from_secs(6);
/// The longest the provider may make us wait.
const MAX_RETRY_AFTER: u64 = 24 * 3600;
/// The longest name of a thing at the provider.
const MAX_ID: usize = 255;
/// How much of the provider's own words is kept.
const MAX_WORDS: usize = 300;

/// The provider, as configured.
pub(in crate::payments) struct TestGateway {
    base: Url,
    secret: Secret,
    webhook_key: Option<WebhookKey>,
    egress: Egress,
    max_answer: usize,
}

impl TestGateway {
    /// The provider at the configured address. The operator named that address, so it may be reached
    /// whatever `egress_allow` says.
    pub(in crate::payments) fn new(own: &TestGatewayConfig, config: &Config) -> anyhow::Result<Self> {
        let base: Url = own.url.parse()?;
        let mut allow = config.egress_allow.clone();
        allow.extend(base.host_str().map(|host| host.trim_matches(['[', ']']).to_owned()));
        Ok(Self {
            base,
            secret: own.secret.clone(),
            webhook_key: WebhookKey::parse(own.webhook_secret.expose()).ok(),
            egress: Egress::new(&allow)?,
            max_answer: config.limits.answer_bytes,
        })
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        let path = format!("{}/authorizations{path}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        url
    }

    async fn post(&self, path: &str, key: &str, body: Value) -> Result<ProviderPayment, GatewayError> {
        let request = self.egress.request(Method::POST, self.url(path));
        let request = request.map(|it| it.header("idempotency-key", key).json(&body));
        let (status, body) = self.answer(request).await?;
        match status {
            StatusCode::OK | StatusCode::CREATED => parse::<Payment>(&body)?.read(),
            _ => Err(refusal(status, &body)),
        }
    }

    /// Reads; nothing is at stake, so whatever fails may be tried again.
    async fn get(&self, url: Url) -> Result<(StatusCode, Vec<u8>), GatewayError> {
        let answer = self.answer(self.egress.request(Method::GET, url)).await;
        answer.map_err(|error| GatewayError::Retry { reason: error.to_string(), after: None })
    }

    async fn answer(
        &self,
        request: Result<RequestBuilder, EgressError>,
    ) -> Result<(StatusCode, Vec<u8>), GatewayError> {
        let request = request.map(|it| it.bearer_auth(self.secret.expose()).timeout(TIMEOUT));
        let response = egress::send(Partner::Gateway, request).await.map_err(lost)?;
        let status = response.status();
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            let after =
                response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
            let reason = format!("it answered {status}");
            return Err(GatewayError::Retry {
                reason,
                after: after.map(|it| Duration::from_secs(it.min(MAX_RETRY_AFTER))),
            });
        }
        let body = read_bounded(response, self.max_answer).await.map_err(lost)?;
        Ok((status, body))
    }
}

#[async_trait]
impl Gateway for TestGateway {
    fn name(&self) -> &'static str {
        "test"
    }

    fn is_test(&self) -> bool {
        true
    }

    async fn authorize(&self, request: &AuthorizeRequest, key: &str) -> Result<ProviderPayment, GatewayError> {
        let body = json!({
            "reference": request.reference,
            "amount": request.amount.minor(),
            "currency": request.amount.currency(),
            "token": request.token,
            "capture": false,
        });
        self.post("", key, body).await
    }

    async fn capture(&self, id: &str, amount: Money, key: &str) -> Result<ProviderPayment, GatewayError> {
        self.post(&format!("/{id}/captures"), key, json!({ "amount": amount.minor() })).await
    }

    async fn void(&self, id: &str, key: &str) -> Result<ProviderPayment, GatewayError> {
        self.post(&format!("/{id}/voids"), key, json!({})).await
    }

    async fn refund(&self, id: &str, amount: Money, key: &str) -> Result<ProviderPayment, GatewayError> {
        self.post(&format!("/{id}/refunds"), key, json!({ "amount": amount.minor() })).await
    }

    async fn lookup(&self, id: &str) -> Result<Option<ProviderPayment>, GatewayError> {
        let (status, body) = self.get(self.url(&format!("/{id}"))).await?;
        match status {
            StatusCode::OK => parse::<Payment>(&body)?.read().map(Some),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(refusal(status, &body)),
        }
    }

    async fn find(&self, reference: &str) -> Result<Vec<ProviderPayment>, GatewayError> {
        let mut url = self.url("");
        url.query_pairs_mut().append_pair("reference", reference);
        let (status, body) = self.get(url).await?;
        match status {
            StatusCode::OK => parse::<List>(&body)?.payments().into_iter().map(Payment::read).collect(),
            StatusCode::NOT_FOUND => Ok(Vec::new()),
            _ => Err(refusal(status, &body)),
        }
    }

    async fn changed_since(&self, since: Timestamp) -> Result<Option<Vec<ProviderPayment>>, GatewayError> {
        let mut url = self.url("");
        url.query_pairs_mut().append_pair("changedSince", &since.to_rfc3339());
        let (status, body) = self.get(url).await?;
        if !status.is_success() {
            // Listing was added to the protocol later than the rest.
            let unknown = matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY);
            return if unknown { Ok(None) } else { Err(refusal(status, &body)) };
        }
        let Ok(changes) = serde_json::from_slice::<Changes>(&body) else { return Ok(None) };
        changes.authorizations.into_iter().map(Payment::read).collect::<Result<_, _>>().map(Some)
    }

    fn read_webhook(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<GatewayMessage, GatewayWebhookError> {
        let key = self.webhook_key.as_ref().ok_or(GatewayWebhookError::Forged)?;
        let id = key.verify(headers, body, now).map_err(|_| GatewayWebhookError::Forged)?;
        let unreadable = GatewayWebhookError::Unreadable;
        let message: Message = serde_json::from_slice(body).map_err(|_| unreadable)?;
        if message.kind != "authorization.updated" {
            return Ok(GatewayMessage { id, payment: None });
        }
        let payment: Payment = serde_json::from_value(message.data).map_err(|_| unreadable)?;
        Ok(GatewayMessage { id, payment: Some(payment.read().map_err(|_| unreadable)?) })
    }
}

/// The exchange broke off: unless it surely never began, the provider may have acted.
fn lost(error: EgressError) -> GatewayError {
    let reason = error.to_string();
    if error.surely_not_sent() { GatewayError::Retry { reason, after: None } } else { GatewayError::Unknown { reason } }
}

/// What an answer that is no payment means: a 4xx is a refusal, the rest says nothing.
fn refusal(status: StatusCode, body: &[u8]) -> GatewayError {
    match status {
        // The operator's to mend; the buyer's money is not to blame.
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            return GatewayError::Retry { reason: format!("it answered {status}; is the secret right?"), after: None };
        }
        // Something is there under this key, whatever it is.
        StatusCode::CONFLICT => return GatewayError::Unknown { reason: format!("it answered {status}") },
        _ => {}
    }
    let error = serde_json::from_slice::<Refusal>(body).map(|body| body.error).unwrap_or_default();
    if status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT {
        let code = error.code.map_or_else(|| status.as_u16().to_string(), |code| words(&code));
        return GatewayError::Refused { code, message: error.message.as_deref().map(words).unwrap_or_default() };
    }
    GatewayError::Unknown { reason: format!("it answered {status}") }
}

/// An answer that cannot be read says nothing about what was done.
fn parse<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T, GatewayError> {
    serde_json::from_slice(body).map_err(|_| garbled())
}

/// An answer that cannot be read; its body may hold anything and is not repeated.
fn garbled() -> GatewayError {
    GatewayError::Unknown { reason: "its answer cannot be read".to_owned() }
}

/// The provider's words, made harmless.
fn words(text: &str) -> String {
    text.chars().filter(|it| !it.is_control()).take(MAX_WORDS).collect()
}

/// Whether a text can be a name: none has signs that cannot be seen, which databases do not keep.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_ID && !text.chars().any(char::is_control)
}

#[derive(Deserialize)]
struct Refusal {
    error: RefusalBody,
}

#[derive(Deserialize, Default)]
struct RefusalBody {
    code: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "type")]
    kind: String,
    data: Value,
}

/// What changed. A provider that takes no notice of the question answers something else.
#[derive(Deserialize)]
struct Changes {
    #[serde(rename = "changedSince")]
    _since: Timestamp,
    authorizations: Vec<Payment>,
}

/// A list, bare or in an object.
#[derive(Deserialize)]
#[serde(untagged)]
enum List {
    Bare(Vec<Payment>),
    Items { items: Vec<Payment> },
    Data { data: Vec<Payment> },
}

impl List {
    fn payments(self) -> Vec<Payment> {
        match self {
            Self::Bare(payments) | Self::Items { items: payments } | Self::Data { data: payments } => payments,
        }
    }
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Payment {
    id: String,
    reference: String,
    status: String,
    amount: i64,
    currency: String,
    authorized: i64,
    captured: i64,
    refunded: i64,
    voided: i64,
    #[serde(default)]
    decline_code: Option<String>,
}

impl Payment {
    fn read(self) -> Result<ProviderPayment, GatewayError> {
        if !is_name(&self.id) || self.reference.chars().any(char::is_control) {
            return Err(garbled());
        }
        let currency: Currency = self.currency.parse().map_err(|_| garbled())?;
        let status = match self.status.as_str() {
            "pending" => ProviderStatus::Pending,
            "authorized" | "captured" | "voided" | "refunded" => ProviderStatus::Authorized,
            "declined" => ProviderStatus::Declined,
            other => ProviderStatus::Unknown(words(other)),
        };
        Ok(ProviderPayment {
            id: self.id,
            reference: self.reference,
            status,
            amount: Money::from_minor(self.amount, currency),
            authorized: self.authorized,
            captured: self.captured,
            refunded: self.refunded,
            voided: self.voided,
            decline_code: self.decline_code.as_deref().map(words),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::contract::{self, Tokens};
    use super::*;
    use crate::payments::tests::{WEBHOOK_SECRET, config, simulator};

    #[tokio::test]
    async fn it_keeps_the_contract() {
        let base = simulator().await;
        let config = config(&base, "sqlite://unused");
        let gateway = TestGateway::new(config.gateways.test.as_ref().expect("configured"), &config).expect("a gateway");
        let tokens = Tokens {
            good: "tok_ok",
            declined: "tok_insufficient",
            lost_answer: "tok_500_after",
            pending: "tok_late_webhook",
        };
        contract::check(&gateway, &tokens).await;
        let unreachable = TestGatewayConfig {
            url: "http://127.0.0.1:9".to_owned(),
            secret: "wrong".into(),
            webhook_secret: "".into(),
        };
        let unreachable = TestGateway::new(&unreachable, &config).expect("a gateway");
        let refused = unreachable.void("x", "k").await;
        assert!(matches!(refused, Err(GatewayError::Retry { .. })), "surely not sent: {refused:?}");
    }

    #[tokio::test]
    async fn webhooks_are_read_if_they_are_signed() {
        let config = config("http://127.0.0.1:9", "sqlite://unused");
        let gateway = TestGateway::new(config.gateways.test.as_ref().expect("configured"), &config).expect("a gateway");
        let now = Timestamp::from_timestamp(1_800_000_000, 0).expect("a time");
        let body = json!({ "type": "authorization.updated", "occurredAt": now, "data": {
            "id": "auth_1", "reference": "pay_1", "status": "authorized", "amount": 5, "currency": "EUR",
            "authorized": 5, "captured": 0, "refunded": 0, "voided": 0, "declineCode": null,
        }});
        let body = body.to_string();
        let signature =
            WebhookKey::parse(WEBHOOK_SECRET).expect("a key").sign("msg_1", now.timestamp(), body.as_bytes());
        let mut headers = HeaderMap::new();
        for (name, value) in
            [("webhook-id", "msg_1"), ("webhook-timestamp", "1800000000"), ("webhook-signature", &signature)]
        {
            headers.insert(name, value.parse().expect("a header"));
        }
        let message = gateway.read_webhook(&headers, body.as_bytes(), now).expect("ours");
        assert_eq!(message.id, "msg_1");
        assert_eq!(message.payment.expect("a payment").authorized, 5);
        let altered = body.replace("\"amount\":5", "\"amount\":6");
        assert_eq!(gateway.read_webhook(&headers, altered.as_bytes(), now), Err(GatewayWebhookError::Forged));
    }
}
