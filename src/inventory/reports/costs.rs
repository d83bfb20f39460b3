//! Costs that come with a stock report: a jump is more often a slip of the pen than a price.

use std::time::Duration;

use super::publish::News;
use crate::inventory::offer;
use crate::kernel::money::Money;
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;
use crate::workitems::{self, NewWorkItem, Severity};

/// A cost that grows or shrinks by more than this factor is not believed.
const MAX_JUMP: i128 = 4;
/// How many SKUs the message names.
const NAMED: usize = 10;

/// What a report's cost means for an offer.
pub(super) enum CostNews {
    /// It stays.
    Same,
    /// It is now so many minor units.
    Changed(i64),
    /// It is not believed, and stays.
    Doubtful,
}

/// Judges a reported cost.
pub(super) fn judge(offer: &offer::Model, reported: Option<Money>) -> CostNews {
    let Some(cost) = reported else { return CostNews::Same };
    if cost.is_negative() || cost.currency().code() != offer.cost_currency {
        return CostNews::Doubtful;
    }
    let (known, new) = (i128::from(offer.cost_minor), i128::from(cost.minor()));
    if new == known {
        return CostNews::Same;
    }
    if known > 0 && (new > known * MAX_JUMP || new * MAX_JUMP < known) {
        return CostNews::Doubtful;
    }
    CostNews::Changed(cost.minor())
}

/// Shows the owner the costs that were not believed.
pub(super) async fn question(tx: &Tx, news: &News<'_>, skus: &[String]) -> Result<(), Fault> {
    if skus.is_empty() {
        return Ok(());
    }
    let named: Vec<&str> = skus.iter().take(NAMED).map(String::as_str).collect();
    let message = format!(
        "{} reports costs that cannot be right for {} items and were not taken over: {}.",
        news.supplier.name,
        skus.len(),
        named.join(", "),
    );
    let item = NewWorkItem {
        kind: "COST_CHANGE_HELD",
        severity: Severity::High,
        subject: news.supplier.id.to_string(),
        order_id: None,
        supplier_order_id: None,
        message,
        actions: vec!["MARK_HANDLED".to_owned()],
        due_in: Some(Duration::from_secs(24 * 3600)),
        dedupe_key: format!("cost_change_held:{}", news.supplier.id),
    };
    workitems::open(tx, item).await.map(drop)
}
