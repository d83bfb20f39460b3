//! Reading by the hundred, for imports: what is there already.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::catalog::entity::ProductStatus;
use crate::catalog::entity::{product, variant};
use crate::catalog::text;
use crate::kernel::ids::ProductId;
use crate::kernel::problem::Fault;
use crate::platform::db::{among, among_texts};

/// The name of a variant among all spellings of its SKU.
pub fn sku_key(sku: &str) -> String {
    text::sku_key(sku)
}

/// The variants with these SKUs, whole, by [`sku_key`].
pub async fn variants_by_skus(
    conn: &impl ConnectionTrait,
    skus: &[String],
) -> Result<HashMap<String, variant::Model>, Fault> {
    let keys: Vec<String> = skus.iter().map(|sku| text::sku_key(sku)).collect();
    let rows = variant::Entity::find().filter(among_texts(conn, variant::Column::SkuKey, &keys)).all(conn).await?;
    Ok(rows.into_iter().map(|row| (row.sku_key.clone(), row)).collect())
}

/// These products, whole.
pub async fn whole_products(
    conn: &impl ConnectionTrait,
    ids: &[ProductId],
) -> Result<HashMap<ProductId, product::Model>, Fault> {
    let rows = product::Entity::find().filter(among(conn, product::Column::Id, ids)).all(conn).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// A product that was imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// The product.
    pub id: ProductId,
    /// Whether it is still a draft.
    pub draft: bool,
    /// How many variants it has.
    pub variants: usize,
}

/// The products imported under these names, by them.
pub async fn products_by_external_keys(
    conn: &impl ConnectionTrait,
    keys: &[String],
) -> Result<HashMap<String, Imported>, Fault> {
    use product::Column as C;
    let query = product::Entity::find().select_only().columns([C::ExternalKey, C::Id, C::Status]);
    let query = query.filter(among_texts(conn, C::ExternalKey, keys));
    let rows: Vec<(String, ProductId, ProductStatus)> = query.into_tuple().all(conn).await?;
    let ids: Vec<ProductId> = rows.iter().map(|(_, id, _)| *id).collect();
    let counts = variant::Entity::find()
        .select_only()
        .column(variant::Column::ProductId)
        .column_as(variant::Column::Id.count(), "count")
        .filter(among(conn, variant::Column::ProductId, &ids))
        .group_by(variant::Column::ProductId);
    let counts: Vec<(ProductId, i64)> = counts.into_tuple().all(conn).await?;
    let counts: HashMap<ProductId, i64> = counts.into_iter().collect();
    let count = |id: &ProductId| usize::try_from(counts.get(id).copied().unwrap_or_default()).unwrap_or(usize::MAX);
    let imported = |id, status| Imported { id, draft: status == ProductStatus::Draft, variants: count(&id) };
    Ok(rows.into_iter().map(|(key, id, status)| (key, imported(id, status))).collect())
}
