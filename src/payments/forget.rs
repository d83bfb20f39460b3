//! Books stay; words that may name a person go.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::entity::transaction::TransactionKind;
use super::entity::{refund, transaction};
use crate::kernel::address::ERASED;
use crate::kernel::ids::OrderId;
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;

/// Empties what people wrote about an order's refunds.
pub async fn forget_words(tx: &Tx, order_id: OrderId) -> Result<(), Fault> {
    let refunds = refund::Entity::update_many().col_expr(refund::Column::Reason, Expr::value(ERASED));
    refunds.filter(refund::Column::OrderId.eq(order_id)).exec(tx).await?;
    let movements = transaction::Entity::update_many().col_expr(transaction::Column::Reason, Expr::value(ERASED));
    let movements = movements.filter(transaction::Column::OrderId.eq(order_id));
    movements.filter(transaction::Column::Kind.eq(TransactionKind::Refund)).exec(tx).await?;
    Ok(())
}
