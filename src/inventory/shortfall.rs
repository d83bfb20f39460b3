//! More is promised than there is: a person has to decide who gets it.

use std::time::Duration;

use super::offer;
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;
use crate::workitems::{self, NewWorkItem, Severity};

/// How long the owner has before customers notice.
const DUE: Duration = Duration::from_secs(24 * 3600);

/// Opens a work item when an offer comes to be short beyond its buffer, and closes it when it no
/// longer is.
pub(super) async fn note(tx: &Tx, before: &offer::Model, after: &offer::Model) -> Result<(), Fault> {
    match (before.is_short(), after.is_short()) {
        (false, true) => open(tx, after).await,
        (true, false) => workitems::close_by_key(tx, &key(after), "The figures add up again.").await,
        _ => Ok(()),
    }
}

async fn open(tx: &Tx, offer: &offer::Model) -> Result<(), Fault> {
    let spoken_for = offer.reserved + offer.committed;
    let message = format!(
        "The supplier has {} of {}, and {spoken_for} are promised. Orders may have to go to another supplier.",
        offer.believed(),
        offer.supplier_sku,
    );
    let item = NewWorkItem {
        kind: "STOCK_SHORTFALL",
        severity: Severity::High,
        subject: offer.id.to_string(),
        order_id: None,
        supplier_order_id: None,
        message,
        actions: vec!["WAIT".to_owned(), "MARK_HANDLED".to_owned()],
        due_in: Some(DUE),
        dedupe_key: key(offer),
    };
    workitems::open(tx, item).await.map(drop)
}

fn key(offer: &offer::Model) -> String {
    format!("stock_shortfall:{}", offer.id)
}
