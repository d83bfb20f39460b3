//! What a product's row knows of its variants: its price range, its stock, its options.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Set, Statement,
    Value,
};
use serde_json::json;

use super::entity::{ProductStatus, product, variant};
use super::products::gather_options;
use super::queries::bind_ids;
use super::search;
use crate::kernel::event::{Audience, EventType};
use crate::kernel::ids::{ProductId, VariantId};
use crate::kernel::problem::Fault;
use crate::platform::db::among;
use crate::platform::news;
use crate::platform::outbox::{self, NewEvent};
use crate::platform::tx::Tx;

/// The stream of what sells out, comes back and becomes scarce.
const STREAM: &str = "stock";
/// How many SKUs an event names.
const NAMED: usize = 10;

/// Whether a variant is on the shelf.
const ON_SHELF: &str =
    "(active AND EXISTS (SELECT 1 FROM product p WHERE p.id = variant.product_id AND p.status = 'ACTIVE'))";

/// Records whether variants can be had. Inventory calls this when that changed.
pub async fn record_availability(tx: &Tx, changes: &[(VariantId, bool)]) -> Result<(), Fault> {
    if changes.is_empty() {
        return Ok(());
    }
    // Rows are locked in the order of their ids, here as everywhere, so that nobody waits in a ring.
    let ids: Vec<VariantId> = changes.iter().map(|(id, _)| *id).collect();
    let locked = variant::Entity::find()
        .select_only()
        .columns([variant::Column::Id, variant::Column::ProductId])
        .filter(among(tx, variant::Column::Id, &ids))
        .order_by_asc(variant::Column::Id)
        .lock_exclusive()
        .into_tuple::<(VariantId, ProductId)>()
        .all(tx)
        .await?;
    let mut changed = Vec::new();
    for available in [true, false] {
        let these: Vec<VariantId> = changes.iter().filter(|(_, it)| *it == available).map(|(id, _)| *id).collect();
        if these.is_empty() {
            continue;
        }
        let update = variant::Entity::update_many()
            .col_expr(variant::Column::InStock, Expr::value(available))
            .filter(variant::Column::InStock.ne(available))
            .filter(among(tx, variant::Column::Id, &these));
        changed.push((available, update.exec_with_returning(tx).await?));
    }
    refresh_stock(tx, locked.into_iter().map(|(_, product)| product).collect()).await?;
    // Last: all of them are one stream, whose row stays locked until the transaction ends.
    for (available, variants) in changed {
        if !variants.is_empty() {
            tx.tell(news::SHOP);
        }
        let (kind, what) =
            if available { (EventType::BackInStock, "In stock") } else { (EventType::OutOfStock, "Out of stock") };
        tell(tx, kind, what, variants).await?;
    }
    Ok(())
}

/// Records of which variants only few can be had, as far as they are on the shelf, and tells of those that are new
/// among them. Inventory calls this with the variants locked.
pub async fn record_low_stock(tx: &Tx, changes: &[(VariantId, bool)]) -> Result<(), Fault> {
    let of = |low: bool| -> Vec<VariantId> { changes.iter().filter(|(_, it)| *it == low).map(|(id, _)| *id).collect() };
    mark_low(tx, &of(false), "FALSE").await?;
    let mut marked = mark_low(tx, &of(true), ON_SHELF).await?;
    marked.retain(|it| it.low_stock);
    tell(tx, EventType::LowStock, "Low stock", marked).await
}

/// Marks variants by what `low` says of each; those whose mark this changed.
async fn mark_low(tx: &Tx, ids: &[VariantId], low: &'static str) -> Result<Vec<variant::Model>, Fault> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let update = variant::Entity::update_many()
        .col_expr(variant::Column::LowStock, Expr::cust(low))
        .filter(Expr::cust(format!("low_stock <> {low}")))
        .filter(among(tx, variant::Column::Id, ids));
    Ok(update.exec_with_returning(tx).await?)
}

