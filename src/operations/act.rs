//! The owner acts on dead letters: one, or many of them.

use super::dead_letters;
use crate::app::App;
use crate::identity::audit::{self, Changes};
use crate::identity::{Action, Actor};
use crate::kernel::ids::JobId;
use crate::kernel::problem::{Fault, VerbError};
use crate::platform::jobs::entity::{JobStatus, Model as JobRow};
use crate::platform::jobs::{self, DeadFilter, Retried};
use crate::platform::tx::Tx;

/// So many dead letters are tried again by one call at most.
pub const MAX_BULK: u64 = 250;
/// So many are looked at: those that stay dead do not count as tried.
const MAX_LOOKED_AT: u64 = 1_000;
/// How many ids are read at once.
const BATCH: u64 = 50;

/// Why nothing was done about a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobProblem {
    /// There is no such job.
    NotFound,
    /// The same work waits or runs already, as another job.
    Superseded,
    /// It was not given up.
    NotDead,
    /// A value is not acceptable.
    Invalid,
}

/// Why a dead letter is left undone. Codes, and no words: the audit log keeps them for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discard {
    /// What it was to do was done another way.
    HandledByHand,
    /// What it was to do is of no use any more.
    NotNeeded,
    /// It would fail for ever.
    CannotSucceed,
}

impl Discard {
    fn code(self) -> &'static str {
        match self {
            Self::HandledByHand => "HANDLED_BY_HAND",
            Self::NotNeeded => "NOT_NEEDED",
            Self::CannotSucceed => "CANNOT_SUCCEED",
        }
    }
}

/// What became of many dead letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetriedMany {
    /// How many are tried again.
    pub retried: u64,
    /// How many stay dead, because the same work was added anew.
    pub superseded: u64,
    /// How many of those that were meant are dead now.
    pub remaining: u64,
}

/// Has a dead letter tried again, as soon as there is a place for it. A job that waits, runs or is done is
/// answered as it is.
pub async fn retry(app: &App, actor: &Actor, id: JobId) -> Result<JobRow, VerbError<JobProblem>> {
    actor.may(Action::ManageJobs)?;
    match revive(app, actor, id).await? {
        Retried::Again(job) | Retried::AsItIs(job) => Ok(job),
        Retried::Missing => Err(missing()),
        Retried::Superseded => {
            let message = "the same work waits or runs already, as another job";
            Err(VerbError::refused(JobProblem::Superseded, "id", message))
        }
    }
}

/// Has dead letters tried again, the oldest first, at most `limit` of them.
pub async fn retry_many(
    app: &App,
    actor: &Actor,
    filter: &DeadFilter,
    limit: u64,
) -> Result<RetriedMany, VerbError<JobProblem>> {
    actor.may(Action::ManageJobs)?;
    if limit == 0 || limit > MAX_BULK {
        let message = format!("between 1 and {MAX_BULK} are tried again at once");
        return Err(VerbError::refused(JobProblem::Invalid, "input.limit", message));
    }
    let (mut retried, mut superseded, mut looked_at, mut after) = (0, 0, 0, None);
    while retried < limit && looked_at < MAX_LOOKED_AT {
        let ids = jobs::dead_after(app.db.read(), filter, after, BATCH.min(limit - retried)).await?;
        let Some(&last) = ids.last() else { break };
        (after, looked_at) = (Some(last), looked_at + ids.len() as u64);
        for id in ids {
            match revive(app, actor, id).await? {
                Retried::Again(_) => retried += 1,
                Retried::Superseded => superseded += 1,
                // Somebody else was quicker.
                Retried::AsItIs(_) | Retried::Missing => {}
            }
        }
    }
    let remaining = jobs::count_dead(app.db.read(), filter).await?;
    Ok(RetriedMany { retried, superseded, remaining })
}

/// Has `id` tried again, unless there is nothing to try.
pub(super) async fn revive(app: &App, actor: &Actor, id: JobId) -> Result<Retried, Fault> {
    let Some(before) = jobs::lookup(app, id).await? else { return Ok(Retried::Missing) };
    if matches!(before.status, JobStatus::Running | JobStatus::Succeeded) {
        return Ok(Retried::AsItIs(before));
    }
    let tx = Tx::begin(app).await?;
    // First: whoever adds a job under its key holds a stream of events already, and so does this from here.
    dead_letters::close(&tx, &before, "It is being tried again.").await?;
    let retried = jobs::retry(&tx, id).await?;
    if let Retried::Again(job) = &retried {
        let changes = Changes::none().and("status", name(before.status), name(job.status));
        audit::record(&tx, actor, "job.retry", id, changes.given("kind", job.kind.as_str())).await?;
        tx.commit().await?;
    }
    Ok(retried)
}

/// Leaves a dead letter undone. A repeat is answered with the job as it is.
pub async fn discard(app: &App, actor: &Actor, id: JobId, why: Discard) -> Result<JobRow, VerbError<JobProblem>> {
    actor.may(Action::ManageJobs)?;
    let before = jobs::lookup(app, id).await?.ok_or_else(missing)?;
    if before.status == JobStatus::Discarded {
        return Ok(before);
    }
    let left = leave(app, actor, &before, why.code()).await?;
    left.ok_or_else(|| VerbError::refused(JobProblem::NotDead, "id", "only what was given up can be discarded"))
}

/// Leaves `before` undone, for a reason in code; `None` if it is no dead letter.
pub(super) async fn leave(app: &App, actor: &Actor, before: &JobRow, why: &str) -> Result<Option<JobRow>, Fault> {
    let tx = Tx::begin(app).await?;
    dead_letters::close(&tx, before, &format!("It is left undone: {why}.")).await?;
    let Some(job) = jobs::discard(&tx, before.id).await? else { return Ok(None) };
    let changes = Changes::none().and("status", name(before.status), name(job.status));
    let changes = changes.given("kind", job.kind.as_str()).given("reason", why);
    audit::record(&tx, actor, "job.discard", job.id, changes).await?;
    tx.commit().await?;
    Ok(Some(job))
}

fn missing() -> VerbError<JobProblem> {
    VerbError::refused(JobProblem::NotFound, "id", "there is no such job")
}

fn name(status: JobStatus) -> String {
    sea_orm::ActiveEnum::to_value(&status)
}
