//! Costs that come with a stock report: a jump is more often a slip of the pen than a price, and selling
//! by either of the two could cost dearly. So the offer is held until the owner says which is true.

use std::time::Duration;

use super::publish::News;
use crate::inventory::costs::{ACCEPT_COSTS, COST_CHANGE_HELD, KEEP_COSTS, question_key};
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
    /// Nothing.
    Unsaid,
    /// It stays.
    Same,
    /// It is now so many minor units.
    Changed(i64),
    /// It would be so many minor units, which the owner has to believe.
    Doubtful(i64),
    /// It cannot be, and stays.
    Impossible,
}

/// A cost that was not taken over.
pub(super) struct Doubt(String);

impl Doubt {
    /// What `offer` costs, and would cost.
    pub(super) fn of(offer: &offer::Model, reported: Option<Money>) -> Self {
        let known = offer.cost().map_or_else(|_| offer.cost_minor.to_string(), |it| it.to_string());
        Self(format!("{} ({known} → {})", offer.supplier_sku, reported.map(|it| it.to_string()).unwrap_or_default()))
    }
}

/// Judges a reported cost.
pub(super) fn judge(offer: &offer::Model, reported: Option<Money>) -> CostNews {
    let Some(cost) = reported else { return CostNews::Unsaid };
    if cost.is_negative() || cost.currency().code() != offer.cost_currency {
        return CostNews::Impossible;
    }
    let (known, new) = (i128::from(offer.cost_minor), i128::from(cost.minor()));
    if new == known || offer.refused_cost_minor == Some(cost.minor()) {
        return CostNews::Same;
    }
    if known > 0 && (new > known * MAX_JUMP || new * MAX_JUMP < known) {
        return CostNews::Doubtful(cost.minor());
    }
    CostNews::Changed(cost.minor())
}

/// Shows the owner the costs that were not believed.
pub(super) async fn question(tx: &Tx, news: &News<'_>, doubts: &[Doubt]) -> Result<(), Fault> {
    if doubts.is_empty() {
        return Ok(());
    }
    let message = format!(
        "{} reports costs that are hard to believe, so far for {} items: {}. They are not sold until this is decided, \
         for all whose costs are held by then.",
        news.supplier.name,
        doubts.len(),
        named(doubts),
    );
    let item = NewWorkItem {
        kind: COST_CHANGE_HELD,
        severity: Severity::High,
        subject: news.supplier.id.to_string(),
        order_id: None,
        supplier_order_id: None,
        message,
        actions: vec![ACCEPT_COSTS.to_owned(), KEEP_COSTS.to_owned()],
        due_in: Some(Duration::from_secs(24 * 3600)),
        dedupe_key: question_key(news.supplier.id),
    };
    workitems::open(tx, item).await.map(drop)
}

/// Shows the owner costs that cannot be. Those that are known stay, and are sold by.
pub(super) async fn report_impossible(tx: &Tx, news: &News<'_>, impossible: &[Doubt]) -> Result<(), Fault> {
    if impossible.is_empty() {
        return Ok(());
    }
    let message = format!(
        "{} reports costs below nothing or in another currency, so far of {} items: {}. The known costs stay.",
        news.supplier.name,
        impossible.len(),
        named(impossible),
    );
    let item = NewWorkItem {
        kind: "COST_IMPOSSIBLE",
        severity: Severity::Normal,
        subject: news.supplier.id.to_string(),
        order_id: None,
        supplier_order_id: None,
        message,
        actions: vec!["MARK_HANDLED".to_owned(), workitems::WAIT.to_owned()],
        due_in: None,
        dedupe_key: format!("cost_impossible:{}", news.supplier.id),
    };
    workitems::open(tx, item).await.map(drop)
}

fn named(doubts: &[Doubt]) -> String {
    doubts.iter().take(NAMED).map(|it| it.0.as_str()).collect::<Vec<_>>().join(", ")
}
