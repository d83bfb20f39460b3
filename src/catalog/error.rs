//! What can be wrong with a change of the catalogue.

use crate::kernel::problem::VerbError;

/// Why a change of the catalogue was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatalogErrorCode {
    /// A value is not acceptable.
    Invalid,
    /// There is no such thing.
    NotFound,
    /// A SKU or slug is in use.
    Taken,
    /// More than a product or collection can hold.
    TooMany,
    /// Not the store's currency.
    CurrencyMismatch,
}

/// The error of the catalogue's verbs.
pub type CatalogError = VerbError<CatalogErrorCode>;
