//! Giving units to a supplier by name: all of a supplier order, or some of it.

use std::collections::HashSet;

use super::allowed::{self, SupplierOrderAction, Verdict};
use super::entity::{line, supplier_order};
use super::error::SupplierOrderProblem::{self, Invalid, NoSupplier, NotFound};
use super::manage::{check_reason, managed, wrong_state};
use super::recall::{check_target, take_back};
use super::replan::hand_to;
use super::ship::Units;
use super::work::Work;
use crate::app::App;
use crate::identity::audit::Changes;
use crate::identity::{Actor, audit};
use crate::kernel::ids::{SupplierId, SupplierOrderId};
use crate::kernel::problem::VerbError;
use crate::platform::tx::Tx;

type Refused = VerbError<SupplierOrderProblem>;

/// Where units are to go.
#[derive(Debug, Clone)]
pub struct Relocation {
    /// The supplier that shall send them.
    pub supplier_id: SupplierId,
    /// How many of which line; all of them without.
    pub lines: Option<Vec<Units>>,
    /// Why.
    pub reason: Option<String>,
}

/// Gives units that their supplier does not have, has not accepted at the portal, or will not send, to
/// another supplier. Nothing changes unless that one can send all of them.
///
/// # Errors
/// If its supplier may work on them, or the other one cannot send them.
pub async fn relocate(
    app: &App,
    actor: &Actor,
    id: SupplierOrderId,
    input: Relocation,
) -> Result<(supplier_order::Model, Vec<supplier_order::Model>), Refused> {
    check_reason(input.reason.as_deref())?;
    let tx = Tx::begin(app).await?;
    let mut work = managed(&tx, actor, id).await?;
    // A move that was made answers a repeat with an error: what it asks for is gone.
    if let Verdict::Not(why) = allowed::verdict(SupplierOrderAction::Move, actor, &work.own, &work.lines) {
        return Err(wrong_state(why));
    }
    check_target(&tx, &work, input.supplier_id).await?;
    if !work.is_out() || work.own.is_unanswered_at_portal() {
        let units = read_units(&work, input.lines.as_deref())?;
        let reason = input.reason.unwrap_or_else(|| "the owner gives it to another".to_owned());
        take_back(&tx, &mut work, &units, &reason).await?;
    } else if input.lines.is_some() {
        let message = "the units that wait go together: leave the lines out";
        return Err(VerbError::refused(Invalid, "input.lines", message));
    }
    let made = hand_to(&tx, &mut work, input.supplier_id).await?;
    let whole = work.lines.iter().map(line::Model::open).sum::<i64>() == 0;
    let Some(made) = made.filter(|_| whole) else {
        let message = "this supplier cannot send all of it";
        return Err(VerbError::refused(NoSupplier, "input.supplierId", message));
    };
    let given = Changes::none().given("to", input.supplier_id.to_string());
    audit::record(&tx, actor, "supplierOrder.move", id, given).await?;
    tx.commit().await?;
    Ok((work.own, made.into_iter().map(|it| it.own).collect()))
}

fn read_units(work: &Work, lines: Option<&[Units]>) -> Result<Vec<Units>, Refused> {
    let Some(named) = lines else {
        return Ok(work.lines.iter().map(|row| (row.id, row.live())).filter(|(_, units)| *units > 0).collect());
    };
    if named.is_empty() {
        return Err(VerbError::refused(Invalid, "input.lines", "name a line, or leave the lines out"));
    }
    let mut seen = HashSet::new();
    for (index, (id, quantity)) in named.iter().enumerate() {
        let at = |field: &str| format!("input.lines.{index}.{field}");
        let row = work.line(*id);
        let row = row.ok_or_else(|| VerbError::refused(NotFound, &at("id"), "this order has no such line"))?;
        if !seen.insert(*id) {
            return Err(VerbError::refused(Invalid, &at("id"), "the line is named twice"));
        }
        if !(1..=row.live()).contains(quantity) {
            let message = format!("between 1 and {} can be given to another", row.live());
            return Err(VerbError::refused(Invalid, &at("quantity"), message));
        }
    }
    Ok(named.to_vec())
}
