//! What suppliers charge: for whoever makes prices of it, and what is decided about costs that are held.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Set,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::availability::cache_key;
use super::jobs::RefreshAvailability;
use super::{facets, offer};
use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::event::{Audience, EventType};
use crate::kernel::ids::{OfferId, SupplierId, VariantId};
use crate::kernel::money::Money;
use crate::kernel::problem::Fault;
use crate::platform::jobs::{self, Done, Job, JobError, JobRun};
use crate::platform::outbox::{self, NewEvent};
use crate::platform::tx::Tx;
use crate::workitems;

/// The kind of work item about costs that are held.
pub(super) const COST_CHANGE_HELD: &str = "COST_CHANGE_HELD";
/// Its action: they are true.
pub(super) const ACCEPT_COSTS: &str = "ACCEPT_COSTS";
/// Its action: they are not; the known ones stay.
pub(super) const KEEP_COSTS: &str = "KEEP_COSTS";
/// How many offers one transaction decides about.
const CHUNK: u64 = 500;

/// What keeps one supplier's costs from being asked about twice.
pub(super) fn question_key(supplier_id: SupplierId) -> String {
    format!("cost_change_held:{supplier_id}")
}

/// What an offer costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferCost {
    /// The offer.
    pub id: OfferId,
    /// Whose it is.
    pub supplier_id: SupplierId,
    /// What it offers.
    pub variant_id: VariantId,
    /// What one costs us, in the supplier's currency.
    pub cost: Money,
    /// The least the supplier lets be asked for it, in its currency.
    pub minimum_advertised: Option<Money>,
    /// Whether it can be sold from now.
    pub sellable: bool,
}

/// What the offers of these variants cost that may be sold from, in the order of their ids.
pub async fn offer_costs(
    conn: &impl ConnectionTrait,
    now: Timestamp,
    variants: &[VariantId],
) -> Result<Vec<OfferCost>, Fault> {
    let query = offer::Entity::find().filter(offer::Column::VariantId.is_in(variants.iter().copied()));
    let rows = query.order_by_asc(offer::Column::Id).all(conn).await?;
    let cost = |row: offer::Model| {
        Ok(OfferCost {
            cost: row.cost()?,
            minimum_advertised: row.minimum_advertised()?,
            sellable: row.sellable(now) > 0,
            id: row.id,
            supplier_id: row.supplier_id,
            variant_id: row.variant_id,
        })
    };
    rows.into_iter().filter(offer::Model::is_live).map(cost).collect()
}

/// Up to `limit` variants that a supplier offers, behind `after`.
pub async fn variants_offered_by(
    conn: &impl ConnectionTrait,
    supplier_id: SupplierId,
    after: Option<VariantId>,
    limit: u64,
) -> Result<Vec<VariantId>, Fault> {
    let mut query = offer::Entity::find().select_only().column(offer::Column::VariantId);
    query = query.filter(offer::Column::SupplierId.eq(supplier_id));
    if let Some(after) = after {
        query = query.filter(offer::Column::VariantId.gt(after));
    }
    Ok(query.order_by_asc(offer::Column::VariantId).limit(limit).into_tuple().all(conn).await?)
}

/// How many variants a supplier offers.
pub async fn count_offers_of(conn: &impl ConnectionTrait, supplier_id: SupplierId) -> Result<u64, Fault> {
    Ok(offer::Entity::find().filter(offer::Column::SupplierId.eq(supplier_id)).count(conn).await?)
}

/// Tells whoever makes prices that these variants cost something else now.
pub(super) async fn note_changed(tx: &Tx, supplier_id: SupplierId, variants: &[VariantId]) -> Result<(), Fault> {
    if variants.is_empty() {
        return Ok(());
    }
    let event = NewEvent::of_stream(supplier_id.to_string(), EventType::CostChanged, Audience::Internal, "")
        .data(json!({ "supplierId": supplier_id, "variantIds": variants }));
    outbox::append(tx, event).await.map(drop)
}

/// Closes the question about a supplier's costs if there is none left that waits for it.
pub(super) async fn close_if_decided(tx: &Tx, supplier_id: SupplierId) -> Result<(), Fault> {
    if held(supplier_id).one(tx).await?.is_some() {
        return Ok(());
    }
    workitems::close_by_key(tx, &question_key(supplier_id), "no cost is in doubt any more").await
}

fn held(supplier_id: SupplierId) -> sea_orm::Select<offer::Entity> {
    // Literal, so that a cached plan may still use the partial index.
    let query = offer::Entity::find().filter(Expr::cust("held_cost_minor IS NOT NULL"));
    query.filter(offer::Column::SupplierId.eq(supplier_id)).order_by_asc(offer::Column::Id)
}

/// Takes over the costs of a supplier that are held, or leaves those that were known, as the owner decided.
/// Either way the offers are for sale again.
#[derive(Debug, Serialize, Deserialize)]
pub struct DecideHeldCosts {
    /// Whose costs.
    pub supplier_id: SupplierId,
    /// Whether they are true.
    pub accepted: bool,
}

impl Job for DecideHeldCosts {
    const KIND: &'static str = "inventory.decide_held_costs";

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        while self.decide_some(&run.app).await? {}
        Ok(Done::OK)
    }
}

impl DecideHeldCosts {
    /// Decides about one chunk; whether there may be more.
    async fn decide_some(&self, app: &App) -> Result<bool, Fault> {
        let tx = Tx::begin(app).await?;
        let rows = held(self.supplier_id).limit(CHUNK).lock_exclusive().all(&tx).await?;
        let variants: Vec<VariantId> = rows.iter().map(|row| row.variant_id).collect();
        let more = rows.len() as u64 == CHUNK;
        for row in rows {
            tx.invalidate(cache_key(row.variant_id));
            let (known, held) = (row.cost_minor, row.held_cost_minor);
            let mut row = row.into_active_model();
            row.cost_minor = Set(held.filter(|_| self.accepted).unwrap_or(known));
            row.refused_cost_minor = Set(held.filter(|_| !self.accepted));
            row.held_cost_minor = Set(None);
            row.updated_at = Set(tx.now());
            row.update_without_returning(&tx).await?;
        }
        // A report may have asked again before this came to run.
        close_if_decided(&tx, self.supplier_id).await?;
        if self.accepted {
            note_changed(&tx, self.supplier_id, &variants).await?;
        }
        jobs::enqueue(&tx, &RefreshAvailability { variant_ids: variants.clone() }).await?;
        tx.commit().await?;
        facets::refresh(app, &variants).await?;
        Ok(more)
    }
}
