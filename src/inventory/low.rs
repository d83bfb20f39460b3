//! Telling the store what becomes scarce: a look from time to time, so that no sale has to wait for it.

use std::collections::BTreeMap;
use std::time::Duration;

use sea_orm::{FromQueryResult, Statement};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::queries::offers_of_variants;
use crate::app::App;
use crate::catalog;
use crate::kernel::ids::VariantId;
use crate::kernel::problem::Fault;
use crate::platform::jobs::{Done, Job, JobError, JobRun, Priority};
use crate::platform::tx::Tx;
use crate::store;

/// How often somebody looks. A business wait: the time scale divides it.
const EVERY: Duration = Duration::from_secs(10 * 60);
/// How many variants one statement finds.
const PAGE: u64 = 5_000;
/// How many variants one transaction locks.
const CHUNK: usize = 500;

/// The variants behind `$2` whose mark is not what it should be. Offers are reckoned as `offer::Model::sellable`
/// does it; this only finds, and [`note`] decides. Grouped in the order of the ids, so that neither engine has to
/// hold or sort them all.
const DIFFERING: &str = "
SELECT v.id FROM variant v
LEFT JOIN (
    SELECT variant_id, reported * confidence / 1000000
        * CASE WHEN stale_at <= $1 THEN stale_confidence ELSE 1000000 END / 1000000
        - safety_buffer - reserved - committed AS units
    FROM supplier_offer
    WHERE active AND NOT suspended AND NOT discontinued AND held_cost_minor IS NULL
        AND (stale_at IS NULL OR stale_at > $1 OR NOT stale_stops)
) o ON o.variant_id = v.id AND o.units > 0
WHERE v.id > $2
GROUP BY v.id
HAVING v.low_stock <> (v.active AND COALESCE(SUM(o.units), 0) BETWEEN 1 AND $3
    AND EXISTS (SELECT 1 FROM product p WHERE p.id = v.product_id AND p.status = 'ACTIVE'))
ORDER BY v.id LIMIT $4";

#[derive(FromQueryResult)]
struct Found {
    id: VariantId,
}

/// Tells the store, once, of variants on the shelf of which only few can be had any more.
#[derive(Debug, Serialize, Deserialize)]
pub struct WatchLowStock {}

impl Job for WatchLowStock {
    const KIND: &'static str = "inventory.watch_low_stock";
    const BEAT: Option<Duration> = Some(EVERY);
    const PRIORITY: Priority = Priority::Patient;

    fn dedupe_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        note_all(&run.app).await?;
        Ok(Done::Again(EVERY))
    }
}

/// Looks at the whole store, page by page.
async fn note_all(app: &App) -> Result<(), Fault> {
    let threshold = i64::from(store::settings(app.db.read()).await?.low_stock_at);
    let mut after = VariantId(Uuid::nil());
    loop {
        let ids = differing(app, threshold, after).await?;
        for some in ids.chunks(CHUNK) {
            note(app, threshold, some).await?;
        }
        match ids.last() {
            Some(last) if ids.len() as u64 == PAGE => after = *last,
            _ => return Ok(()),
        }
    }
}

/// One page of the variants whose mark should change.
async fn differing(app: &App, threshold: i64, after: VariantId) -> Result<Vec<VariantId>, Fault> {
    let backend = app.db.read().get_database_backend();
    let values = [app.clock.now().into(), after.into(), threshold.into(), PAGE.into()];
    let statement = Statement::from_sql_and_values(backend, DIFFERING, values);
    Ok(Found::find_by_statement(statement).all(app.db.read()).await?.into_iter().map(|it| it.id).collect())
}

/// Marks some variants as they are now.
async fn note(app: &App, threshold: i64, variants: &[VariantId]) -> Result<(), Fault> {
    let tx = Tx::begin(app).await?;
    // Looked at again under the lock: stock has moved since, or another replica was faster.
    catalog::lock_variants(&tx, variants).await?;
    let mut left: BTreeMap<VariantId, i64> = variants.iter().map(|&id| (id, 0)).collect();
    let offers = offers_of_variants(&tx, variants).await?;
    for row in offers.iter().filter(|row| row.is_live()) {
        *left.entry(row.variant_id).or_default() += row.sellable(tx.now());
    }
    let changes: Vec<(VariantId, bool)> =
        left.into_iter().map(|(id, units)| (id, (1..=threshold).contains(&units))).collect();
    catalog::record_low_stock(&tx, &changes).await?;
    tx.commit().await
}
