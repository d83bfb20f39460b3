//! What orders take, from the placement to the moment the supplier's own figure shows it.

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{OfferId, OrderId, PaymentAttemptId};
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;

/// Turns what `holder` reserved into the order's. What was released meanwhile is taken again if it is
/// still there; `Err` names the offers that have not enough, and the caller must then roll back.
pub async fn commit(
    _tx: &Tx,
    _holder: PaymentAttemptId,
    _order_id: OrderId,
) -> Result<Result<(), Vec<OfferId>>, Fault> {
    todo!()
}

/// Takes `picks` for an order without a checkout: a supplier fell out and others step in. `Err` names
/// the offers that have not enough, and the caller must then roll back.
pub async fn commit_directly(
    _tx: &Tx,
    _order_id: OrderId,
    _picks: &[(OfferId, i64)],
    _document: &str,
) -> Result<Result<(), Vec<OfferId>>, Fault> {
    todo!()
}

/// Gives back up to `quantity` of what the order takes of an offer. What the supplier's own figure
/// shows already is not ours to give back; its next report tells.
pub async fn release_commitment(
    _tx: &Tx,
    _order_id: OrderId,
    _offer_id: OfferId,
    _quantity: i64,
    _document: &str,
) -> Result<(), Fault> {
    todo!()
}

/// Notes that the supplier accepted `quantity` more: a report about a moment after `accepted_at` shows
/// them, and then they stop counting against the offer.
pub async fn note_accepted(
    _tx: &Tx,
    _order_id: OrderId,
    _offer_id: OfferId,
    _quantity: i64,
    _accepted_at: Timestamp,
) -> Result<(), Fault> {
    todo!()
}
