//! What the customer may know of an order, in the order it happened: as pages and as a stream.
//!
//! Both read the same numbered events and share their cursors, so that a client may read a page and
//! follow from its end without missing or inventing anything.

use std::sync::Arc;

use futures_util::Stream;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use super::feed::{self, News};
use crate::app::App;
use crate::kernel::event::Audience;
use crate::kernel::ids::OrderId;
use crate::kernel::page::{CursorError, Page, PageRequest, decode_cursor, encode_cursor};
use crate::kernel::problem::Fault;
use crate::platform::outbox::entity::{Column, Entity, Model};
use crate::platform::planted::{self, Bug};

/// The list the cursors belong to.
const LIST: &str = "timeline";
/// How many events a stream reads at once.
const BATCH: u64 = 50;

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
pub fn stream(app: App, order_id: OrderId, after: Option<i64>) -> impl Stream<Item = Result<Telling, Fault>> + Send {
    async_stream::try_stream! {
        // Before the first read: what happens after that read is news.
        let mut follower = feed::follow(&app, order_id);
        let mut last = after.unwrap_or_default();
        let mut news = News::TooMany;
        loop {
            let tellings: Vec<Telling> = match news {
                News::Events(events) => events.into_iter().map(Telling::News).collect(),
                // Boxed: a stream waits most of the time, and the memory of a query is large.
                News::TooMany => Box::pin(behind(&app, order_id, last)).await?.into_iter().map(Telling::Past).collect(),
            };
            for telling in tellings {
                last = telling.event().seq;
                yield telling;
            }
            news = follower.wait(last).await;
        }
    }
}

/// An event, as a stream tells it.
pub enum Telling {
    /// It happened before.
    Past(Model),
    /// It happens now, and everybody who follows the order is told.
    News(Arc<Model>),
}

impl Telling {
    /// The event.
    pub fn event(&self) -> &Model {
        match self {
            Self::Past(event) => event,
            Self::News(event) => event,
        }
    }
}

/// The next events behind `last`, as the table has them.
async fn behind(app: &App, order_id: OrderId, last: i64) -> Result<Vec<Model>, Fault> {
    let missed = i64::from(planted::is(Bug::MissEvent) && last > 0);
    let query = visible(order_id).filter(Column::Seq.gt(last + missed)).order_by_asc(Column::Seq).limit(BATCH);
    Ok(query.all(app.db.read()).await?)
}

/// The customer's events of an order.
pub(super) fn visible(order_id: OrderId) -> Select<Entity> {
    all(order_id).filter(Column::Audience.eq(Audience::Customer))
}

fn all(order_id: OrderId) -> Select<Entity> {
    Entity::find().filter(Column::Stream.eq(order_id.to_string()))
}
