//! Suppliers that put a file with their stock and prices somewhere: CSV, JSON or Google's XML, over HTTP(S)
//! or SFTP.
//!
//! The file is everything they have: what it does not name is gone, unless the guard of full reports thinks
//! that too much is ([`crate::inventory`]). Orders do not go by file; the supplier takes them in its part of the
//! schema, as those of the portal do.

mod row;
mod source;

use std::collections::HashSet;

use async_trait::async_trait;
use axum::http::HeaderMap;
use tempfile::NamedTempFile;
use tokio::sync::Mutex;

use self::source::{Fetched, NotFetched, Source};
use super::{
    AdapterError, CancelAnswer, Cancelling, Capabilities, CatalogAccess, CatalogPage, InboundMessage, OrderRequest,
    RemoteOrder, StockAccess, StockAnswer, StockPage, SupplierAdapter, WebhookError,
};
use crate::app::App;
use crate::feeds::{self, Batches, Format, Mapping};
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::SupplierId;
use crate::kernel::money::Currency;
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;
use crate::suppliers::settings::{Setting, SettingKind, Settings};
use crate::suppliers::supplier;
use crate::workitems::{self, NewWorkItem, Severity};

/// What it needs.
pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        name: "url",
        kind: SettingKind::File,
        required: true,
        about: "where the file is: http, https, or sftp://user@host:port/path",
    },
    Setting {
        name: "format",
        kind: SettingKind::Choice(&["CSV", "JSON", "GOOGLE_MERCHANT"]),
        required: true,
        about: "how the file is written",
    },
    Setting {
        name: "mapping",
        kind: SettingKind::Mapping,
        required: false,
        about: "which column is supplier_sku, quantity, cost and currency, and how the file writes numbers; without \
                it, columns called like that are taken, and Google's own of its feeds",
    },
    Setting {
        name: "token",
        kind: SettingKind::Token,
        required: false,
        about: "the bearer token with which the file is fetched, if it needs one (http and https)",
    },
    Setting {
        name: "password",
        kind: SettingKind::Password,
        required: false,
        about: "the password with which the file is fetched (sftp)",
    },
    Setting {
        name: "privateKey",
        kind: SettingKind::PrivateKey,
        required: false,
        about: "the private key with which the file is fetched, instead of a password (sftp)",
    },
    Setting {
        name: "hostKey",
        kind: SettingKind::Fingerprint,
        required: false,
        about: "the fingerprint of the server's key, SHA256:… (sftp); until it is set, a check tells the one that is \
                shown",
    },
];

/// A supplier with a file.
pub(super) struct Feed {
    app: App,
    supplier: SupplierId,
    /// The supplier's name, for people.
    name: String,
    source: Source,
    format: Format,
    mapping: Mapping,
    currency: Currency,
    /// The file that is being read, from its first page to its last.
    reading: Mutex<Option<Reading>>,
}

/// A file on its way through.
struct Reading {
    batches: Batches,
    as_of: Timestamp,
    tag: String,
    /// The SKUs that came already, as hashes. Bounded by the rows a file may have.
    seen: HashSet<u64>,
    /// Removed once it is read.
    _file: NamedTempFile,
}

impl Feed {
    /// `None` if the settings lack something.
    pub(super) fn new(app: &App, supplier: &supplier::Model, settings: &Settings) -> Option<Self> {
        let mut mapping = Mapping::read(settings.value("mapping")).ok()?;
        // An address may point where whoever gave it may not look.
        mapping.shows_columns = false;
        Some(Self {
            app: app.clone(),
            supplier: supplier.id,
            name: supplier.name.clone(),
            source: Source::new(settings)?,
            format: match settings.text("format")? {
                "JSON" => Format::Json,
                "GOOGLE_MERCHANT" => Format::GoogleMerchant,
                _ => Format::Csv,
            },
            mapping,
            currency: supplier.currency().ok()?,
            reading: Mutex::new(None),
        })
    }

    /// Fetches the file and begins to read it; `None` if it is the one with this tag.
    async fn fetch(&self, known: Option<&str>) -> Result<Option<Reading>, AdapterError> {
        let as_of = self.app.clock.now();
        let fetched = self.source.fetch(&self.app, known).await;
        self.tell_of_key(&fetched).await;
        let Some(Fetched { file, tag }) = fetched.map_err(not_now)? else { return Ok(None) };
        let batches = feeds::start(file.path().to_owned(), self.format, self.mapping.clone());
        Ok(Some(Reading { batches, as_of, tag, seen: HashSet::new(), _file: file }))
    }

    /// Has somebody look at a server that shows another key, until it shows the one that is set.
    async fn tell_of_key<T>(&self, fetched: &Result<T, NotFetched>) {
        let told = match fetched {
            Err(NotFetched::OtherKey(sentence)) => self.open_item(sentence).await,
            Ok(_) if self.source.has_key() => self.close_item().await,
            _ => Ok(()),
        };
        if let Err(fault) = told {
            tracing::error!(error = ?fault, supplier.id = %self.supplier, "the exceptions queue was not told of a key");
        }
    }

