//! What leaves and what arrives, as the room above tells it.

use super::entity::line;
use super::jobs::SettleOrderMoney;
use super::state::{RequestStatus, SupplierOrderStatus};
use super::work::Work;
use super::{answer, remote, trouble};
use crate::kernel::event::{Audience, EventType};
use crate::kernel::ids::SupplierOrderLineId;
use crate::kernel::problem::Fault;
use crate::orders::FulfillmentStatus;
use crate::platform::jobs;
use crate::platform::outbox::{self, NewEvent};
use crate::platform::tx::Tx;

/// Units of a line.
pub type Units = (SupplierOrderLineId, i64);

/// Units that cannot have left: the line is not part of it, or nobody said yes to so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAccepted {
    /// The place among the units, from 0.
    pub index: usize,
    /// How many could have.
    pub possible: i64,
}

/// Records that units left. A supplier that ships has accepted, whether we heard of it or not.
pub async fn record_shipped(tx: &Tx, work: &mut Work, units: &[Units]) -> Result<Result<(), NotAccepted>, Fault> {
    use SupplierOrderStatus as S;
    let possible = !matches!(work.own.status, S::Rejected | S::Cancelled) && work.is_out();
    for (index, (id, _)) in units.iter().enumerate() {
        let wanted: i64 = units.iter().filter(|(other, _)| other == id).map(|(_, quantity)| quantity).sum();
        let left = work.line(*id).map_or(0, |row| row.live() - row.shipped);
        if !possible || wanted > left {
            return Ok(Err(NotAccepted { index, possible: if possible { left } else { 0 } }));
        }
    }
    if work.own.acknowledged_at.is_none() {
        remote::received(tx, work).await?;
        answer::accept(tx, work, &[], None).await?;
    }
    for (id, quantity) in units {
        if let Some(row) = work.lines.iter_mut().find(|row| row.id == *id) {
            row.shipped += quantity;
        }
    }
    let moved = units.to_vec();
    work.record(tx, |row, fact| fact.shipped = count(&moved, row)).await?;
    restate(tx, work, "units left").await?;
    work.save(tx).await?;
    // From the first unit that left on, the money may be taken.
    jobs::enqueue(tx, &SettleOrderMoney { order_id: work.order.id }).await?;
    Ok(Ok(()))
}

/// Records that units that left arrived.
pub async fn record_delivered(tx: &Tx, work: &mut Work, units: &[Units]) -> Result<(), Fault> {
    let before = work.order.fulfillment_status;
    for row in &mut work.lines {
        row.delivered += count(units, row);
    }
    let moved = units.to_vec();
    work.record(tx, |row, fact| fact.delivered = count(&moved, row)).await?;
    restate(tx, work, "units arrived").await?;
    work.save(tx).await?;
    if work.order.fulfillment_status == FulfillmentStatus::Delivered && before != FulfillmentStatus::Delivered {
        tell_delivered(tx, work).await?;
    }
    Ok(())
}

fn count(units: &[Units], row: &line::Model) -> i64 {
    units.iter().filter(|(id, _)| *id == row.id).map(|(_, quantity)| quantity).sum()
}

async fn tell_delivered(tx: &Tx, work: &Work) -> Result<(), Fault> {
    let message = "Everything you ordered has arrived.";
    let event = NewEvent::of_order(work.order.id, EventType::OrderDelivered, Audience::Customer, message);
    outbox::append(tx, event).await?;
    Ok(())
}

/// Takes the step that the units' facts amount to.
pub(super) async fn restate(tx: &Tx, work: &mut Work, reason: &str) -> Result<(), Fault> {
    use SupplierOrderStatus as S;
    let sum = |count: fn(&line::Model) -> i64| work.lines.iter().map(count).sum::<i64>();
    let (live, shipped, delivered) = (sum(line::Model::live), sum(|it| it.shipped), sum(|it| it.delivered));
    let to = match () {
        () if live == 0 || shipped == 0 => return Ok(()),
        () if delivered >= live => S::Delivered,
        () if shipped >= live => S::Shipped,
        () => S::PartiallyShipped,
    };
    let all_left = shipped >= live;
    if work.own.status == S::CancelRequested {
        if !all_left {
            return Ok(());
        }
        work.own.request_status = RequestStatus::CancelRejected;
    }
    let refuses = work.own.status == S::CancelRequested;
    if work.own.status.may_become(to) {
        work.step(tx, to, reason).await?;
    }
    if all_left {
        trouble::ended(tx, work.own.id).await?;
    }
    if refuses {
        // Shipping all of it is a no to whoever wanted it cancelled.
        super::cancel::tell_declined(tx, work).await?;
    }
    Ok(())
}
