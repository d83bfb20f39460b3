//! What a product's row knows of its variants.

use crate::kernel::ids::VariantId;
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;

/// Records whether variants can be had. Inventory calls this when that changed.
pub async fn record_availability(_tx: &Tx, _changes: &[(VariantId, bool)]) -> Result<(), Fault> {
    todo!()
}
