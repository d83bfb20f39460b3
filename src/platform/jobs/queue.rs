//! Adding and claiming jobs.

use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::sea_query::{Expr, LockBehavior, LockType, OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};
use uuid::Uuid;

use super::entity::{self, Column, Entity, JobStatus};
use super::{Job, JobRun, NewJob, Priority, lanes};
use crate::app::App;
use crate::kernel::ids::JobId;
use crate::kernel::problem::Fault;
use crate::platform::traces;
use crate::platform::tx::Tx;

/// The topic that tells workers of new jobs.
pub const JOBS_TOPIC: &str = "jobs";
/// How long a worker holds a job without renewing its claim. Network time, never scaled.
pub const LEASE: TimeDelta = TimeDelta::seconds(15);

/// What this process is called in the rows of the jobs it takes: its machine and its number there.
struct ThisWorker(String);

impl Default for ThisWorker {
    fn default() -> Self {
        let machine = hostname::get().ok().and_then(|name| name.into_string().ok());
        Self(format!("{}:{}", machine.as_deref().unwrap_or("unknown"), std::process::id()))
    }
}

/// Adds `job`, to be run once the transaction is committed. `None` if one with its key is waiting or
/// running already.
pub async fn enqueue<J: Job>(tx: &Tx, job: &J) -> Result<Option<JobId>, Fault> {
    insert(tx, NewJob::now(job)?).await
}

/// Adds `job`, to be run after `delay`.
pub async fn enqueue_after<J: Job>(tx: &Tx, job: &J, delay: Duration) -> Result<Option<JobId>, Fault> {
    insert(tx, NewJob::after(job, delay)?).await
}

/// Adds a job; `None` if one with its key is waiting or running already.
pub async fn insert(tx: &Tx, job: NewJob) -> Result<Option<JobId>, Fault> {
    let id: JobId = tx.new_id();
    let run_at = tx.now() + scaled(tx.app(), job.delay);
    let row = entity::ActiveModel {
        id: Set(id),
        kind: Set(job.kind.to_owned()),
        payload: Set(job.payload),
        dedupe_key: Set(job.dedupe_key.clone()),
        status: Set(JobStatus::Queued),
        run_at: Set(run_at),
        rank_at: Set(job.priority.rank(run_at)),
        attempts: Set(0),
        max_attempts: Set(job.max_attempts),
        lease_until: Set(None),
        lease_token: Set(None),
        lane: Set(None),
        worker: Set(None),
        last_error: Set(None),
        progress_done: Set(0),
        progress_total: Set(None),
        result: Set(None),
        trace: Set(traces::here()),
        created_at: Set(tx.now()),
        finished_at: Set(None),
    };
    let inserted = Entity::insert(row)
        .on_conflict(OnConflict::column(Column::DedupeKey).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    if inserted == 0 && job.hastens {
        bring_forward(tx, job.dedupe_key, job.priority).await?;
    }
    if job.delay.is_zero() {
        tx.hint(JOBS_TOPIC);
    }
    Ok((inserted > 0).then_some(id))
}

/// Claims up to `limit` jobs whose time has come, in the order of their ranks, and commits the claims: one
/// statement, which is a transaction of its own.
pub async fn claim(app: &App, limit: u64) -> Result<Vec<entity::Model>, Fault> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let now = app.clock.now();
    let closed = lanes::closed(app);
    let open = Condition::any().add(Column::Lane.is_null()).add(Column::Lane.is_not_in(&closed));
    let ids = Entity::find()
        .select_only()
        .column(Column::Id)
        // Literal, so that a cached plan may still use the partial index.
        .filter(Expr::cust("status = 'QUEUED'"))
        .filter(Column::RunAt.lte(now))
        // Follows from the above; it spares a look at those whose time is far.
        .filter(Column::RankAt.lte(now + Priority::MOST))
        .apply_if((!closed.is_empty()).then_some(open), QueryFilter::filter)
        .order_by_asc(Column::RankAt)
        .order_by_asc(Column::RunAt)
        .limit(limit)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .into_query();
    let update = Query::update()
        .table(Entity)
        .value(Column::Status, Column::Status.save_as(Expr::val(JobStatus::Running)))
        .value(Column::LeaseUntil, now + LEASE)
        .value(Column::LeaseToken, Uuid::from_bytes(app.ids.bytes()))
        .value(Column::Worker, app.local::<ThisWorker>().0.as_str())
        .value(Column::Attempts, Expr::cust("attempts + 1"))
        .and_where(Column::Id.in_subquery(ids))
        .returning_all()
        .to_owned();
    let conn = app.db.write();
    Ok(entity::Model::find_by_statement(conn.get_database_backend().build(&update)).all(conn).await?)
}

/// Has a job that waits for its time run as soon as there is a place for it, found by its key.
pub async fn hasten<J: Job>(tx: &Tx, job: &J) -> Result<(), Fault> {
    bring_forward(tx, job.dedupe_key(), J::PRIORITY).await
}

async fn bring_forward(tx: &Tx, key: Option<String>, priority: Priority) -> Result<(), Fault> {
    let update = Entity::update_many()
        .col_expr(Column::RunAt, Expr::value(tx.now()))
        .col_expr(Column::RankAt, Expr::value(priority.rank(tx.now())))
        .filter(Column::DedupeKey.eq(key))
        .filter(Column::Status.eq(JobStatus::Queued));
    update.exec(tx).await?;
    tx.hint(JOBS_TOPIC);
    Ok(())
}

/// Renews the claim; false if it was lost.
pub(super) async fn heartbeat(app: &App, job: &entity::Model) -> Result<bool, Fault> {
    let update = Entity::update_many()
        .col_expr(Column::LeaseUntil, Expr::value(app.clock.now() + LEASE))
        .filter(Column::Id.eq(job.id))
        .filter(Column::Status.eq(JobStatus::Running))
        .filter(Column::LeaseToken.eq(job.lease_token));
    Ok(update.exec(app.db.write()).await?.rows_affected > 0)
}

/// Tells how far a job has come.
pub async fn progress(run: &JobRun, done: i64, total: Option<i64>) -> Result<(), Fault> {
    let update = Entity::update_many()
        .col_expr(Column::ProgressDone, Expr::value(done))
        .col_expr(Column::ProgressTotal, Expr::value(total))
        .filter(Column::Id.eq(run.id));
    update.exec(run.app.db.write()).await?;
    Ok(())
}

/// A business wait as the time scale has it.
pub fn scaled(app: &App, delay: Duration) -> TimeDelta {
    let millis = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX) / u64::from(app.config.time_scale.max(1));
    TimeDelta::milliseconds(i64::try_from(millis).unwrap_or(i64::MAX / 2))
}

/// The result of a job as it is stored.
pub async fn lookup(app: &App, id: JobId) -> Result<Option<entity::Model>, Fault> {
    Ok(Entity::find_by_id(id).one(app.db.read()).await?)
}

/// Adds a job whose work repeats for ever, unless it is there already.
pub async fn ensure<J: Job>(app: &App, job: &J) -> Result<(), Fault> {
    let tx = Tx::begin(app).await?;
    enqueue(&tx, job).await?;
    tx.commit().await
}
