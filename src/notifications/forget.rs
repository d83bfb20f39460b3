//! To whom mails went is forgotten with them. Their texts are never kept.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};

use super::entity::{Column, Entity, NotificationStatus};
use crate::app::App;
use crate::identity::erasure;
use crate::kernel::address::ERASED;
use crate::kernel::ids::{CustomerId, OrderId};
use crate::kernel::problem::Fault;
use crate::orders;
use crate::platform::jobs::{Done, Job, JobError, JobRun};

/// Forgets to whom the mails about a customer's account went.
#[derive(Debug, Serialize, Deserialize)]
pub struct ForgetCustomer {
    /// The customer.
    pub customer_id: CustomerId,
}

impl Job for ForgetCustomer {
    const KIND: &'static str = "notifications.forget_customer";

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let Some(forgotten) = erasure::forgotten(&run.app, self.customer_id).await? else { return Ok(Done::OK) };
        if let Some(email) = forgotten.email {
            // A mail about an order that is on its way is still to go out.
            forget(&run.app, Condition::all().add(Column::Recipient.eq(email)).add(Column::OrderId.is_null())).await?;
        }
        Ok(Done::OK)
    }
}

/// Forgets to whom the mails about an order without its buyer went.
#[derive(Debug, Serialize, Deserialize)]
pub struct ForgetOrder {
    /// The order.
    pub order_id: OrderId,
}

impl Job for ForgetOrder {
    const KIND: &'static str = "notifications.forget_order";

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let order = orders::lookup(run.app.db.read(), self.order_id).await?;
        if order.is_some_and(|order| order.erased_at.is_some()) {
            forget(&run.app, Condition::all().add(Column::OrderId.eq(self.order_id))).await?;
        }
        Ok(Done::OK)
    }
}

async fn forget(app: &App, which: Condition) -> Result<(), Fault> {
    let waiting = Entity::update_many().col_expr(Column::Status, Expr::value(NotificationStatus::Failed));
    let waiting = waiting.filter(which.clone()).filter(Column::Status.eq(NotificationStatus::Waiting));
    waiting.exec(app.db.write()).await?;
    Entity::update_many()
        .col_expr(Column::Recipient, Expr::value(ERASED))
        .col_expr(Column::LastError, Expr::value(Option::<String>::None))
        .filter(which)
        .exec(app.db.write())
        .await?;
    Ok(())
}
