//! What a supplier without a platform of its own answers through the schema. A repeat answers the
//! supplier order as it is.

use std::collections::HashSet;

use super::allowed::{self, SupplierOrderAction, Verdict};
use super::answer::{self, LineAnswer};
use super::cancel;
use super::entity::supplier_order;
use super::error::SupplierOrderProblem::{self, Invalid};
use super::remote;
use super::state::RequestStatus;
use super::work::{self, Work};
use crate::app::App;
use crate::identity::audit::Changes;
use crate::identity::{Action, Actor, audit};
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{SupplierOrderId, SupplierOrderLineId};
use crate::kernel::problem::{Fault, VerbError};
use crate::platform::tx::Tx;
use crate::suppliers::SupplierRejection;

type Refused = VerbError<SupplierOrderProblem>;

/// The longest text a supplier may send along.
const MAX_TEXT: usize = 500;

/// A yes.
#[derive(Debug, Clone, Default)]
pub struct Acceptance {
    /// What the supplier calls the order.
    pub supplier_reference: Option<String>,
    /// When it means to ship.
    pub estimated_ship_at: Option<Timestamp>,
    /// How many of which line; all of everything without. Lines left out are refused.
    pub lines: Option<Vec<(SupplierOrderLineId, i64)>>,
}

/// Locks a supplier order that `actor` may work on.
pub async fn open_for(tx: &Tx, actor: &Actor, id: SupplierOrderId) -> Result<Option<Work>, Fault> {
    actor.may(Action::WorkSupplierOrder)?;
    let Some(work) = work::open(tx, id).await? else { return Ok(None) };
    let unasked = !work.is_out() && actor.is_supplier();
    match actor.may_on(Action::WorkSupplierOrder, &work.own) {
        Ok(()) if !unasked => Ok(Some(work)),
        Ok(()) | Err(Fault::NotFound) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Accepts a supplier order, or a part of it.
pub async fn accept(
    app: &App,
    actor: &Actor,
    id: SupplierOrderId,
    input: Acceptance,
) -> Result<supplier_order::Model, Refused> {
    check_text(input.supplier_reference.as_deref(), "input.supplierReference")?;
    let tx = Tx::begin(app).await?;
    let mut work = open_for(&tx, actor, id).await?.ok_or_else(not_found)?;
    match allowed::verdict(SupplierOrderAction::Accept, actor, &work.own, &work.lines) {
        Verdict::Do => {}
        Verdict::Done => return Ok(work.own),
        Verdict::Not(why) => return Err(wrong_state(why)),
    }
    let answers = read_lines(&work, input.lines.as_deref())?;
    if answers.iter().all(|it| it.accepted == 0) {
        return Err(VerbError::refused(Invalid, "input.lines", "to accept nothing is to reject the order"));
    }
    work.own.supplier_reference = input.supplier_reference;
    // Whoever says yes has it: a cancellation that waited for that is passed on now.
    remote::received(&tx, &mut work).await?;
    answer::accept(&tx, &mut work, &answers, input.estimated_ship_at).await?;
    let accepted: i64 = answers.iter().map(|it| it.accepted).sum();
    audit::record(&tx, actor, "supplierOrder.accept", id, Changes::none().given("units", accepted)).await?;
    tx.commit().await?;
    Ok(work.own)
}

/// Refuses a supplier order.
pub async fn reject(
    app: &App,
    actor: &Actor,
    id: SupplierOrderId,
    code: SupplierRejection,
    message: Option<String>,
) -> Result<supplier_order::Model, Refused> {
    check_text(message.as_deref(), "input.message")?;
    let tx = Tx::begin(app).await?;
    let mut work = open_for(&tx, actor, id).await?.ok_or_else(not_found)?;
    match allowed::verdict(SupplierOrderAction::Reject, actor, &work.own, &work.lines) {
        Verdict::Do => {}
        Verdict::Done => return Ok(work.own),
        Verdict::Not(why) => return Err(wrong_state(why)),
    }
    let message = message.unwrap_or_else(|| "the supplier gave no reason".to_owned());
    answer::reject(&tx, &mut work, code, &message).await?;
    audit::record(&tx, actor, "supplierOrder.reject", id, Changes::none()).await?;
    tx.commit().await?;
    Ok(work.own)
}

/// Answers a cancellation that was asked for.
pub async fn cancel_answer(
    app: &App,
    actor: &Actor,
    id: SupplierOrderId,
    accepted: bool,
    reason: Option<String>,
) -> Result<supplier_order::Model, Refused> {
    check_text(reason.as_deref(), "input.reason")?;
    let tx = Tx::begin(app).await?;
    let mut work = open_for(&tx, actor, id).await?.ok_or_else(not_found)?;
    let answered = if accepted { RequestStatus::CancelAccepted } else { RequestStatus::CancelRejected };
    if let Verdict::Not(why) = allowed::verdict(SupplierOrderAction::AnswerCancel, actor, &work.own, &work.lines) {
        return if work.own.request_status == answered { Ok(work.own) } else { Err(wrong_state(why)) };
    }
    if accepted {
        cancel::agreed(&tx, &mut work).await?;
    } else {
        let reason = reason.unwrap_or_else(|| "the supplier says it is too late".to_owned());
        cancel::declined(&tx, &mut work, &reason).await?;
    }
    let given = Changes::none().given("agreed", accepted);
    audit::record(&tx, actor, "supplierOrder.cancelAnswer", id, given).await?;
    tx.commit().await?;
    Ok(work.own)
}

fn read_lines(work: &Work, lines: Option<&[(SupplierOrderLineId, i64)]>) -> Result<Vec<LineAnswer>, Refused> {
    let answer = |id, accepted| LineAnswer { id, accepted, unit_cost: None, reason: None };
    let Some(named) = lines else {
        return Ok(work.lines.iter().map(|row| answer(row.id, row.live())).collect());
    };
    let mut seen = HashSet::new();
    for (index, (id, quantity)) in named.iter().enumerate() {
        let at = |field: &str| format!("input.lines.{index}.{field}");
        let row = work.line(*id);
        let row = row.ok_or_else(|| {
            VerbError::refused(SupplierOrderProblem::NotFound, &at("id"), "this order has no such line")
        })?;
        if !seen.insert(*id) {
            return Err(VerbError::refused(Invalid, &at("id"), "the line is named twice"));
        }
        if !(0..=row.live()).contains(quantity) {
            let message = format!("between 0 and {} can be accepted", row.live());
            return Err(VerbError::refused(Invalid, &at("quantity"), message));
        }
    }
    let count = |id| named.iter().find(|(named, _)| *named == id).map_or(0, |(_, quantity)| *quantity);
    Ok(work.lines.iter().map(|row| answer(row.id, count(row.id))).collect())
}

pub(super) fn check_text(text: Option<&str>, field: &str) -> Result<(), Refused> {
    if text.is_some_and(|it| it.chars().count() > MAX_TEXT) {
        let message = format!("at most {MAX_TEXT} characters");
        return Err(VerbError::refused(Invalid, field, message));
    }
    Ok(())
}

pub(super) fn not_found() -> Refused {
    VerbError::refused(SupplierOrderProblem::NotFound, "id", "there is no such supplier order")
}

pub(super) fn wrong_state(message: &str) -> Refused {
    VerbError::refused(SupplierOrderProblem::WrongState, "id", message)
}
