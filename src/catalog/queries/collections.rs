//! Reading collections.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, Statement, Value};
use uuid::Uuid;

use super::list::bind_ids;
use crate::catalog::entity::{collection, collection_product, variant};
use crate::catalog::text;
use crate::kernel::ids::{CollectionId, ProductId, TypedId, VariantId};
use crate::kernel::page::{Page, PageRequest, decode_cursor, encode_cursor};
use crate::kernel::problem::Fault;
use crate::platform::db::among;

const COLUMNS: &str = "c.id, c.slug, c.title, c.sort_title, c.description, c.created_at, c.updated_at";
const LIST: &str = "collections";

/// One page of collections, by title.
pub async fn list_collections(
    conn: &impl ConnectionTrait,
    page: &PageRequest,
) -> Result<Page<collection::Model>, Fault> {
    let (compare, direction) = if page.backward { ("<", "DESC") } else { (">", "ASC") };
    let mut values: Vec<Value> = Vec::new();
    let mut which = "";
    let after = format!("WHERE (c.sort_title, c.id) {compare} ($1, $2)");
    if let Some(cursor) = &page.cursor {
        let (title, id): (String, Uuid) = decode_cursor(LIST, cursor)?;
        values = vec![title.replace('\0', "").into(), id.into()];
        which = &after;
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM collection c {which} ORDER BY c.sort_title {direction}, c.id {direction} LIMIT {}",
        page.size + 1
    );
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, values);
    let rows = collection::Model::find_by_statement(statement).all(conn).await?;
    Ok(Page::from_rows(page, rows, |row| encode_cursor(LIST, &(&row.sort_title, row.id.uuid()))))
}

/// The collections with these ids, in no order.
pub async fn collections_by_ids(
    conn: &impl ConnectionTrait,
    ids: &[CollectionId],
) -> Result<Vec<collection::Model>, Fault> {
    Ok(collection::Entity::find().filter(among(conn, collection::Column::Id, ids)).all(conn).await?)
}

/// The collection with this slug.
pub async fn collection_by_slug(conn: &impl ConnectionTrait, slug: &str) -> Result<Option<collection::Model>, Fault> {
    if !text::is_slug(slug) {
        return Ok(None);
    }
    Ok(collection::Entity::find().filter(collection::Column::Slug.eq(slug)).one(conn).await?)
}

/// A collection, and a product that is in it.
#[derive(Debug, Clone, FromQueryResult)]
struct Membership {
    product_id: ProductId,
    #[sea_orm(nested)]
    collection: collection::Model,
}

/// The collections these variants' products are in; variants in none are left out.
pub async fn collections_of_variants(
    conn: &impl ConnectionTrait,
    variants: &[VariantId],
) -> Result<HashMap<VariantId, Vec<CollectionId>>, Fault> {
    let query = variant::Entity::find().select_only().columns([variant::Column::Id, variant::Column::ProductId]);
    let query = query.filter(among(conn, variant::Column::Id, variants));
    let products: Vec<(VariantId, ProductId)> = query.into_tuple().all(conn).await?;
    let ids: Vec<ProductId> = products.iter().map(|(_, product)| *product).collect();
    let query = collection_product::Entity::find().filter(among(conn, collection_product::Column::ProductId, &ids));
    let mut by_product: HashMap<ProductId, Vec<CollectionId>> = HashMap::new();
    for row in query.all(conn).await? {
        by_product.entry(row.product_id).or_default().push(row.collection_id);
    }
    let found =
        products.into_iter().filter_map(|(variant, product)| Some((variant, by_product.get(&product)?.clone())));
    Ok(found.collect())
}

/// Up to `most` collections of each of these products, by title.
pub async fn collections_of(
    conn: &impl ConnectionTrait,
    products: &[ProductId],
    most: usize,
) -> Result<Vec<(ProductId, collection::Model)>, Fault> {
    let mut values = Vec::new();
    let ids = bind_ids(conn, &mut values, products);
    let sql = format!(
        "SELECT {COLUMNS}, c.product_id FROM (SELECT c.*, cp.product_id, ROW_NUMBER() OVER \
         (PARTITION BY cp.product_id ORDER BY c.sort_title, c.id) AS place \
         FROM collection_product cp JOIN collection c ON c.id = cp.collection_id WHERE cp.product_id {ids}) c \
         WHERE c.place <= {most} ORDER BY c.product_id, c.place"
    );
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, values);
    let rows = Membership::find_by_statement(statement).all(conn).await?;
    Ok(rows.into_iter().map(|row| (row.product_id, row.collection)).collect())
}
