//! Asking suppliers how their orders are, in case a webhook got lost.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::news::apply_order;
use crate::app::App;
use crate::fulfillment::{self, NewsOutcome, SupplierOrderStatus, supplier_order};
use crate::kernel::ids::SupplierOrderId;
use crate::kernel::problem::Fault;
use crate::orders;
use crate::platform::jobs::{self, Done, Job, JobError, JobRun};
use crate::platform::tx::Tx;
use crate::suppliers::{self, adapter_for};

/// How often a supplier order is asked about. Suppliers tell by themselves; this only heals.
const EVERY: Duration = Duration::from_secs(600);

/// So many are begun in one transaction.
const BATCH: usize = 500;

/// Asks about one supplier order now and then, until nothing more can happen to it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct FollowSupplierOrder {
    /// The supplier order.
    pub id: SupplierOrderId,
}

/// Has suppliers asked at once about every order of theirs that something may still happen to; how many.
pub async fn follow_all(app: &App) -> Result<usize, Fault> {
    let all = fulfillment::unfinished(app.db.read()).await?;
    for some in all.chunks(BATCH) {
        let tx = Tx::begin(app).await?;
        for &id in some {
            jobs::enqueue(&tx, &FollowSupplierOrder { id }).await?;
            jobs::hasten(&tx, &FollowSupplierOrder { id }).await?;
        }
        tx.commit().await?;
    }
    Ok(all.len())
}

/// Has the supplier asked at once about this order of its.
pub(super) async fn follow_now(app: &App, id: SupplierOrderId) -> Result<(), Fault> {
    let tx = Tx::begin(app).await?;
    jobs::enqueue(&tx, &FollowSupplierOrder { id }).await?;
    jobs::hasten(&tx, &FollowSupplierOrder { id }).await?;
    tx.commit().await
}

impl Job for FollowSupplierOrder {
    const KIND: &'static str = "shipments.follow";
    const BEAT: Option<Duration> = Some(EVERY);

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("{}:{}", Self::KIND, self.id))
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let app = &run.app;
        let own = fulfillment::lookup(app.db.read(), self.id).await?;
        let Some(own) = own.filter(|it| !it.status.is_final() || may_have_arrived(it)) else { return Ok(Done::OK) };
        let order = orders::lookup(app.db.read(), own.order_id).await?;
        if order.is_some_and(|order| order.erased_at.is_some()) {
            // Nobody waits for it any more, and the answer would name who did.
            return Ok(Done::OK);
        }
        let supplier = suppliers::lookup(app.db.read(), own.supplier_id).await?;
        let supplier = supplier.ok_or_else(|| Fault::internal("a supplier order has no supplier"))?;
        let adapter = adapter_for(app, &supplier)?;
        let capabilities = adapter.capabilities();
        if !capabilities.submits || !capabilities.lookup_by_reference {
            return Ok(Done::OK);
        }
        // What is being sent is looked after by whoever sends it.
        let known = own.submitted_at.is_some() && own.status != SupplierOrderStatus::Unknown;
        let over = own.status.is_final();
        if !known && !over {
            return Ok(Done::Again(EVERY));
        }
        let _place = suppliers::enter(app, own.supplier_id)?;
        match adapter.find(&own.reference()).await {
            Ok(Some(remote)) => {
                suppliers::note_success(app, own.supplier_id).await?;
                let outcome = apply_order(app, own.supplier_id, &remote).await?;
                if let NewsOutcome::NotYet(reason) | NewsOutcome::Wrong(reason) = outcome {
                    tracing::warn!(supplier_order.id = %self.id, reason, "the supplier's order cannot be taken in");
                }
            }
            Ok(None) if over => {}
            Ok(None) => tracing::warn!(supplier_order.id = %self.id, "the supplier no longer knows an order it had"),
            Err(error) => {
                suppliers::note_error(app, own.supplier_id, &error.to_string()).await?;
                return Ok(Done::Again(EVERY));
            }
        }
        Ok(if over { Done::OK } else { Done::Again(EVERY) })
    }
}

/// Whether it was taken back as one that its supplier never got, which the supplier has not contradicted yet: a platform
/// may be late, and its messages only say where to look.
fn may_have_arrived(own: &supplier_order::Model) -> bool {
    let unsent = own.submitted_at.is_none() && own.remote_id.is_none() && own.sendings > 0;
    own.status == SupplierOrderStatus::Cancelled && unsent
}
