//! What a person does about a dead letter: has it tried again, or leaves it undone.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};

use super::Priority;
use super::entity::{ActiveModel, Column, Entity, JobStatus, Model};
use super::queue::JOBS_TOPIC;
use crate::kernel::ids::JobId;
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;

/// What became of the wish to have a job tried again.
#[derive(Debug)]
pub enum Retried {
    /// It runs as soon as there is a place for it.
    Again(Model),
    /// There was nothing to try again: it waits for a worker, runs, or is done.
    AsItIs(Model),
    /// It stays dead: the same work was added anew meanwhile.
    Superseded,
    /// There is no such job.
    Missing,
}

/// Has a dead letter, or a job that failed and waits for its next attempt, run as soon as there is a place
/// for it.
pub async fn retry(tx: &Tx, id: JobId) -> Result<Retried, Fault> {
    let Some(job) = Entity::find_by_id(id).lock_exclusive().one(tx).await? else { return Ok(Retried::Missing) };
    let mut change = ActiveModel {
        id: Set(id),
        attempts: Set(0),
        run_at: Set(tx.now()),
        // Whatever its kind: somebody asked for it.
        rank_at: Set(Priority::Urgent.rank(tx.now())),
        ..Default::default()
    };
    match job.status {
        JobStatus::Running | JobStatus::Succeeded => return Ok(Retried::AsItIs(job)),
        JobStatus::Queued if job.last_error.is_none() || job.run_at <= tx.now() => return Ok(Retried::AsItIs(job)),
        JobStatus::Queued => {}
        JobStatus::Failed | JobStatus::Discarded => {
            let key = own_key(&job).map(str::to_owned);
            if let Some(key) = &key
                && Entity::find().filter(Column::DedupeKey.eq(key)).count(tx).await? > 0
            {
                return Ok(Retried::Superseded);
            }
            change.status = Set(JobStatus::Queued);
            change.dedupe_key = Set(key);
            change.finished_at = Set(None);
        }
    }
    let job = change.update(tx).await?;
    tx.hint(JOBS_TOPIC);
    Ok(Retried::Again(job))
}

/// Leaves a dead letter undone; `None` if the job is none.
pub async fn discard(tx: &Tx, id: JobId) -> Result<Option<Model>, Fault> {
    let found = Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    let Some(job) = found.filter(|job| job.status == JobStatus::Failed) else { return Ok(None) };
    let change = ActiveModel { id: Set(job.id), status: Set(JobStatus::Discarded), ..Default::default() };
    Ok(Some(change.update(tx).await?))
}

/// The key under which a job is added once, also of one that is dead.
pub fn own_key(job: &Model) -> Option<&str> {
    let key = job.dedupe_key.as_deref()?;
    Some(key.strip_prefix(&set_aside(job.id, "")).unwrap_or(key))
}

/// A dead letter's key: remembered, and in nobody's way.
pub(super) fn set_aside(id: JobId, key: &str) -> String {
    format!("dead:{id}:{key}")
}
