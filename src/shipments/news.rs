//! A supplier's news of orders and parcels.

use crate::app::App;
use crate::fulfillment::NewsOutcome;
use crate::kernel::ids::SupplierId;
use crate::kernel::problem::Fault;
use crate::suppliers::adapter::SupplierNews;

/// Takes in what `supplier_id` tells: orders with their parcels, new parcels, tracking events. Stock
/// is not for this room and counts as applied.
pub async fn apply_news(_app: &App, _supplier_id: SupplierId, _news: &SupplierNews) -> Result<NewsOutcome, Fault> {
    todo!()
}
