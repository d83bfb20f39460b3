//! Fetching a supplier's goods: asked for by the owner, done by a worker page by page.

use std::collections::HashSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::OnboardingErrorCode::{Invalid, NotAvailable, NotFound};
use super::{Refusal, fetches, take};
use crate::app::App;
use crate::feeds::{RowError, cells};
use crate::identity::audit::Changes;
use crate::identity::{Action, Actor, audit};
use crate::kernel::ids::SupplierId;
use crate::kernel::money::Currency;
use crate::kernel::problem::{Fault, Problem};
use crate::platform::jobs::{self, Done, Job, JobError, JobRun, Priority};
use crate::platform::tx::Tx;
use crate::suppliers::adapter::{AdapterError, CatalogAccess, CatalogPage, RemoteItem, SupplierAdapter};
use crate::suppliers::{self, supplier};

/// The longest search, in characters.
const MAX_QUERY: usize = 100;
/// The most pages of one fetch: a supplier whose pages never end is not followed for ever.
const MAX_PAGES: usize = 10_000;
/// How many items are taken in at once.
const CHUNK: usize = 200;

/// Has a supplier's goods fetched in the background: all, or those that the supplier finds under `query`. While one
/// fetch waits or runs, a second wish for one changes nothing. For the owner and staff.
pub async fn fetch_catalog(
    app: &App,
    actor: &Actor,
    id: SupplierId,
    query: Option<&str>,
) -> Result<supplier::Model, Refusal> {
    actor.may(Action::ManageSuppliers)?;
    let query = query.map(str::trim).filter(|it| !it.is_empty());
    let known = suppliers::lookup(app.db.read(), id).await?;
    let known = known.ok_or_else(|| Problem::at(NotFound, "id", "There is no such supplier."))?;
    let access = suppliers::adapter_for(app, &known)?.capabilities().catalog;
    match (access, query) {
        (CatalogAccess::Hidden, _) => {
            let message = format!(
                "Suppliers of the adapter \"{}\" do not show their goods to the store; import a file of them with \
                 catalogImport, or set their offers one by one.",
                known.adapter
            );
            return Err(Refusal::refused(NotAvailable, "id", message));
        }
        (CatalogAccess::Whole, Some(_)) => {
            let message = "This supplier shows all its goods or none; look through them when they are here.";
            return Err(Refusal::refused(NotAvailable, "input.query", message));
        }
        (_, Some(query)) if query.chars().count() > MAX_QUERY || query.chars().any(char::is_control) => {
            return Err(Refusal::refused(Invalid, "input.query", "A search has at most 100 characters, on one line."));
        }
        _ => {}
    }
    let tx = Tx::begin(app).await?;
    let job = FetchCatalog { supplier_id: id, query: query.map(str::to_owned) };
    if jobs::enqueue(&tx, &job).await?.is_some() {
        fetches::request(&tx, id, job.query).await?;
        let given = Changes::none().given("isSearch", query.is_some());
        audit::record(&tx, actor, "supplier.catalog_fetch", id, given).await?;
    }
    tx.commit().await?;
    Ok(known)
}

/// Fetches one supplier's goods.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FetchCatalog {
    /// Whose goods.
    pub supplier_id: SupplierId,
    /// The words under which the supplier is to look for them; without, all are wanted.
    pub query: Option<String>,
}

impl Job for FetchCatalog {
    const KIND: &'static str = "onboarding.fetch_catalog";
    const PRIORITY: Priority = Priority::Patient;
    const MAX_ATTEMPTS: i32 = 5;
    const LONGEST: Duration = Duration::from_secs(12 * 3600);

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("{}:{}", Self::KIND, self.supplier_id))
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let app = &run.app;
        let Some(supplier) = suppliers::lookup(app.db.read(), self.supplier_id).await? else { return Ok(Done::OK) };
        let adapter = suppliers::adapter_for(app, &supplier)?;
        let _place = suppliers::enter(app, supplier.id)?;
        fetches::begin(app, supplier.id).await?;
        // What fails at the supplier is told where the owner looks, who decides when to try again.
        match fetch(run, &supplier, adapter.as_ref(), self.query.as_deref()).await? {
            Ok(()) => {
                suppliers::note_success(app, supplier.id).await?;
                fetches::end(app, supplier.id, None).await?;
            }
            Err(error) => {
                suppliers::note_error(app, supplier.id, &error.to_string()).await?;
                fetches::end(app, supplier.id, Some(&error.to_string())).await?;
            }
        }
        Ok(Done::OK)
    }
}

/// Fetches all pages and takes each in as it comes.
async fn fetch(
    run: &JobRun,
    supplier: &supplier::Model,
    adapter: &dyn SupplierAdapter,
    query: Option<&str>,
) -> Result<Result<(), AdapterError>, Fault> {
    let (app, currency) = (&run.app, supplier.currency()?);
    let (mut cursor, mut done, mut left) = (None, 0, 0);
    for _ in 0..MAX_PAGES {
        let page = match adapter.catalog(query, cursor.as_deref()).await {
            Ok(page) => page,
            Err(error) => return Ok(Err(error)),
        };
        cursor = page.next_cursor.clone();
        let (items, left_out) = sound(page, currency);
        for chunk in items.chunks(CHUNK) {
            take::take(app, supplier, chunk).await?;
        }
        fetches::note(app, supplier.id, items.len(), &left_out, left).await?;
        left += fetches::count(left_out.len());
        done += fetches::count(items.len());
        jobs::progress(run, done, cursor.is_none().then_some(done)).await?;
        if cursor.is_none() {
            return Ok(Ok(()));
        }
    }
    Ok(Err(AdapterError::Retry { reason: "the supplier's goods have too many pages".to_owned(), after: None }))
}

/// The items of a page that can be offers of a supplier that charges in `currency`, and what is left out.
fn sound(page: CatalogPage, currency: Currency) -> (Vec<RemoteItem>, Vec<RowError>) {
    let mut seen = HashSet::new();
    let (mut items, mut left_out) = (Vec::with_capacity(page.items.len()), page.left_out);
    for item in page.items {
        match defect(&item, currency).map_or_else(|| twice(&item, &mut seen), Some) {
            None => items.push(item),
            Some((reason, message)) => {
                let sku = Some(cells::shown_sku(&item.sku));
                left_out.push(RowError { line: item.line, sku, reason, message });
            }
        }
    }
    (items, left_out)
}

fn defect(item: &RemoteItem, currency: Currency) -> Option<cells::Refusal> {
    if let Err(refusal) = cells::check_sku(&item.sku) {
        return Some(refusal);
    }
    let told = item.cost?.currency();
    let message = || format!("the cost is in {told}, but the supplier charges in {currency}");
    (told != currency).then(|| ("CURRENCY_MISMATCH", message()))
}

fn twice(item: &RemoteItem, seen: &mut HashSet<String>) -> Option<cells::Refusal> {
    let is_new = seen.insert(item.sku.clone());
    (!is_new).then(|| ("DUPLICATE_SKU", "an earlier item has this SKU".to_owned()))
}
