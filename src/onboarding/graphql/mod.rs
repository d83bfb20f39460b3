//! Suppliers' goods as the store's people see and take them on. Nobody else sees any of it.

mod inputs;
mod types;

use async_graphql::{Context, Object};

pub use self::inputs::{
    SupplierCatalogFetchInput, SupplierCatalogFetchPayload, SupplierItemFilter, SupplierItemMapInput,
    SupplierItemUserError, SupplierItemsIgnorePayload, SupplierItemsImportInput, SupplierItemsImportPayload,
    SupplierItemsMapPayload,
};
pub use self::types::{
    CatalogFetchLoader, SupplierCatalogFetch, SupplierItem, SupplierItemError, SupplierItemSuggestion, items,
};
use super::{NewDrafts, WantedMapping};
use crate::graph::{ContextExt, GlobalId, Nullable, payload, required};
use crate::identity::graphql::visible_to_store;
use crate::kernel::ids::{SupplierId, SupplierItemId};
use crate::suppliers::graphql::Supplier;

/// The mutations of suppliers' goods.
#[derive(Default)]
pub struct OnboardingMutation;

#[Object]
impl OnboardingMutation {
    /// Has the goods of a supplier fetched in the background, to be looked through in `Supplier.items`; nothing is
    /// sold of them. While a fetch waits or runs, a second wish for one changes nothing. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn supplier_catalog_fetch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The supplier's id.")] id: GlobalId<SupplierId>,
        #[graphql(desc = "Which of its goods; all, if it is left out.")] input: Option<SupplierCatalogFetchInput>,
    ) -> Nullable<SupplierCatalogFetchPayload> {
        let query = input.and_then(|it| it.query);
        let result = super::fetch_catalog(ctx.app(), ctx.actor(), id.0, query.as_deref()).await;
        let build =
            |(it, user_errors): (Option<_>, _)| SupplierCatalogFetchPayload { supplier: it.map(Supplier), user_errors };
        required(payload(result).map(build))
    }

    /// Makes items the supplier's offers of variants: at most 250. Each that can be is; of the others the user
    /// errors tell why not. A repeat changes nothing. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn supplier_items_map(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which item is which variant.", validator(max_items = 250))] input: Vec<SupplierItemMapInput>,
    ) -> Nullable<SupplierItemsMapPayload> {
        let wanted: Vec<WantedMapping> = input.into_iter().map(SupplierItemMapInput::read).collect();
        let result = super::map_items(ctx.app(), ctx.actor(), &wanted).await;
        required(inputs::bulk(result).map(|(items, user_errors)| SupplierItemsMapPayload { items, user_errors }))
    }

    /// Has items left alone: nothing is suggested for them any more. At most 250. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn supplier_items_ignore(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The items.", validator(max_items = 250))] ids: Vec<GlobalId<SupplierItemId>>,
    ) -> Nullable<SupplierItemsIgnorePayload> {
        let ids: Vec<SupplierItemId> = ids.into_iter().map(|id| id.0).collect();
        let result = super::ignore_items(ctx.app(), ctx.actor(), &ids).await;
        required(inputs::bulk(result).map(|(items, user_errors)| SupplierItemsIgnorePayload { items, user_errors }))
    }

    /// Makes items variants of draft products, and the supplier's offers of them: at most 250. Items of one product
    /// of the supplier's become variants of one product. An item that is an offer already stays what it is. For the
    /// owner, and staff with all of `CATALOG`, `INVENTORY` and `COSTS`.
    #[graphql(visible = "visible_to_store")]
    async fn supplier_items_import(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The items.", validator(max_items = 250))] ids: Vec<GlobalId<SupplierItemId>>,
        #[graphql(desc = "How they become drafts.")] input: Option<SupplierItemsImportInput>,
    ) -> Nullable<SupplierItemsImportPayload> {
        let input = input.unwrap_or_default();
        let new = NewDrafts {
            ids: ids.into_iter().map(|id| id.0).collect(),
            markup_percent: input.markup_percent.unwrap_or_default(),
            active: input.active.unwrap_or(true),
        };
        let result = super::import_items(ctx.app(), ctx.actor(), &new).await;
        required(inputs::bulk(result).map(|(items, user_errors)| SupplierItemsImportPayload { items, user_errors }))
    }
}
