//! Fetching the stock of suppliers that do not tell it by themselves.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::offers::confirm_stock;
use super::queries::{newest_sku, skus_between};
use super::reports::{ReportPart, StockReport, report};
use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{StockReportId, SupplierId};
use crate::kernel::problem::Fault;
use crate::platform::jobs::{self, Done, Job, JobError, JobRun};
use crate::platform::tx::Tx;
use crate::suppliers::adapter::{AdapterError, StockAccess, StockAnswer, StockPage, SupplierAdapter};
use crate::suppliers::{self, fetches, supplier};

/// How often a supplier's stock is fetched. A business wait: the time scale divides it.
const EVERY: Duration = Duration::from_secs(15 * 60);
/// How soon a failed fetch is tried again, unless the supplier says when.
const AFTER_FAILURE: Duration = Duration::from_secs(2 * 60);
/// How often somebody looks that every supplier is being polled.
const WATCH: Duration = Duration::from_secs(5 * 60);
/// How long a supplier with many pages may take: one that was cut off begins anew.
const LONGEST_POLL: Duration = Duration::from_secs(6 * 3600);
/// After so many answers in a row that were none, the supplier is taken to be away.
const MAX_FAILURES: usize = 3;
/// The same, if it did answer about other items in this fetch.
const MAX_GAP: usize = 20;
/// The most pages of one answer: a supplier whose pages never end is not followed for ever.
const MAX_PAGES: usize = 10_000;

/// Fetches one supplier's stock, for ever, until the supplier is paused.
#[derive(Debug, Serialize, Deserialize)]
pub struct PollStock {
    /// Whose stock.
    pub supplier_id: SupplierId,
}

impl Job for PollStock {
    const KIND: &'static str = "inventory.poll_stock";
    const BEAT: Option<Duration> = Some(EVERY);
    const LONGEST: Duration = LONGEST_POLL;

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("{}:{}", Self::KIND, self.supplier_id))
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let app = &run.app;
        let Some(supplier) = suppliers::lookup(app.db.read(), self.supplier_id).await? else { return Ok(Done::OK) };
        let adapter = suppliers::adapter_for(app, &supplier)?;
        let access = adapter.capabilities().stock;
        if !supplier.is_active() || access == StockAccess::Told {
            return Ok(Done::OK);
        }
        let _place = suppliers::enter(app, supplier.id)?;
        let fetched = match access {
            StockAccess::ByItem(many) => fetch_by_item(app, supplier.id, adapter.as_ref(), many).await?,
            StockAccess::Whole | StockAccess::Told => fetch(app, &supplier, adapter.as_ref()).await?,
        };
        match fetched {
            Ok(fetched) => {
                suppliers::note_success(app, supplier.id).await?;
                match fetched {
                    Fetched::Nothing => {}
                    Fetched::All => fetches::end(app, supplier.id, None).await?,
                    Fetched::Held => fetches::hold(app, supplier.id).await?,
                }
                Ok(Done::Again(EVERY))
            }
            // A supplier that is down for a day is no dead letter; its health tells.
            Err(error) => {
                suppliers::note_error(app, supplier.id, &error.to_string()).await?;
                fetches::end(app, supplier.id, Some(&error.to_string())).await?;
                let after = if let AdapterError::Retry { after, .. } = error { after } else { None };
                Ok(Done::Again(after.unwrap_or(AFTER_FAILURE)))
            }
        }
    }
}

/// What came of asking.
enum Fetched {
    /// Nothing has changed.
    Nothing,
    /// Everything counts.
    All,
    /// It is held back until somebody decides.
    Held,
}

/// Fetches all pages and takes each in as it comes.
async fn fetch(
    app: &App,
    supplier: &supplier::Model,
    adapter: &dyn SupplierAdapter,
) -> Result<Result<Fetched, AdapterError>, Fault> {
    // All pages of one fetch are parts of one report.
    let name = format!("poll:{}", app.ids.secret_id::<StockReportId>());
    let mut cursor: Option<String> = None;
    let mut first: Option<(Timestamp, Option<String>)> = None;
    for _ in 0..MAX_PAGES {
        let known = if first.is_none() { suppliers::stock_tag(supplier) } else { None };
        let (page, etag) = match adapter.stock(cursor.as_deref(), known).await {
            Err(error) => return Ok(Err(error)),
            Ok(StockAnswer::Unchanged) => {
                // What was held back is not what is sold.
                if !fetches::is_held(app, supplier.id).await? {
                    confirm_stock(app, supplier, app.clock.now()).await?;
                }
                return Ok(Ok(Fetched::Nothing));
            }
            Ok(StockAnswer::Page { page, etag }) => (page, etag),
        };
        if first.is_none() {
            fetches::begin(app, supplier.id).await?;
        }
        let (as_of, _) = first.get_or_insert((page.as_of, etag));
        let as_of = *as_of;
        fetches::note(app, supplier.id, page.items.len(), &page.left_out).await?;
        let next = page.next_cursor.clone();
        let part = ReportPart { id: name.clone(), last: next.is_none() };
        let outcome = report(app, supplier.id, stock_report(page, as_of, part)).await?;
        if next.is_none() {
            if outcome.held {
                // Before the tag is known: what is unchanged since then is not what is sold.
                fetches::hold(app, supplier.id).await?;
            }
            let tag = first.and_then(|(_, etag)| etag);
            suppliers::remember_stock_tag(app, supplier, tag.as_deref()).await?;
            return Ok(Ok(if outcome.held { Fetched::Held } else { Fetched::All }));
        }
        cursor = next;
    }
    Ok(Err(AdapterError::Retry { reason: "the supplier's stock has too many pages".to_owned(), after: None }))
}

