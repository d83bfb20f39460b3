//! Everything that happens in the store, for its owner, in the order of the store-wide positions.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::Stream;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, Iterable, QueryFilter, QueryOrder, QuerySelect, Select};

use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::event::{Audience, EventType};
use crate::kernel::page::{CursorError, decode_cursor, encode_cursor};
use crate::kernel::problem::Fault;
use crate::platform::outbox::POSITION_TOPIC;
use crate::platform::outbox::entity::{Column, Entity, Model};

const LIST: &str = "storeActivity";
/// How many events a stream reads at once.
const BATCH: u64 = 100;
/// A program of another version that wrote an event before then does not run beside this one any more.
const GONE: TimeDelta = TimeDelta::hours(1);
/// How often a stream looks without being told: hints may get lost.
const IDLE: Duration = Duration::from_secs(5);

/// The cursor of an event that has its position.
pub fn cursor(event: &Model) -> String {
    encode_cursor(LIST, &event.position.unwrap_or_default())
}

/// The position behind a cursor.
pub fn read_cursor(cursor: &str) -> Result<i64, CursorError> {
    decode_cursor(LIST, cursor)
}

/// The newest position.
pub async fn newest(conn: &impl ConnectionTrait) -> Result<i64, Fault> {
    let query = Entity::find().select_only().column_as(Column::Position.max(), "position");
    Ok(query.into_tuple::<Option<i64>>().one(conn).await?.flatten().unwrap_or_default())
}

/// The store's events behind `after`, and then each as it gets its position. Without `after`, from now.
pub fn stream(app: App, after: Option<i64>) -> impl Stream<Item = Result<Model, Fault>> + Send {
    async_stream::try_stream! {
        // Before the first read: what happens after that read is told by a hint.
        let mut hints = app.bus.subscribe(POSITION_TOPIC);
        let mut last = match after {
            Some(after) => after,
            None => newest(app.db.read()).await?,
        };
        loop {
            let events = behind(&app, last).await?;
            let full = events.len() as u64 == BATCH;
            for event in events {
                last = event.position.unwrap_or(last);
                yield event;
            }
            if !full {
                // Either way the table is read again.
                let _ = tokio::time::timeout(IDLE, hints.wait()).await;
            }
        }
    }
}

/// The next events behind a position, up to the first that a newer program beside this one wrote and this one
/// cannot read: whoever follows is told of it by the newer one. One that is old is left out, for its program is gone.
async fn behind(app: &App, last: i64) -> Result<Vec<Model>, Fault> {
    let conn = app.db.read();
    let next = || Entity::find().filter(Column::Position.gt(last)).filter(Column::Audience.ne(Audience::Internal));
    let batch = |query: Select<Entity>| query.order_by_asc(Column::Position).limit(BATCH);
    let error = match batch(next()).all(conn).await {
        Ok(events) => return Ok(events),
        Err(error) => error,
    };
    let unknown = batch(next().filter(Column::Kind.is_not_in(EventType::iter()))).select_only();
    let unknown = unknown.columns([Column::Position, Column::OccurredAt]).into_tuple::<(i64, Timestamp)>();
    let Some((position, at)) = unknown.one(conn).await? else { return Err(error.into()) };
    let known = match at + GONE < app.clock.now() {
        true => next().filter(Column::Kind.is_in(EventType::iter())),
        false => next().filter(Column::Position.lt(position)),
    };
    Ok(batch(known).all(conn).await?)
}
