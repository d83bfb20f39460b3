//! What suppliers, customers and people of the store wrote about an order whose buyer is forgotten.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};

use super::entity::{line, supplier_order, transition};
use super::queries::of_orders;
use super::state::SupplierOrderStatus as S;
use crate::kernel::address::ERASED;
use crate::kernel::ids::{OrderId, SupplierOrderId};
use crate::orders;
use crate::platform::jobs::{Done, Job, JobError, JobRun};
use crate::platform::tx::Tx;

/// The steps whose reasons people write.
const SAID: [S; 5] = [S::OnHold, S::CancelRequested, S::Cancelled, S::Rejected, S::Unknown];

/// Empties the words of an order's supplier orders, and where they went: their destination is the order's then.
#[derive(Debug, Serialize, Deserialize)]
pub struct ForgetWords {
    /// The order.
    pub order_id: OrderId,
}

impl Job for ForgetWords {
    const KIND: &'static str = "fulfillment.forget";

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let tx = Tx::begin(&run.app).await?;
        let order = orders::lock(&tx, self.order_id).await?;
        if order.is_none_or(|order| order.erased_at.is_none()) {
            return Ok(Done::OK);
        }
        let ids: Vec<SupplierOrderId> = of_orders(&tx, &[self.order_id]).await?.into_iter().map(|row| row.id).collect();
        let none = || Expr::value(Option::<String>::None);
        supplier_order::Entity::update_many()
            .col_expr(supplier_order::Column::CancelReason, none())
            .col_expr(supplier_order::Column::RejectionMessage, none())
            .col_expr(supplier_order::Column::HoldReason, none())
            .col_expr(supplier_order::Column::Note, none())
            .col_expr(supplier_order::Column::Destination, Expr::value(Option::<serde_json::Value>::None))
            .filter(supplier_order::Column::OrderId.eq(self.order_id))
            .exec(&tx)
            .await?;
        let lines = line::Entity::update_many().col_expr(line::Column::ReasonMessage, none());
        lines.filter(line::Column::SupplierOrderId.is_in(ids.clone())).exec(&tx).await?;
        transition::Entity::update_many()
            .col_expr(transition::Column::Reason, Expr::value(ERASED))
            .filter(transition::Column::SupplierOrderId.is_in(ids))
            .filter(transition::Column::ToStatus.is_in(SAID))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(Done::OK)
    }
}
