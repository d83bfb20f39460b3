//! What the customer may know of an order, in the order it happened: as pages and as a stream.
//!
//! Both read the same numbered events and share their cursors, so that a client may read a page and
//! follow from its end without missing or inventing anything.

use std::time::Duration;

use futures_util::Stream;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use crate::app::App;
use crate::kernel::event::Audience;
use crate::kernel::ids::OrderId;
use crate::kernel::page::{CursorError, Page, PageRequest, decode_cursor, encode_cursor};
use crate::kernel::problem::Fault;
use crate::platform::outbox::entity::{Column, Entity, Model};

/// The list the cursors belong to.
const LIST: &str = "timeline";
/// How many events a stream reads at once.
const BATCH: u64 = 50;
/// How often a stream looks without being told: hints may get lost.
const IDLE: Duration = Duration::from_secs(5);

/// The cursor of an event of an order's stream.
pub fn cursor(event: &Model) -> String {
    encode_cursor(LIST, &(&event.stream, event.seq))
}

/// The number behind a cursor of this order; another order's cursor is refused.
pub fn read_cursor(order_id: OrderId, cursor: &str) -> Result<i64, CursorError> {
    let (stream, seq): (String, i64) = decode_cursor(LIST, cursor)?;
    if stream == order_id.to_string() { Ok(seq) } else { Err(CursorError) }
}

/// A page of the customer's events, the oldest first.
pub async fn page(conn: &impl ConnectionTrait, order_id: OrderId, page: &PageRequest) -> Result<Page<Model>, Fault> {
    read(conn, visible(order_id), order_id, page).await
}

/// The customer's events of orders, the oldest first.
pub async fn of_orders(conn: &impl ConnectionTrait, ids: &[OrderId]) -> Result<Vec<Model>, Fault> {
    let streams = ids.iter().map(OrderId::to_string);
    let query = Entity::find().filter(Column::Stream.is_in(streams)).filter(Column::Audience.eq(Audience::Customer));
    Ok(query.order_by_asc(Column::Stream).order_by_asc(Column::Seq).all(conn).await?)
}

/// A page of everything that happened, for the store, the oldest first: numbered from 1 without gaps.
pub async fn history(conn: &impl ConnectionTrait, order_id: OrderId, page: &PageRequest) -> Result<Page<Model>, Fault> {
    read(conn, all(order_id), order_id, page).await
}

async fn read(
    conn: &impl ConnectionTrait,
    mut query: Select<Entity>,
    order_id: OrderId,
    page: &PageRequest,
) -> Result<Page<Model>, Fault> {
    if let Some(cursor) = &page.cursor {
        let seq = read_cursor(order_id, cursor)?;
        query = query.filter(if page.backward { Column::Seq.lt(seq) } else { Column::Seq.gt(seq) });
    }
    let query = if page.backward { query.order_by_desc(Column::Seq) } else { query.order_by_asc(Column::Seq) };
    let rows = query.limit(page.size as u64 + 1).all(conn).await?;
    Ok(Page::from_rows(page, rows, cursor))
}

/// The customer's events behind `after`, from the first one without, and then each as it happens.
pub fn stream(app: App, order_id: OrderId, after: Option<i64>) -> impl Stream<Item = Result<Model, Fault>> + Send {
    async_stream::try_stream! {
        // Before the first read: what happens after that read is told by a hint.
        let mut hints = app.bus.subscribe(&order_id.to_string());
        let mut last = after.unwrap_or_default();
        loop {
            let query = visible(order_id).filter(Column::Seq.gt(last)).order_by_asc(Column::Seq).limit(BATCH);
            let events = query.all(app.db.read()).await.map_err(Fault::from)?;
            let full = events.len() as u64 == BATCH;
            for event in events {
                last = event.seq;
                yield event;
            }
            if !full {
                // Either way the table is read again.
                let _ = tokio::time::timeout(IDLE, hints.wait()).await;
            }
        }
    }
}

fn visible(order_id: OrderId) -> Select<Entity> {
    all(order_id).filter(Column::Audience.eq(Audience::Customer))
}

fn all(order_id: OrderId) -> Select<Entity> {
    Entity::find().filter(Column::Stream.eq(order_id.to_string()))
}
