//! Writing offers.

use crate::kernel::ids::{OfferId, SupplierId, VariantId};
use crate::kernel::money::Money;
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;

/// An offer as an import writes it: found by supplier and SKU, added or brought up to date.
#[derive(Debug, Clone, PartialEq)]
pub struct OfferUpsert {
    /// What is offered.
    pub variant_id: VariantId,
    /// The supplier's name for it.
    pub supplier_sku: String,
    /// What one costs us.
    pub cost: Money,
    /// How many there are, if the import says: counts as a report about the present moment.
    pub quantity: Option<i64>,
    /// Days until it is ready, if the import says.
    pub lead_time_days: Option<i32>,
}

/// Adds the offers or brings them up to date; returns their ids in the order given.
pub async fn upsert_offers(_tx: &Tx, _supplier_id: SupplierId, _offers: &[OfferUpsert]) -> Result<Vec<OfferId>, Fault> {
    todo!()
}
