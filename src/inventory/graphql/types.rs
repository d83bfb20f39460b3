//! What offers and their figures look like. Customers see none of it.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, Object, SimpleObject};
use rust_decimal::Decimal;

use super::facts::LedgerEntry;
use crate::app::App;
use crate::catalog::graphql::ProductVariant;
use crate::graph::scalars::DateTime;
use crate::graph::{
    Connection, ContextExt, GlobalId, Nullable, PageArgs, RequestLoader, SharedFault, nullable, required,
};
use crate::identity::graphql::visible_to_store;
use crate::identity::{Action, Actor};
use crate::inventory::{ledger, lists, offer};
use crate::kernel::country::CountryCode;
use crate::kernel::ids::{OfferId, VariantId};
use crate::kernel::money::Money;
use crate::kernel::problem::Fault;
use crate::suppliers::graphql::{Supplier, SupplierLoader};

/// What a supplier offers of a variant, and what of it is spoken for.
#[derive(Clone)]
pub struct SupplierOffer(pub offer::Model);

/// What a supplier offers of a variant, and what of it is spoken for.
#[Object(visible = "visible_to_store")]
impl SupplierOffer {
    /// The id.
    pub async fn id(&self) -> GlobalId<OfferId> {
        GlobalId(self.0.id)
    }

    /// Whose offer it is; null only for callers who may not see suppliers.
    async fn supplier(&self, ctx: &Context<'_>) -> Nullable<Supplier> {
        if ctx.actor().may(Action::ReadSuppliers).is_err() {
            return None;
        }
        nullable(ctx.loaders().load::<SupplierLoader, _>(self.0.supplier_id).await.map(|it| it.map(Supplier)))
    }

    /// What it offers; null only if it is gone.
    async fn variant(&self, ctx: &Context<'_>) -> Nullable<ProductVariant> {
        nullable(ProductVariant::load(ctx, self.0.variant_id).await)
    }

    /// The supplier's name for it.
    async fn supplier_sku(&self) -> &str {
        &self.0.supplier_sku
    }

    /// What one costs us, in the supplier's currency; null for callers who may not see costs.
    async fn cost(&self, ctx: &Context<'_>) -> Nullable<Money> {
        if ctx.actor().may(Action::ReadCost).is_err() {
            return None;
        }
        required(self.0.cost().map_err(Fault::from))
    }

    /// A reported cost that is hard to believe: nothing is sold of the offer until `COST_CHANGE_HELD` in the
    /// exceptions queue is decided. Null if there is none, and for callers who may not see costs.
    async fn held_cost(&self, ctx: &Context<'_>) -> Nullable<Money> {
        if ctx.actor().may(Action::ReadCost).is_err() {
            return None;
        }
        nullable(self.0.held_cost().map_err(Fault::from))
    }

    /// The least the supplier lets be asked for it, in the supplier's currency; null if it says nothing, and
    /// for callers who may not see costs.
    async fn minimum_advertised_price(&self, ctx: &Context<'_>) -> Nullable<Money> {
        if ctx.actor().may(Action::ReadCost).is_err() {
            return None;
        }
        nullable(self.0.minimum_advertised().map_err(Fault::from))
    }

    /// The fewest that can be ordered at once.
    async fn minimum_quantity(&self) -> i64 {
        self.0.minimum_quantity
    }

    /// Days until it is ready; null: the supplier's usual ones.
    async fn lead_time_days(&self) -> Option<i32> {
        self.0.lead_time_days
    }

    /// Where the supplier sends it; null: wherever its services go.
    async fn ships_to(&self) -> Option<&[CountryCode]> {
        self.0.ships_to.as_ref().map(|countries| countries.0.as_slice())
    }

    /// Smaller is preferred among offers that cost the same.
    async fn priority(&self) -> i32 {
        self.0.priority
    }

    /// Whether the owner wants it used.
    async fn active(&self) -> bool {
        self.0.active
    }

    /// Whether the supplier said it will never come again.
    async fn discontinued(&self) -> bool {
        self.0.discontinued
    }

    /// When there will be more; null if the supplier did not say.
    async fn restock_at(&self) -> Option<DateTime> {
        self.0.restock_at
    }

    /// What the supplier has, by its last report.
    async fn reported(&self) -> i64 {
        self.0.reported
    }

    /// Held by running checkouts.
    async fn reserved(&self) -> i64 {
        self.0.reserved
    }

    /// Ordered, and not yet in the supplier's own figure.
    async fn committed(&self) -> i64 {
        self.0.committed
    }

    /// Never sold.
    async fn safety_buffer(&self) -> i64 {
        self.0.safety_buffer
    }

    /// How much of the report is believed, between 0 and 1.
    async fn confidence(&self) -> Decimal {
        Decimal::new(self.0.confidence, 6).normalize()
    }

    /// What can be sold: `max(0, floor(reported × confidence) − safetyBuffer − reserved − committed)`; 0
    /// if the report is too old and its supplier's policy is to stop, with `floor(… × staleConfidence)` of the
    /// figure if it is to buffer, and 0 for an offer that is not used.
    async fn sellable(&self, ctx: &Context<'_>) -> i64 {
        sellable(&self.0, ctx.app())
    }

