//! What can be wrong with what is asked of inventory.

/// Why a change is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InventoryErrorCode {
    /// A value is not allowed.
    Invalid,
    /// There is no such thing.
    NotFound,
    /// Another offer of the supplier has this SKU, or another report this name.
    Taken,
    /// The supplier charges in another currency.
    CurrencyMismatch,
    /// More than is allowed of one.
    TooMany,
}
