//! What the owner decides about supplier orders: to send one, to give it to others.

use super::allowed::{self, SupplierOrderAction, Verdict};
use super::create;
use super::entity::{line, supplier_order};
use super::error::SupplierOrderProblem;
use super::replan::{hand_over, withdraw};
use super::trouble;
use super::work::{self, Work};
use crate::app::App;
use crate::identity::audit::Changes;
use crate::identity::{Action, Actor, audit};
use crate::kernel::ids::{SupplierId, SupplierOrderId};
use crate::kernel::problem::{Fault, VerbError};
use crate::platform::tx::Tx;
use crate::suppliers;

type Refused = VerbError<SupplierOrderProblem>;

/// The most suppliers that may be named to be left out, and the longest reason.
const MAX_AVOID: usize = 50;
const MAX_REASON: usize = 500;

/// Sends a supplier order that waits for the owner's word, or that could not be sent. A repeat answers
/// it as it is.
pub async fn submit(app: &App, actor: &Actor, id: SupplierOrderId) -> Result<supplier_order::Model, Refused> {
    let tx = Tx::begin(app).await?;
    let mut work = managed(&tx, actor, id).await?;
    match allowed::verdict(SupplierOrderAction::Submit, actor, &work.own, &work.lines) {
        Verdict::Do => {}
        Verdict::Done => return Ok(work.own),
        Verdict::Not(why) => return Err(wrong_state(why)),
    }
    let supplier = suppliers::lookup(&tx, work.own.supplier_id).await?;
    let supplier = supplier.ok_or_else(|| Fault::internal("a supplier order has no supplier"))?;
    create::release(&tx, &mut work, &supplier, "the owner sends it").await?;
    trouble::answered(&tx, id).await?;
    work.save(&tx).await?;
    audit::record(&tx, actor, "supplierOrder.submit", id, Changes::none()).await?;
    tx.commit().await?;
    Ok(work.own)
}

/// Gives a supplier order that its supplier does not have to others. Nothing changes unless others can
/// send all of it.
pub async fn reroute(
    app: &App,
    actor: &Actor,
    id: SupplierOrderId,
    reason: Option<String>,
    avoid: &[SupplierId],
) -> Result<(supplier_order::Model, Vec<supplier_order::Model>), Refused> {
    if avoid.len() > MAX_AVOID {
        let message = format!("at most {MAX_AVOID} suppliers");
        return Err(VerbError::refused(SupplierOrderProblem::Invalid, "input.avoidSupplierIds", message));
    }
    check_reason(reason.as_deref())?;
    let tx = Tx::begin(app).await?;
    let mut work = managed(&tx, actor, id).await?;
    if let Verdict::Not(why) = allowed::verdict(SupplierOrderAction::Reroute, actor, &work.own, &work.lines) {
        return Err(wrong_state(why));
    }
    if !work.is_out() {
        let reason = reason.unwrap_or_else(|| "the owner gives it to others".to_owned());
        withdraw(&tx, &mut work, &reason).await?;
    }
    let made = hand_over(&tx, &mut work, avoid).await?;
    let whole = work.lines.iter().map(line::Model::open).sum::<i64>() == 0;
    let Some(made) = made.filter(|_| whole) else {
        return Err(VerbError::refused(SupplierOrderProblem::NoSupplier, "id", "no other supplier can send all of it"));
    };
    audit::record(&tx, actor, "supplierOrder.reroute", id, Changes::none()).await?;
    tx.commit().await?;
    Ok((work.own, made.into_iter().map(|it| it.own).collect()))
}

/// Locks a supplier order for whoever manages them.
pub(super) async fn managed(tx: &Tx, actor: &Actor, id: SupplierOrderId) -> Result<Work, Refused> {
    actor.may(Action::ManageFulfillment)?;
    let message = "there is no such supplier order";
    let found = work::open(tx, id).await?;
    found.ok_or_else(|| VerbError::refused(SupplierOrderProblem::NotFound, "id", message))
}

pub(super) fn check_reason(reason: Option<&str>) -> Result<(), Refused> {
    if reason.is_some_and(|it| it.chars().count() > MAX_REASON) {
        let message = format!("at most {MAX_REASON} characters");
        return Err(VerbError::refused(SupplierOrderProblem::Invalid, "input.reason", message));
    }
    Ok(())
}

pub(super) fn wrong_state(message: &str) -> Refused {
    VerbError::refused(SupplierOrderProblem::WrongState, "id", message)
}
