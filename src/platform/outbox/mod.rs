//! The outbox: one append-only table of what happened.
//!
//! An event is written in the transaction of the change it tells of, with the jobs that
//! `worker.rs` says it starts. Within a stream (one order, say) events are numbered without gaps
//! under the stream's row lock. The store-wide position is given after the commit, by one sequencer
//! at a time: a number drawn inside a transaction would become visible out of order.

pub mod entity;
mod sequencer;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter,
    QuerySelect, Statement,
};
use serde_json::Value;

pub use self::sequencer::{POSITION_TOPIC, assign_positions, run as run_sequencer};
use super::jobs;
use super::planted::{self, Bug};
use super::traces;
use super::tx::Tx;
use crate::kernel::address::ERASED;
use crate::kernel::clock::Timestamp;
use crate::kernel::event::{Audience, EventType};
use crate::kernel::ids::{EventId, OrderId, ShipmentId, SupplierOrderId, WorkItemId};
use crate::kernel::problem::Fault;

/// The topic that tells of new events of any stream.
pub const STORE_TOPIC: &str = "store";

/// The jobs an event starts; the table is `worker.rs`', handed to the program at start.
pub type Routes = fn(&entity::Model) -> Result<Vec<jobs::NewJob>, Fault>;

/// An event about to be written.
#[derive(Debug, Clone)]
pub struct NewEvent {
    stream: String,
    kind: EventType,
    audience: Audience,
    message: String,
    data: Value,
    order_id: Option<OrderId>,
    supplier_order_id: Option<SupplierOrderId>,
    shipment_id: Option<ShipmentId>,
    work_item_id: Option<WorkItemId>,
}

impl NewEvent {
    /// An event of the order's stream. `message` is a plain sentence that never names a supplier
    /// when `audience` is the customer.
    pub fn of_order(order_id: OrderId, kind: EventType, audience: Audience, message: impl Into<String>) -> Self {
        Self { order_id: Some(order_id), ..Self::of_stream(order_id.to_string(), kind, audience, message) }
    }

    /// An event of another stream, such as a supplier's.
    pub fn of_stream(stream: String, kind: EventType, audience: Audience, message: impl Into<String>) -> Self {
        Self {
            stream,
            kind,
            audience,
            message: message.into(),
            data: Value::Null,
            order_id: None,
            supplier_order_id: None,
            shipment_id: None,
            work_item_id: None,
        }
    }

    /// With facts for programs (ids and codes; no personal data).
    pub fn data(self, data: Value) -> Self {
        Self { data, ..self }
    }

    /// About this supplier order.
    pub fn supplier_order(self, id: SupplierOrderId) -> Self {
        Self { supplier_order_id: Some(id), ..self }
    }

    /// About this shipment.
    pub fn shipment(self, id: ShipmentId) -> Self {
        Self { shipment_id: Some(id), ..self }
    }

    /// About this work item.
    pub fn work_item(self, id: WorkItemId) -> Self {
        Self { work_item_id: Some(id), ..self }
    }
}

/// Writes `event` and the jobs it starts. The bus is told after the commit: the stream's own topic
/// and [`STORE_TOPIC`].
pub async fn append(tx: &Tx, event: NewEvent) -> Result<entity::Model, Fault> {
    if let Some(order_id) = event.order_id {
        traces::about(order_id);
    }
    let seq = next_seq(tx, &event.stream).await?;
    let row = entity::Model {
        id: tx.new_id::<EventId>(),
        stream: event.stream,
        seq,
        position: None,
        kind: event.kind,
        audience: event.audience,
        message: event.message,
        data: event.data,
        order_id: event.order_id,
        supplier_order_id: event.supplier_order_id,
        shipment_id: event.shipment_id,
        work_item_id: event.work_item_id,
        occurred_at: tx.now(),
    };
    let written = row.clone().into_active_model().reset_all();
    entity::Entity::insert(written).exec_without_returning(tx).await?;
    let mut started = (tx.app().routes)(&row)?;
    if planted::is(Bug::DropJob) {
        started.pop();
    }
    for job in started {
        jobs::insert(tx, job).await?;
    }
    tx.hint(row.stream.clone());
    tx.hint(STORE_TOPIC);
    Ok(row)
}

/// Empties the sentences of an order's events of these kinds: they may name a person who is to be
/// forgotten. That something happened, and when, stays.
pub async fn forget_words(tx: &Tx, order_id: OrderId, kinds: &[EventType]) -> Result<(), Fault> {
    use entity::Column;
    let update = entity::Entity::update_many().col_expr(Column::Message, Expr::value(ERASED));
    let update = update.filter(Column::Stream.eq(order_id.to_string())).filter(Column::Kind.is_in(kinds.to_vec()));
    update.exec(tx).await?;
    Ok(())
}

/// The numbers of the last events of these streams.
pub async fn ends(conn: &impl ConnectionTrait, streams: &[&str]) -> Result<Vec<(String, i64)>, Fault> {
    let places: Vec<String> = (1..=streams.len()).map(|place| format!("${place}")).collect();
    let sql = format!("SELECT stream, last_seq FROM event_stream WHERE stream IN ({})", places.join(", "));
    let values = streams.iter().map(|stream| (*stream).into());
    let statement = Statement::from_sql_and_values(conn.get_database_backend(), sql, values);
    let rows = conn.query_all_raw(statement).await?;
    rows.iter().map(|row| Ok((row.try_get("", "stream")?, row.try_get("", "last_seq")?))).collect()
}

/// Since when the oldest event is there that has no position yet.
pub async fn oldest_unnumbered(conn: &impl ConnectionTrait) -> Result<Option<Timestamp>, Fault> {
    use entity::Column;
    let query = entity::Entity::find().filter(Column::Position.is_null());
    let oldest = query.select_only().expr(Column::OccurredAt.min()).into_tuple::<Option<Timestamp>>();
    Ok(oldest.one(conn).await?.flatten())
}

#[derive(FromQueryResult)]
struct LastSeq {
    last_seq: i64,
}

/// Counts up the stream's row, which stays locked until the transaction ends.
async fn next_seq(tx: &Tx, stream: &str) -> Result<i64, Fault> {
    if planted::is(Bug::SkipNumber) && stream.starts_with("ord_") {
        count_up(tx, stream).await?;
    }
    count_up(tx, stream).await
}

async fn count_up(tx: &Tx, stream: &str) -> Result<i64, Fault> {
    let sql = "INSERT INTO event_stream (stream, last_seq) VALUES ($1, 1) \
               ON CONFLICT (stream) DO UPDATE SET last_seq = event_stream.last_seq + 1 RETURNING last_seq";
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [stream.into()]);
    let row = LastSeq::find_by_statement(statement).one(tx).await?;
    Ok(row.ok_or_else(|| Fault::internal("the event stream gave no sequence number"))?.last_seq)
}
