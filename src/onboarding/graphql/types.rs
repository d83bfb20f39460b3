//! What suppliers' goods look like.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, Object};

use super::inputs::SupplierItemFilter;
use crate::app::App;
use crate::catalog::graphql::{ProductVariant, SelectedOption};
use crate::graph::scalars::DateTime;
use crate::graph::{
    Connection, ContextExt, GlobalId, Nullable, PageArgs, RequestLoader, SharedFault, nullable, required,
};
use crate::identity::graphql::visible_to_store;
use crate::identity::{Action, Actor};
use crate::kernel::ids::{SupplierId, SupplierItemId};
use crate::kernel::money::Money;
use crate::kernel::problem::Fault;
use crate::onboarding::matching::Reason;
use crate::onboarding::{self, CatalogFetch, Item, ItemState, LeftOut, Suggestion};

/// What the store has made of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "ItemState", visible = "visible_to_store")]
pub enum SupplierItemState {
    /// Nothing, and no variant seems to be it.
    Unmapped,
    /// Nothing yet; variants may be it.
    Suggested,
    /// An offer of a variant.
    Mapped,
    /// Nothing, as the owner said.
    Ignored,
}

/// What speaks for or against it that an item is a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Reason", visible = "visible_to_store")]
pub enum SupplierItemMatchReason {
    /// The GTINs are equal.
    Gtin,
    /// The makers' numbers are equal, and the makers.
    MpnAndBrand,
    /// The makers' numbers are equal; of the makers one is not known.
    Mpn,
    /// The SKUs are equal.
    Sku,
    /// The titles are alike.
    Title,
    /// Against it: the GTINs differ.
    GtinDiffers,
}

/// One of a supplier's goods, as the supplier shows it.
pub struct SupplierItem(pub Item);

/// One of a supplier's goods, as the supplier shows it. Nothing is sold of it until it is mapped or imported.
#[Object(visible = "visible_to_store")]
impl SupplierItem {
    /// The id.
    async fn id(&self) -> GlobalId<SupplierItemId> {
        GlobalId(self.0.id)
    }

    /// The supplier's name for it.
    async fn supplier_sku(&self) -> &str {
        &self.0.supplier_sku
    }

    /// Its product's name; empty if the supplier tells none.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Its maker; null if the supplier does not say.
    async fn brand(&self) -> Option<&str> {
        self.0.brand.as_deref()
    }

    /// Its GTIN, as 14 digits; null if the supplier tells none, or one whose check digit is wrong.
    async fn gtin(&self) -> Option<&str> {
        self.0.gtin.as_deref()
    }

    /// Its GTIN as the supplier writes it, right or wrong; null if it tells none.
    async fn gtin_as_told(&self) -> Option<&str> {
        self.0.gtin_told.as_deref()
    }

    /// Its maker's name for it; null if the supplier does not say.
    async fn mpn(&self) -> Option<&str> {
        self.0.mpn.as_deref()
    }

    /// What one costs us, in the supplier's currency; null if the supplier does not say, and for callers who may
    /// not see costs.
    async fn cost(&self, ctx: &Context<'_>) -> Nullable<Money> {
        if ctx.actor().may(Action::ReadCost).is_err() {
            return None;
        }
        nullable(self.0.cost().map_err(Fault::from))
    }

    /// What the supplier says of its stock, in its words: a number, or a word such as `in stock`; null if nothing.
    async fn stock(&self) -> Option<&str> {
        self.0.stock.as_deref()
    }

    /// Where a picture of it is; null if the supplier shows none.
    async fn image_url(&self) -> Option<&str> {
        self.0.image_url.as_deref()
    }

    /// What tells it from the other variants of its product.
    async fn options(&self) -> Vec<SelectedOption> {
        self.0.options.0.iter().cloned().map(SelectedOption::from).collect()
    }

    /// What the store has made of it.
    async fn state(&self) -> SupplierItemState {
        self.0.state.into()
    }

    /// The variant it is an offer of; null if it is none.
    #[graphql(complexity = "child_complexity + 1")]
    async fn variant(&self, ctx: &Context<'_>) -> Nullable<ProductVariant> {
        let id = self.0.variant_id?;
        nullable(ProductVariant::load(ctx, id).await)
    }

    /// The variants it may be, by what was in the store when it was fetched last; the likeliest first, at most
    /// five. None is taken without a word of yours.
    #[graphql(complexity = "5 * child_complexity + 1")]
    async fn suggestions(&self) -> Vec<SupplierItemSuggestion> {
        self.0.suggestions.0.iter().cloned().map(SupplierItemSuggestion).collect()
    }

