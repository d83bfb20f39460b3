//! How runs end: well, to be tried again, or given up; and what becomes of those whose worker never
//! told.

use std::any::Any;
use std::time::Duration;

use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Select};

use super::entity::{ActiveModel, Column, Entity, JobStatus, Model};
use super::queue::scaled;
use super::revive::set_aside;
use super::{Done, Handlers, JobError};
use crate::app::App;
use crate::kernel::ids::JobId;
use crate::kernel::problem::Fault;
use crate::platform::planted::{self, Bug};
use crate::platform::tx::Tx;

/// The first pause after a failure; it doubles, with jitter, up to [`MAX_BACKOFF`].
const BACKOFF: Duration = Duration::from_secs(2);
/// The longest pause after a failure.
const MAX_BACKOFF: Duration = Duration::from_secs(600);
/// What is known of a run whose worker died.
const LOST: &str = "its worker went away without a word";

/// A panic is one failed attempt: it may have been the moment's fault, and if not, the attempts end.
pub(super) fn panicked(panic: &(dyn Any + Send)) -> JobError {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    JobError::retry(format!("it panicked: {}", text.unwrap_or("without a word")))
}

/// Records how a run ended, unless its claim was lost meanwhile.
pub async fn settle(app: &App, handlers: &Handlers, job: &Model, outcome: Result<Done, JobError>) -> Result<(), Fault> {
    match outcome {
        Ok(done) => end_well(app, handlers, job, done).await,
        Err(JobError::Held { lane }) => put_back(app, job, lane).await,
        Err(JobError::Retry { reason, after }) if job.attempts < job.max_attempts => {
            count(job, "retry");
            tracing::warn!(job.id = %job.id, job.kind, attempt = job.attempts, reason, "job will be tried again");
            let pause = after.unwrap_or_else(|| backoff(app, job.attempts));
            let change = ActiveModel { last_error: Set(Some(reason)), ..queued_in(app, handlers, job, pause) };
            write(app.db.write(), job, change).await.map(drop)
        }
        Err(JobError::Retry { reason, .. } | JobError::Fail(reason)) => {
            let tx = Tx::begin(app).await?;
            if give_up(&tx, handlers, job, &reason).await? { tx.commit().await } else { Ok(()) }
        }
    }
}

/// As if it had not been claimed, but for the lane it waits for.
async fn put_back(app: &App, job: &Model, lane: String) -> Result<(), Fault> {
    count(job, "held");
    let change = ActiveModel {
        status: Set(JobStatus::Queued),
        attempts: Set(job.attempts - 1),
        lane: Set(Some(lane)),
        ..released()
    };
    write(app.db.write(), job, change).await.map(drop)
}

async fn end_well(app: &App, handlers: &Handlers, job: &Model, done: Done) -> Result<(), Fault> {
    let change = match done {
        Done::With(result) => {
            count(job, "done");
            ActiveModel {
                status: Set(JobStatus::Succeeded),
                result: Set((!result.is_null()).then_some(result)),
                finished_at: Set(Some(app.clock.now())),
                dedupe_key: Set(None),
                ..released()
            }
        }
        Done::Again(delay) => {
            count(job, "again");
            ActiveModel { attempts: Set(0), last_error: Set(None), ..queued_in(app, handlers, job, delay) }
        }
    };
    if job.last_error.is_none() {
        return write(app.db.write(), job, change).await.map(drop);
    }
    let tx = Tx::begin(app).await?;
    handlers.recovered(&tx, job).await?;
    if write(&tx, job, change).await? { tx.commit().await } else { Ok(()) }
}

/// The end of the attempts: a dead letter, or a pause until the next beat. False if the claim was lost:
/// then nothing may be committed.
async fn give_up(tx: &Tx, handlers: &Handlers, job: &Model, reason: &str) -> Result<bool, Fault> {
    count(job, "failed");
    let beat = handlers.beat(&job.kind);
    let change = match beat {
        Some(beat) => {
            tracing::error!(job.id = %job.id, job.kind, reason, "job keeps failing; it goes on at its beat");
            ActiveModel { attempts: Set(0), ..queued_in(tx.app(), handlers, job, beat) }
        }
        None => {
            tracing::error!(job.id = %job.id, job.kind, reason, "job given up: it is a dead letter now");
            ActiveModel {
                status: Set(JobStatus::Failed),
                finished_at: Set(Some(tx.now())),
                dedupe_key: Set(job.dedupe_key.as_deref().map(|key| set_aside(job.id, key))),
                ..released()
            }
        }
    };
    // Before the job's key is changed: whoever adds a job with it holds a stream of events already.
    handlers.given_up(tx, job, reason, beat.is_some()).await?;
    write(tx, job, ActiveModel { last_error: Set(Some(reason.to_owned())), ..change }).await
}

