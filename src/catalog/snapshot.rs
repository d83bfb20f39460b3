//! What the other rooms need to know of a variant.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter};

use super::entity::{ProductStatus, SelectedOption, product, variant};
use crate::kernel::ids::{ProductId, VariantId};
use crate::kernel::money::Money;
use crate::kernel::problem::Fault;
use crate::platform::db::among;

/// A variant as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariantSnapshot {
    /// The variant.
    pub id: VariantId,
    /// Its product.
    pub product_id: ProductId,
    /// The product's name.
    pub product_title: String,
    /// What tells it from its siblings.
    pub title: String,
    /// The store's own name for it.
    pub sku: String,
    /// The price.
    pub price: Money,
    /// The price it is compared with.
    pub compare_at: Option<Money>,
    /// Whether it is for sale now: the variant and its product are.
    pub active: bool,
    /// What it is, of each of the product's choices.
    pub options: Vec<SelectedOption>,
}

/// The variants `ids` as they are now, in no order; those that do not exist are left out.
pub async fn snapshots(conn: &impl ConnectionTrait, ids: &[VariantId]) -> Result<Vec<VariantSnapshot>, Fault> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let variants = variant::Entity::find().filter(among(conn, variant::Column::Id, ids)).all(conn).await?;
    let product_ids: Vec<ProductId> = variants.iter().map(|it| it.product_id).collect();
    let products = product::Entity::find().filter(among(conn, product::Column::Id, &product_ids)).all(conn).await?;
    let by_id: HashMap<_, _> = products.iter().map(|it| (it.id, it)).collect();
    variants
        .into_iter()
        .map(|it| {
            let product = by_id.get(&it.product_id).ok_or_else(|| Fault::internal("a variant has no product"))?;
            let currency = it.currency;
            Ok(VariantSnapshot {
                id: it.id,
                product_id: it.product_id,
                product_title: product.title.clone(),
                title: it.title,
                sku: it.sku,
                price: Money::from_minor(it.price, currency),
                compare_at: it.compare_at.map(|minor| Money::from_minor(minor, currency)),
                active: it.active && product.status == ProductStatus::Active,
                options: it.selected_options.0,
            })
        })
        .collect()
}
