//! Carts are forgotten with whoever filled them. The order a cart became knows all that is still needed.

use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};

use super::entity::cart::{Column, Entity, Status};
use super::entity::{cart_line, hold};
use crate::app::App;
use crate::identity::erasure;
use crate::kernel::ids::{CartId, CustomerId, OrderId};
use crate::kernel::problem::Fault;
use crate::platform::jobs::{Done, Job, JobError, JobRun};
use crate::platform::tx::Tx;

/// Carts forgotten in one go.
const BATCH: u64 = 200;
/// How often a payment that runs is waited for.
const AGAIN: Duration = Duration::from_secs(60);

/// Deletes carts, which are locked, with all that hangs on them.
pub(super) async fn forget(tx: &Tx, ids: Vec<CartId>) -> Result<(), Fault> {
    cart_line::Entity::delete_many().filter(cart_line::Column::CartId.is_in(ids.clone())).exec(tx).await?;
    hold::Entity::delete_many().filter(hold::Column::CartId.is_in(ids.clone())).exec(tx).await?;
    Entity::delete_many().filter(Column::Id.is_in(ids)).exec(tx).await?;
    Ok(())
}

/// Deletes some of the carts that no payment runs for, which `which` names; returns how many.
async fn forget_some(app: &App, which: Condition) -> Result<u64, Fault> {
    let tx = Tx::begin(app).await?;
    let query = Entity::find().select_only().column(Column::Id).filter(which);
    let query = query.filter(Column::Status.ne(Status::Processing)).order_by_asc(Column::Id).limit(BATCH);
    let ids: Vec<CartId> = query.lock_exclusive().into_tuple().all(&tx).await?;
    let count = ids.len() as u64;
    if count > 0 {
        forget(&tx, ids).await?;
    }
    tx.commit().await?;
    Ok(count)
}

/// Deletes the carts of a forgotten customer; one that is being paid for, when that has ended.
#[derive(Debug, Serialize, Deserialize)]
pub struct EraseCarts {
    /// The customer.
    pub customer_id: CustomerId,
}

impl Job for EraseCarts {
    const KIND: &'static str = "checkout.erase";

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("{}:{}", Self::KIND, self.customer_id))
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let app = &run.app;
        let Some(forgotten) = erasure::forgotten(app, self.customer_id).await? else { return Ok(Done::OK) };
        let mut which = Condition::any().add(Column::CustomerId.eq(self.customer_id));
        if let Some(email) = forgotten.email {
            let same = Expr::expr(Func::lower(Expr::col(Column::Email))).eq(email);
            which = which.add(Condition::all().add(Column::CustomerId.is_null()).add(same));
        }
        while forget_some(app, which.clone()).await? == BATCH {}
        let left = Entity::find().filter(which).count(app.db.read()).await?;
        Ok(if left == 0 { Done::OK } else { Done::Again(AGAIN) })
    }
}

/// Deletes the cart that an order without its buyer came from.
#[derive(Debug, Serialize, Deserialize)]
pub struct ForgetCart {
    /// The order.
    pub order_id: OrderId,
}

impl Job for ForgetCart {
    const KIND: &'static str = "checkout.forget_cart";

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let order = crate::orders::lookup(run.app.db.read(), self.order_id).await?;
        let Some(order) = order.filter(|order| order.erased_at.is_some()) else { return Ok(Done::OK) };
        forget_some(&run.app, Condition::all().add(Column::Id.eq(order.cart_id))).await?;
        Ok(Done::OK)
    }
}
