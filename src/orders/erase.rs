//! Orders lose the person who bought them, and keep their figures.
//!
//! An order that is on its way must still arrive, and its buyer be told: it is erased once everything
//! has arrived or was cancelled. A carrier may never tell, so a parcel of which nothing was heard for
//! long counts as arrived.

use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Set,
};
use serde::{Deserialize, Serialize};

use super::claim::adopt_all;
use super::entity::order;
use super::place::{search_text, token_context};
use super::queries::lines_of;
use super::state::FulfillmentStatus;
use crate::identity::erasure;
use crate::kernel::address::ERASED;
use crate::kernel::clock::Timestamp;
use crate::kernel::event::{Audience, EventType};
use crate::kernel::ids::{CustomerId, OrderId};
use crate::kernel::problem::Fault;
use crate::payments;
use crate::platform::jobs::{self, Done, Job, JobError, JobRun};
use crate::platform::keys::{hash_token, random_token};
use crate::platform::outbox::{self, NewEvent};
use crate::platform::tx::Tx;
use crate::workitems;

/// After so long without news, what left counts as arrived.
const SILENCE: TimeDelta = TimeDelta::days(60);
/// How often the orders that are on their way are looked at.
const AGAIN: Duration = Duration::from_secs(6 * 3600);
/// So long after the customer was forgotten, orders may still come of checkouts that were under way.
const UNDER_WAY: TimeDelta = TimeDelta::days(1);
/// Orders looked at in one go.
const BATCH: u64 = 50;
/// The events whose words come from outside.
const OUTSIDE: [EventType; 5] = [
    EventType::SupplierOrderRejected,
    EventType::SupplierOrderUnknown,
    EventType::SupplierOrderCancelled,
    EventType::PaymentFailed,
    EventType::WorkItemOpened,
];

/// Takes a forgotten customer out of their orders, as each of them ends.
#[derive(Debug, Serialize, Deserialize)]
pub struct EraseOrders {
    /// The customer.
    pub customer_id: CustomerId,
}

impl Job for EraseOrders {
    const KIND: &'static str = "orders.erase";

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("{}:{}", Self::KIND, self.customer_id))
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let app = &run.app;
        let Some(forgotten) = erasure::forgotten(app, self.customer_id).await? else { return Ok(Done::OK) };
        if let Some(email) = &forgotten.email {
            adopt_all(app, email, self.customer_id).await?;
        }
        let now = app.clock.now();
        loop {
            let query = unerased(self.customer_id).filter(ended(now)).order_by_asc(order::Column::Id).limit(BATCH);
            let ids: Vec<OrderId> =
                query.select_only().column(order::Column::Id).into_tuple().all(app.db.read()).await?;
            for &id in &ids {
                let tx = Tx::begin(app).await?;
                erase(&tx, id).await?;
                tx.commit().await?;
            }
            if ids.is_empty() {
                break;
            }
        }
        let left = unerased(self.customer_id).count(app.db.read()).await?;
        let settled = now - forgotten.at > jobs::scaled(app, UNDER_WAY.to_std().unwrap_or_default());
        Ok(if left == 0 && settled { Done::OK } else { Done::Again(AGAIN) })
    }
}

fn unerased(customer_id: CustomerId) -> sea_orm::Select<order::Entity> {
    let mine = order::Entity::find().filter(order::Column::CustomerId.eq(customer_id));
    mine.filter(order::Column::ErasedAt.is_null())
}

/// Whether nothing of an order will be sent any more.
fn ended(now: Timestamp) -> Condition {
    use FulfillmentStatus as S;
    let silent = Condition::all()
        .add(order::Column::FulfillmentStatus.is_in([S::Shipped, S::PartiallyDelivered]))
        .add(order::Column::UpdatedAt.lt(now - SILENCE));
    Condition::any().add(order::Column::FulfillmentStatus.is_in([S::Delivered, S::Cancelled])).add(silent)
}

/// How many orders of a customer are on their way.
pub async fn count_under_way(
    conn: &impl ConnectionTrait,
    customer_id: CustomerId,
    now: Timestamp,
) -> Result<u64, Fault> {
    Ok(unerased(customer_id).filter(ended(now).not()).count(conn).await?)
}

/// An order was placed for a customer who was forgotten while its payment ran.
pub(super) async fn after_placing(tx: &Tx, customer_id: CustomerId) -> Result<(), Fault> {
    let found = crate::identity::customers::lookup(tx, customer_id).await?;
    if found.is_some_and(|customer| customer.erased_at.is_some()) {
        jobs::enqueue(tx, &EraseOrders { customer_id }).await?;
    }
    Ok(())
}

/// Takes the person out of an order. Once is enough; again changes nothing.
async fn erase(tx: &Tx, id: OrderId) -> Result<(), Fault> {
    let Some(order) = super::lock(tx, id).await?.filter(|order| order.erased_at.is_none()) else { return Ok(()) };
    let lines = lines_of(tx, &[id]).await?;
    // Whoever holds the old token held it as the person who is forgotten.
    let token = random_token(&tx.app().ids, "ott_");
    let (shipping, billing) = (order.shipping_address.erased(), order.billing_address.erased());
    let search_text = search_text(order.number, &[], lines.iter().map(|it| (&it.title, &it.sku)));
    let mut row = order.into_active_model();
    row.email = Set(ERASED.to_owned());
    row.phone = Set(None);
    row.shipping_address = Set(shipping);
    row.billing_address = Set(billing);
    row.search_text = Set(search_text);
    row.token_hash = Set(hash_token(&token));
    row.token_sealed = Set(tx.app().sealer.seal(&token_context(id), &token));
    row.erased_at = Set(Some(tx.now()));
    row.update(tx).await?;
    payments::forget_words(tx, id).await?;
    workitems::forget_words(tx, id).await?;
    outbox::forget_words(tx, id, &OUTSIDE).await?;
    let message = "The person who placed the order is forgotten.";
    outbox::append(tx, NewEvent::of_order(id, EventType::OrderErased, Audience::Store, message)).await?;
    tracing::info!(order.id = %id, "order {id} lost its buyer");
    Ok(())
}
