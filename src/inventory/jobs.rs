//! What inventory does in the background.

use std::time::Duration;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};

use super::availability::cache_key;
use super::{facets, offer};
use crate::kernel::ids::{OfferId, VariantId};
use crate::kernel::problem::Fault;
use crate::platform::jobs::{self, Done, Job, JobError, JobRun};
use crate::platform::tx::Tx;

/// Tells the catalog whether variants are in stock, after something changed it.
#[derive(Debug, Serialize, Deserialize)]
pub struct RefreshAvailability {
    /// Which variants.
    pub variant_ids: Vec<VariantId>,
}

impl Job for RefreshAvailability {
    const KIND: &'static str = "inventory.refresh_availability";

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        facets::refresh(&run.app, &self.variant_ids).await?;
        Ok(Done::OK)
    }
}

/// Tells the catalog of stock whose report became too old to sell by: no event marks that moment.
#[derive(Debug, Serialize, Deserialize)]
pub struct NoteStaleStock {}

/// How often [`NoteStaleStock`] looks.
const STALE_CHECK: Duration = Duration::from_secs(60);
/// How many offers one look takes at once.
const STALE_BATCH: u64 = 200;

impl Job for NoteStaleStock {
    const KIND: &'static str = "inventory.note_stale_stock";
    const BEAT: Option<Duration> = Some(STALE_CHECK);

    fn dedupe_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        while note_stale(run).await? {}
        Ok(Done::Again(STALE_CHECK))
    }
}

/// Notes one batch; whether there may be more.
async fn note_stale(run: &JobRun) -> Result<bool, Fault> {
    let tx = Tx::begin(&run.app).await?;
    let rows = offer::Entity::find()
        .filter(Expr::cust("(stale_stops OR stale_confidence < 1000000) AND NOT stale_noted"))
        .filter(offer::Column::StaleAt.lte(tx.now()))
        .order_by_asc(offer::Column::Id)
        .limit(STALE_BATCH)
        .lock_exclusive()
        .all(&tx)
        .await?;
    if rows.is_empty() {
        return Ok(false);
    }
    let ids: Vec<OfferId> = rows.iter().map(|row| row.id).collect();
    offer::Entity::update_many()
        .col_expr(offer::Column::StaleNoted, Expr::value(true))
        .filter(offer::Column::Id.is_in(ids))
        .exec(&tx)
        .await?;
    let variants: Vec<VariantId> = rows.iter().map(|row| row.variant_id).collect();
    for row in &rows {
        tx.invalidate(cache_key(row.variant_id));
    }
    jobs::enqueue(&tx, &RefreshAvailability { variant_ids: variants }).await?;
    tx.commit().await?;
    Ok(rows.len() as u64 == STALE_BATCH)
}
