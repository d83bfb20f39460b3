//! Work that repeats: bringing back what was put off.

use std::time::Duration;

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set};
use serde::{Deserialize, Serialize};

use super::entity::{Column, Entity, WorkItemStatus};
use super::open::announce;
use crate::platform::jobs::{Done, Job, JobError, JobRun};
use crate::platform::tx::Tx;

/// How often the queue is looked through.
const PERIOD: Duration = Duration::from_secs(300);
/// How many items come back in one transaction.
const BATCH: u64 = 100;

/// Opens again the items whose time has come, and tells the store.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReopenSnoozed {}

impl Job for ReopenSnoozed {
    const KIND: &'static str = "ReopenSnoozed";
    const BEAT: Option<Duration> = Some(PERIOD);

    fn dedupe_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let tx = Tx::begin(&run.app).await?;
        let due = Entity::find()
            // Literal, so that a cached plan may still use the partial index.
            .filter(Expr::cust("status = 'SNOOZED'"))
            .filter(Column::SnoozedUntil.lte(tx.now()))
            .order_by_asc(Column::Id)
            .limit(BATCH)
            .lock_exclusive()
            .all(&tx)
            .await?;
        let full = due.len() as u64 == BATCH;
        for item in due {
            let mut row = item.into_active_model();
            row.status = Set(WorkItemStatus::Open);
            row.snoozed_until = Set(None);
            let item = row.update(&tx).await?;
            announce(&tx, &item).await?;
        }
        tx.commit().await?;
        Ok(Done::Again(if full { Duration::ZERO } else { PERIOD }))
    }
}
