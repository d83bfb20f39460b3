//! What may be done with a supplier order where it stands: one table, which the verbs go by and which
//! `allowedActions` shows, so that the two cannot disagree.

use sea_orm::{EnumIter, Iterable};

use super::entity::{line, supplier_order};
use super::state::{RequestStatus, SupplierOrderStatus as S};
use crate::identity::{Action, Actor};

/// Something that can be done with a supplier order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter)]
pub enum SupplierOrderAction {
    /// Send it to its supplier.
    Submit,
    /// Hold it back.
    Hold,
    /// Go on with it.
    Release,
    /// Give all of it to whoever can send it.
    Reroute,
    /// Give all or a part of it to a supplier by name.
    Move,
    /// Ask its supplier to give it back, for others to send.
    Recall,
    /// Say yes, to all or a part.
    Accept,
    /// Say no.
    Reject,
    /// Answer a cancellation that was asked for.
    AnswerCancel,
    /// Tell of a parcel that left.
    Ship,
}

/// On whose side somebody acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Store,
    Supplier,
}

/// What becomes of a verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is done.
    Do,
    /// It is so already; a repeat has no effect and is no error.
    Done,
    /// It is refused, and why.
    Not(&'static str),
}

use Verdict::{Do, Done, Not};

const ITS_SUPPLIER_HAS_IT: Verdict = Not("its supplier may have it; it can only be asked to give it back");
const ENDED: Verdict = Not("nothing more can be done with it");

/// What `actor`, who may see the supplier order, can do with it now.
pub fn allowed(actor: &Actor, own: &supplier_order::Model, lines: &[line::Model]) -> Vec<SupplierOrderAction> {
    let may = |action: &SupplierOrderAction| actor.may_on(action.right(), own).is_ok();
    let all = SupplierOrderAction::iter().filter(may);
    all.filter(|&action| verdict(action, actor, own, lines) == Do).collect()
}

/// Whether a parcel of it may leave.
pub fn may_ship(own: &supplier_order::Model, lines: &[line::Model]) -> bool {
    ship(own, lines) == Do
}

/// What becomes of `action` when `actor`, who may do such things, asks for it.
pub(super) fn verdict(
    action: SupplierOrderAction,
    actor: &Actor,
    own: &supplier_order::Model,
    lines: &[line::Model],
) -> Verdict {
    let side = if actor.is_supplier() { Side::Supplier } else { Side::Store };
    match action {
        SupplierOrderAction::Submit => submit(own),
        SupplierOrderAction::Hold => hold(own, side),
        SupplierOrderAction::Release => release(own, side),
        SupplierOrderAction::Reroute => reroute(own, lines),
        SupplierOrderAction::Move => relocate(own, lines),
        SupplierOrderAction::Recall => recall(own),
        SupplierOrderAction::Accept => accept(own),
        SupplierOrderAction::Reject => reject(own),
        SupplierOrderAction::AnswerCancel if own.status == S::CancelRequested => Do,
        SupplierOrderAction::AnswerCancel => Not("no cancellation waits for an answer"),
        SupplierOrderAction::Ship => ship(own, lines),
    }
}

impl SupplierOrderAction {
    /// The right that its verb asks for.
    fn right(self) -> Action {
        match self {
            Self::Submit | Self::Reroute | Self::Move | Self::Recall => Action::ManageFulfillment,
            Self::Hold | Self::Release | Self::Accept | Self::Reject | Self::AnswerCancel | Self::Ship => {
                Action::WorkSupplierOrder
            }
        }
    }
}

fn submit(own: &supplier_order::Model) -> Verdict {
    match own.status {
        S::Routed | S::OnHold | S::Failed => Do,
        S::Rejected | S::Cancelled => Not("it was rejected or cancelled"),
        _ => Done,
    }
}

