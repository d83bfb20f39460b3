//! How the store talks to a supplier, whatever the supplier's own protocol is.
//!
//! An adapter translates between a protocol and the words below, keeps what it does not understand
//! as *unknown* rather than guessing, and tells apart the three ways a call can fail: surely not done
//! (try again), perhaps done (ask), refused for good.

mod cj;
mod email;
mod exchange;
mod feed;
mod http;
mod pace;
mod portal;
mod printful;
pub mod text;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::http::HeaderMap;

use self::cj::Cj;
use self::email::Email;
use self::feed::Feed;
use self::http::HttpSupplier;
use self::portal::Portal;
use self::printful::Printful;
pub use self::words::{
    CatalogPage, InboundMessage, OrderRequest, PackingSlip, RemoteEvent, RemoteItem, RemoteLine, RemoteOrder,
    RemoteReason, RemoteShipment, RemoteStatus, RemoteStock, RequestLine, StockPage, SupplierNews,
};
use super::settings::{self, Setting, Settings};
use super::supplier;
use super::vocabulary::SupplierRejection;
use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::problem::Fault;

/// Makes the adapter that speaks to a supplier.
type Make = Arc<dyn Fn(&App, &supplier::Model) -> Result<Arc<dyn SupplierAdapter>, Fault> + Send + Sync>;

/// The adapters there are, by the names that suppliers' records have for them.
#[derive(Clone)]
pub struct Adapters(BTreeMap<&'static str, Kind>);

/// A kind of adapter.
#[derive(Clone)]
struct Kind {
    settings: &'static [Setting],
    make: Make,
}

impl Default for Adapters {
    fn default() -> Self {
        let mut adapters = Self(BTreeMap::new());
        adapters.add("http", http::SETTINGS, |app, _, settings| {
            Some(Arc::new(HttpSupplier::new(app.egress.clone(), settings)?))
        });
        adapters.add("cj", cj::SETTINGS, |app, supplier, settings| Some(Arc::new(Cj::new(app, supplier, settings)?)));
        adapters.add("email", email::SETTINGS, |app, supplier, settings| {
            Some(Arc::new(Email::new(app, supplier, settings)?))
        });
        adapters
            .add("feed", feed::SETTINGS, |app, supplier, settings| Some(Arc::new(Feed::new(app, supplier, settings)?)));
        adapters.add("printful", printful::SETTINGS, |app, supplier, settings| {
            Some(Arc::new(Printful::new(app, supplier, settings)?))
        });
        adapters.add("portal", &[], |_, _, _| Some(Arc::new(Portal)));
        adapters
    }
}

impl Adapters {
    /// Adds an adapter that is made from what stands in a supplier's settings; `None` if they lack something.
    fn add(
        &mut self,
        name: &'static str,
        settings: &'static [Setting],
        make: impl Fn(&App, &supplier::Model, &Settings) -> Option<Arc<dyn SupplierAdapter>> + Send + Sync + 'static,
    ) {
        let make = move |app: &App, supplier: &supplier::Model| {
            let lacking = || Fault::internal(format!("the settings of {} lack something", supplier.id));
            make(app, supplier, &settings::open(app, supplier)?).ok_or_else(lacking)
        };
        self.0.insert(name, Kind { settings, make: Arc::new(make) });
    }

    /// Has the suppliers of the adapter `name` spoken to in another way, whatever stands in their settings.
    pub fn replace(
        &mut self,
        name: &'static str,
        make: impl Fn(&App, &supplier::Model) -> Result<Arc<dyn SupplierAdapter>, Fault> + Send + Sync + 'static,
    ) {
        let settings = self.settings_of(name).unwrap_or_default();
        self.0.insert(name, Kind { settings, make: Arc::new(make) });
    }

    /// The adapters' names.
    pub fn names(&self) -> Vec<&'static str> {
        self.0.keys().copied().collect()
    }

    /// Which settings the adapter of this name has; `None` if there is none.
    pub fn settings_of(&self, name: &str) -> Option<&'static [Setting]> {
        self.0.get(name).map(|kind| kind.settings)
    }
}

/// The adapter that speaks to `supplier`.
pub fn adapter_for(app: &App, supplier: &supplier::Model) -> Result<Arc<dyn SupplierAdapter>, Fault> {
    let missing =
        || Fault::internal(format!("{} has the adapter {}, which there is not", supplier.id, supplier.adapter));
    let kind = app.adapters.0.get(supplier.adapter.as_str()).ok_or_else(missing)?;
    (kind.make)(app, supplier)
}

/// A supplier, as the store talks to it.
#[async_trait]
pub trait SupplierAdapter: Send + Sync {
    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Whether the supplier lets the store in, found out without doing anything.
    async fn check(&self) -> Result<(), AdapterError>;

