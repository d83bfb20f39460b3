//! What an offer takes over from its supplier: whether it is used, how far its reports are believed,
//! and for how long.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};

use super::set::adjusted;
use crate::app::App;
use crate::inventory::availability::cache_key;
use crate::inventory::figures::entry;
use crate::inventory::jobs::RefreshAvailability;
use crate::inventory::poll::PollStock;
use crate::inventory::reports::stale_at;
use crate::inventory::{facets, ledger, offer, shortfall};
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{OfferId, SupplierId, VariantId};
use crate::kernel::money::Money;
use crate::kernel::problem::Fault;
use crate::platform::db::among;
use crate::platform::jobs::{self, Done, Job, JobError, JobRun};
use crate::platform::tx::Tx;
use crate::suppliers::supplier::StalePolicy;
use crate::suppliers::{self, supplier};

/// All of it, in millionths.
const WHOLE: i64 = 1_000_000;
/// How many offers one transaction takes.
const CHUNK: u64 = 500;

/// Whether anything can be sold from it.
pub(in crate::inventory) fn is_available(offer: &offer::Model, now: Timestamp) -> bool {
    offer.is_live() && offer.sellable(now) > 0
}

/// A new offer, on the supplier's terms and with nothing reported yet.
pub(super) fn created(
    tx: &Tx,
    supplier: &supplier::Model,
    variant_id: VariantId,
    supplier_sku: String,
    cost: Money,
) -> offer::Model {
    let mut row = offer::Model {
        id: tx.new_id(),
        supplier_id: supplier.id,
        variant_id,
        supplier_sku,
        cost_minor: cost.minor(),
        cost_currency: cost.currency().code().to_owned(),
        map_minor: None,
        held_cost_minor: None,
        refused_cost_minor: None,
        minimum_quantity: 1,
        lead_time_days: None,
        ships_to: None,
        priority: 0,
        active: true,
        suspended: false,
        discontinued: false,
        restock_at: None,
        reported: 0,
        reserved: 0,
        committed: 0,
        safety_buffer: 0,
        confidence: 0,
        as_of: None,
        stale_at: None,
        stale_stops: false,
        stale_confidence: WHOLE,
        stale_noted: false,
        ledger_seq: 0,
        created_at: tx.now(),
        updated_at: tx.now(),
    };
    take_over(&mut row, supplier);
    row
}

fn take_over(row: &mut offer::Model, supplier: &supplier::Model) {
    row.suspended = !supplier.is_active();
    row.confidence = supplier.stock_confidence;
    row.stale_stops = supplier.stale_policy == StalePolicy::Stop;
    row.stale_confidence = if supplier.stale_policy == StalePolicy::Buffer { supplier.stale_confidence } else { WHOLE };
    row.stale_at = row.as_of.and_then(|as_of| stale_at(supplier, as_of));
}

/// Brings a supplier's offers up to date with its record, after the record changed.
#[derive(Debug, Serialize, Deserialize)]
pub struct ApplySupplierTerms {
    /// Which supplier.
    pub supplier_id: SupplierId,
}

impl Job for ApplySupplierTerms {
    const KIND: &'static str = "inventory.apply_supplier_terms";

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let mut last = None;
        loop {
            last = apply_chunk(&run.app, self.supplier_id, last).await?;
            if last.is_none() {
                break;
            }
        }
        // Offers are as old as their reports again; a supplier whose stock has not changed says so.
        let tx = Tx::begin(&run.app).await?;
        let poll = PollStock { supplier_id: self.supplier_id };
        jobs::enqueue(&tx, &poll).await?;
        jobs::hasten(&tx, &poll).await?;
        tx.commit().await?;
        Ok(Done::OK)
    }
}

