//! The store's side of a supplier, in the place of the one that speaks HTTP.

use async_trait::async_trait;
use axum::http::HeaderMap;
use consign::kernel::clock::Timestamp;
use consign::kernel::ids::SupplierId;
use consign::suppliers::adapter::{
    AdapterError, CancelAnswer, Cancelling, Capabilities, CatalogAccess, InboundMessage, OrderRequest, RemoteOrder, StockAccess, SupplierAdapter,
    SupplierNews, WebhookError,
};

use super::clock::Watch;
use super::net::{Ask, Net, Reply};
use super::provider::PROOF;

/// A supplier, as the store asks it.
pub struct Wire {
    /// Which.
    pub supplier: SupplierId,
    /// The way there.
    pub net: Net,
    /// The time.
    pub watch: Watch,
}

impl Wire {
    async fn order(&self, ask: Ask) -> Result<Option<RemoteOrder>, AdapterError> {
        match self.net.call(ask, self.watch.now()).await {
            Reply::Order(found) => found,
            _ => unreachable!("a question about an order is answered by one"),
        }
    }
}

#[async_trait]
impl SupplierAdapter for Wire {
    fn capabilities(&self) -> Capabilities {
        Capabilities { submits: true, lookup_by_reference: true, cancels: Cancelling::Call, trials: false, stock: StockAccess::Told, catalog: CatalogAccess::Hidden,
            pushes: true, registers: false }
    }

    async fn submit(&self, order: &OrderRequest) -> Result<RemoteOrder, AdapterError> {
        let none = || AdapterError::Unknown { reason: "no order in the answer".to_owned() };
        self.order(Ask::Submit(self.supplier, order.clone())).await?.ok_or_else(none)
    }

    async fn find(&self, reference: &str) -> Result<Option<RemoteOrder>, AdapterError> {
        self.order(Ask::Order(self.supplier, reference.to_owned())).await
    }

    async fn cancel(&self, remote_id: &str, _reason: &str) -> Result<CancelAnswer, AdapterError> {
        match self.net.call(Ask::Cancel(self.supplier, remote_id.to_owned()), self.watch.now()).await {
            Reply::Cancel(answer) => answer,
            _ => unreachable!("a wish to cancel is answered by a word on it"),
        }
    }

    async fn check(&self) -> Result<(), AdapterError> {
        Ok(())
    }

    async fn read_webhook(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        _now: Timestamp,
    ) -> Result<InboundMessage, WebhookError> {
        let header = |name: &str| headers.get(name).and_then(|it| it.to_str().ok());
        let id = header("webhook-id").filter(|_| header("webhook-signature") == Some(PROOF));
        let id = id.ok_or(WebhookError::Forged)?.to_owned();
        let news: SupplierNews = serde_json::from_slice(body).map_err(|_| WebhookError::Unreadable)?;
        Ok(InboundMessage { id, news })
    }
}
