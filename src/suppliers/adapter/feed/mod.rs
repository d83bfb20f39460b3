//! Suppliers that put a file with their stock and prices somewhere: CSV or JSON over HTTP(S).
//!
//! The file is everything they have: what it does not name is gone, unless the guard of full reports thinks
//! that too much is ([`crate::inventory`]). Orders do not go by file; the supplier takes them in its part of the
//! schema, as those of the portal do.

mod row;

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use axum::http::HeaderMap;
use reqwest::{Method, StatusCode, header};
use tempfile::NamedTempFile;
use tokio::sync::{Mutex, mpsc};
use url::Url;

use super::{
    AdapterError, CancelAnswer, Capabilities, CatalogAccess, CatalogPage, InboundMessage, OrderRequest, RemoteOrder,
    StockAccess, StockAnswer, StockPage, SupplierAdapter, WebhookError,
};
use crate::app::App;
use crate::feeds::{self, Batch, Format, Mapping};
use crate::kernel::clock::Timestamp;
use crate::kernel::money::Currency;
use crate::platform::download::{self, plain};
use crate::platform::egress::{self, EgressError, Partner};
use crate::platform::uploads;
use crate::suppliers::settings::{Setting, SettingKind, Settings};
use crate::suppliers::supplier;

/// How long a download may take. Network time, never scaled.
const PATIENCE: Duration = Duration::from_secs(30 * 60);
/// The tag of a file whose server gives none: what it holds.
const BY_CONTENT: &str = "sha256:";

/// What it needs.
pub(super) const SETTINGS: &[Setting] = &[
    Setting { name: "url", kind: SettingKind::File, required: true, about: "where the file is" },
    Setting {
        name: "format",
        kind: SettingKind::Choice(&["CSV", "JSON"]),
        required: true,
        about: "how the file is written",
    },
    Setting {
        name: "mapping",
        kind: SettingKind::Mapping,
        required: false,
        about: "which column is supplier_sku, quantity, cost and currency, and how the file writes numbers; without \
                it, columns called like that are taken",
    },
    Setting {
        name: "token",
        kind: SettingKind::Token,
        required: false,
        about: "the bearer token with which the file is fetched, if it needs one",
    },
];

/// A supplier with a file.
pub(super) struct Feed {
    app: App,
    url: Url,
    token: Option<String>,
    format: Format,
    mapping: Mapping,
    currency: Currency,
    /// The file that is being read, from its first page to its last.
    reading: Mutex<Option<Reading>>,
}

/// A file on its way through.
struct Reading {
    batches: mpsc::Receiver<Batch>,
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
            url: Url::parse(settings.text("url")?).ok()?,
            token: settings.text("token").map(str::to_owned),
            format: if settings.text("format")? == "JSON" { Format::Json } else { Format::Csv },
            mapping,
            currency: supplier.currency().ok()?,
            reading: Mutex::new(None),
        })
    }

    /// Asks for the file, unless it is the one with this tag.
    async fn ask(&self, known: Option<&str>) -> Result<Option<reqwest::Response>, AdapterError> {
        let request = self.app.egress.request(Method::GET, self.url.clone()).map(|it| {
            let it = it.timeout(PATIENCE);
            let it = if let Some(token) = &self.token { it.bearer_auth(token) } else { it };
            match known.filter(|tag| !tag.starts_with(BY_CONTENT)) {
                Some(tag) => it.header(header::IF_NONE_MATCH, tag),
                None => it,
            }
        });
        let response = egress::send(Partner::Feed, request).await.map_err(|error| match error {
            EgressError::Network(error) => not_fetched(plain(&error)),
            error => not_fetched(&error.to_string()),
        })?;
        match response.status() {
            StatusCode::NOT_MODIFIED => Ok(None),
            status if status.is_success() => Ok(Some(response)),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(not_fetched("the server does not let the store in"))
            }
            status => Err(not_fetched(&format!("the server answered {}", status.as_u16()))),
        }
    }

    /// Fetches the file and begins to read it; `None` if it is the one with this tag.
    async fn fetch(&self, known: Option<&str>) -> Result<Option<Reading>, AdapterError> {
        let as_of = self.app.clock.now();
        let Some(response) = self.ask(known).await? else { return Ok(None) };
        let told = response.headers().get(header::ETAG).and_then(|it| it.to_str().ok()).map(str::to_owned);
        let file = uploads::scratch(&self.app).await.map_err(|fault| {
            tracing::error!(error = ?fault, "there is no room for a supplier's file");
            not_fetched("there is no room for it")
        })?;
        let most = self.app.config.limits.upload_bytes;
        let digest = download::to_disk(response, file.path(), most).await;
        let digest = digest.map_err(|error| not_fetched(&error.to_string()))?;
        let tag = told.unwrap_or_else(|| format!("{BY_CONTENT}{digest}"));
        if known == Some(tag.as_str()) {
            return Ok(None);
        }
        let batches = feeds::start(file.path().to_owned(), self.format, self.mapping.clone());
        Ok(Some(Reading { batches, as_of, tag, seen: HashSet::new(), _file: file }))
    }

    /// The next rows of the file; `None` at its end.
    async fn rows(reading: &mut Reading) -> Result<Option<Vec<feeds::Item>>, AdapterError> {
        reading.batches.recv().await.transpose().map_err(|reason| AdapterError::Retry { reason, after: None })
    }

    fn rules(&self) -> row::Rules {
        row::Rules { currency: self.currency, decimal_comma: self.mapping.decimal_comma }
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

fn not_fetched(why: &str) -> AdapterError {
    AdapterError::Retry { reason: format!("the file cannot be fetched: {why}"), after: None }
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
            cancels: false,
            trials: false,
            stock: StockAccess::Whole,
            catalog: CatalogAccess::Whole,
            pushes: false,
            registers: false,
        }
    }

    async fn check(&self) -> Result<(), AdapterError> {
        self.ask(None).await.map(drop)
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
        let reading = open.as_mut().ok_or_else(|| not_fetched("its reading was broken off"))?;
        let (page, tag) = self.page(reading).await?;
        Ok(StockAnswer::Page { page, etag: Some(tag) })
    }

    async fn catalog(&self, _words: Option<&str>, cursor: Option<&str>) -> Result<CatalogPage, AdapterError> {
        let mut open = self.reading.lock().await;
        if cursor.is_none() {
            *open = self.fetch(None).await?;
        }
        let reading = open.as_mut().ok_or_else(|| not_fetched("its reading was broken off"))?;
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
