//! What the store's people say of suppliers' goods, and what they are answered.

use async_graphql::{Enum, InputObject, SimpleObject};

use super::types::{SupplierItem, SupplierItemState};
use crate::graph::GlobalId;
use crate::graph::scalars::Decimal;
use crate::identity::graphql::visible_to_store;
use crate::kernel::ids::{SupplierItemId, VariantId};
use crate::kernel::problem::{Fault, VerbError};
use crate::onboarding::{Bulk, ItemFilter, OnboardingErrorCode, WantedMapping};
use crate::suppliers::graphql::Supplier;
use crate::user_error;

/// Why something about a supplier's goods is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "OnboardingErrorCode", visible = "visible_to_store")]
pub enum SupplierItemErrorCode {
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

user_error!(SupplierItemUserError, SupplierItemErrorCode, "visible_to_store");

/// Which items are wanted: those that all of these are true of.
#[derive(Debug, Default, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierItemFilter {
    /// What the store has made of them.
    state: Option<SupplierItemState>,
    /// Words of their titles, SKUs, brands and numbers, or how they begin: at most four count.
    query: Option<String>,
}

impl SupplierItemFilter {
    pub(super) fn read(self) -> ItemFilter {
        ItemFilter { state: self.state.map(Into::into), query: self.query }
    }
}

/// Which goods are fetched.
#[derive(Debug, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierCatalogFetchInput {
    /// Only those that the supplier finds under these words, for suppliers with more goods than anybody can look
    /// through: at most 100 characters.
    pub(super) query: Option<String>,
}

/// Which variant an item is.
#[derive(Debug, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierItemMapInput {
    /// The item.
    item_id: GlobalId<SupplierItemId>,
    /// The variant.
    variant_id: GlobalId<VariantId>,
    /// Whether the offer is used at once; one that is there already stays as it is.
    #[graphql(default = true)]
    active: bool,
}

impl SupplierItemMapInput {
    pub(super) fn read(self) -> WantedMapping {
        WantedMapping { item_id: self.item_id.0, variant_id: self.variant_id.0, active: self.active }
    }
}

/// How items become drafts.
#[derive(Debug, Default, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierItemsImportInput {
    /// By how many percent their prices are higher than their costs in the store's currency (0 by default).
    pub(super) markup_percent: Option<Decimal>,
    /// Whether the offers are used as soon as the products are published (they are, unless told otherwise).
    pub(super) active: Option<bool>,
}

/// What became of a wish for a supplier's goods.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierCatalogFetchPayload {
    /// The supplier; null if nothing is fetched.
    pub(super) supplier: Option<Supplier>,
    /// Why nothing is fetched; empty if something is.
    pub(super) user_errors: Vec<SupplierItemUserError>,
}

/// What became of mappings.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierItemsMapPayload {
    /// The items that are mapped as it was wanted, in the order they were named.
    #[graphql(complexity = "25 * child_complexity + 1")]
    pub(super) items: Vec<SupplierItem>,
    /// What is wrong with the others.
    pub(super) user_errors: Vec<SupplierItemUserError>,
}

/// What became of items that are to be left alone.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierItemsIgnorePayload {
    /// The items that are, in the order they were named.
    #[graphql(complexity = "25 * child_complexity + 1")]
    pub(super) items: Vec<SupplierItem>,
    /// What is wrong with the others.
    pub(super) user_errors: Vec<SupplierItemUserError>,
}

/// What became of items that are to be drafts.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierItemsImportPayload {
    /// The items that are offers of variants, in the order they were named.
    #[graphql(complexity = "25 * child_complexity + 1")]
    pub(super) items: Vec<SupplierItem>,
    /// What is wrong with the others.
    pub(super) user_errors: Vec<SupplierItemUserError>,
}

/// Splits what came of many items.
pub(super) fn bulk(
    result: Result<Bulk, VerbError<OnboardingErrorCode>>,
) -> Result<(Vec<SupplierItem>, Vec<SupplierItemUserError>), Fault> {
    let (items, problems) = match result {
        Ok(Bulk { items, problems }) => (items, problems),
        Err(VerbError::Refused(problems)) => (vec![], problems),
        Err(VerbError::Fault(fault)) => return Err(fault),
    };
    Ok((items.into_iter().map(SupplierItem).collect(), problems.into_iter().map(Into::into).collect()))
}
