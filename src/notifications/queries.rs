//! Reading which mails went out.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::entity::{Column, Entity, Model};
use crate::app::App;
use crate::identity::{Action, Actor};
use crate::kernel::ids::{NotificationId, OrderId};
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

/// The newest mails to an address; the caller has checked whose it is.
pub async fn to_address(conn: &impl ConnectionTrait, email: &str, most: u64) -> Result<Vec<Model>, Fault> {
    let query = Entity::find().filter(Column::Recipient.eq(email)).order_by_desc(Column::Id).limit(most);
    Ok(query.all(conn).await?)
}

/// The mails about orders, oldest first; the caller has checked whose they are.
pub async fn about_orders(conn: &impl ConnectionTrait, ids: &[OrderId]) -> Result<Vec<Model>, Fault> {
    let query = Entity::find().filter(Column::OrderId.is_in(ids.iter().copied()));
    Ok(query.order_by_asc(Column::Id).all(conn).await?)
}

/// How many mails there are.
pub async fn count(app: &App, actor: &Actor) -> Result<i64, Fault> {
    actor.may(Action::ReadNotifications)?;
    Ok(i64::try_from(Entity::find().count(app.db.read()).await?).unwrap_or(i64::MAX))
}