/// The store holds what was not sent; a supplier says of what it has that it does not go on.
fn hold(own: &supplier_order::Model, side: Side) -> Verdict {
    match (own.status, side) {
        (S::OnHold, Side::Store) => Done,
        (S::Routed | S::Queued, Side::Store) => Do,
        (S::Submitted | S::Acknowledged | S::InProduction | S::PartiallyShipped, Side::Supplier) => {
            if own.held_at.is_some() { Done } else { Do }
        }
        (S::CancelRequested, Side::Supplier) => Not("answer the cancellation first"),
        (S::Shipped | S::Delivered | S::Rejected | S::Cancelled, _) => ENDED,
        (S::Failed, Side::Store) => Not("it is not being sent"),
        (_, Side::Store) => ITS_SUPPLIER_HAS_IT,
        (_, Side::Supplier) => Not("it was not sent yet"),
    }
}

fn release(own: &supplier_order::Model, side: Side) -> Verdict {
    match (own.held_at.is_some(), own.status == S::OnHold, side) {
        (true, true, Side::Store) | (true, false, Side::Supplier) => Do,
        (true, false, Side::Store) => Not("its supplier holds it"),
        _ => Done,
    }
}

fn reroute(own: &supplier_order::Model, lines: &[line::Model]) -> Verdict {
    match own.status {
        S::Draft | S::Routed | S::OnHold | S::Queued | S::Failed => Do,
        S::Rejected | S::Cancelled | S::Acknowledged | S::InProduction if has_open(lines) => Do,
        S::Rejected | S::Cancelled => Not("none of its units waits for a supplier"),
        _ => Not("its supplier may have it; cancel it first"),
    }
}

fn relocate(own: &supplier_order::Model, lines: &[line::Model]) -> Verdict {
    match reroute(own, lines) {
        Not(_) if own.is_unanswered_at_portal() => Do,
        Not(_) if matches!(own.status, S::Shipped | S::Delivered) => ENDED,
        Not(_) if !own.status.is_final() => ITS_SUPPLIER_HAS_IT,
        other => other,
    }
}

fn recall(own: &supplier_order::Model) -> Verdict {
    match own.status {
        S::CancelRequested if own.recalled_at.is_some() => Done,
        S::CancelRequested => Not("its cancellation was asked for already"),
        // Asked to cancel while it was on its way; that is passed on by itself.
        _ if own.cancel_requested_at.is_some() && own.request_status != RequestStatus::CancelRejected => {
            Not("its cancellation was asked for already")
        }
        S::Submitted | S::Acknowledged | S::InProduction | S::PartiallyShipped => Do,
        S::Submitting | S::Unknown => Not("whether its supplier has it is not known yet"),
        S::Shipped | S::Delivered | S::Rejected | S::Cancelled => ENDED,
        S::Draft | S::Routed | S::OnHold | S::Queued | S::Failed => Not("its supplier does not have it"),
    }
}

fn accept(own: &supplier_order::Model) -> Verdict {
    match (own.request_status, own.status) {
        (RequestStatus::Accepted | RequestStatus::PartiallyAccepted, _) => Done,
        (_, S::Submitted | S::Unknown) => Do,
        _ => Not("this order does not wait for an answer"),
    }
}

fn reject(own: &supplier_order::Model) -> Verdict {
    match own.status {
        S::Rejected => Done,
        S::Submitted | S::Unknown | S::Acknowledged | S::InProduction => Do,
        S::CancelRequested => Not("answer the cancellation first"),
        _ => Not("this order cannot be rejected any more"),
    }
}

fn ship(own: &supplier_order::Model, lines: &[line::Model]) -> Verdict {
    let open = matches!(own.status, S::Acknowledged | S::InProduction | S::PartiallyShipped | S::CancelRequested);
    let left = lines.iter().any(|row| row.live() > row.shipped);
    if own.acknowledged_at.is_some() && open && left {
        return Do;
    }
    Not("this order was not accepted, or nothing of it is left to ship")
}

fn has_open(lines: &[line::Model]) -> bool {
    lines.iter().any(|it| it.open() > 0)
}
