//! What a supplier says of an order, by answer, webhook or poll, in whatever order it arrives.

use crate::app::App;
use crate::kernel::ids::SupplierId;
use crate::kernel::problem::Fault;
use crate::suppliers::adapter::RemoteOrder;

/// What became of a supplier's news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewsOutcome {
    /// Taken in, or known already.
    Applied,
    /// About something that is not known yet; worth trying again.
    NotYet(String),
    /// Authentic, but about something that is not this supplier's, or impossible.
    Wrong(String),
}

/// Takes in the state of an order at `supplier_id`. Parcels are not looked at here.
pub async fn apply_remote(_app: &App, _supplier_id: SupplierId, _remote: &RemoteOrder) -> Result<NewsOutcome, Fault> {
    todo!()
}
