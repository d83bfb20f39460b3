//! Which supplier orders to look at: stuck between two steps, or past a deadline.

use chrono::TimeDelta;
use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::entity::supplier_order::{Column, Entity};
use super::state::SupplierOrderStatus as S;
use super::trouble::{self, CANCEL_AND_REFUND, MARK_HANDLED, REROUTE};
use super::work::Work;
use crate::app::App;
use crate::kernel::ids::SupplierOrderId;
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;
use crate::workitems::{self, Severity};

/// What moves by itself has moved by then; a job was lost.
const STUCK_AFTER: TimeDelta = TimeDelta::seconds(60);
/// How many are looked at in one pass.
const BATCH: u64 = 200;

/// No answer yet.
const UNANSWERED: [S; 5] = [S::Routed, S::Queued, S::Submitting, S::Unknown, S::Submitted];
/// Answered, not all shipped yet.
const UNSHIPPED: [S; 3] = [S::Acknowledged, S::InProduction, S::PartiallyShipped];
/// States that something is at work to leave.
const TRANSIENT: [S; 4] = [S::Queued, S::Submitting, S::Unknown, S::CancelRequested];

/// Supplier orders worth a look.
pub(super) async fn suspects(app: &App) -> Result<Vec<SupplierOrderId>, Fault> {
    let now = app.clock.now();
    let stuck = Condition::all().add(Column::Status.is_in(TRANSIENT)).add(Column::UpdatedAt.lt(now - STUCK_AFTER));
    let unanswered = Condition::all().add(Column::Status.is_in(UNANSWERED)).add(Column::AcceptBy.lt(now));
    let unshipped = Condition::all().add(Column::Status.is_in(UNSHIPPED)).add(Column::ShipBy.lt(now));
    let mut all = Vec::new();
    // Apart, so that many that are overdue do not hide one that is stuck.
    for (which, column) in [(stuck, Column::UpdatedAt), (unanswered, Column::AcceptBy), (unshipped, Column::ShipBy)] {
        // The latest to pass its deadline first: those before it are work items already.
        let query = Entity::find().filter(which).order_by_desc(column).limit(BATCH);
        all.extend(query.all(app.db.read()).await?.into_iter().map(|row| row.id));
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// Tells the owner of a deadline that passed.
pub(super) async fn check_deadlines(tx: &Tx, work: &mut Work) -> Result<(), Fault> {
    let (status, number) = (work.own.status, work.order.number);
    if UNANSWERED.contains(&status) && work.own.accept_by < tx.now() {
        let message = format!("A supplier has not answered its part of order {number} in time.");
        let actions: &[&str] = if work.is_out() {
            &[CANCEL_AND_REFUND, MARK_HANDLED, workitems::WAIT]
        } else {
            &[REROUTE, CANCEL_AND_REFUND, MARK_HANDLED, workitems::WAIT]
        };
        trouble::open(tx, work, trouble::ACCEPTANCE_OVERDUE, Severity::High, message, actions).await?;
    }
    if UNSHIPPED.contains(&status) && work.own.ship_by < tx.now() {
        let message = format!("A supplier has not shipped its part of order {number} in time.");
        let actions = [CANCEL_AND_REFUND, MARK_HANDLED, workitems::WAIT];
        trouble::open(tx, work, trouble::SHIPMENT_OVERDUE, Severity::High, message, &actions).await?;
    }
    Ok(())
}
