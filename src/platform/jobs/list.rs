//! Reading the table: what waits, runs and is dead.
//!
//! The statuses are literals, so that a cached plan may still use the partial indexes. Jobs that are done
//! are too many to be counted, or searched by anything but their age.

use chrono::TimeDelta;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};

use super::entity::{Column, Entity, JobStatus, Model};
use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::JobId;
use crate::kernel::page::{Page, PageRequest, decode_cursor, encode_cursor};
use crate::kernel::problem::Fault;

/// The order jobs are listed in, as cursors name it.
const NEWEST: &str = "jobs";
/// A job is overdue that could have been begun so long ago.
const OVERDUE: TimeDelta = TimeDelta::minutes(1);
/// What the index of the undone is for.
const UNDONE: &str = "status <> 'SUCCEEDED' AND status <> 'DISCARDED'";

/// Which jobs.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// That stand so; without it, all but those that are done or discarded.
    pub status: Option<JobStatus>,
    /// Of this kind.
    pub kind: Option<String>,
    /// That wait for a place in this lane.
    pub lane: Option<String>,
    /// That could have been begun more than a minute ago.
    pub overdue: bool,
}

/// Which dead letters.
#[derive(Debug, Clone, Default)]
pub struct DeadFilter {
    /// Of this kind.
    pub kind: Option<String>,
    /// Given up then or later.
    pub since: Option<Timestamp>,
    /// Given up before then.
    pub until: Option<Timestamp>,
}

/// The jobs, newest first.
pub async fn list(app: &App, filter: &JobFilter, page: &PageRequest) -> Result<Page<Model>, Fault> {
    let mut query = filtered(app, filter)?;
    if let Some(cursor) = &page.cursor {
        let id: JobId = decode_cursor(NEWEST, cursor)?;
        query = query.filter(if page.backward { Column::Id.gt(id) } else { Column::Id.lt(id) });
    }
    let query = if page.backward { query.order_by_asc(Column::Id) } else { query.order_by_desc(Column::Id) };
    let rows = query.limit(page.size as u64 + 1).all(app.db.read()).await?;
    Ok(Page::from_rows(page, rows, |job| encode_cursor(NEWEST, &job.id)))
}

/// How many there are. Not for those that are done, which are too many to count.
pub async fn count(app: &App, filter: &JobFilter) -> Result<i64, Fault> {
    let count = filtered(app, filter)?.count(app.db.read()).await?;
    Ok(i64::try_from(count).unwrap_or(i64::MAX))
}

fn filtered(app: &App, filter: &JobFilter) -> Result<Select<Entity>, Fault> {
    let JobFilter { status, kind, lane, overdue } = filter;
    let ended = matches!(status, Some(JobStatus::Succeeded | JobStatus::Discarded));
    if ended && (kind.is_some() || lane.is_some() || *overdue) {
        let message = "jobs that are done or discarded are listed by their status alone";
        return Err(Fault::BadInput(message.to_owned()));
    }
    if !ended {
        let waiting = lane.is_some() || *overdue;
        return Ok(Entity::find()
            .filter(Expr::cust(UNDONE))
            .apply_if(status.map(literal), |query, status| query.filter(Expr::cust(status)))
            .apply_if(waiting.then_some("status = 'QUEUED'"), |query, status| query.filter(Expr::cust(status)))
            .apply_if(kind.as_ref(), |query, kind| query.filter(Column::Kind.eq(kind)))
            .apply_if(lane.as_ref(), |query, lane| query.filter(Column::Lane.eq(lane)))
            .apply_if(overdue.then(|| app.clock.now() - OVERDUE), |query, due| query.filter(Column::RunAt.lt(due))));
    }
    Ok(Entity::find().apply_if(status.map(literal), |query, status| query.filter(Expr::cust(status))))
}

fn literal(status: JobStatus) -> &'static str {
    match status {
        JobStatus::Queued => "status = 'QUEUED'",
        JobStatus::Running => "status = 'RUNNING'",
        JobStatus::Succeeded => "status = 'SUCCEEDED'",
        JobStatus::Failed => "status = 'FAILED'",
        JobStatus::Discarded => "status = 'DISCARDED'",
    }
}

/// Up to `limit` dead letters behind the one called `after`, the oldest first.
pub async fn dead_after(
    conn: &impl ConnectionTrait,
    filter: &DeadFilter,
    after: Option<JobId>,
    limit: u64,
) -> Result<Vec<JobId>, Fault> {
    let query = dead(filter).apply_if(after, |query, after| query.filter(Column::Id.gt(after)));
    let query = query.select_only().column(Column::Id).order_by_asc(Column::Id).limit(limit);
    Ok(query.into_tuple().all(conn).await?)
}

/// How many dead letters there are.
pub async fn count_dead(conn: &impl ConnectionTrait, filter: &DeadFilter) -> Result<u64, Fault> {
    Ok(dead(filter).count(conn).await?)
}

fn dead(filter: &DeadFilter) -> Select<Entity> {
    Entity::find()
        .filter(Expr::cust(literal(JobStatus::Failed)))
        .apply_if(filter.kind.as_ref(), |query, kind| query.filter(Column::Kind.eq(kind)))
        .apply_if(filter.since, |query, since| query.filter(Column::FinishedAt.gte(since)))
        .apply_if(filter.until, |query, until| query.filter(Column::FinishedAt.lt(until)))
}

/// How much there is to do.
#[derive(Debug, Clone, Default)]
pub struct Census {
    /// Jobs whose time has come: those that wait for a worker, and those that wait for a lane by its name.
    pub due: Vec<Waiting>,
    /// How many wait for their time.
    pub scheduled: i64,
    /// How many run.
    pub running: i64,
    /// How many are dead letters.
    pub dead: i64,
}

/// What waits for one lane, or just for a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The lane.
    pub lane: Option<String>,
    /// How many.
    pub count: i64,
    /// Since when the oldest of them could have been begun.
    pub oldest_due_at: Timestamp,
}

impl Census {
    /// How many jobs could run now, had they a place.
    pub fn waiting(&self) -> i64 {
        self.due.iter().map(|it| it.count).sum()
    }

    /// How many of them wait for a lane.
    pub fn held(&self) -> i64 {
        self.due.iter().filter(|it| it.lane.is_some()).map(|it| it.count).sum()
    }

    /// Since when the oldest of them could have been begun.
    pub fn oldest_due_at(&self) -> Option<Timestamp> {
        self.due.iter().map(|it| it.oldest_due_at).min()
    }
}

/// Counts jobs, by indexes of those that are not done.
pub async fn census(app: &App) -> Result<Census, Fault> {
    let (conn, now) = (app.db.read(), app.clock.now());
    let of = |status| Entity::find().filter(Expr::cust(literal(status)));
    let due = of(JobStatus::Queued)
        .filter(Column::RunAt.lte(now))
        .select_only()
        .column(Column::Lane)
        .expr(Column::Id.count())
        .expr(Column::RunAt.min())
        .group_by(Column::Lane)
        .into_tuple::<(Option<String>, i64, Timestamp)>()
        .all(conn)
        .await?;
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    Ok(Census {
        due: due.into_iter().map(|(lane, count, oldest_due_at)| Waiting { lane, count, oldest_due_at }).collect(),
        scheduled: count(of(JobStatus::Queued).filter(Column::RunAt.gt(now)).count(conn).await?),
        running: count(of(JobStatus::Running).count(conn).await?),
        dead: count(of(JobStatus::Failed).count(conn).await?),
    })
}
