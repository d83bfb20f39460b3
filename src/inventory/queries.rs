//! Reading offers and commitments.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};

use super::{commitment, offer};
use crate::kernel::clock::Timestamp;
use crate::kernel::country::CountryCode;
use crate::kernel::ids::{OfferId, OrderId, SupplierId, VariantId};
use crate::kernel::money::{Money, MoneyError};
use crate::kernel::problem::Fault;
use crate::platform::db::among_texts;

/// An offer as routing sees it at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OfferSnapshot {
    /// The id.
    pub id: OfferId,
    /// Whose it is.
    pub supplier_id: SupplierId,
    /// What it offers.
    pub variant_id: VariantId,
    /// The supplier's name for it.
    pub supplier_sku: String,
    /// What one costs us, in the supplier's currency.
    pub cost: Money,
    /// The fewest that can be ordered at once.
    pub minimum_quantity: i64,
    /// Days until it is ready, if they differ from the supplier's usual ones.
    pub lead_time_days: Option<i32>,
    /// Where it goes; `None`: wherever the supplier's services go.
    pub ships_to: Option<Vec<CountryCode>>,
    /// Smaller is preferred among offers that cost the same.
    pub priority: i32,
    /// What can be sold.
    pub sellable: i64,
    /// Whether it may be sold from at all.
    pub active: bool,
}

impl OfferSnapshot {
    /// The offer as it is `now`.
    pub fn of(row: offer::Model, now: Timestamp) -> Result<Self, MoneyError> {
        Ok(Self {
            cost: row.cost()?,
            sellable: row.sellable(now),
            active: row.is_live(),
            id: row.id,
            supplier_id: row.supplier_id,
            variant_id: row.variant_id,
            supplier_sku: row.supplier_sku,
            minimum_quantity: row.minimum_quantity,
            lead_time_days: row.lead_time_days,
            ships_to: row.ships_to.map(|countries| countries.0),
            priority: row.priority,
        })
    }
}

/// All offers of these variants as they are `now`, used or not, in the order of their ids.
pub async fn offers_for(
    conn: &impl ConnectionTrait,
    now: Timestamp,
    variants: &[VariantId],
) -> Result<Vec<OfferSnapshot>, Fault> {
    let query = offer::Entity::find().filter(offer::Column::VariantId.is_in(variants.iter().copied()));
    let rows = query.order_by_asc(offer::Column::Id).all(conn).await?;
    rows.into_iter().map(|row| Ok(OfferSnapshot::of(row, now)?)).collect()
}

/// All offers of these variants.
pub(super) async fn offers_of_variants(
    conn: &impl ConnectionTrait,
    variants: &[VariantId],
) -> Result<Vec<offer::Model>, Fault> {
    let query = offer::Entity::find().filter(offer::Column::VariantId.is_in(variants.iter().copied()));
    Ok(query.all(conn).await?)
}

/// How many SKUs one statement asks for.
const CHUNK: usize = 500;

/// Which of these SKUs the supplier has offers for.
pub(super) async fn known_skus(
    conn: &impl ConnectionTrait,
    supplier_id: SupplierId,
    skus: &[&str],
) -> Result<BTreeSet<String>, Fault> {
    let mut known = BTreeSet::new();
    for chunk in skus.chunks(CHUNK) {
        let query = offer::Entity::find()
            .select_only()
            .column(offer::Column::SupplierSku)
            .filter(offer::Column::SupplierId.eq(supplier_id))
            .filter(among_texts(conn, offer::Column::SupplierSku, chunk));
        let found: Vec<String> = query.into_tuple().all(conn).await?;
        known.extend(found);
    }
    Ok(known)
}

/// What the supplier offers under these SKUs: the variants, by SKU.
pub async fn variants_offered(
    conn: &impl ConnectionTrait,
    supplier_id: SupplierId,
    skus: &[String],
) -> Result<HashMap<String, VariantId>, Fault> {
    let mut offered = HashMap::new();
    for chunk in skus.chunks(CHUNK) {
        let query = offer::Entity::find()
            .select_only()
            .columns([offer::Column::SupplierSku, offer::Column::VariantId])
            .filter(offer::Column::SupplierId.eq(supplier_id))
            .filter(among_texts(conn, offer::Column::SupplierSku, chunk));
        let found: Vec<(String, VariantId)> = query.into_tuple().all(conn).await?;
        offered.extend(found);
    }
    Ok(offered)
}

/// The supplier's SKUs behind `after`, up to and with `end`, in their order.
pub(super) async fn skus_between(
    conn: &impl ConnectionTrait,
    supplier_id: SupplierId,
    after: &str,
    end: Option<&str>,
    limit: u64,
) -> Result<Vec<String>, Fault> {
    let mut query = offer::Entity::find()
        .select_only()
        .column(offer::Column::SupplierSku)
        .filter(offer::Column::SupplierId.eq(supplier_id))
        .filter(offer::Column::SupplierSku.gt(after));
    if let Some(end) = end {
        query = query.filter(offer::Column::SupplierSku.lte(end));
    }
    Ok(query.order_by_asc(offer::Column::SupplierSku).limit(limit).into_tuple().all(conn).await?)
}

/// The SKU whose stock was reported last.
pub(super) async fn newest_sku(conn: &impl ConnectionTrait, supplier_id: SupplierId) -> Result<Option<String>, Fault> {
    let query = offer::Entity::find()
        .select_only()
        .column(offer::Column::SupplierSku)
        .filter(offer::Column::SupplierId.eq(supplier_id))
        .filter(offer::Column::AsOf.is_not_null())
        .order_by_desc(offer::Column::AsOf)
        .order_by_desc(offer::Column::SupplierSku);
    Ok(query.into_tuple().one(conn).await?)
}

/// What an order takes of each offer.
pub async fn commitments_of(conn: &impl ConnectionTrait, order_id: OrderId) -> Result<Vec<commitment::Model>, Fault> {
    let query = commitment::Entity::find().filter(commitment::Column::OrderId.eq(order_id));
    Ok(query.order_by_asc(commitment::Column::OfferId).all(conn).await?)
}
