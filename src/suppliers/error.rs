//! What can be wrong with what is asked of suppliers.

/// Why a change is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SupplierErrorCode {
    /// A value is not allowed.
    Invalid,
    /// There is no such thing.
    NotFound,
    /// The supplier charges in another currency.
    CurrencyMismatch,
    /// More than is allowed of one.
    TooMany,
    /// The supplier's platform has no such thing.
    NotAvailable,
}