    /// Sends an order. The reference makes a repeat harmless where the protocol allows it.
    async fn submit(&self, order: &OrderRequest) -> Result<RemoteOrder, AdapterError>;

    /// Sends an order that is none: nothing is sent for it, and nothing paid. For [`Capabilities::trials`].
    async fn submit_trial(&self, _order: &OrderRequest) -> Result<RemoteOrder, AdapterError> {
        Err(AdapterError::not_offered("trial orders"))
    }

    /// The order that was sent under our reference, if the supplier has one.
    async fn find(&self, reference: &str) -> Result<Option<RemoteOrder>, AdapterError>;

    /// Asks to cancel the order the supplier knows as `remote_id`.
    async fn cancel(&self, remote_id: &str, reason: &str) -> Result<CancelAnswer, AdapterError>;

    /// A page of the supplier's stock; `etag` is the tag of the answer read last. For [`StockAccess::Whole`].
    async fn stock(&self, _cursor: Option<&str>, _etag: Option<&str>) -> Result<StockAnswer, AdapterError> {
        Err(AdapterError::not_offered("its stock as a whole"))
    }

    /// The stock of these items; of those it does not know it has none. For [`StockAccess::ByItem`].
    async fn stock_of(&self, _skus: &[String]) -> Result<Vec<RemoteStock>, AdapterError> {
        Err(AdapterError::not_offered("the stock of single items"))
    }

    /// A page of the supplier's goods, the first without a cursor; only those it finds under `words`, if there are
    /// any. For [`CatalogAccess::Whole`] and [`CatalogAccess::Searched`].
    async fn catalog(&self, _words: Option<&str>, _cursor: Option<&str>) -> Result<CatalogPage, AdapterError> {
        Err(AdapterError::not_offered("to show its goods"))
    }

    /// Has it send its webhooks to `url`, and nowhere else.
    async fn register(&self, _url: &str) -> Result<(), AdapterError> {
        Err(AdapterError::not_offered("to be told where its webhooks go"))
    }

    /// Verifies and reads a webhook.
    async fn read_webhook(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<InboundMessage, WebhookError>;
}

/// How long sending an order may take, all its calls together: what is begun last has ended before the store
/// believes that nothing arrived (`fulfillment/forward.rs`, half a minute).
const SENDING: Duration = Duration::from_secs(15);

/// Sends an order by calls of which each may wait; one that is cut off may have arrived.
async fn within_grace(
    sending: impl Future<Output = Result<RemoteOrder, AdapterError>>,
) -> Result<RemoteOrder, AdapterError> {
    let cut_off = || AdapterError::Unknown { reason: "sending took too long and was cut off".to_owned() };
    tokio::time::timeout(SENDING, sending).await.unwrap_or_else(|_| Err(cut_off()))
}

/// What a supplier's protocol offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Orders are sent to it. Without this it comes to us, through its part of the schema.
    pub submits: bool,
    /// It can be asked whether it has an order of ours.
    pub lookup_by_reference: bool,
    /// How it is asked to drop an order.
    pub cancels: Cancelling,
    /// Orders can be tried there ([`SupplierAdapter::submit_trial`]).
    pub trials: bool,
    /// How its stock can be fetched.
    pub stock: StockAccess,
    /// How its goods can be looked through.
    pub catalog: CatalogAccess,
    /// It sends webhooks.
    pub pushes: bool,
    /// It is told by a call where to send them ([`SupplierAdapter::register`]).
    pub registers: bool,
}

/// How a supplier is asked to drop an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelling {
    /// Not at all: what it has, it sends.
    Never,
    /// By a call that says what came of it, and may be repeated ([`SupplierAdapter::cancel`]).
    Call,
    /// By the same call, which only passes the wish on, once and under our own reference: somebody gives the
    /// answer, by the order's link or for the supplier.
    Message,
}

/// How a supplier's stock can be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StockAccess {
    /// Not at all: it tells, or nobody knows.
    Told,
    /// As a whole, page by page ([`SupplierAdapter::stock`]).
    Whole,
    /// By the items' names, at most so many at once ([`SupplierAdapter::stock_of`]).
    ByItem(usize),
}

/// How a supplier's goods can be looked through ([`SupplierAdapter::catalog`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatalogAccess {
    /// Not at all.
    Hidden,
    /// All of them, page by page.
    Whole,
    /// All of them, or those it finds under some words: there may be too many to look through.
    Searched,
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

impl AdapterError {
    /// The supplier's protocol has no such thing.
    fn not_offered(what: &str) -> Self {
        Self::Retry { reason: format!("the supplier does not offer {what}"), after: None }
    }
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
    /// What it is signed with could not be looked up: a fault of ours.
    #[error("the signature cannot be checked now")]
    NotNow,
}
