//! What customers are told: whether a variant can be had. Read from the cache, never trusted to sell.

use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::VariantId;
use crate::kernel::problem::Fault;

/// Whether a variant can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Availability {
    /// Which variant.
    pub variant_id: VariantId,
    /// Whether any can be had.
    pub available: bool,
    /// How many, over all offers.
    pub quantity: i64,
    /// The moment the oldest report behind it is true of.
    pub as_of: Option<Timestamp>,
}

/// The availability of these variants, in the order given.
pub async fn availability(_app: &App, _variants: &[VariantId]) -> Result<Vec<Availability>, Fault> {
    todo!()
}
