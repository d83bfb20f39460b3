//! What the other rooms need to know of a variant.

use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QuerySelect};

use super::entity::{ProductStatus, SelectedOption, SelectedOptions, product, variant};
use crate::kernel::ids::{ProductId, VariantId};
use crate::kernel::money::{Currency, Money};
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
    let product = variant::Entity::belongs_to(product::Entity).from(variant::Column::ProductId).to(product::Column::Id);
    let query = variant::Entity::find()
        .select_only()
        .columns([variant::Column::Id, variant::Column::ProductId, variant::Column::Title, variant::Column::Sku])
        .columns([variant::Column::Currency, variant::Column::Price, variant::Column::CompareAt])
        .columns([variant::Column::Active, variant::Column::SelectedOptions])
        .column_as(product::Column::Title, "product_title")
        .column_as(product::Column::Status, "product_status")
        .join(JoinType::InnerJoin, product.into())
        .filter(among(conn, variant::Column::Id, ids));
    let rows = query.into_model::<Row>().all(conn).await?;
    Ok(rows.into_iter().map(VariantSnapshot::from).collect())
}

/// What a snapshot needs of a variant and its product.
#[derive(FromQueryResult)]
struct Row {
    id: VariantId,
    product_id: ProductId,
    product_title: String,
    product_status: ProductStatus,
    title: String,
    sku: String,
    currency: Currency,
    price: i64,
    compare_at: Option<i64>,
    active: bool,
    selected_options: SelectedOptions,
}

impl From<Row> for VariantSnapshot {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            product_id: row.product_id,
            product_title: row.product_title,
            title: row.title,
            sku: row.sku,
            price: Money::from_minor(row.price, row.currency),
            compare_at: row.compare_at.map(|minor| Money::from_minor(minor, row.currency)),
            active: row.active && row.product_status == ProductStatus::Active,
            options: row.selected_options.0,
        }
    }
}
