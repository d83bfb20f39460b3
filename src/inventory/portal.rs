//! A supplier's own word on its stock, and the store's word on a supplier's.

use super::error::InventoryErrorCode::{self, CurrencyMismatch, Invalid, NotFound, Taken, TooMany};
use super::reports::{MAX_QUANTITY, ReportOutcome, StockReport, report};
use crate::app::App;
use crate::identity::audit::Changes;
use crate::identity::{Action, Actor, Owned, audit};
use crate::kernel::ids::SupplierId;
use crate::kernel::problem::{Problem, VerbError};
use crate::platform::tx::Tx;
use crate::suppliers;
use crate::suppliers::adapter::RemoteStock;

/// The most items of one call; larger reports come in parts.
const MAX_ITEMS: usize = 250;
/// The longest SKU or name of a report.
const MAX_TEXT: usize = 255;

/// The stock of a supplier.
struct StockOf(SupplierId);

impl Owned for StockOf {
    fn supplier_id(&self) -> Option<SupplierId> {
        Some(self.0)
    }
}

/// Takes in what a supplier reports of itself, or what the store reports of `supplier_id`.
pub async fn report_stock(
    app: &App,
    actor: &Actor,
    supplier_id: Option<SupplierId>,
    given: StockReport,
) -> Result<ReportOutcome, VerbError<InventoryErrorCode>> {
    actor.may(Action::ReportStock)?;
    let Some(supplier_id) = supplier_id.or(actor.supplier_id()) else {
        return Err(VerbError::refused(Invalid, "supplierId", "The store says whose stock it reports."));
    };
    let found = suppliers::lookup(app.db.read(), supplier_id).await?;
    let supplier = found.filter(|it| actor.may_on(Action::ReportStock, &StockOf(it.id)).is_ok());
    let supplier = supplier.ok_or_else(|| Problem::at(NotFound, "supplierId", "There is no such supplier."))?;
    check(&given, &supplier.currency)?;
    let document = given.part.as_ref().map(|it| it.id.clone());
    let given_rows = given.items.len();
    let outcome = report(app, supplier_id, given).await?;
    if outcome.name_taken {
        let message = "A report of this name is over; each report has a name of its own.";
        return Err(VerbError::refused(Taken, "report.id", message));
    }
    // What it changed of each offer is in the ledger, written with the change.
    let tx = Tx::begin(app).await?;
    let changes = Changes::none().given("report", document).given("rows", given_rows).given("held", outcome.held);
    audit::record(&tx, actor, "stock.report", supplier_id, changes).await?;
    tx.commit().await?;
    Ok(outcome)
}

fn check(given: &StockReport, currency: &str) -> Result<(), VerbError<InventoryErrorCode>> {
    if given.items.len() > MAX_ITEMS {
        return Err(VerbError::refused(TooMany, "items", "At most 250 items at once; send the report in parts."));
    }
    let mut problems = Vec::new();
    let bad_text = |text: &str| text.trim().is_empty() || text.len() > MAX_TEXT || text.chars().any(char::is_control);
    if given.part.as_ref().is_some_and(|part| bad_text(&part.id)) {
        problems.push(Problem::at(Invalid, "report.id", "The name of a report has 1 to 255 characters."));
    }
    for (index, item) in given.items.iter().enumerate() {
        problems.extend(check_item(index, item, currency));
    }
    if problems.is_empty() { Ok(()) } else { Err(VerbError::Refused(problems)) }
}

fn check_item(index: usize, item: &RemoteStock, currency: &str) -> Option<Problem<InventoryErrorCode>> {
    let at = |code, field: &str, message: &str| Some(Problem::at(code, &format!("items.{index}.{field}"), message));
    if item.sku.is_empty() || item.sku.len() > MAX_TEXT || item.sku.chars().any(char::is_control) {
        return at(Invalid, "supplierSku", "A SKU has 1 to 255 characters.");
    }
    if !(0..=MAX_QUANTITY).contains(&item.quantity) {
        return at(Invalid, "quantity", "Between 0 and 1,000,000,000.");
    }
    match item.cost {
        Some(cost) if cost.is_negative() => at(Invalid, "cost.amount", "A cost is not negative."),
        Some(cost) if cost.currency().code() != currency => {
            at(CurrencyMismatch, "cost.currencyCode", &format!("Costs are in {currency}."))
        }
        _ => None,
    }
}
