//! A parcel that does not arrive: its customer's money goes back when a person says so.

use std::time::Duration;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::entity::line;
use super::queries;
use crate::kernel::ids::ShipmentId;
use crate::kernel::problem::Fault;
use crate::orders;
use crate::payments::{self, RefundLine};
use crate::platform::jobs::{Done, Job, JobError, JobRun, NewJob};
use crate::platform::outbox;
use crate::platform::tx::Tx;

/// The kind of items about a parcel in trouble.
pub(super) const SHIPMENT_EXCEPTION: &str = "SHIPMENT_EXCEPTION";
/// The action that gives back what the customer paid for what is in the parcel.
pub(super) const REFUND_PARCEL: &str = "REFUND_PARCEL";

/// How often it is looked whether money that is to go back was taken.
const UNTIL_TAKEN: Duration = Duration::from_secs(600);

/// The job that follows when a person chose to give the money for a parcel back.
pub fn after_work_item(event: &outbox::entity::Model) -> Result<Vec<NewJob>, Fault> {
    let text = |name: &str| event.data.get(name).and_then(Value::as_str);
    if text("type") != Some(SHIPMENT_EXCEPTION) || text("action") != Some(REFUND_PARCEL) {
        return Ok(vec![]);
    }
    let Some(id) = text("subject").and_then(|id| id.parse().ok()) else { return Ok(vec![]) };
    Ok(vec![NewJob::now(&RefundParcel { id })?])
}

/// Gives back what the customer paid for the units in a parcel that were not refunded yet, once; not more
/// than is left of what was charged. Shipping stays paid, since the order's other parcels were sent for it too.
#[derive(Debug, Serialize, Deserialize)]
pub struct RefundParcel {
    /// The parcel.
    pub id: ShipmentId,
}

impl Job for RefundParcel {
    const KIND: &'static str = "shipments.refund_parcel";

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let tx = Tx::begin(&run.app).await?;
        let Some(shipment) = queries::lookup(&tx, self.id).await? else { return Ok(Done::OK) };
        let order = orders::lock(&tx, shipment.order_id).await?.ok_or(Fault::NotFound)?;
        let totals = payments::totals(&tx, order.id).await?;
        if totals.pending_captured.minor() > 0 {
            return Err(JobError::retry("the money is still being taken"));
        }
        if totals.captured.minor() == 0 && totals.capturable().minor() > 0 {
            // The capture was refused or is yet to come; when it is done, this goes back.
            return Ok(Done::Again(UNTIL_TAKEN));
        }
        let units = units_in(&tx, self.id, &order).await?;
        let key = format!("parcel:{}", self.id);
        if payments::refund_units(&tx, order.id, units, "a parcel did not arrive", &key).await?.is_none() {
            tracing::info!(shipment.id = %self.id, "nothing of parcel {} is left to refund", self.id);
        }
        tx.commit().await?;
        Ok(Done::OK)
    }
}

/// The units in the parcel, with what the customer paid for each unit of their lines.
async fn units_in(tx: &Tx, id: ShipmentId, order: &orders::order::Model) -> Result<Vec<RefundLine>, Fault> {
    let rows = line::Entity::find().filter(line::Column::ShipmentId.eq(id)).all(tx).await?;
    let mut found = vec![];
    for own in orders::lines_of(tx, &[order.id]).await? {
        let units: i64 = rows.iter().filter(|row| row.order_line_id == own.id).map(|row| row.quantity).sum();
        let count = |units: i64| usize::try_from(units).map_err(|_| Fault::internal("units of less than nothing"));
        let (quantity, all) = (count(units)?, count(own.quantity)?);
        let mut units = order.money(own.total).allocate(&vec![1; all]);
        // What is paid for cancelled units goes back by itself.
        units.truncate(count(own.live())?);
        found.push(RefundLine { order_line_id: own.id, quantity, units });
    }
    Ok(found)
}