    /// The moment the last report is true of; null before the first.
    async fn as_of(&self) -> Option<DateTime> {
        self.0.as_of
    }

    /// Whether the report is older than the supplier's reports may be.
    async fn stale(&self, ctx: &Context<'_>) -> bool {
        self.0.is_stale(ctx.app().clock.now())
    }

    /// Every change of its figures, in order.
    #[graphql(complexity = "first.unwrap_or(20).max(1) as usize * child_complexity + 1")]
    async fn ledger(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many.")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
    ) -> Nullable<Connection<LedgerEntry>> {
        required(
            self.entries(ctx, PageArgs::forward(first, after)).await.map(|page| Connection::new(page.map(LedgerEntry))),
        )
    }
}

impl SupplierOffer {
    async fn entries(
        &self,
        ctx: &Context<'_>,
        args: PageArgs,
    ) -> Result<crate::kernel::page::Page<ledger::Model>, Fault> {
        lists::ledger_entries(ctx.app(), ctx.actor(), Some(self.0.id), &args.request()?).await
    }
}

fn sellable(offer: &offer::Model, app: &App) -> i64 {
    if offer.is_live() { offer.sellable(app.clock.now()) } else { 0 }
}

/// The stock of a variant, over all offers that are used.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct VariantInventory {
    /// What can be sold.
    sellable: i64,
    /// What the suppliers have.
    reported: i64,
    /// Held by running checkouts.
    reserved: i64,
    /// Ordered, and not yet in the suppliers' own figures.
    committed: i64,
    /// Never sold.
    safety_buffer: i64,
    /// The moment the oldest report behind it is true of; null before the first.
    as_of: Option<DateTime>,
    /// Whether any report behind it is older than its supplier's reports may be.
    stale: bool,
    /// All offers of the variant, the preferred first; those that are not used too.
    #[graphql(complexity = "5 * child_complexity + 1")]
    offers: Vec<SupplierOffer>,
}

impl VariantInventory {
    fn of(app: &App, offers: Vec<offer::Model>) -> Self {
        let now = app.clock.now();
        let live: Vec<&offer::Model> = offers.iter().filter(|offer| offer.is_live()).collect();
        let sum = |figure: fn(&offer::Model) -> i64| live.iter().map(|offer| figure(offer)).sum();
        Self {
            sellable: live.iter().map(|offer| offer.sellable(now)).sum(),
            reported: sum(|offer| offer.reported),
            reserved: sum(|offer| offer.reserved),
            committed: sum(|offer| offer.committed),
            safety_buffer: sum(|offer| offer.safety_buffer),
            as_of: live.iter().filter_map(|offer| offer.as_of).min(),
            stale: live.iter().any(|offer| offer.is_stale(now)),
            offers: offers.into_iter().map(SupplierOffer).collect(),
        }
    }
}

/// The stock of a variant, for whoever may see inventory.
pub async fn variant_inventory(ctx: &Context<'_>, id: VariantId) -> Nullable<VariantInventory> {
    required(load_inventory(ctx, id).await)
}

async fn load_inventory(ctx: &Context<'_>, id: VariantId) -> Result<VariantInventory, SharedFault> {
    ctx.actor().may(Action::ReadInventory)?;
    let offers = ctx.loaders().load::<OfferLoader, _>(id).await?.unwrap_or_default();
    Ok(VariantInventory::of(ctx.app(), offers))
}

/// The offer, for whoever may see inventory.
pub async fn find_offer(ctx: &Context<'_>, id: OfferId) -> Result<Option<SupplierOffer>, Fault> {
    ctx.actor().may(Action::ReadInventory)?;
    Ok(lists::offers_by_id(ctx.app(), &[id]).await?.pop().map(SupplierOffer))
}

/// Offers, by their id or by variant.
pub struct OfferLoader(App);

impl RequestLoader for OfferLoader {
    fn new(app: &App, _actor: &Actor) -> Self {
        Self(app.clone())
    }
}

impl Loader<OfferId> for OfferLoader {
    type Value = offer::Model;
    type Error = SharedFault;

    async fn load(&self, keys: &[OfferId]) -> Result<HashMap<OfferId, offer::Model>, SharedFault> {
        let rows = lists::offers_by_id(&self.0, keys).await?;
        Ok(rows.into_iter().map(|row| (row.id, row)).collect())
    }
}

impl Loader<VariantId> for OfferLoader {
    type Value = Vec<offer::Model>;
    type Error = SharedFault;

    async fn load(&self, keys: &[VariantId]) -> Result<HashMap<VariantId, Vec<offer::Model>>, SharedFault> {
        let mut found: HashMap<VariantId, Vec<offer::Model>> = HashMap::new();
        for row in lists::offers_by_variant(&self.0, keys).await? {
            found.entry(row.variant_id).or_default().push(row);
        }
        Ok(found)
    }
}

/// Why a change of an offer, or a report, is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "crate::inventory::InventoryErrorCode", name = "InventoryErrorCode")]
pub enum InventoryErrorCodeOut {
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
