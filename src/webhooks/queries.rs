//! Reading what arrived.

use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};

use super::entity::{Column, DeliveryStatus, Entity, Model};
use crate::app::App;
use crate::identity::{Action, Actor};
use crate::kernel::ids::WebhookId;
use crate::kernel::page::{Page, PageRequest, decode_cursor, encode_cursor};
use crate::kernel::problem::Fault;

/// Which messages.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// Of this status.
    pub status: Option<DeliveryStatus>,
    /// Of this sender: `suppliers/sup_…` or `payments/test`.
    pub sender: Option<String>,
}

fn of(filter: &DeliveryFilter) -> Select<Entity> {
    Entity::find()
        .apply_if(filter.status, |query, status| query.filter(Column::Status.eq(status)))
        .apply_if(filter.sender.as_ref(), |query, sender| query.filter(Column::Sender.eq(sender)))
}

/// The messages, newest first.
pub async fn list(app: &App, actor: &Actor, filter: &DeliveryFilter, page: &PageRequest) -> Result<Page<Model>, Fault> {
    actor.may(Action::ManageWebhooks)?;
    let mut query = of(filter);
    if let Some(cursor) = &page.cursor {
        let id: WebhookId = decode_cursor("webhooks", cursor)?;
        query = query.filter(if page.backward { Column::Id.gt(id) } else { Column::Id.lt(id) });
    }
    query = if page.backward { query.order_by_asc(Column::Id) } else { query.order_by_desc(Column::Id) };
    let rows = query.limit(page.size as u64 + 1).all(app.db.read()).await?;
    Ok(Page::from_rows(page, rows, |row| encode_cursor("webhooks", &row.id)))
}

/// How many there are.
pub async fn count(app: &App, actor: &Actor, filter: &DeliveryFilter) -> Result<i64, Fault> {
    actor.may(Action::ManageWebhooks)?;
    Ok(i64::try_from(of(filter).count(app.db.read()).await?).unwrap_or(i64::MAX))
}

/// One message, for whoever may see them.
pub async fn find(app: &App, actor: &Actor, id: WebhookId) -> Result<Option<Model>, Fault> {
    actor.may(Action::ManageWebhooks)?;
    Ok(Entity::find_by_id(id).one(app.db.read()).await?)
}
