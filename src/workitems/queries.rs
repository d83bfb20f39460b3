//! Reading the queue.

use sea_orm::sea_query::{Condition, Expr};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};

use super::entity::{Column, Entity, Model, Severity, WorkItemStatus};
use crate::app::App;
use crate::identity::{Action, Actor};
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{StaffId, WorkItemId};
use crate::kernel::page::{Page, PageRequest, decode_cursor, encode_cursor};
use crate::kernel::problem::Fault;

/// The order the queue is read in, as cursors name it.
const NEWEST: &str = "workItems";
/// Literal, so that a cached plan may still use the partial indexes.
const OPEN: &str = "status = 'OPEN'";

/// Which items.
#[derive(Debug, Clone, Default)]
pub struct WorkItemFilter {
    /// Of these kinds.
    pub kinds: Option<Vec<String>>,
    /// In these states.
    pub statuses: Option<Vec<WorkItemStatus>>,
    /// This bad.
    pub severities: Option<Vec<Severity>>,
    /// Worked by this member of staff.
    pub assignee: Option<StaffId>,
    /// Worked by nobody yet, or by somebody.
    pub unassigned: Option<bool>,
    /// Open and past the time they are due, or not so.
    pub overdue: Option<bool>,
}

/// One item, or nothing.
pub async fn lookup(conn: &impl ConnectionTrait, id: WorkItemId) -> Result<Option<Model>, Fault> {
    Ok(Entity::find_by_id(id).one(conn).await?)
}

/// Whether the trouble with this key is open, or put off.
pub async fn is_unresolved(conn: &impl ConnectionTrait, key: &str) -> Result<bool, Fault> {
    Ok(Entity::find().filter(Column::DedupeKey.eq(key)).one(conn).await?.is_some())
}

/// Those of `ids` that exist, in no particular order.
pub async fn load_many(conn: &impl ConnectionTrait, ids: &[WorkItemId]) -> Result<Vec<Model>, Fault> {
    Ok(Entity::find().filter(Column::Id.is_in(ids.iter().copied())).all(conn).await?)
}

/// The queue, newest first.
pub async fn list(app: &App, actor: &Actor, filter: &WorkItemFilter, page: &PageRequest) -> Result<Page<Model>, Fault> {
    actor.may(Action::ReadWorkItems)?;
    let mut query = filtered(filter, app.clock.now());
    if let Some(cursor) = &page.cursor {
        let id: WorkItemId = decode_cursor(NEWEST, cursor)?;
        query = query.filter(if page.backward { Column::Id.gt(id) } else { Column::Id.lt(id) });
    }
    let query = if page.backward { query.order_by_asc(Column::Id) } else { query.order_by_desc(Column::Id) };
    let rows = query.limit(page.size as u64 + 1).all(app.db.read()).await?;
    Ok(Page::from_rows(page, rows, |item| encode_cursor(NEWEST, &item.id)))
}

/// How many items there are.
pub async fn count(app: &App, actor: &Actor, filter: &WorkItemFilter) -> Result<i64, Fault> {
    actor.may(Action::ReadWorkItems)?;
    Ok(i64::try_from(filtered(filter, app.clock.now()).count(app.db.read()).await?).unwrap_or(i64::MAX))
}

/// How many items of each kind are open.
pub async fn census(conn: &impl ConnectionTrait) -> Result<Vec<(String, i64)>, Fault> {
    let query = Entity::find()
        .filter(Column::Status.eq(WorkItemStatus::Open))
        .select_only()
        .column(Column::Kind)
        .expr(Column::Id.count())
        .group_by(Column::Kind);
    Ok(query.into_tuple().all(conn).await?)
}

/// Since when the oldest open item is there, and how many open ones are overdue at `now`.
pub async fn backlog(conn: &impl ConnectionTrait, now: Timestamp) -> Result<(Option<Timestamp>, u64), Fault> {
    let oldest = Entity::find().filter(Expr::cust(OPEN)).select_only().expr(Column::CreatedAt.min());
    let oldest = oldest.into_tuple::<Option<Timestamp>>().one(conn).await?.flatten();
    let overdue = Entity::find().filter(overdue(now)).count(conn).await?;
    Ok((oldest, overdue))
}

fn overdue(now: Timestamp) -> Condition {
    let due = Condition::all().add(Column::DueAt.is_not_null()).add(Column::DueAt.lt(now));
    due.add(Expr::cust(OPEN))
}

fn filtered(filter: &WorkItemFilter, now: Timestamp) -> Select<Entity> {
    let mut condition = Condition::all();
    if let Some(kinds) = &filter.kinds {
        condition = condition.add(Column::Kind.is_in(kinds));
    }
    if let Some(statuses) = &filter.statuses {
        condition = condition.add(Column::Status.is_in(statuses.iter().copied()));
    }
    if let Some(severities) = &filter.severities {
        condition = condition.add(Column::Severity.is_in(severities.iter().copied()));
    }
    condition = condition.add_option(filter.assignee.map(|id| Column::AssigneeId.eq(id)));
    let unassigned = |it| if it { Column::AssigneeId.is_null() } else { Column::AssigneeId.is_not_null() };
    condition = condition.add_option(filter.unassigned.map(unassigned));
    condition = condition.add_option(filter.overdue.map(|it| if it { overdue(now) } else { overdue(now).not() }));
    Entity::find().filter(condition)
}