    async fn open_item(&self, sentence: &str) -> Result<(), Fault> {
        let item = NewWorkItem {
            kind: "SUPPLIER_HOST_KEY",
            severity: Severity::High,
            subject: self.supplier.to_string(),
            order_id: None,
            supplier_order_id: None,
            message: format!("The file of {} is not fetched: {sentence}.", self.name),
            actions: vec!["MARK_HANDLED".to_owned()],
            due_in: None,
            dedupe_key: self.item_key(),
        };
        let tx = Tx::begin(&self.app).await?;
        workitems::open(&tx, item).await?;
        tx.commit().await
    }

    async fn close_item(&self) -> Result<(), Fault> {
        let tx = Tx::begin(&self.app).await?;
        workitems::close_by_key(&tx, &self.item_key(), "The server shows the key that is set.").await?;
        tx.commit().await
    }

    fn item_key(&self) -> String {
        format!("supplier_host_key:{}", self.supplier)
    }

    /// The next rows of the file; `None` at its end.
    async fn rows(reading: &mut Reading) -> Result<Option<Vec<feeds::Item>>, AdapterError> {
        reading.batches.next().await.transpose().map_err(|reason| AdapterError::Retry { reason, after: None })
    }

    fn rules(&self) -> row::Rules {
        let Mapping { decimal_comma, in_stock, .. } = self.mapping;
        row::Rules { currency: self.currency, decimal_comma, in_stock }
    }

    async fn page(&self, reading: &mut Reading) -> Result<(StockPage, String), AdapterError> {
        let rows = Self::rows(reading).await?;
        // Rather a mistake than a supplier with nothing at all: nobody sends a file for that.
        if rows.is_none() && reading.seen.is_empty() {
            return Err(AdapterError::Retry { reason: "no row of the file makes sense".to_owned(), after: None });
        }
        let next_cursor = rows.as_ref().map(|_| "more".to_owned());
        let rules = self.rules();
        let (mut items, mut left_out) = (Vec::new(), Vec::new());
        for row in rows.into_iter().flatten() {
            match rules.read(row, &mut reading.seen) {
                Ok(item) => items.push(item),
                Err(error) => left_out.push(error),
            }
        }
        let page = StockPage { as_of: reading.as_of, full: true, items, next_cursor, left_out };
        Ok((page, reading.tag.clone()))
    }
}

fn broken_off() -> AdapterError {
    AdapterError::Retry { reason: "the reading of the file broke off".to_owned(), after: None }
}

fn not_now(error: NotFetched) -> AdapterError {
    let (NotFetched::OtherKey(reason) | NotFetched::Failed(reason)) = error;
    AdapterError::Retry { reason, after: None }
}

/// What is said of orders: there is nobody to send them to.
fn nobody() -> AdapterError {
    AdapterError::Retry { reason: "this supplier takes its orders at the portal".to_owned(), after: None }
}

#[async_trait]
impl SupplierAdapter for Feed {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            submits: false,
            lookup_by_reference: false,
            cancels: Cancelling::Never,
            trials: false,
            stock: StockAccess::Whole,
            catalog: CatalogAccess::Whole,
            pushes: false,
            registers: false,
        }
    }

    async fn check(&self) -> Result<(), AdapterError> {
        self.source.check(&self.app).await.map_err(not_now)
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

    async fn stock(&self, cursor: Option<&str>, etag: Option<&str>) -> Result<StockAnswer, AdapterError> {
        let mut open = self.reading.lock().await;
        if cursor.is_none() {
            match self.fetch(etag).await? {
                None => return Ok(StockAnswer::Unchanged),
                Some(reading) => *open = Some(reading),
            }
        }
        let reading = open.as_mut().ok_or_else(broken_off)?;
        let (page, tag) = self.page(reading).await?;
        Ok(StockAnswer::Page { page, etag: Some(tag) })
    }

    async fn catalog(&self, _words: Option<&str>, cursor: Option<&str>) -> Result<CatalogPage, AdapterError> {
        let mut open = self.reading.lock().await;
        if cursor.is_none() {
            *open = self.fetch(None).await?;
        }
        let reading = open.as_mut().ok_or_else(broken_off)?;
        let Some(rows) = Self::rows(reading).await? else { return Ok(CatalogPage::default()) };
        let mut page = CatalogPage { next_cursor: Some("more".to_owned()), ..CatalogPage::default() };
        let rules = self.rules();
        for row in rows {
            match rules.goods(row, &mut reading.seen) {
                Ok(item) => page.items.push(item),
                Err(error) => page.left_out.push(error),
            }
        }
        Ok(page)
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
