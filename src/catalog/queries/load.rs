//! Reading products and variants by what names them.

use sea_orm::sea_query::Order;
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Statement, Value};

use super::list::bind_ids;
use super::rows::{PRODUCT_COLUMNS, ProductDetails, ProductRow, Sight, VARIANT_COLUMNS, VariantRow};
use crate::catalog::entity::{SelectedOptions, product, variant};
use crate::catalog::text;
use crate::kernel::ids::{ProductId, VariantId};
use crate::kernel::problem::Fault;
use crate::platform::db::among;

/// The products with these ids, in no order, published or not.
pub async fn products_by_ids(conn: &impl ConnectionTrait, ids: &[ProductId]) -> Result<Vec<ProductRow>, Fault> {
    let mut values = Vec::new();
    let ids = bind_ids(conn, &mut values, ids);
    products(conn, &format!("p.id {ids}"), values).await
}

/// The product with this slug.
pub async fn product_by_slug(conn: &impl ConnectionTrait, slug: &str) -> Result<Option<ProductRow>, Fault> {
    if !text::is_slug(slug) {
        return Ok(None);
    }
    Ok(products(conn, "p.slug = $1", vec![slug.into()]).await?.pop())
}

async fn products(conn: &impl ConnectionTrait, which: &str, values: Vec<Value>) -> Result<Vec<ProductRow>, Fault> {
    let sql = format!("SELECT {PRODUCT_COLUMNS} FROM product p WHERE {which}");
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, values);
    Ok(ProductRow::find_by_statement(statement).all(conn).await?)
}

/// What the own pages of these products show, in no order.
pub async fn details_of(conn: &impl ConnectionTrait, ids: &[ProductId]) -> Result<Vec<ProductDetails>, Fault> {
    let query = product::Entity::find().select_only().columns([
        product::Column::Id,
        product::Column::Description,
        product::Column::Options,
        product::Column::Media,
    ]);
    Ok(query.filter(among(conn, product::Column::Id, ids)).into_model().all(conn).await?)
}

/// The variants with these ids, in no order, for sale or not.
pub async fn variants_by_ids(conn: &impl ConnectionTrait, ids: &[VariantId]) -> Result<Vec<VariantRow>, Fault> {
    let mut values = Vec::new();
    let ids = bind_ids(conn, &mut values, ids);
    variants(conn, &format!("v.id {ids}"), values).await
}

/// The variant with this SKU.
pub async fn variant_by_sku(conn: &impl ConnectionTrait, sku: &str) -> Result<Option<VariantRow>, Fault> {
    if sku.chars().any(char::is_control) {
        return Ok(None);
    }
    Ok(variants(conn, "v.sku_key = $1", vec![text::sku_key(sku).into()]).await?.pop())
}

/// The variants of these products by their place, all of them: a product has a hundred at most.
pub async fn variants_of(
    conn: &impl ConnectionTrait,
    products: &[ProductId],
    sight: Sight,
) -> Result<Vec<VariantRow>, Fault> {
    let mut values = Vec::new();
    let ids = bind_ids(conn, &mut values, products);
    let active = if sight == Sight::Published { " AND v.active" } else { "" };
    variants(conn, &format!("v.product_id {ids}{active} ORDER BY v.product_id, v.position, v.id"), values).await
}

async fn variants(conn: &impl ConnectionTrait, which: &str, values: Vec<Value>) -> Result<Vec<VariantRow>, Fault> {
    let sql = format!("SELECT {VARIANT_COLUMNS} FROM variant v WHERE {which}");
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, values);
    Ok(VariantRow::find_by_statement(statement).all(conn).await?)
}

/// What these variants are, of each of their products' choices, in no order.
pub async fn options_of(
    conn: &impl ConnectionTrait,
    ids: &[VariantId],
) -> Result<Vec<(VariantId, SelectedOptions)>, Fault> {
    let query = variant::Entity::find().select_only().columns([variant::Column::Id, variant::Column::SelectedOptions]);
    let query = query.filter(among(conn, variant::Column::Id, ids)).order_by(variant::Column::Id, Order::Asc);
    Ok(query.into_tuple().all(conn).await?)
}