/// Changes a job if its claim still holds.
async fn write(conn: &impl ConnectionTrait, job: &Model, change: ActiveModel) -> Result<bool, Fault> {
    let update =
        Entity::update_many().set(change).filter(Column::Id.eq(job.id)).filter(Column::LeaseToken.eq(job.lease_token));
    let held = update.exec(conn).await?.rows_affected > 0;
    if !held {
        tracing::warn!(job.id = %job.id, job.kind, "the claim was lost; another worker has the job");
    }
    Ok(held)
}

fn released() -> ActiveModel {
    ActiveModel { lease_until: Set(None), lease_token: Set(None), ..Default::default() }
}

fn queued_in(app: &App, handlers: &Handlers, job: &Model, pause: Duration) -> ActiveModel {
    let run_at = app.clock.now() + scaled(app, pause);
    let rank_at = handlers.priority(&job.kind).rank(run_at);
    ActiveModel { status: Set(JobStatus::Queued), run_at: Set(run_at), rank_at: Set(rank_at), ..released() }
}

fn count(job: &Model, outcome: &'static str) {
    metrics::counter!("consign_jobs_total", "kind" => job.kind.clone(), "outcome" => outcome).increment(1);
}

/// Doubles with each attempt; the upper half is random, so that jobs that failed together do not
/// come back together.
fn backoff(app: &App, attempt: i32) -> Duration {
    let exponent = u32::try_from(attempt.clamp(1, 20) - 1).unwrap_or_default();
    let full = BACKOFF.saturating_mul(2_u32.saturating_pow(exponent)).min(MAX_BACKOFF);
    let [random] = app.ids.bytes();
    full / 2 + full / 2 * u32::from(random) / 255
}

/// Takes up jobs whose worker went away without a word. They are put back; those that may not be begun
/// once more, because they may be what kills their workers, are given up.
pub async fn sweep_lost(app: &App, handlers: &Handlers) -> Result<(), Fault> {
    let exhausted = lost(app).filter(Expr::cust("attempts >= max_attempts"));
    for job in exhausted.all(app.db.read()).await? {
        // One that cannot be recorded is no reason to leave the others.
        if let Err(error) = give_up_lost(app, handlers, job.id).await {
            tracing::error!(job.id = %job.id, ?error, "a lost job could not be given up; trying again");
        }
    }
    if planted::is(Bug::LeaveLost) {
        return Ok(());
    }
    let change = ActiveModel { status: Set(JobStatus::Queued), last_error: Set(Some(LOST.to_owned())), ..released() };
    Entity::update_many()
        .set(change)
        .filter(Expr::cust("status = 'RUNNING' AND attempts < max_attempts"))
        .filter(Column::LeaseUntil.lt(app.clock.now()))
        .exec(app.db.write())
        .await?;
    Ok(())
}

async fn give_up_lost(app: &App, handlers: &Handlers, id: JobId) -> Result<(), Fault> {
    let tx = Tx::begin(app).await?;
    let query = lost(app).filter(Column::Id.eq(id));
    // Another replica may be at it.
    let found = query.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked).one(&tx).await?;
    let Some(job) = found else { return Ok(()) };
    if give_up(&tx, handlers, &job, LOST).await? { tx.commit().await } else { Ok(()) }
}

/// Jobs whose claim ran out. The status is a literal, so that a cached plan may still use the partial
/// index.
fn lost(app: &App) -> Select<Entity> {
    Entity::find().filter(Expr::cust("status = 'RUNNING'")).filter(Column::LeaseUntil.lt(app.clock.now()))
}

/// Ends every claim, for the start of the only process there is: whatever is running was cut off when
/// the last one ended. Returns how many there were.
pub async fn disown_all(app: &App) -> Result<u64, Fault> {
    let update = Entity::update_many()
        .col_expr(Column::LeaseUntil, Expr::col(Column::CreatedAt))
        .filter(Expr::cust("status = 'RUNNING'"));
    Ok(update.exec(app.db.write()).await?.rows_affected)
}
