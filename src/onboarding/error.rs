//! What can be wrong with what is asked of suppliers' goods.

/// Why something is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnboardingErrorCode {
    /// A value is not allowed.
    Invalid,
    /// There is no such thing.
    NotFound,
    /// The supplier's platform has no such thing.
    NotAvailable,
    /// The item is an offer of a variant already.
    AlreadyMapped,
    /// The SKU, or the supplier's place among a variant's offers, is another's.
    Taken,
    /// More than is allowed of one.
    TooMany,
    /// The supplier does not say what it costs.
    CostMissing,
    /// The supplier does not say what it is called.
    TitleMissing,
    /// There is no exchange rate for the supplier's currency.
    RateMissing,
}
