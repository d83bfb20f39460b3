//! Reading which mails went out.

use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::entity::{Column, Entity, Model};
use crate::app::App;
use crate::identity::{Action, Actor};
use crate::kernel::ids::NotificationId;
use crate::kernel::page::{Page, PageRequest, decode_cursor, encode_cursor};
use crate::kernel::problem::Fault;

/// The order mails are listed in, as cursors name it.
const NEWEST: &str = "notifications";

/// One mail, or nothing.
pub async fn lookup(app: &App, actor: &Actor, id: NotificationId) -> Result<Option<Model>, Fault> {
    actor.may(Action::ReadNotifications)?;
    Ok(Entity::find_by_id(id).one(app.db.read()).await?)
}

/// The mails, newest first.
pub async fn list(app: &App, actor: &Actor, page: &PageRequest) -> Result<Page<Model>, Fault> {
    actor.may(Action::ReadNotifications)?;
    let mut query = Entity::find();
    if let Some(cursor) = &page.cursor {
        let id: NotificationId = decode_cursor(NEWEST, cursor)?;
        query = query.filter(if page.backward { Column::Id.gt(id) } else { Column::Id.lt(id) });
    }
    let query = if page.backward { query.order_by_asc(Column::Id) } else { query.order_by_desc(Column::Id) };
    let rows = query.limit(page.size as u64 + 1).all(app.db.read()).await?;
    Ok(Page::from_rows(page, rows, |it| encode_cursor(NEWEST, &it.id)))
}

/// How many mails there are.
pub async fn count(app: &App, actor: &Actor) -> Result<i64, Fault> {
    actor.may(Action::ReadNotifications)?;
    Ok(i64::try_from(Entity::find().count(app.db.read()).await?).unwrap_or(i64::MAX))
}
