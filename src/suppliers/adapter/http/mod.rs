//! Suppliers that speak the store's own protocol (`docs/supplier-protocol/`): five endpoints over HTTP
//! and one signed webhook.

mod read;
mod refusals;
mod wire;

use async_trait::async_trait;
use axum::http::HeaderMap;
use reqwest::{Method, StatusCode, header};
use url::Url;

use super::exchange::{Answer, Call, Failure};
use super::{
    AdapterError, CancelAnswer, Cancelling, Capabilities, CatalogAccess, InboundMessage, OrderRequest, RemoteOrder,
    RemoteStatus, StockAccess, StockAnswer, SupplierAdapter, WebhookError,
};
use crate::kernel::clock::Timestamp;
use crate::platform::egress::Egress;
use crate::platform::standard_webhooks::WebhookKey;
use crate::suppliers::settings::{Setting, SettingKind, Settings};

/// What it needs.
pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        name: "baseUrl",
        kind: SettingKind::Url,
        required: true,
        about: "the address of the supplier's endpoints",
    },
    Setting {
        name: "token",
        kind: SettingKind::Token,
        required: true,
        about: "the bearer token the supplier gave the store",
    },
    Setting {
        name: "webhookSecret",
        kind: SettingKind::WebhookSecret,
        required: false,
        about: "the key the supplier signs its webhooks with; without it, none is taken",
    },
];

/// A supplier that speaks the protocol.
pub(super) struct HttpSupplier {
    egress: Egress,
    base_url: Url,
    token: String,
    webhook_key: Option<WebhookKey>,
}

impl HttpSupplier {
    /// `None` if the settings lack something.
    pub(super) fn new(egress: Egress, settings: &Settings) -> Option<Self> {
        let webhook_key = settings.text("webhookSecret").map(WebhookKey::parse).transpose().ok()?;
        Some(Self {
            egress,
            base_url: settings.url("baseUrl")?,
            token: settings.text("token")?.to_owned(),
            webhook_key,
        })
    }

    /// An endpoint below the supplier's address; what is not ours in it is escaped.
    fn endpoint(&self, parts: &[&str]) -> Url {
        let mut url = self.base_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(parts);
        }
        url
    }

    fn call(&self, method: Method, parts: &[&str]) -> Call {
        Call::new(&self.egress, method, self.endpoint(parts)).bearer(&self.token)
    }
}

#[async_trait]
impl SupplierAdapter for HttpSupplier {
    fn capabilities(&self) -> Capabilities {
        let pushes = self.webhook_key.is_some();
        Capabilities {
            submits: true,
            lookup_by_reference: true,
            cancels: Cancelling::Call,
            trials: false,
            stock: StockAccess::Whole,
            catalog: CatalogAccess::Hidden,
            pushes,
            registers: false,
        }
    }

    async fn check(&self) -> Result<(), AdapterError> {
        // The protocol has no question of its own for it; a right token is told that there is no such order.
        self.find("consign-check").await.map(drop)
    }

    async fn submit(&self, order: &OrderRequest) -> Result<RemoteOrder, AdapterError> {
        let call = self.call(Method::POST, &["orders"]).header("idempotency-key", &order.reference);
        let answer = call.json(&wire::Request::of(order)).send().await.map_err(Failure::of_writing)?;
        match answer.status {
            StatusCode::OK | StatusCode::CREATED => read::order_of(&answer, &order.reference),
            _ => Err(refusals::of_order(&answer)),
        }
    }

    async fn find(&self, reference: &str) -> Result<Option<RemoteOrder>, AdapterError> {
        let call = self.call(Method::GET, &["orders", "by-reference", reference]);
        let answer = call.send().await.map_err(Failure::of_reading)?;
        match answer.status {
            StatusCode::OK => read::order_of(&answer, reference).map(Some).map_err(read::as_reading),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(answer.not_now()),
        }
    }

    async fn cancel(&self, remote_id: &str, reason: &str) -> Result<CancelAnswer, AdapterError> {
        let call = self.call(Method::POST, &["orders", remote_id, "cancel"]);
        let answer = call.json(&wire::Cancel { reason }).send().await.map_err(Failure::of_writing)?;
        match answer.status {
            StatusCode::CONFLICT => Ok(CancelAnswer::TooLate),
            status if status.is_success() => {
                let order = read::order_with_id(&answer, remote_id)?;
                let is_cancelled = order.status == RemoteStatus::Cancelled;
                Ok(if is_cancelled { CancelAnswer::Cancelled(order) } else { CancelAnswer::Pending(order) })
            }
            _ => Err(refusals::of_cancellation(&answer)),
        }
    }

    async fn stock(&self, cursor: Option<&str>, etag: Option<&str>) -> Result<StockAnswer, AdapterError> {
        let mut call = self.call(Method::GET, &["stock"]);
        if let Some(cursor) = cursor {
            call = call.query("cursor", cursor);
        }
        if let Some(etag) = etag {
            call = call.header(header::IF_NONE_MATCH.as_str(), etag);
        }
        let answer: Answer = call.send().await.map_err(Failure::of_reading)?;
        match answer.status {
            StatusCode::NOT_MODIFIED => Ok(StockAnswer::Unchanged),
            StatusCode::OK => {
                let page = read::stock(&answer).map_err(read::as_reading)?;
                Ok(StockAnswer::Page { page, etag: answer.etag })
            }
            _ => Err(answer.not_now()),
        }
    }

    async fn read_webhook(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<InboundMessage, WebhookError> {
        let key = self.webhook_key.as_ref().ok_or(WebhookError::Forged)?;
        let id = key.verify(headers, body, now).map_err(|_| WebhookError::Forged)?;
        let news = read::news(body).ok_or(WebhookError::Unreadable)?;
        Ok(InboundMessage { id, news })
    }
}
