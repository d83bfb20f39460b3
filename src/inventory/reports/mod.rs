//! What suppliers say they have: by webhook, by polling, through their part of the schema.
//!
//! A partial report counts at once. A full report also says what is absent, which only all its parts
//! together can tell; it is counted part by part and ends by emptying what no part named. A full
//! report that would empty more than the supplier's limit of what was in stock is held back until the owner decides.

mod absent;
mod costs;
mod full;
mod held;
mod publish;
mod record;

use std::collections::{BTreeSet, HashMap};

pub use self::held::DecideHeldReport;
pub(super) use self::publish::{absorb, stale_at};
use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::SupplierId;
use crate::kernel::problem::Fault;
use crate::suppliers;
use crate::suppliers::adapter::RemoteStock;

/// The most units anybody is believed to have of one item.
pub const MAX_QUANTITY: i64 = 1_000_000_000;
/// The longest SKU.
const MAX_SKU: usize = 255;

/// A report, or a part of one.
#[derive(Debug, Clone, PartialEq)]
pub struct StockReport {
    /// The moment the figures are true of. A moment to come counts as the present one.
    pub as_of: Timestamp,
    /// Whether all parts together are everything the supplier has.
    pub full: bool,
    /// Which part this is; `None`: the report has one part.
    pub part: Option<ReportPart>,
    /// The figures.
    pub items: Vec<RemoteStock>,
}

/// Which part of which report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportPart {
    /// The supplier's name for the report.
    pub id: String,
    /// Whether this is the last part.
    pub last: bool,
}

/// What became of a report.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReportOutcome {
    /// How many items we know, whether or not something newer was known of them already.
    pub accepted: i64,
    /// The SKUs we do not know.
    pub unknown_skus: Vec<String>,
    /// How many items were left out because their figures cannot be.
    pub unsound: i64,
    /// Whether the report is held back until the owner decides.
    pub held: bool,
    /// Whether another report has its name, which was over before the moment this one is true of: nothing of this
    /// one counts.
    pub name_taken: bool,
}

/// Takes in a report.
pub async fn report(app: &App, supplier_id: SupplierId, report: StockReport) -> Result<ReportOutcome, Fault> {
    let supplier = suppliers::lookup(app.db.read(), supplier_id).await?.ok_or(Fault::NotFound)?;
    let as_of = report.as_of.min(app.clock.now());
    let given = report.items.len();
    let items = sound(report.items);
    let unsound = given - items.len();
    let news = publish::News { supplier: &supplier, as_of, document: document(report.part.as_ref(), as_of) };
    let outcome = if report.full {
        full::take(app, &news, report.part, items).await?
    } else {
        publish::publish(app, &news, &items).await?.outcome(&items)
    };
    Ok(ReportOutcome { unsound: i64::try_from(unsound).unwrap_or(i64::MAX), ..outcome })
}

fn document(part: Option<&ReportPart>, as_of: Timestamp) -> String {
    match part {
        Some(part) => format!("report:{}", part.id),
        None => format!("report:{}", as_of.format("%Y-%m-%dT%H:%M:%S%.6fZ")),
    }
}

/// The items whose figures can be; of several for one SKU, the last.
fn sound(items: Vec<RemoteStock>) -> Vec<RemoteStock> {
    let fits = |item: &RemoteStock| {
        (0..=MAX_QUANTITY).contains(&item.quantity) && !item.sku.is_empty() && item.sku.len() <= MAX_SKU
    };
    let mut by_sku: HashMap<String, RemoteStock> = HashMap::new();
    for item in items.into_iter().filter(fits) {
        by_sku.insert(item.sku.clone(), item);
    }
    let mut items: Vec<RemoteStock> = by_sku.into_values().collect();
    items.sort_by(|one, other| one.sku.cmp(&other.sku));
    items
}

/// What was made of items.
#[derive(Default)]
struct Published {
    /// The SKUs we know.
    known: BTreeSet<String>,
}

impl Published {
    fn outcome(&self, items: &[RemoteStock]) -> ReportOutcome {
        let unknown = items.iter().filter(|item| !self.known.contains(&item.sku));
        ReportOutcome {
            accepted: i64::try_from(self.known.len()).unwrap_or(i64::MAX),
            unknown_skus: unknown.map(|item| item.sku.clone()).collect(),
            ..ReportOutcome::default()
        }
    }
}
