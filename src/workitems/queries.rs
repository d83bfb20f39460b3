//! Reading the queue.

use sea_orm::sea_query::Condition;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};

use super::entity::{Column, Entity, Model, Severity, WorkItemStatus};
use crate::app::App;
use crate::identity::{Action, Actor};
use crate::kernel::ids::WorkItemId;
use crate::kernel::page::{Page, PageRequest, decode_cursor, encode_cursor};
use crate::kernel::problem::Fault;

/// The order the queue is read in, as cursors name it.
const NEWEST: &str = "workItems";

/// Which items.
#[derive(Debug, Clone, Default)]
pub struct WorkItemFilter {
    /// Of these kinds.
    pub kinds: Option<Vec<String>>,
    /// In these states.
    pub statuses: Option<Vec<WorkItemStatus>>,
    /// This bad.
    pub severities: Option<Vec<Severity>>,
}

/// One item, or nothing.
pub async fn lookup(conn: &impl ConnectionTrait, id: WorkItemId) -> Result<Option<Model>, Fault> {
    Ok(Entity::find_by_id(id).one(conn).await?)
}

/// Those of `ids` that exist, in no particular order.
pub async fn load_many(conn: &impl ConnectionTrait, ids: &[WorkItemId]) -> Result<Vec<Model>, Fault> {
    Ok(Entity::find().filter(Column::Id.is_in(ids.iter().copied())).all(conn).await?)
}

/// The queue, newest first.
pub async fn list(app: &App, actor: &Actor, filter: &WorkItemFilter, page: &PageRequest) -> Result<Page<Model>, Fault> {
    actor.may(Action::ReadWorkItems)?;
    let mut query = filtered(filter);
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
    Ok(i64::try_from(filtered(filter).count(app.db.read()).await?).unwrap_or(i64::MAX))
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

fn filtered(filter: &WorkItemFilter) -> Select<Entity> {
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
    Entity::find().filter(condition)
}
