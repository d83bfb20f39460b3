//! The background work of this room. Each job is a name for a verb; the verbs say how.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{act, cancel, create, forward, money, replan};
use crate::kernel::ids::{OrderId, SupplierOrderId, WorkItemId};
use crate::platform::jobs::{Done, Job, JobError, JobRun, Priority};

/// How often stuck and overdue supplier orders are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(30);
/// How soon what a supplier order is in the middle of begins anew when it keeps failing: the sweep would
/// add it again anyway, and as one job it is one trouble.
const UNFINISHED: Duration = Duration::from_secs(600);

/// Turns an order's plan into supplier orders.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct CreateSupplierOrders {
    /// The order.
    pub order_id: OrderId,
}

impl Job for CreateSupplierOrders {
    const KIND: &'static str = "fulfillment.create";
    const PRIORITY: Priority = Priority::Urgent;

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        create::create_from_plan(&run.app, self.order_id).await?;
        Ok(Done::OK)
    }
}

/// Sends a supplier order.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct ForwardSupplierOrder {
    /// The supplier order.
    pub id: SupplierOrderId,
}

impl Job for ForwardSupplierOrder {
    const KIND: &'static str = "fulfillment.forward";
    const PRIORITY: Priority = Priority::Urgent;
    const BEAT: Option<Duration> = Some(UNFINISHED);

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("{}:{}", Self::KIND, self.id))
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        forward::forward(&run.app, self.id).await
    }
}

/// Asks the supplier, by our reference, whether it has the order.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct ReconcileSupplierOrder {
    /// The supplier order.
    pub id: SupplierOrderId,
}

impl Job for ReconcileSupplierOrder {
    const KIND: &'static str = "fulfillment.reconcile";
    const PRIORITY: Priority = Priority::Urgent;
    const BEAT: Option<Duration> = Some(UNFINISHED);

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("{}:{}", Self::KIND, self.id))
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        forward::reconcile(&run.app, self.id).await
    }
}

/// Asks the supplier to drop an order.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct CancelAtSupplier {
    /// The supplier order.
    pub id: SupplierOrderId,
}

impl Job for CancelAtSupplier {
    const KIND: &'static str = "fulfillment.cancel";
    const PRIORITY: Priority = Priority::Urgent;
    const BEAT: Option<Duration> = Some(UNFINISHED);

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("{}:{}", Self::KIND, self.id))
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        cancel::at_supplier(&run.app, self.id).await
    }
}

/// Gives refused units to other suppliers.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct ReplanRefused {
    /// The supplier order whose units were refused.
    pub id: SupplierOrderId,
    /// Whether a person said to go on beyond the usual number of tries.
    pub despite_limit: bool,
}

impl Job for ReplanRefused {
    const KIND: &'static str = "fulfillment.replan";
    const PRIORITY: Priority = Priority::Urgent;

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        replan::replan(&run.app, self.id, self.despite_limit).await
    }
}

/// Captures, releases or gives back what an order's units have come to.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct SettleOrderMoney {
    /// The order.
    pub order_id: OrderId,
}

impl Job for SettleOrderMoney {
    const KIND: &'static str = "fulfillment.settle_money";
    const PRIORITY: Priority = Priority::Urgent;

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        money::settle(&run.app, self.order_id).await?;
        Ok(Done::OK)
    }
}

/// Releases what is held for an order of which nothing is left, after a capture was refused.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct ReleaseOrderMoney {
    /// The order.
    pub order_id: OrderId,
}

impl Job for ReleaseOrderMoney {
    const KIND: &'static str = "fulfillment.release_money";
    const PRIORITY: Priority = Priority::Urgent;

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        money::release(&run.app, self.order_id).await?;
        Ok(Done::OK)
    }
}

/// Does what was decided in the exceptions queue.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct ActOnWorkItem {
    /// The work item.
    pub id: WorkItemId,
}

impl Job for ActOnWorkItem {
    const KIND: &'static str = "fulfillment.act";
    const PRIORITY: Priority = Priority::Urgent;

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        act::act(&run.app, self.id).await
    }
}

/// Looks for supplier orders that got stuck or are overdue; repeats for ever.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct SweepSupplierOrders {}

impl Job for SweepSupplierOrders {
    const KIND: &'static str = "fulfillment.sweep";
    const BEAT: Option<Duration> = Some(SWEEP_EVERY);

    fn dedupe_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        act::sweep(&run.app).await?;
        Ok(Done::Again(SWEEP_EVERY))
    }
}
