//! Which events of other rooms start work here.

use super::costs::{ACCEPT_COSTS, COST_CHANGE_HELD, DecideHeldCosts, KEEP_COSTS};
use super::{ApplySupplierTerms, DecideHeldReport, PollStock};
use crate::kernel::ids::SupplierId;
use crate::kernel::problem::Fault;
use crate::platform::jobs::NewJob;
use crate::platform::outbox;

/// A supplier's record changed: its offers follow, and its stock is fetched (again, once they did).
pub fn after_supplier_changed(event: &outbox::entity::Model) -> Result<Vec<NewJob>, Fault> {
    let Some(supplier_id) = supplier_in(event, "supplierId") else { return Ok(vec![]) };
    Ok(vec![NewJob::now(&ApplySupplierTerms { supplier_id })?, NewJob::without_waiting(&PollStock { supplier_id })?])
}

/// The owner decided about a report or costs that were held back.
pub fn after_work_item(event: &outbox::entity::Model) -> Result<Vec<NewJob>, Fault> {
    let text = |name: &str| event.data.get(name).and_then(serde_json::Value::as_str);
    if text("type") == Some(COST_CHANGE_HELD) {
        return decide_costs(event);
    }
    if text("type") != Some("STOCK_REPORT_HELD") {
        return Ok(vec![]);
    }
    let approved = match text("action") {
        Some("APPROVE") => true,
        Some("DISMISS") => false,
        // Closed because a newer report took its place.
        _ => return Ok(vec![]),
    };
    let Some(supplier_id) = supplier_in(event, "subject") else { return Ok(vec![]) };
    let decided_at = Some(event.occurred_at);
    Ok(vec![NewJob::now(&DecideHeldReport { supplier_id, approved, decided_at })?])
}

fn decide_costs(event: &outbox::entity::Model) -> Result<Vec<NewJob>, Fault> {
    let accepted = match event.data.get("action").and_then(serde_json::Value::as_str) {
        Some(ACCEPT_COSTS) => true,
        Some(KEEP_COSTS) => false,
        // Closed because later costs were believed.
        _ => return Ok(vec![]),
    };
    let Some(supplier_id) = supplier_in(event, "subject") else { return Ok(vec![]) };
    Ok(vec![NewJob::now(&DecideHeldCosts { supplier_id, accepted })?])
}

fn supplier_in(event: &outbox::entity::Model, name: &str) -> Option<SupplierId> {
    event.data.get(name)?.as_str()?.parse().ok()
}
