//! Holding units for a running checkout, and letting go of them.

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{OfferId, PaymentAttemptId};
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;

/// Holds `picks` for `holder`. `Err` names the offers that have not enough: the caller must then roll
/// back, for the others may be held already. A holder that already holds them holds them once.
pub async fn reserve(
    _tx: &Tx,
    _holder: PaymentAttemptId,
    _picks: &[(OfferId, i64)],
    _expires_at: Timestamp,
) -> Result<Result<(), Vec<OfferId>>, Fault> {
    todo!()
}

/// Lets go of everything `holder` still holds. Harmless if that is nothing.
pub async fn release(_tx: &Tx, _holder: PaymentAttemptId) -> Result<(), Fault> {
    todo!()
}
