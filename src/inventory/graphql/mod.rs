//! Inventory as the store's people and the suppliers see it.

mod facts;
mod inputs;
mod types;

use async_graphql::{Context, Object};

pub use self::facts::{Commitment, LedgerEntry, Reservation};
pub use self::inputs::{
    InventoryUserError, ReportPartInput, StockItemInput, SupplierOfferSetInput, SupplierOfferSetPayload,
    SupplierStockReportInput, SupplierStockReportPayload,
};
pub use self::types::{OfferLoader, SupplierOffer, VariantInventory, find_offer, variant_inventory};
use super::lists;
use crate::graph::{Connection, ContextExt, GlobalId, Nullable, PageArgs, payload, required};
use crate::identity::graphql::{visible_to_store, visible_to_supplier};
use crate::kernel::ids::{OfferId, SupplierId};
use crate::kernel::problem::Fault;

/// The queries about inventory.
#[derive(Default)]
pub struct InventoryQuery;

#[Object]
impl InventoryQuery {
    /// What suppliers offer, oldest first. For the owner and staff.
    #[graphql(visible = "visible_to_store", complexity = "first.unwrap_or(20).max(1) as usize * child_complexity + 1")]
    async fn supplier_offers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many.")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
        #[graphql(desc = "Only this supplier's.")] supplier_id: Option<GlobalId<SupplierId>>,
    ) -> Nullable<Connection<SupplierOffer>> {
        let supplier_id = supplier_id.map(|id| id.0);
        required(offers(ctx, supplier_id, PageArgs::forward(first, after)).await)
    }

    /// Every change of every offer's figures in the order it was written, or one offer's. For the owner
    /// and staff.
    #[graphql(visible = "visible_to_store", complexity = "first.unwrap_or(20).max(1) as usize * child_complexity + 1")]
    async fn inventory_ledger(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many.")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
        #[graphql(desc = "Only this offer's.")] offer_id: Option<GlobalId<OfferId>>,
    ) -> Nullable<Connection<LedgerEntry>> {
        required(ledger(ctx, offer_id.map(|id| id.0), PageArgs::forward(first, after)).await)
    }

    /// What checkouts hold and held, oldest first. For the owner and staff.
    #[graphql(visible = "visible_to_store", complexity = "first.unwrap_or(20).max(1) as usize * child_complexity + 1")]
    async fn reservations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many.")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
    ) -> Nullable<Connection<Reservation>> {
        required(reservations(ctx, PageArgs::forward(first, after)).await)
    }

    /// What orders take of offers, oldest first. For the owner and staff.
    #[graphql(visible = "visible_to_store", complexity = "first.unwrap_or(20).max(1) as usize * child_complexity + 1")]
    async fn stock_commitments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many.")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
    ) -> Nullable<Connection<Commitment>> {
        required(commitments(ctx, PageArgs::forward(first, after)).await)
    }
}

async fn offers(
    ctx: &Context<'_>,
    supplier_id: Option<SupplierId>,
    args: PageArgs,
) -> Result<Connection<SupplierOffer>, Fault> {
    let page = lists::offers(ctx.app(), ctx.actor(), supplier_id, &args.request()?).await?;
    Ok(Connection::new(page.map(SupplierOffer)))
}

async fn ledger(
    ctx: &Context<'_>,
    offer_id: Option<OfferId>,
    args: PageArgs,
) -> Result<Connection<LedgerEntry>, Fault> {
    let page = lists::ledger_entries(ctx.app(), ctx.actor(), offer_id, &args.request()?).await?;
    Ok(Connection::new(page.map(LedgerEntry)))
}

async fn reservations(ctx: &Context<'_>, args: PageArgs) -> Result<Connection<Reservation>, Fault> {
    let page = lists::reservations(ctx.app(), ctx.actor(), &args.request()?).await?;
    Ok(Connection::new(page.map(Reservation)))
}

async fn commitments(ctx: &Context<'_>, args: PageArgs) -> Result<Connection<Commitment>, Fault> {
    let page = lists::commitments(ctx.app(), ctx.actor(), &args.request()?).await?;
    Ok(Connection::new(page.map(Commitment)))
}

/// The mutations of inventory.
#[derive(Default)]
pub struct InventoryMutation;

#[Object]
impl InventoryMutation {
    /// Adds a supplier's offer of a variant, or changes it. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn supplier_offer_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The offer.")] input: SupplierOfferSetInput,
    ) -> Nullable<SupplierOfferSetPayload> {
        let result = match input.change() {
            Ok(change) => super::set_offer(ctx.app(), ctx.actor(), change).await,
            Err(problem) => Err(problem.into()),
        };
        let build =
            |(it, user_errors): (Option<_>, _)| SupplierOfferSetPayload { offer: it.map(SupplierOffer), user_errors };
        required(payload(result).map(build))
    }

    /// Tells the store what a supplier has. For the supplier itself, and for the store on its behalf.
    #[graphql(visible = "visible_to_supplier")]
    async fn supplier_stock_report(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The report, or a part of it.")] input: SupplierStockReportInput,
    ) -> Nullable<SupplierStockReportPayload> {
        let supplier_id = input.supplier_id.map(|id| id.0);
        let result = match input.report() {
            Ok(report) => super::report_stock(ctx.app(), ctx.actor(), supplier_id, report).await,
            Err(problem) => Err(problem.into()),
        };
        required(payload(result).map(SupplierStockReportPayload::of))
    }
}
