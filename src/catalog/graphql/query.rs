//! The queries about the catalogue.

use async_graphql::{Context, Object};

use super::collection::Collection;
use super::inputs::{ProductFilterInput, ProductSort};
use super::product::Product;
use super::variant::ProductVariant;
use super::{list, sight};
use crate::catalog::{self, Sight, VariantRow};
use crate::graph::{Connection, ContextExt, GlobalId, Nullable, PageArgs, nullable, required};
use crate::kernel::ids::{CollectionId, ProductId, VariantId};
use crate::kernel::problem::Fault;

/// The queries about the catalogue.
#[derive(Default)]
pub struct CatalogQuery;

#[Object]
impl CatalogQuery {
    /// The products for sale; for the owner and staff, all products.
    #[expect(clippy::too_many_arguments, reason = "a list is asked for in one field")]
    async fn products(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100 (20 unless told).")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
        #[graphql(desc = "Words to be found in title, SKUs or description; each may be the beginning of a word.")]
        query: Option<String>,
        #[graphql(desc = "Which products.")] filter: Option<ProductFilterInput>,
        #[graphql(desc = "The order: unless told, RELEVANCE with a query and NEWEST without.")] sort: Option<
            ProductSort,
        >,
    ) -> Nullable<Connection<Product>> {
        required(list::products(ctx, PageArgs::new(first, after, last, before), query, filter, sort).await)
    }

    /// One product, by exactly one of `slug` and `id`; null if there is none for sale.
    async fn product(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its name in addresses.")] slug: Option<String>,
        #[graphql(desc = "Its id.")] id: Option<GlobalId<ProductId>>,
    ) -> Nullable<Product> {
        nullable(match (slug, id) {
            (Some(slug), None) => product_by_slug(ctx, &slug).await,
            (None, Some(id)) => find_product(ctx, id.0).await,
            _ => Err(Fault::BadInput("give exactly one of slug and id".to_owned())),
        })
    }

    /// One variant, by exactly one of `sku` and `id`; null if there is none for sale.
    async fn variant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The store's own name for it, in any case.")] sku: Option<String>,
        #[graphql(desc = "Its id.")] id: Option<GlobalId<VariantId>>,
    ) -> Nullable<ProductVariant> {
        nullable(match (sku, id) {
            (Some(sku), None) => variant_by_sku(ctx, &sku).await,
            (None, Some(id)) => find_variant(ctx, id.0).await,
            _ => Err(Fault::BadInput("give exactly one of sku and id".to_owned())),
        })
    }

    /// The collections, by title.
    async fn collections(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100 (20 unless told).")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
    ) -> Nullable<Connection<Collection>> {
        required(list_collections(ctx, PageArgs::new(first, after, last, before)).await)
    }

    /// One collection; null if there is none of this name.
    async fn collection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its name in addresses.")] slug: String,
    ) -> Nullable<Collection> {
        let found = catalog::collection_by_slug(ctx.app().db.read(), &slug).await;
        nullable(found.map(|found| found.map(|row| Collection(row.into()))))
    }
}

async fn list_collections(ctx: &Context<'_>, page: PageArgs) -> Result<Connection<Collection>, Fault> {
    let page = catalog::list_collections(ctx.app().db.read(), &page.request()?).await?;
    Ok(Connection::new(page.map(|row| Collection(row.into()))))
}

async fn product_by_slug(ctx: &Context<'_>, slug: &str) -> Result<Option<Product>, Fault> {
    let row = catalog::product_by_slug(ctx.app().db.read(), slug).await?;
    Ok(row.filter(|row| row.visible(sight(ctx.actor()))).map(Product::from))
}

/// The product with this id, if this actor sees it.
pub async fn find_product(ctx: &Context<'_>, id: ProductId) -> Result<Option<Product>, Fault> {
    let row = catalog::products_by_ids(ctx.app().db.read(), &[id]).await?.pop();
    Ok(row.filter(|row| row.visible(sight(ctx.actor()))).map(Product::from))
}

async fn variant_by_sku(ctx: &Context<'_>, sku: &str) -> Result<Option<ProductVariant>, Fault> {
    let row = catalog::variant_by_sku(ctx.app().db.read(), sku).await?;
    if_visible(ctx, row).await
}

/// The variant with this id, if this actor sees it.
pub async fn find_variant(ctx: &Context<'_>, id: VariantId) -> Result<Option<ProductVariant>, Fault> {
    let row = catalog::variants_by_ids(ctx.app().db.read(), &[id]).await?.pop();
    if_visible(ctx, row).await
}

async fn if_visible(ctx: &Context<'_>, row: Option<VariantRow>) -> Result<Option<ProductVariant>, Fault> {
    let Some(row) = row else { return Ok(None) };
    let sees =
        sight(ctx.actor()) == Sight::Everything || row.active && find_product(ctx, row.product_id).await?.is_some();
    Ok(sees.then(|| ProductVariant::from(std::sync::Arc::new(row))))
}

/// The collection with this id.
pub async fn find_collection(ctx: &Context<'_>, id: CollectionId) -> Result<Option<Collection>, Fault> {
    let row = catalog::collections_by_ids(ctx.app().db.read(), &[id]).await?.pop();
    Ok(row.map(|row| Collection(row.into())))
}
