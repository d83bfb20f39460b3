//! What is said of offers and stock, and what is answered.

use async_graphql::{InputObject, MaybeUndefined, SimpleObject};

use super::types::{InventoryErrorCodeOut, SupplierOffer};
use crate::graph::GlobalId;
use crate::graph::scalars::MoneyInput;
use crate::identity::graphql::{visible_to_store, visible_to_supplier};
use crate::inventory::{InventoryErrorCode, OfferChange, ReportOutcome, ReportPart, StockReport};
use crate::kernel::clock::Moment;
use crate::kernel::country::CountryCode;
use crate::kernel::ids::{SupplierId, VariantId};
use crate::kernel::money::Money;
use crate::kernel::problem::Problem;
use crate::suppliers::adapter::RemoteStock;
use crate::user_error;

user_error!(InventoryUserError, InventoryErrorCodeOut, "visible_to_supplier");

/// A supplier's offer of a variant. What is not given stays, or takes its default.
#[derive(Debug, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierOfferSetInput {
    /// Whose offer.
    supplier_id: GlobalId<SupplierId>,
    /// Of what.
    variant_id: GlobalId<VariantId>,
    /// The supplier's name for it, unique for a supplier.
    supplier_sku: String,
    /// What one costs, in the supplier's currency.
    cost: MoneyInput,
    /// The least the supplier lets be asked for it, in the supplier's currency; null: it says nothing any more.
    minimum_advertised_price: MaybeUndefined<MoneyInput>,
    /// The fewest that can be ordered at once (1 by default).
    minimum_quantity: Option<i64>,
    /// Days until it is ready, if they differ from the supplier's usual ones.
    lead_time_days: Option<i32>,
    /// Where the supplier sends it (wherever its services go, by default).
    #[graphql(validator(max_items = 250))]
    ships_to: Option<Vec<CountryCode>>,
    /// Smaller is preferred among offers that cost the same (0 by default).
    priority: Option<i32>,
    /// Never sold (0 by default).
    safety_buffer: Option<i64>,
    /// Whether it is used (yes, by default).
    active: Option<bool>,
}

impl SupplierOfferSetInput {
    pub(super) fn change(self) -> Result<OfferChange, Problem<InventoryErrorCode>> {
        Ok(OfferChange {
            supplier_id: self.supplier_id.0,
            variant_id: self.variant_id.0,
            supplier_sku: self.supplier_sku,
            cost: money(&self.cost, "cost")?,
            minimum_advertised: match self.minimum_advertised_price {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(it) => Some(Some(money(&it, "minimumAdvertisedPrice")?)),
            },
            minimum_quantity: self.minimum_quantity,
            lead_time_days: self.lead_time_days,
            ships_to: self.ships_to,
            priority: self.priority,
            safety_buffer: self.safety_buffer,
            active: self.active,
        })
    }
}

fn money(input: &MoneyInput, field: &str) -> Result<Money, Problem<InventoryErrorCode>> {
    let refuse = |error| Problem::at(InventoryErrorCode::Invalid, &format!("{field}.amount"), format!("{error}"));
    input.money().map_err(refuse)
}

/// What became of an offer.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierOfferSetPayload {
    /// The offer; null if it was refused.
    pub(super) offer: Option<SupplierOffer>,
    /// Why it was refused.
    pub(super) user_errors: Vec<InventoryUserError>,
}

/// What a supplier has.
#[derive(Debug, InputObject)]
#[graphql(visible = "visible_to_supplier")]
pub struct SupplierStockReportInput {
    /// The moment the figures are true of. A moment to come counts as the present one; what is older
    /// than what is known of an item is left out.
    as_of: Moment,
    /// Whether all parts together are everything the supplier has: what they do not name is then gone.
    full: bool,
    /// Which part of which report this is; without, the report has one part.
    report: Option<ReportPartInput>,
    /// The figures, at most 250; a larger report comes in parts.
    items: Vec<StockItemInput>,
    /// Whose stock it is, for the store; a supplier reports its own.
    pub(super) supplier_id: Option<GlobalId<SupplierId>>,
}

/// Which part of which report.
#[derive(Debug, InputObject)]
#[graphql(visible = "visible_to_supplier")]
pub struct ReportPartInput {
    /// The supplier's name for the report; all parts share it, and no other report has it. Once the last part counts,
    /// a part that comes again says only what it names.
    id: String,
    /// Whether this is the last part.
    last: bool,
}

/// The stock of one item.
#[derive(Debug, InputObject)]
#[graphql(visible = "visible_to_supplier")]
pub struct StockItemInput {
    /// The supplier's name for the item.
    supplier_sku: String,
    /// How many there are.
    quantity: i64,
    /// What one costs now, in the supplier's currency.
    cost: Option<MoneyInput>,
    /// When there will be more.
    restock_at: Option<Moment>,
}

impl SupplierStockReportInput {
    pub(super) fn report(self) -> Result<StockReport, Problem<InventoryErrorCode>> {
        let item = |(index, item): (usize, StockItemInput)| {
            let cost = item.cost.map(|cost| money(&cost, &format!("items.{index}.cost"))).transpose()?;
            Ok(RemoteStock {
                sku: item.supplier_sku,
                quantity: item.quantity,
                cost,
                restock_at: item.restock_at.map(|it| it.0),
                discontinued: false,
            })
        };
        Ok(StockReport {
            as_of: self.as_of.0,
            full: self.full,
            part: self.report.map(|part| ReportPart { id: part.id, last: part.last }),
            items: self.items.into_iter().enumerate().map(item).collect::<Result<_, _>>()?,
        })
    }
}

/// What became of a report.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_supplier")]
pub struct SupplierStockReportPayload {
    /// How many items are known; null if the report was refused.
    accepted: Option<i64>,
    /// The SKUs that are not known, and were left out.
    unknown_skus: Vec<String>,
    /// Whether the report is held back until the store decides, because it empties too much.
    held: bool,
    /// Why the report was refused.
    user_errors: Vec<InventoryUserError>,
}

impl SupplierStockReportPayload {
    pub(super) fn of((outcome, user_errors): (Option<ReportOutcome>, Vec<InventoryUserError>)) -> Self {
        let accepted = outcome.as_ref().map(|outcome| outcome.accepted);
        let outcome = outcome.unwrap_or_default();
        Self { accepted, unknown_skus: outcome.unknown_skus, held: outcome.held, user_errors }
    }
}
