//! Reading payments, movements and refunds.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use super::entity::{attempt, refund, transaction};
use crate::kernel::ids::{OrderId, PaymentAttemptId, PaymentTransactionId, RefundId};
use crate::kernel::problem::Fault;

/// The attempts with these ids, in no order.
pub async fn load_by_ids(conn: &impl ConnectionTrait, ids: &[PaymentAttemptId]) -> Result<Vec<attempt::Model>, Fault> {
    Ok(attempt::Entity::find().filter(attempt::Column::Id.is_in(ids.iter().copied())).all(conn).await?)
}

/// The attempts that became these orders, in no order.
pub async fn of_orders(conn: &impl ConnectionTrait, orders: &[OrderId]) -> Result<Vec<attempt::Model>, Fault> {
    Ok(attempt::Entity::find().filter(attempt::Column::OrderId.is_in(orders.iter().copied())).all(conn).await?)
}

/// The movements for these orders, oldest first.
pub async fn transactions(conn: &impl ConnectionTrait, orders: &[OrderId]) -> Result<Vec<transaction::Model>, Fault> {
    let query = transaction::Entity::find().filter(transaction::Column::OrderId.is_in(orders.iter().copied()));
    Ok(query.order_by_asc(transaction::Column::Id).all(conn).await?)
}

/// The movement with this id.
pub async fn transaction(
    conn: &impl ConnectionTrait,
    id: PaymentTransactionId,
) -> Result<Option<transaction::Model>, Fault> {
    Ok(transaction::Entity::find_by_id(id).one(conn).await?)
}

/// The refunds of these orders, oldest first.
pub async fn refunds(conn: &impl ConnectionTrait, orders: &[OrderId]) -> Result<Vec<refund::Model>, Fault> {
    let query = refund::Entity::find().filter(refund::Column::OrderId.is_in(orders.iter().copied()));
    Ok(query.order_by_asc(refund::Column::Id).all(conn).await?)
}

/// The refund with this id.
pub async fn lookup_refund(conn: &impl ConnectionTrait, id: RefundId) -> Result<Option<refund::Model>, Fault> {
    Ok(refund::Entity::find_by_id(id).one(conn).await?)
}
