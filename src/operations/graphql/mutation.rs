//! What is done about dead letters.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};

use super::Job;
use super::job::check_texts;
use crate::graph::{ContextExt, GlobalId, Nullable, payload, required};
use crate::identity::graphql::visible_to_store;
use crate::kernel::clock::Moment;
use crate::kernel::ids::JobId;
use crate::kernel::problem::Fault;
use crate::operations::{self, JobProblem};
use crate::platform::jobs::DeadFilter;
use crate::user_error;

/// How many dead letters are tried again by one call, unless it says how many.
const DEFAULT_BULK: i32 = 100;

/// Why nothing was done about a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "JobProblem", visible = "visible_to_store")]
pub enum JobErrorCode {
    /// There is no such job.
    NotFound,
    /// The same work waits or runs already, as another job.
    Superseded,
    /// It was not given up.
    NotDead,
    /// A value is not acceptable.
    Invalid,
}

user_error!(JobRetryUserError, JobErrorCode, "visible_to_store");
user_error!(JobDiscardUserError, JobErrorCode, "visible_to_store");
user_error!(JobsRetryUserError, JobErrorCode, "visible_to_store");

/// Why a dead letter is left undone. The audit log keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "operations::Discard", visible = "visible_to_store")]
pub enum JobDiscardReason {
    /// What it was to do was done another way.
    HandledByHand,
    /// What it was to do is of no use any more.
    NotNeeded,
    /// It would fail for ever.
    CannotSucceed,
}

/// How a dead letter is left undone.
#[derive(InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct JobDiscardInput {
    /// Why.
    reason: JobDiscardReason,
}

/// Which dead letters are tried again; all of them if nothing is said.
#[derive(InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct JobsRetryInput {
    /// Those that do this, such as `ForwardSupplierOrder`.
    kind: Option<String>,
    /// Those that were given up then or later.
    since: Option<Moment>,
    /// Those that were given up before then.
    until: Option<Moment>,
    /// How many at most, the oldest first: between 1 and 250; 100 if nothing is said.
    limit: Option<i32>,
}

/// What became of the wish to have a job tried again.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct JobRetryPayload {
    /// The job as it is now; null if nothing was done.
    job: Option<Job>,
    /// Why not.
    user_errors: Vec<JobRetryUserError>,
}

/// What became of the wish to leave a dead letter undone.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct JobDiscardPayload {
    /// The job as it is now; null if nothing was done.
    job: Option<Job>,
    /// Why not.
    user_errors: Vec<JobDiscardUserError>,
}

/// What became of many dead letters.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct JobsRetryPayload {
    /// How many are tried again; null if nothing was done.
    retried: Option<i64>,
    /// How many of those looked at stay dead, because the same work waits or runs as another job; null if
    /// nothing was done.
    superseded: Option<i64>,
    /// How many that were meant are dead still: call again for the next ones; null if nothing was done.
    remaining: Option<i64>,
    /// Why nothing was done.
    user_errors: Vec<JobsRetryUserError>,
}

/// The mutations of dead letters.
#[derive(Default)]
pub struct JobMutation;

#[Object]
impl JobMutation {
    /// Has a job that was given up – or that failed and waits for its next attempt – tried again as soon as
    /// there is a place for it, and resolves its work item. A job that waits, runs or is done is answered as it
    /// is. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn job_retry(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The job's id.")] id: GlobalId<JobId>,
    ) -> Nullable<JobRetryPayload> {
        let result = payload(operations::retry(ctx.app(), ctx.actor(), id.0).await);
        required(result.map(|(job, user_errors)| JobRetryPayload { job: job.map(Job), user_errors }))
    }

    /// Leaves a job undone that was given up, and resolves its work item. `jobRetry` takes that back. For the
    /// owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn job_discard(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The job's id.")] id: GlobalId<JobId>,
        #[graphql(desc = "Why.")] input: JobDiscardInput,
    ) -> Nullable<JobDiscardPayload> {
        let result = payload(operations::discard(ctx.app(), ctx.actor(), id.0, input.reason.into()).await);
        required(result.map(|(job, user_errors)| JobDiscardPayload { job: job.map(Job), user_errors }))
    }

    /// Has many jobs that were given up tried again, the oldest first. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn jobs_retry(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and how many.")] input: JobsRetryInput,
    ) -> Nullable<JobsRetryPayload> {
        required(retry_many(ctx, input).await)
    }
}

async fn retry_many(ctx: &Context<'_>, input: JobsRetryInput) -> Result<JobsRetryPayload, Fault> {
    check_texts([input.kind.as_ref()])?;
    let filter = DeadFilter { kind: input.kind, since: input.since.map(|it| it.0), until: input.until.map(|it| it.0) };
    // A negative number is none that can be.
    let limit = u64::try_from(input.limit.unwrap_or(DEFAULT_BULK)).unwrap_or_default();
    let (done, user_errors) = payload(operations::retry_many(ctx.app(), ctx.actor(), &filter, limit).await)?;
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    Ok(JobsRetryPayload {
        retried: done.map(|it| number(it.retried)),
        superseded: done.map(|it| number(it.superseded)),
        remaining: done.map(|it| number(it.remaining)),
        user_errors,
    })
}