    /// When it was seen first.
    async fn first_seen_at(&self) -> DateTime {
        self.0.first_seen_at
    }

    /// When it was seen last: what the last fetch did not see may be gone.
    async fn seen_at(&self) -> DateTime {
        self.0.seen_at
    }
}

/// A variant that may be what an item is.
pub struct SupplierItemSuggestion(Suggestion);

/// A variant that may be what an item is.
#[Object(visible = "visible_to_store")]
impl SupplierItemSuggestion {
    /// The variant; null only if it is gone.
    #[graphql(complexity = "child_complexity + 1")]
    async fn variant(&self, ctx: &Context<'_>) -> Nullable<ProductVariant> {
        nullable(ProductVariant::load(ctx, self.0.variant_id).await)
    }

    /// How likely it is, from 1 to 100.
    async fn score(&self) -> i32 {
        self.0.score
    }

    /// What speaks for and against it.
    async fn reasons(&self) -> Vec<SupplierItemMatchReason> {
        self.0.reasons.iter().copied().map(Into::into).collect()
    }
}

/// A page of a supplier's goods, for whoever may see suppliers.
pub async fn items(
    ctx: &Context<'_>,
    supplier: SupplierId,
    filter: Option<SupplierItemFilter>,
    args: PageArgs,
) -> Nullable<Connection<SupplierItem>> {
    let page = async {
        let filter = filter.unwrap_or_default().read();
        onboarding::list_items(ctx.app(), ctx.actor(), supplier, &filter, &args.request()?).await
    };
    required(page.await.map(|page| Connection::new(page.map(SupplierItem))))
}

/// How a supplier's goods were fetched last.
pub struct SupplierCatalogFetch(pub CatalogFetch);

/// How a supplier's goods were fetched last.
#[Object(visible = "visible_to_store")]
impl SupplierCatalogFetch {
    /// The words under which goods were looked for; null: all were fetched.
    async fn query(&self) -> Option<&str> {
        self.0.query.as_deref()
    }

    /// When it was asked for.
    async fn requested_at(&self) -> DateTime {
        self.0.requested_at
    }

    /// When it began; null while it waits.
    async fn began_at(&self) -> Option<DateTime> {
        self.0.began_at
    }

    /// When it ended; null while it waits or runs, or if it was cut off.
    async fn ended_at(&self) -> Option<DateTime> {
        self.0.ended_at
    }

    /// How many items were taken in so far.
    async fn items(&self) -> i64 {
        self.0.items
    }

    /// How many rows were left out so far.
    async fn left_out_count(&self) -> i64 {
        self.0.left_out
    }

    /// Why it ended badly; null if it did not. What was taken in until then stays.
    async fn failure(&self) -> Option<&str> {
        self.0.failure.as_deref()
    }

    /// The rows it left out, in their order: the first 10,000.
    #[graphql(complexity = "first.unwrap_or(20).max(1) as usize * child_complexity + 10")]
    async fn left_out(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100 (20 unless told).")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
    ) -> async_graphql::Result<Connection<SupplierItemError>> {
        let page = PageArgs::forward(first, after).request()?;
        let rows = onboarding::list_left_out(ctx.app(), ctx.actor(), self.0.supplier_id, &page).await?;
        Ok(Connection::new(rows.map(SupplierItemError)))
    }
}

/// A row of a supplier's goods that was left out.
pub struct SupplierItemError(LeftOut);

/// A row of a supplier's goods that was left out.
#[Object(visible = "visible_to_store")]
impl SupplierItemError {
    /// Where it was found: its line, or its number among all.
    async fn line(&self) -> i64 {
        self.0.line
    }

    /// What it is about; null if that could not be read.
    async fn sku(&self) -> Option<&str> {
        self.0.sku.as_deref()
    }

    /// Why it was left out, for programs, such as `COST_INVALID`.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Why it was left out, for people.
    async fn message(&self) -> &str {
        &self.0.message
    }
}

/// The last fetches of suppliers' goods.
pub struct CatalogFetchLoader(App);

impl RequestLoader for CatalogFetchLoader {
    fn new(app: &App, _actor: &Actor) -> Self {
        Self(app.clone())
    }
}

impl Loader<SupplierId> for CatalogFetchLoader {
    type Value = CatalogFetch;
    type Error = SharedFault;

    async fn load(&self, keys: &[SupplierId]) -> Result<HashMap<SupplierId, CatalogFetch>, SharedFault> {
        let rows = onboarding::fetches_of(self.0.db.read(), keys).await?;
        Ok(rows.into_iter().map(|row| (row.supplier_id, row)).collect())
    }
}
