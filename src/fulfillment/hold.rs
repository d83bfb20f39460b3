//! Holding back, and going on.
//!
//! The store holds what was not sent: the supplier order is `ON_HOLD`, nothing sends it, and its deadlines
//! stand still until it is released, to where it was. A supplier says of what it has that it does not go
//! on for now: that is a mark with a reason, no step, since the units stay with it; the customer waits all
//! the same, so its deadlines run on. Either is in the exceptions queue while it lasts, and the next step
//! of any kind ends it.
//!
//! Sending and holding take the same lock: what was sent first cannot be held any more, and what was held
//! first is not sent.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::allowed::{self, SupplierOrderAction, Verdict};
use super::entity::{supplier_order, transition};
use super::error::SupplierOrderProblem;
use super::jobs::ForwardSupplierOrder;
use super::portal::{check_text, not_found, open_for, wrong_state};
use super::state::SupplierOrderStatus as S;
use super::trouble;
use super::work::Work;
use crate::app::App;
use crate::identity::audit::Changes;
use crate::identity::{Actor, audit};
use crate::kernel::event::EventType;
use crate::kernel::ids::SupplierOrderId;
use crate::kernel::problem::{Fault, VerbError};
use crate::platform::jobs;
use crate::platform::tx::Tx;

type Refused = VerbError<SupplierOrderProblem>;

/// Holds a supplier order back. A repeat answers it as it is.
///
/// # Errors
/// If it is nobody's to hold where it stands, or the reason is empty or too long.
pub async fn hold(
    app: &App,
    actor: &Actor,
    id: SupplierOrderId,
    reason: &str,
) -> Result<supplier_order::Model, Refused> {
    check_text(Some(reason), "input.reason")?;
    if reason.trim().is_empty() {
        return Err(VerbError::refused(SupplierOrderProblem::Invalid, "input.reason", "say why it is held"));
    }
    let tx = Tx::begin(app).await?;
    let mut work = open_for(&tx, actor, id).await?.ok_or_else(not_found)?;
    match allowed::verdict(SupplierOrderAction::Hold, actor, &work.own, &work.lines) {
        Verdict::Do => {}
        Verdict::Done => return Ok(work.own),
        Verdict::Not(why) => return Err(wrong_state(why)),
    }
    if work.is_out() {
        trouble::supplier_holds(&tx, &work, reason).await?;
    } else {
        work.step(&tx, S::OnHold, reason).await?;
        trouble::on_hold(&tx, &work).await?;
    }
    work.own.held_at = Some(tx.now());
    work.own.hold_reason = Some(reason.to_owned());
    work.save(&tx).await?;
    work.tell_store(&tx, EventType::SupplierOrderHeld, "A supplier order is held back.").await?;
    audit::record(&tx, actor, "supplierOrder.hold", id, Changes::none()).await?;
    tx.commit().await?;
    Ok(work.own)
}

/// Goes on with a supplier order that was held: to where it was. A repeat answers it as it is.
///
/// # Errors
/// If somebody else holds it.
pub async fn release(app: &App, actor: &Actor, id: SupplierOrderId) -> Result<supplier_order::Model, Refused> {
    let tx = Tx::begin(app).await?;
    let mut work = open_for(&tx, actor, id).await?.ok_or_else(not_found)?;
    match allowed::verdict(SupplierOrderAction::Release, actor, &work.own, &work.lines) {
        Verdict::Do => {}
        Verdict::Done => return Ok(work.own),
        Verdict::Not(why) => return Err(wrong_state(why)),
    }
    if work.own.status == S::OnHold {
        go_back(&tx, &mut work).await?;
    } else {
        work.end_hold(&tx).await?;
    }
    work.save(&tx).await?;
    work.tell_store(&tx, EventType::SupplierOrderReleased, "A supplier order goes on.").await?;
    audit::record(&tx, actor, "supplierOrder.release", id, Changes::none()).await?;
    tx.commit().await?;
    Ok(work.own)
}

/// To the queue if it was in it, else to where it waits for the owner's word.
async fn go_back(tx: &Tx, work: &mut Work) -> Result<(), Fault> {
    let last = transition::Entity::find()
        .filter(transition::Column::SupplierOrderId.eq(work.own.id))
        .filter(transition::Column::Seq.eq(work.own.steps));
    let from = last.one(tx).await?.map(|step| step.from_status);
    if from != Some(S::Queued) {
        return work.step(tx, S::Routed, "it is held no longer").await;
    }
    work.step(tx, S::Queued, "it is held no longer").await?;
    jobs::enqueue(tx, &ForwardSupplierOrder { id: work.own.id }).await?;
    Ok(())
}
