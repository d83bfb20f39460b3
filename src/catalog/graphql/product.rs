//! A product as clients see it.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object, SimpleObject};
use uuid::Uuid;

use super::collection::Collection;
use super::loaders::{CollectionLoader, CollectionsOf, DetailsLoader, ProductLoader, VariantLoader, VariantsOf};
use super::variant::ProductVariant;
use super::{sees_drafts, sight};
use crate::catalog::{self, Media, ProductDetails, ProductRow};
use crate::graph::scalars::{DateTime, Decimal};
use crate::graph::{Connection, ContextExt, GlobalId, PageArgs, SharedFault};
use crate::kernel::ids::{ProductId, TypedId};
use crate::kernel::money::Money;
use crate::kernel::page::{Page, PageRequest, decode_cursor, encode_cursor};
use crate::kernel::problem::Fault;

/// A product.
#[derive(Clone)]
pub struct Product {
    pub(super) row: Arc<ProductRow>,
    /// Read ahead with the other products of a list.
    pub(super) variants: Option<Vec<ProductVariant>>,
}

/// A picture.
#[derive(Debug, Clone, SimpleObject)]
pub struct Image {
    /// Where it is: an https address.
    url: String,
    /// What it shows, for who cannot see it; null if nobody said.
    alt_text: Option<String>,
}

impl From<&Media> for Image {
    fn from(media: &Media) -> Self {
        Self { url: media.url.clone(), alt_text: media.alt.clone() }
    }
}

/// The prices of a product's variants.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct PriceRange {
    /// The lowest price.
    min: Money,
    /// The highest price.
    max: Money,
}

/// A choice a product offers, such as its size.
#[derive(Debug, Clone, SimpleObject)]
pub struct ProductOption {
    /// Its name.
    name: String,
    /// What can be chosen.
    values: Vec<String>,
}

/// What customers think of a product.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct ProductRating {
    /// The mean of all ratings, between 1 and 5.
    average: Decimal,
    /// How many ratings there are.
    count: i32,
}

/// Whether customers see a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "crate::catalog::ProductStatus")]
pub enum ProductStatus {
    /// Only the store sees it.
    Draft,
    /// Everybody sees it.
    Active,
    /// Taken off the shelf for good; kept because orders refer to it.
    Archived,
}

impl From<ProductRow> for Product {
    fn from(row: ProductRow) -> Self {
        Self { row: Arc::new(row), variants: None }
    }
}

impl Product {
    /// The product with this id, published or not, batched with its siblings.
    pub async fn load(ctx: &Context<'_>, id: ProductId) -> Result<Option<Self>, SharedFault> {
        let row = ctx.loaders().load::<ProductLoader, _>(id).await?;
        Ok(row.map(|row| Self { row, variants: None }))
    }

    async fn details(&self, ctx: &Context<'_>) -> Result<Arc<ProductDetails>, SharedFault> {
        let details = ctx.loaders().load::<DetailsLoader, _>(self.row.id).await?;
        details.ok_or_else(|| Fault::internal("a product is gone").into())
    }

    async fn all_variants(&self, ctx: &Context<'_>) -> Result<Vec<ProductVariant>, SharedFault> {
        if let Some(variants) = &self.variants {
            return Ok(variants.clone());
        }
        let key = VariantsOf(self.row.id, sight(ctx.actor()));
        let rows = ctx.loaders().load::<VariantLoader, _>(key).await?;
        Ok(rows.iter().flat_map(|rows| rows.iter()).map(|row| ProductVariant::from(Arc::clone(row))).collect())
    }
}

/// A product.
#[Object]
impl Product {
    /// The id.
    pub async fn id(&self) -> GlobalId<ProductId> {
        GlobalId(self.row.id)
    }

    /// Its name in addresses: unique, and it stays when the title changes.
    async fn slug(&self) -> &str {
        &self.row.slug
    }

    /// Its name.
    async fn title(&self) -> &str {
        &self.row.title
    }

    /// Its description, in plain text: show it as text, never as HTML.
    async fn description(&self, ctx: &Context<'_>) -> async_graphql::Result<String> {
        Ok(self.details(ctx).await?.description.clone())
    }

    /// Whether customers see it. For the owner and staff; others only get products they see.
    #[graphql(visible = "sees_drafts")]
    async fn status(&self) -> ProductStatus {
        self.row.status.into()
    }

    /// Its first picture; null without pictures.
    async fn featured_image(&self) -> Option<Image> {
        let url = self.row.featured_url.clone()?;
        Some(Image { url, alt_text: self.row.featured_alt.clone() })
    }

    /// Its pictures, at most 50, the featured one first.
    async fn media(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Image>> {
        Ok(self.details(ctx).await?.media.0.iter().map(Image::from).collect())
    }

    /// The choices it offers, at most three.
    async fn options(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<ProductOption>> {
        let details = self.details(ctx).await?;
        let option = |it: &catalog::ProductOption| ProductOption { name: it.name.clone(), values: it.values.clone() };
        Ok(details.options.0.iter().map(option).collect())
    }

    /// The lowest and the highest price of its variants.
    async fn price_range(&self) -> PriceRange {
        let money = |minor| Money::from_minor(minor, self.row.currency);
        PriceRange { min: money(self.row.min_price), max: money(self.row.max_price) }
    }

    /// Its variants, at most 100, in the order of the store.
    async fn variants(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100 (20 unless told).")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<ProductVariant>> {
        let page = PageArgs::new(first, after, last, before).request()?;
        // Cursors nobody asked for are not written.
        let look = ctx.look_ahead();
        let cursors = look.field("edges").exists() || look.field("pageInfo").exists();
        let all = self.all_variants(ctx).await?;
        Ok(Connection::new(cut(&page, all, "variants", cursors, |it| (i64::from(it.row.position), it.row.id.uuid()))?))
    }

    /// The collections it is in, by title.
    async fn collections(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100 (20 unless told).")] first: Option<i32>,
    ) -> async_graphql::Result<Connection<Collection>> {
        let page = PageArgs::forward(first, None).request()?;
        let key = CollectionsOf(self.row.id, page.size + 1);
        let rows = ctx.loaders().load::<CollectionLoader, _>(key).await?;
        let rows: Vec<_> = rows.iter().flat_map(|rows| rows.iter()).map(|row| Collection(Arc::clone(row))).collect();
        let cursor = |it: &Collection| encode_cursor("collections", &(&it.0.sort_title, it.0.id.uuid()));
        Ok(Connection::new(Page::from_rows(&page, rows, cursor)))
    }

    /// What customers think of it; null until there are reviews.
    async fn rating(&self) -> Option<ProductRating> {
        None
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        self.row.created_at
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        self.row.updated_at
    }
}

/// The page of a short list that was read whole and lies in the order of `key`.
fn cut<T>(
    page: &PageRequest,
    all: Vec<T>,
    list: &str,
    cursors: bool,
    key: impl Fn(&T) -> (i64, Uuid),
) -> Result<Page<T>, Fault> {
    let mut rows = all;
    if let Some(cursor) = &page.cursor {
        let place: (i64, Uuid) = decode_cursor(list, cursor)?;
        rows.retain(|it| if page.backward { key(it) < place } else { key(it) > place });
    }
    if page.backward {
        rows.reverse();
    }
    rows.truncate(page.size + 1);
    let cursor = |it: &T| if cursors { encode_cursor(list, &key(it)) } else { String::new() };
    Ok(Page::from_rows(page, rows, cursor))
}
