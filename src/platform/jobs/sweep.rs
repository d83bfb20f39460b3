//! Forgetting work that is long done.

use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};

use super::entity::{Column, Entity, JobStatus};
use super::{Done, Job, JobError, JobRun, Priority};
use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{self, JobId};
use crate::kernel::problem::Fault;

/// How long work that has ended can be looked at.
const KEPT: TimeDelta = TimeDelta::days(30);
/// How often it is looked for.
const SWEEP: Duration = Duration::from_secs(60 * 60);
/// How much is removed in one go.
const BATCH: u64 = 500;

/// Removes jobs that were done, or left undone by somebody, a month ago, every hour. Dead letters stay, and
/// so does what has a result: it is somebody's answer.
#[derive(Debug, Serialize, Deserialize)]
pub struct SweepJobs {}

impl Job for SweepJobs {
    const KIND: &'static str = "SweepJobs";
    const PRIORITY: Priority = Priority::Patient;
    const BEAT: Option<Duration> = Some(SWEEP);

    fn dedupe_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let before = run.app.clock.now() - KEPT;
        while sweep(&run.app, before).await? == BATCH {}
        Ok(Done::Again(SWEEP))
    }
}

/// Removes some of what ended before then; returns how many were found.
async fn sweep(app: &App, before: Timestamp) -> Result<u64, Fault> {
    let ended = || Column::Status.is_in([JobStatus::Succeeded, JobStatus::Discarded]);
    // Ids sort by time, so the primary key leads to what is old.
    let found: Vec<JobId> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Id.lt(ids::first_at::<JobId>(before)))
        .filter(ended())
        .filter(Column::FinishedAt.lt(before))
        .filter(Column::Result.is_null())
        .order_by_asc(Column::Id)
        .limit(BATCH)
        .into_tuple()
        .all(app.db.read())
        .await?;
    let count = found.len() as u64;
    if count > 0 {
        // One that was discarded may have been called back meanwhile.
        Entity::delete_many().filter(Column::Id.is_in(found)).filter(ended()).exec(app.db.write()).await?;
    }
    Ok(count)
}