/// Tells `what` became of variants, as far as they are on the shelf.
async fn tell(tx: &Tx, kind: EventType, what: &str, mut variants: Vec<variant::Model>) -> Result<(), Fault> {
    if variants.is_empty() {
        return Ok(());
    }
    let products: Vec<ProductId> = variants.iter().map(|it| it.product_id).collect();
    let shown = product::Entity::find()
        .select_only()
        .column(product::Column::Id)
        .filter(among(tx, product::Column::Id, &products))
        .filter(product::Column::Status.eq(ProductStatus::Active));
    let shown: HashSet<ProductId> = shown.into_tuple::<ProductId>().all(tx).await?.into_iter().collect();
    variants.retain(|it| it.active && shown.contains(&it.product_id));
    if variants.is_empty() {
        return Ok(());
    }
    variants.sort_by_key(|it| it.id);
    let named: Vec<&str> = variants.iter().take(NAMED).map(|it| it.sku.as_str()).collect();
    let others = variants.len() - named.len();
    let more = if others > 0 { format!(" and {others} more") } else { String::new() };
    let message = format!("{what}: {}{more}.", named.join(", "));
    let ids: Vec<VariantId> = variants.iter().map(|it| it.id).collect();
    let event = NewEvent::of_stream(STREAM.to_owned(), kind, Audience::Store, message);
    outbox::append(tx, event.data(json!({ "variantIds": ids }))).await.map(drop)
}

/// Brings `in_stock` of these products in line with their active variants.
async fn refresh_stock(tx: &Tx, mut products: Vec<ProductId>) -> Result<(), Fault> {
    products.sort_unstable();
    products.dedup();
    product::Entity::find()
        .select_only()
        .column(product::Column::Id)
        .filter(among(tx, product::Column::Id, &products))
        .order_by_asc(product::Column::Id)
        .lock_exclusive()
        .into_tuple::<ProductId>()
        .all(tx)
        .await?;
    let mut values: Vec<Value> = Vec::new();
    let ids = bind_ids(tx, &mut values, &products);
    let sql = format!(
        "UPDATE product SET in_stock = EXISTS (SELECT 1 FROM variant v \
         WHERE v.product_id = product.id AND v.active AND v.in_stock) WHERE id {ids}"
    );
    super::execute(tx, &sql, values).await
}

#[derive(FromQueryResult)]
struct Range {
    product_id: ProductId,
    min_price: i64,
    max_price: i64,
}

/// Brings everything these products' rows know of their variants in line with them, and their place
/// in the search. A product without an active variant keeps its last prices.
pub(super) async fn refresh(tx: &Tx, products: &[ProductId]) -> Result<(), Fault> {
    if products.is_empty() {
        return Ok(());
    }
    refresh_stock(tx, products.to_vec()).await?;
    let mut values: Vec<Value> = Vec::new();
    let ids = bind_ids(tx, &mut values, products);
    let sql = format!(
        "SELECT product_id, min(price) AS min_price, max(price) AS max_price FROM variant \
         WHERE product_id {ids} AND active GROUP BY product_id"
    );
    let statement = Statement::from_sql_and_values(sea_orm::ConnectionTrait::get_database_backend(tx), sql, values);
    let ranges: HashMap<_, _> =
        Range::find_by_statement(statement).all(tx).await?.into_iter().map(|it| (it.product_id, it)).collect();
    let rows = product::Entity::find().filter(among(tx, product::Column::Id, products)).all(tx).await?;
    let variants = variant::Entity::find()
        .filter(among(tx, variant::Column::ProductId, products))
        .filter(variant::Column::Active.eq(true))
        .order_by_asc(variant::Column::Position)
        .all(tx)
        .await?;
    let mut of: HashMap<ProductId, Vec<&variant::Model>> = HashMap::new();
    for it in &variants {
        of.entry(it.product_id).or_default().push(it);
    }
    let mut documents = Vec::with_capacity(rows.len());
    for row in rows {
        let mine = of.remove(&row.id).unwrap_or_default();
        let skus = mine.iter().map(|it| it.sku.as_str());
        documents.push(search::Document::of(row.id, &row.title, &row.description, skus));
        let options = gather_options(mine.iter().map(|it| it.selected_options.0.as_slice()));
        let range = ranges.get(&row.id);
        let (min, max) = range.map_or((row.min_price, row.max_price), |it| (it.min_price, it.max_price));
        if (min, max) == (row.min_price, row.max_price) && options == row.options {
            continue;
        }
        let change = product::ActiveModel {
            id: Set(row.id),
            options: Set(options),
            min_price: Set(min),
            max_price: Set(max),
            updated_at: Set(tx.now()),
            ..Default::default()
        };
        change.update_without_returning(tx).await?;
    }
    search::write(tx, documents).await
}
