//! A list of products, with what the client will ask of each read ahead: a page of products, their
//! variants and their stock cost one statement each, however long the page is.

use async_graphql::{Context, Lookahead};

use super::inputs::{ProductFilterInput, ProductSort};
use super::loaders::group;
use super::product::Product;
use super::sight;
use super::variant::ProductVariant;
use crate::catalog::{self, ListProducts, ProductRow};
use crate::graph::{Connection, ContextExt, PageArgs};
use crate::inventory;
use crate::kernel::ids::{ProductId, VariantId};
use crate::kernel::page::Page;
use crate::kernel::problem::Fault;
use crate::store;

/// The most variants whose stock is read ahead: of more, the client may not want all.
const READ_AHEAD: usize = 1_000;

/// One page of products, as this client wants it.
pub(super) async fn products(
    ctx: &Context<'_>,
    page: PageArgs,
    query: Option<String>,
    filter: Option<ProductFilterInput>,
    sort: Option<ProductSort>,
) -> Result<Connection<Product>, Fault> {
    let app = ctx.app();
    let filter = match filter {
        Some(filter) => filter.read(store::cached(app).await?.currency)?,
        None => catalog::ProductFilter::default(),
    };
    let sort = sort.map(Into::into);
    let list = ListProducts { query, filter, sort, page: page.request()?, sight: sight(ctx.actor()) };
    let rows = catalog::list_products(app.db.read(), &list).await?;
    let products = read_ahead(ctx, rows, list.sight).await?;
    Connection::counted(ctx, products, catalog::count_products(app, &list)).await
}

async fn read_ahead(ctx: &Context<'_>, rows: Page<ProductRow>, sight: catalog::Sight) -> Result<Page<Product>, Fault> {
    let look = ctx.look_ahead();
    let looks = [look.field("nodes").field("variants"), look.field("edges").field("node").field("variants")];
    if rows.items.is_empty() || !looks.iter().any(Lookahead::exists) {
        return Ok(rows.map(Product::from));
    }
    let ids: Vec<ProductId> = rows.items.iter().map(|(_, row)| row.id).collect();
    let mut variants = group(catalog::variants_of(ctx.app().db.read(), &ids, sight).await?);
    let mut products = rows.map(Product::from);
    for (_, product) in &mut products.items {
        let mine = variants.remove(&product.row.id).unwrap_or_default();
        product.variants = Some(mine.into_iter().map(ProductVariant::from).collect());
    }
    let stock = looks.iter().any(|it| {
        it.field("nodes").field("availability").exists()
            || it.field("edges").field("node").field("availability").exists()
    });
    if stock {
        read_stock_ahead(ctx, &mut products).await?;
    }
    Ok(products)
}

async fn read_stock_ahead(ctx: &Context<'_>, products: &mut Page<Product>) -> Result<(), Fault> {
    let variants = || products.items.iter().filter_map(|(_, it)| it.variants.as_ref()).flatten();
    let ids: Vec<VariantId> = variants().map(|it| it.row.id).collect();
    if ids.is_empty() || ids.len() > READ_AHEAD {
        return Ok(());
    }
    // In the order asked, which is the order of the variants.
    let known = inventory::availability(ctx.app(), &ids).await?;
    let all = products.items.iter_mut().filter_map(|(_, it)| it.variants.as_mut()).flatten();
    for (variant, known) in all.zip(known) {
        variant.availability = Some(known);
    }
    Ok(())
}
