//! A variant as clients see it.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};

use super::delivery::DeliveryLoader;
use super::loaders::{AvailabilityLoader, OptionsLoader, VariantLoader};
use super::prices::{PriceChange, history};
use super::product::Product;
use super::sees_drafts;
use crate::catalog::{Sight, VariantRow};
use crate::graph::scalars::{DateTime, DeliveryWindow};
use crate::graph::{Connection, ContextExt, GlobalId, Nullable, PageArgs, SharedFault, nullable, required};
use crate::identity::Action;
use crate::identity::graphql::visible_to_store;
use crate::inventory;
use crate::inventory::graphql::{VariantInventory, variant_inventory};
use crate::kernel::country::CountryCode;
use crate::kernel::ids::VariantId;
use crate::kernel::money::Money;
use crate::store;

/// A variant of a product: the thing that is bought.
#[derive(Clone)]
pub struct ProductVariant {
    pub(super) row: Arc<VariantRow>,
    /// Read ahead with the other variants of a list.
    pub(super) availability: Option<inventory::Availability>,
}

/// What a variant is, of one of its product's choices.
#[derive(Debug, Clone, SimpleObject)]
pub struct SelectedOption {
    /// The choice.
    name: String,
    /// What was chosen.
    value: String,
}

impl From<crate::catalog::SelectedOption> for SelectedOption {
    fn from(it: crate::catalog::SelectedOption) -> Self {
        Self { name: it.name, value: it.value }
    }
}

/// Whether a variant can be had.
#[derive(Debug, Clone, Copy, SimpleObject)]
#[graphql(name = "Availability")]
pub struct AvailabilityObject {
    /// Whether any can be had.
    available: bool,
    /// How many can be had, from all suppliers together. A hint: only the checkout takes them.
    quantity: i64,
    /// The moment the oldest report behind it is true of; null before the first report.
    as_of: Option<DateTime>,
}

impl From<Arc<VariantRow>> for ProductVariant {
    fn from(row: Arc<VariantRow>) -> Self {
        Self { row, availability: None }
    }
}

impl ProductVariant {
    /// The variant that something names which the actor may see, batched with its siblings. The store's
    /// people get it for sale or not, others only if it is: what is planned for it is not theirs to know.
    pub async fn load(ctx: &Context<'_>, id: VariantId) -> Result<Option<Self>, SharedFault> {
        let Some(row) = ctx.loaders().load::<VariantLoader, VariantId>(id).await? else { return Ok(None) };
        if !ctx.actor().is_staff() {
            let product = Product::load(ctx, row.product_id).await?;
            let for_sale = row.active && product.is_some_and(|it| it.row.visible(Sight::Published));
            if !for_sale {
                return Ok(None);
            }
        }
        Ok(Some(Self::from(row)))
    }

    async fn estimate(
        &self,
        ctx: &Context<'_>,
        country: Option<CountryCode>,
    ) -> Result<Option<DeliveryWindow>, SharedFault> {
        let only = || async {
            let settings = store::cached(ctx.app()).await?;
            let [only] = settings.countries.as_slice() else { return Ok::<_, SharedFault>(None) };
            Ok(Some(only.country))
        };
        let country = match country {
            Some(country) => Some(country),
            None => only().await?,
        };
        let Some(country) = country else { return Ok(None) };
        ctx.shows(|| inventory::availability_key(self.row.id));
        let window = ctx.loaders().load::<DeliveryLoader, _>((self.row.id, country)).await?;
        Ok(window.map(|it| DeliveryWindow::from((it.earliest, it.latest))))
    }

    async fn load_availability(&self, ctx: &Context<'_>) -> Result<AvailabilityObject, SharedFault> {
        ctx.shows(|| inventory::availability_key(self.row.id));
        let known = match self.availability {
            Some(known) => Some(known),
            None => ctx.loaders().load::<AvailabilityLoader, _>(self.row.id).await?,
        };
        Ok(AvailabilityObject {
            available: known.is_some_and(|it| it.available),
            quantity: known.map_or(0, |it| it.quantity),
            as_of: known.and_then(|it| it.as_of),
        })
    }
}

/// A variant of a product: the thing that is bought.
#[Object]
impl ProductVariant {
    /// The id.
    pub async fn id(&self) -> GlobalId<VariantId> {
        GlobalId(self.row.id)
    }

    /// The store's own name for it, unique without regard to case.
    async fn sku(&self) -> &str {
        &self.row.sku
    }

    /// Its GTIN, as 14 digits: a GTIN-8, UPC or EAN has zeros in front; null if it has none.
    async fn gtin(&self) -> Option<&str> {
        self.row.gtin.as_deref()
    }

    /// Its maker's name for it; null if that is not known.
    async fn mpn(&self) -> Option<&str> {
        self.row.mpn.as_deref()
    }

    /// Its maker; null if that is not known.
    async fn brand(&self) -> Option<&str> {
        self.row.brand.as_deref()
    }

    /// What tells it from its siblings.
    async fn title(&self) -> &str {
        &self.row.title
    }

    /// What it is, of each of its product's choices.
    async fn selected_options(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<SelectedOption>> {
        let options = ctx.loaders().load::<OptionsLoader, _>(self.row.id).await?.unwrap_or_default();
        Ok(options.0.into_iter().map(SelectedOption::from).collect())
    }

    /// The price.
    async fn price(&self) -> Money {
        self.row.price()
    }

    /// The price it is compared with; null if there is none.
    async fn compare_at_price(&self) -> Option<Money> {
        self.row.compare_at()
    }

    /// Whether it is for sale. For the owner and staff.
    #[graphql(visible = "sees_drafts")]
    async fn active(&self) -> bool {
        self.row.active
    }

    /// Whether it can be had now; null while the stock cannot be read.
    async fn availability(&self, ctx: &Context<'_>) -> Nullable<AvailabilityObject> {
        required(self.load_availability(ctx).await)
    }

    /// When it would arrive in a country if it were ordered now; null if nobody can send it there now,
    /// or if no country is given and the shop sells to more than one.
    async fn delivery_estimate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Where to.")] country: Option<CountryCode>,
    ) -> Nullable<DeliveryWindow> {
        nullable(self.estimate(ctx, country).await)
    }

    /// Its stock at the suppliers; null for callers who may not see inventory. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn inventory(&self, ctx: &Context<'_>) -> Nullable<VariantInventory> {
        variant_inventory(ctx, self.row.id).await
    }

    /// What became of its price, newest first; null for callers who may not see costs. For the owner and
    /// staff.
    #[graphql(visible = "visible_to_store", complexity = "first.unwrap_or(20).max(1) as usize * child_complexity + 10")]
    async fn price_history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100.")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
    ) -> Nullable<Connection<PriceChange>> {
        if ctx.actor().may(Action::ReadCost).is_err() {
            return None;
        }
        required(history(ctx, self.row.id, PageArgs::forward(first, after)).await)
    }

    /// Its product; null only if it is gone.
    async fn product(&self, ctx: &Context<'_>) -> Nullable<Product> {
        nullable(Product::load(ctx, self.row.product_id).await)
    }
}
