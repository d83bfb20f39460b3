//! Reading what arrived.

use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use super::entity::{Column, DeliveryStatus, Entity, Model};
use crate::app::App;
use crate::identity::{Action, Actor};
use crate::kernel::ids::WebhookId;
use crate::kernel::page::{Page, PageRequest, decode_cursor, encode_cursor};
use crate::kernel::problem::Fault;

fn of(status: Option<DeliveryStatus>) -> Select<Entity> {
    match status {
        Some(status) => Entity::find().filter(Column::Status.eq(status)),
        None => Entity::find(),
    }
}

/// The messages, newest first; all of them or those of one status.
pub async fn list(
    app: &App,
    actor: &Actor,
    status: Option<DeliveryStatus>,
    page: &PageRequest,
) -> Result<Page<Model>, Fault> {
    actor.may(Action::ManageWebhooks)?;
    let mut query = of(status);
    if let Some(cursor) = &page.cursor {
        let id: WebhookId = decode_cursor("webhooks", cursor)?;
        query = query.filter(if page.backward { Column::Id.gt(id) } else { Column::Id.lt(id) });
    }
    query = if page.backward { query.order_by_asc(Column::Id) } else { query.order_by_desc(Column::Id) };
    let rows = query.limit(page.size as u64 + 1).all(app.db.read()).await?;
    Ok(Page::from_rows(page, rows, |row| encode_cursor("webhooks", &row.id)))
}

/// How many there are.
pub async fn count(app: &App, actor: &Actor, status: Option<DeliveryStatus>) -> Result<i64, Fault> {
    actor.may(Action::ManageWebhooks)?;
    Ok(i64::try_from(of(status).count(app.db.read()).await?).unwrap_or(i64::MAX))
}

/// One message, for whoever may see them.
pub async fn find(app: &App, actor: &Actor, id: WebhookId) -> Result<Option<Model>, Fault> {
    actor.may(Action::ManageWebhooks)?;
    Ok(Entity::find_by_id(id).one(app.db.read()).await?)
}
