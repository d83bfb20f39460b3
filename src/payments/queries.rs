//! Reading payments, movements and refunds.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::entity::transaction::{TransactionKind, TransactionStatus};
use super::entity::{attempt, refund, transaction};
use crate::app::App;
use crate::identity::{Action, Actor};
use crate::kernel::ids::{OrderId, PaymentAttemptId, PaymentTransactionId, RefundId};
use crate::kernel::page::{Page, PageRequest, decode_cursor, encode_cursor};
use crate::kernel::problem::Fault;

/// The order movements are listed in, as cursors name it.
const OLDEST: &str = "paymentTransactions";

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

/// Whether the provider refused the latest attempt to take an order's money.
pub async fn capture_failed(conn: &impl ConnectionTrait, order_id: OrderId) -> Result<bool, Fault> {
    use transaction::Column;
    let captures = transaction::Entity::find()
        .filter(Column::OrderId.eq(order_id))
        .filter(Column::Kind.eq(TransactionKind::Capture));
    let latest = captures.order_by_desc(Column::Id).one(conn).await?;
    Ok(latest.is_some_and(|movement| movement.status == TransactionStatus::Failed))
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

/// The movements with these ids, in no order.
pub async fn load_transactions(
    conn: &impl ConnectionTrait,
    ids: &[PaymentTransactionId],
) -> Result<Vec<transaction::Model>, Fault> {
    Ok(transaction::Entity::find().filter(transaction::Column::Id.is_in(ids.iter().copied())).all(conn).await?)
}

/// An attempt's movements, oldest first.
pub async fn transaction_page(
    app: &App,
    actor: &Actor,
    attempt_id: PaymentAttemptId,
    page: &PageRequest,
) -> Result<Page<transaction::Model>, Fault> {
    use transaction::Column;
    actor.may(Action::ReadPayments)?;
    let mut query = transaction::Entity::find().filter(Column::AttemptId.eq(attempt_id));
    if let Some(cursor) = &page.cursor {
        let id: PaymentTransactionId = decode_cursor(OLDEST, cursor)?;
        query = query.filter(if page.backward { Column::Id.lt(id) } else { Column::Id.gt(id) });
    }
    let query = if page.backward { query.order_by_desc(Column::Id) } else { query.order_by_asc(Column::Id) };
    let rows = query.limit(page.size as u64 + 1).all(app.db.read()).await?;
    Ok(Page::from_rows(page, rows, |movement| encode_cursor(OLDEST, &movement.id)))
}

/// How many movements an attempt has.
pub async fn transaction_count(app: &App, actor: &Actor, attempt_id: PaymentAttemptId) -> Result<i64, Fault> {
    actor.may(Action::ReadPayments)?;
    let query = transaction::Entity::find().filter(transaction::Column::AttemptId.eq(attempt_id));
    Ok(i64::try_from(query.count(app.db.read()).await?).unwrap_or(i64::MAX))
}