/// Brings one chunk up to date; returns where the next one starts.
async fn apply_chunk(app: &App, supplier_id: SupplierId, after: Option<OfferId>) -> Result<Option<OfferId>, Fault> {
    let tx = Tx::begin(app).await?;
    let Some(supplier) = suppliers::lookup(&tx, supplier_id).await? else { return Ok(None) };
    let mut query = offer::Entity::find().filter(offer::Column::SupplierId.eq(supplier_id));
    if let Some(after) = after {
        query = query.filter(offer::Column::Id.gt(after));
    }
    let rows = query.order_by_asc(offer::Column::Id).limit(CHUNK).lock_exclusive().all(&tx).await?;
    let last = rows.last().map(|row| row.id).filter(|_| rows.len() as u64 == CHUNK);
    let mut crossed = Vec::new();
    for before in rows {
        let mut changed = before.clone();
        take_over(&mut changed, &supplier);
        if changed == before {
            continue;
        }
        changed.stale_noted = false;
        changed.updated_at = tx.now();
        if is_available(&before, tx.now()) != is_available(&changed, tx.now()) {
            crossed.push(changed.variant_id);
        }
        write(&tx, &before, changed).await?;
    }
    jobs::enqueue(&tx, &RefreshAvailability { variant_ids: crossed.clone() }).await?;
    tx.commit().await?;
    facets::refresh(app, &crossed).await?;
    Ok(last)
}

async fn write(tx: &Tx, before: &offer::Model, mut after: offer::Model) -> Result<(), Fault> {
    if after.confidence != before.confidence {
        after.ledger_seq += 1;
        ledger::Entity::insert(entry(tx, before, &after, &adjusted())).exec_without_returning(tx).await?;
    }
    tx.invalidate(cache_key(after.variant_id));
    offer::Entity::update(after.clone().into_active_model().reset_all()).exec(tx).await?;
    shortfall::note(tx, before, &after).await
}

/// The supplier says that nothing changed since its last report: the figures are as fresh as if they
/// had been sent again. The moment they are true of stays, because it was not said anew.
pub async fn confirm_stock(app: &App, supplier: &supplier::Model, now: Timestamp) -> Result<(), Fault> {
    let Some(stale_at) = stale_at(supplier, now) else { return Ok(()) };
    while freshen(app, supplier.id, stale_at).await? {}
    offer::Entity::update_many()
        .col_expr(offer::Column::StaleAt, Expr::value(stale_at))
        .col_expr(offer::Column::StaleNoted, Expr::value(false))
        .filter(offer::Column::SupplierId.eq(supplier.id))
        .filter(offer::Column::AsOf.is_not_null())
        .filter(offer::Column::StaleNoted.eq(false))
        .exec(app.db.write())
        .await?;
    Ok(())
}

/// Has one chunk of offers sold again as before they were noted to be too old; whether there may be more.
async fn freshen(app: &App, supplier_id: SupplierId, stale_at: Timestamp) -> Result<bool, Fault> {
    let tx = Tx::begin(app).await?;
    let noted = offer::Entity::find()
        .filter(offer::Column::SupplierId.eq(supplier_id))
        .filter(offer::Column::AsOf.is_not_null())
        .filter(offer::Column::StaleNoted.eq(true));
    let rows = noted.order_by_asc(offer::Column::Id).limit(CHUNK).lock_exclusive().all(&tx).await?;
    if rows.is_empty() {
        return Ok(false);
    }
    let more = rows.len() as u64 == CHUNK;
    let ids: Vec<OfferId> = rows.iter().map(|row| row.id).collect();
    offer::Entity::update_many()
        .col_expr(offer::Column::StaleAt, Expr::value(stale_at))
        .col_expr(offer::Column::StaleNoted, Expr::value(false))
        .filter(among(&tx, offer::Column::Id, &ids))
        .exec(&tx)
        .await?;
    let variant_ids: Vec<VariantId> = rows.iter().map(|row| row.variant_id).collect();
    variant_ids.iter().for_each(|id| tx.invalidate(cache_key(*id)));
    jobs::enqueue(&tx, &RefreshAvailability { variant_ids }).await?;
    tx.commit().await?;
    Ok(more)
}
