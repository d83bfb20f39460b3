//! How the store talks to a supplier, whatever the supplier's own protocol is.
//!
//! An adapter translates between a protocol and the words below, keeps what it does not understand
//! as *unknown* rather than guessing, and tells apart the three ways a call can fail: surely not done
//! (try again), perhaps done (ask), refused for good.

mod http;
mod portal;
pub mod text;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::http::HeaderMap;

use self::http::HttpSupplier;
use self::portal::Portal;
pub use self::words::{
    InboundMessage, OrderRequest, PackingSlip, RemoteEvent, RemoteLine, RemoteOrder, RemoteReason, RemoteShipment,
    RemoteStatus, RemoteStock, RequestLine, StockPage, SupplierNews,
};
use super::vocabulary::SupplierRejection;
use super::{settings, supplier};
use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::problem::Fault;

/// Makes the adapter that speaks to a supplier.
type Make = Arc<dyn Fn(&App, &supplier::Model) -> Result<Arc<dyn SupplierAdapter>, Fault> + Send + Sync>;

/// The adapters there are, by the names that suppliers' records have for them.
#[derive(Clone)]
pub struct Adapters(BTreeMap<&'static str, Make>);

impl Default for Adapters {
    fn default() -> Self {
        let mut adapters = Self(BTreeMap::new());
        adapters.add(settings::HTTP, |app, supplier| {
            Ok(Arc::new(HttpSupplier::new(app.egress.clone(), settings::http(app, supplier)?)))
        });
        adapters.add(settings::PORTAL, |_, _| Ok(Arc::new(Portal)));
        adapters
    }
}

impl Adapters {
    /// Adds an adapter, or puts it in the place of the one with its name.
    pub fn add(
        &mut self,
        name: &'static str,
        make: impl Fn(&App, &supplier::Model) -> Result<Arc<dyn SupplierAdapter>, Fault> + Send + Sync + 'static,
    ) {
        self.0.insert(name, Arc::new(make));
    }
}

/// The adapter that speaks to `supplier`.
pub fn adapter_for(app: &App, supplier: &supplier::Model) -> Result<Arc<dyn SupplierAdapter>, Fault> {
    let missing =
        || Fault::internal(format!("{} has the adapter {}, which there is not", supplier.id, supplier.adapter));
    app.adapters.0.get(supplier.adapter.as_str()).ok_or_else(missing)?(app, supplier)
}

/// A supplier, as the store talks to it.
#[async_trait]
pub trait SupplierAdapter: Send + Sync {
    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Sends an order. The reference makes a repeat harmless where the protocol allows it.
    async fn submit(&self, order: &OrderRequest) -> Result<RemoteOrder, AdapterError>;

    /// The order that was sent under our reference, if the supplier has one.
    async fn find(&self, reference: &str) -> Result<Option<RemoteOrder>, AdapterError>;

    /// Asks to cancel the order the supplier knows as `remote_id`.
    async fn cancel(&self, remote_id: &str, reason: &str) -> Result<CancelAnswer, AdapterError>;

    /// A page of the supplier's stock; `etag` is the tag of the answer read last.
    async fn stock(&self, cursor: Option<&str>, etag: Option<&str>) -> Result<StockAnswer, AdapterError>;

    /// Verifies and reads a webhook.
    fn read_webhook(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<InboundMessage, WebhookError>;
}

/// What a supplier's protocol offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Orders are sent to it. Without this it comes to us, through its part of the schema.
    pub submits: bool,
    /// It can be asked whether it has an order of ours.
    pub lookup_by_reference: bool,
    /// It takes cancellations.
    pub cancels: bool,
    /// Its stock can be fetched.
    pub polls_stock: bool,
    /// It sends webhooks.
    pub pushes: bool,
}

/// How a call to a supplier failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdapterError {
    /// Surely not done; trying again may help.
    #[error("not done: {reason}")]
    Retry {
        /// What happened, in our words.
        reason: String,
        /// When the supplier wants to be asked again.
        after: Option<Duration>,
    },
    /// It may be done. Ask by reference before doing anything else.
    #[error("outcome unknown: {reason}")]
    Unknown {
        /// What happened, in our words.
        reason: String,
    },
    /// Surely not done, and it never will be.
    #[error("refused ({code:?}): {reason}")]
    Refused {
        /// The supplier's reason, translated.
        code: SupplierRejection,
        /// The supplier's words, cut short, or ours.
        reason: String,
    },
}

/// What came of a cancellation.
#[derive(Debug, Clone, PartialEq)]
pub enum CancelAnswer {
    /// It is cancelled.
    Cancelled(RemoteOrder),
    /// The supplier took it, and has not decided yet.
    Pending(RemoteOrder),
    /// It is too late.
    TooLate,
}

/// What a supplier answers when it is asked for its stock.
#[derive(Debug, Clone, PartialEq)]
pub enum StockAnswer {
    /// Nothing changed since the answer with the tag that was shown.
    Unchanged,
    /// A page.
    Page {
        /// The page.
        page: StockPage,
        /// The tag to show next time.
        etag: Option<String>,
    },
}

/// Why a webhook is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// It is not proved to come from the supplier, or too old, or no webhook is expected.
    #[error("the signature is not valid")]
    Forged,
    /// It comes from the supplier and cannot be read.
    #[error("the body cannot be read")]
    Unreadable,
}
