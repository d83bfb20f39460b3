//! A guest's order becomes a customer's: by its tracking token, or because the customer showed that the
//! address it was ordered with is theirs. An order that belongs to somebody stays theirs, and the token
//! goes on reading it.

use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set};
use serde::{Deserialize, Serialize};

use super::entity::order::{self, Column, Entity};
use super::queries::lookup_by_token;
use crate::app::App;
use crate::identity::{Actor, customers};
use crate::kernel::event::{Audience, EventType};
use crate::kernel::ids::CustomerId;
use crate::kernel::problem::{Fault, VerbError};
use crate::platform::jobs::{Done, Job, JobError, JobRun};
use crate::platform::outbox::{self, NewEvent};
use crate::platform::tx::Tx;

/// Orders claimed in one transaction.
const BATCH: u64 = 50;

/// What is wrong with a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderClaimProblem {
    /// There is no order with this token, or it is somebody else's.
    NotFound,
}

/// Makes the order that `token` belongs to the customer's who asks. A repeat answers the order as it is.
pub async fn claim(app: &App, actor: &Actor, token: &str) -> Result<order::Model, VerbError<OrderClaimProblem>> {
    let customer_id = customers::acting(actor)?;
    let not_found = || {
        let message = "there is no order with this token that you could claim";
        VerbError::refused(OrderClaimProblem::NotFound, "token", message)
    };
    let seen = lookup_by_token(app, token).await?.ok_or_else(not_found)?;
    let tx = Tx::begin(app).await?;
    customers::stay(&tx, actor).await?;
    let order = super::lock(&tx, seen.id).await?.ok_or_else(not_found)?;
    // Read before the lock: an order that was erased since has another token.
    if order.token_hash != seen.token_hash {
        return Err(not_found());
    }
    let order = match order.customer_id {
        Some(owner) if owner == customer_id => return Ok(order),
        Some(_) => return Err(not_found()),
        None => adopt(&tx, order, customer_id).await?,
    };
    tx.commit().await?;
    Ok(order)
}

/// Gives a guest's order, which is locked, to a customer.
async fn adopt(tx: &Tx, order: order::Model, customer_id: CustomerId) -> Result<order::Model, Fault> {
    let id = order.id;
    let mut row = order.into_active_model();
    row.customer_id = Set(Some(customer_id));
    let order = row.update(tx).await?;
    let message = "The order belongs to a customer's account now.";
    outbox::append(tx, NewEvent::of_order(id, EventType::OrderClaimed, Audience::Store, message)).await?;
    Ok(order)
}

/// Gives the guests' orders with this address (in lower case) to a customer.
pub(super) async fn adopt_all(app: &App, email: &str, customer_id: CustomerId) -> Result<(), Fault> {
    loop {
        let tx = Tx::begin(app).await?;
        let orders = Entity::find()
            .filter(Column::CustomerId.is_null())
            .filter(Expr::expr(Func::lower(Expr::col(Column::Email))).eq(email))
            .order_by_asc(Column::Id)
            .limit(BATCH)
            .lock_exclusive()
            .all(&tx)
            .await?;
        let full = orders.len() as u64 == BATCH;
        for order in orders {
            adopt(&tx, order, customer_id).await?;
        }
        tx.commit().await?;
        if !full {
            return Ok(());
        }
    }
}

/// Gives a customer the orders they placed as a guest, once they showed that the address is theirs.
#[derive(Debug, Serialize, Deserialize)]
pub struct ClaimOrders {
    /// The customer.
    pub customer_id: CustomerId,
}

impl Job for ClaimOrders {
    const KIND: &'static str = "orders.claim";

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let found = customers::lookup(run.app.db.read(), self.customer_id).await?;
        if let Some(customer) = found.filter(|it| it.erased_at.is_none()) {
            adopt_all(&run.app, &customer.email, customer.id).await?;
        }
        Ok(Done::OK)
    }
}