/// Fetches the stock of all offers, `many` at once, and takes each answer in as it comes. It goes on where the last
/// fetch stopped, and once around: what comes late is asked for even if no fetch gets to its end.
async fn fetch_by_item(
    app: &App,
    supplier_id: SupplierId,
    adapter: &dyn SupplierAdapter,
    many: usize,
) -> Result<Result<Fetched, AdapterError>, Fault> {
    let mut round = Round::begin(app, supplier_id).await?;
    let (mut answered, mut failures, mut failed) = (false, 0, None);
    loop {
        let skus = round.next(app, supplier_id, many).await?;
        let (Some(first), Some(last)) = (skus.first(), skus.last()) else {
            return Ok(failed.map_or(Ok(Fetched::All), Err));
        };
        let as_of = app.clock.now();
        match adapter.stock_of(&skus).await {
            Ok(items) => {
                (answered, failures) = (true, 0);
                // Perhaps not all: the next one could not be asked for, and is the first of the next batch.
                round.after.clone_from(items.last().map_or(last, |item| &item.sku));
                report(app, supplier_id, StockReport { as_of, full: false, part: None, items }).await?;
                // This may take hours, and others wait to hear that the supplier answers.
                suppliers::note_success(app, supplier_id).await?;
            }
            // It said when it wants to be asked again.
            Err(error @ AdapterError::Retry { after: Some(_), .. }) => return Ok(Err(error)),
            // One item that cannot be asked for does not hide those behind it.
            Err(error) if failures < if answered { MAX_GAP } else { MAX_FAILURES } => {
                failures += 1;
                failed = Some(error);
                round.after.clone_from(first);
            }
            // Perhaps it is only those here.
            Err(_) if !answered && !round.wrapped => {
                failures = 0;
                round.wrap();
            }
            Err(error) => return Ok(Err(error)),
        }
    }
}

/// Where a fetch by items is.
struct Round {
    /// Behind which SKU it began; empty: at the first.
    start: String,
    /// Behind which SKU it goes on.
    after: String,
    /// Whether it is before its start.
    wrapped: bool,
}

impl Round {
    async fn begin(app: &App, supplier_id: SupplierId) -> Result<Self, Fault> {
        let start = newest_sku(app.db.read(), supplier_id).await?.unwrap_or_default();
        Ok(Self { after: start.clone(), wrapped: start.is_empty(), start })
    }

    fn wrap(&mut self) {
        (self.wrapped, self.after) = (true, String::new());
    }

    /// The next SKUs; none once it is around.
    async fn next(&mut self, app: &App, supplier_id: SupplierId, many: usize) -> Result<Vec<String>, Fault> {
        let conn = app.db.read();
        if !self.wrapped {
            let skus = skus_between(conn, supplier_id, &self.after, None, many as u64).await?;
            if !skus.is_empty() {
                return Ok(skus);
            }
            self.wrap();
        }
        let end = Some(self.start.as_str()).filter(|start| !start.is_empty());
        skus_between(conn, supplier_id, &self.after, end, many as u64).await
    }
}

/// A page as a part of the report. All parts are true of the moment of the first, or what is absent
/// from all could have been sold again in between.
fn stock_report(page: StockPage, as_of: Timestamp, part: ReportPart) -> StockReport {
    StockReport { as_of, full: page.full, part: Some(part), items: page.items }
}

/// Has the stock of every active supplier that can be asked fetched at once; the names of the others.
pub async fn poll_all(app: &App) -> Result<Vec<String>, Fault> {
    let mut others = Vec::new();
    for supplier in suppliers::active(app.db.read()).await? {
        if suppliers::adapter_for(app, &supplier)?.capabilities().stock == StockAccess::Told {
            others.push(supplier.name);
            continue;
        }
        let tx = Tx::begin(app).await?;
        jobs::enqueue(&tx, &PollStock { supplier_id: supplier.id }).await?;
        jobs::hasten(&tx, &PollStock { supplier_id: supplier.id }).await?;
        tx.commit().await?;
    }
    Ok(others)
}

/// Sees to it that every supplier that can be polled is.
#[derive(Debug, Serialize, Deserialize)]
pub struct WatchPolls {}

impl Job for WatchPolls {
    const KIND: &'static str = "inventory.watch_polls";
    const BEAT: Option<Duration> = Some(WATCH);

    fn dedupe_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        for supplier in suppliers::active(run.app.db.read()).await? {
            jobs::ensure(&run.app, &PollStock { supplier_id: supplier.id }).await?;
        }
        Ok(Done::Again(WATCH))
    }
}
