//! Suppliers without a platform: they see their orders in their part of the schema, answer there, and
//! report their stock there. Nothing is sent to them.

use async_trait::async_trait;
use axum::http::HeaderMap;

use super::{
    AdapterError, CancelAnswer, Cancelling, Capabilities, CatalogAccess, InboundMessage, OrderRequest, RemoteOrder,
    StockAccess, SupplierAdapter, WebhookError,
};
use crate::kernel::clock::Timestamp;

/// A supplier that comes to us.
pub(super) struct Portal;

/// What every call says: it is surely not done, because there is nobody to call.
fn nobody() -> AdapterError {
    AdapterError::Retry { reason: "this supplier works through the portal".to_owned(), after: None }
}

#[async_trait]
impl SupplierAdapter for Portal {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            submits: false,
            lookup_by_reference: false,
            cancels: Cancelling::Never,
            trials: false,
            stock: StockAccess::Told,
            catalog: CatalogAccess::Hidden,
            pushes: false,
            registers: false,
        }
    }

    async fn check(&self) -> Result<(), AdapterError> {
        Ok(())
    }

    async fn submit(&self, _order: &OrderRequest) -> Result<RemoteOrder, AdapterError> {
        Err(nobody())
    }

    async fn find(&self, _reference: &str) -> Result<Option<RemoteOrder>, AdapterError> {
        Err(nobody())
    }

    async fn cancel(&self, _remote_id: &str, _reason: &str) -> Result<CancelAnswer, AdapterError> {
        Err(nobody())
    }

    async fn read_webhook(
        &self,
        _headers: &HeaderMap,
        _body: &[u8],
        _now: Timestamp,
    ) -> Result<InboundMessage, WebhookError> {
        Err(WebhookError::Forged)
    }
}
