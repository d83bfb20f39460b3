//! The background work of this room.

use serde::{Deserialize, Serialize};

use crate::kernel::ids::{OrderId, SupplierOrderId, WorkItemId};
use crate::platform::jobs::{Done, Job, JobError, JobRun};

/// Turns an order's plan into supplier orders.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct CreateSupplierOrders {
    /// The order.
    pub order_id: OrderId,
}

impl Job for CreateSupplierOrders {
    const KIND: &'static str = "fulfillment.create";

    async fn run(self, _run: &JobRun) -> Result<Done, JobError> {
        todo!()
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

    async fn run(self, _run: &JobRun) -> Result<Done, JobError> {
        todo!()
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

    async fn run(self, _run: &JobRun) -> Result<Done, JobError> {
        todo!()
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

    async fn run(self, _run: &JobRun) -> Result<Done, JobError> {
        todo!()
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

    async fn run(self, _run: &JobRun) -> Result<Done, JobError> {
        todo!()
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

    async fn run(self, _run: &JobRun) -> Result<Done, JobError> {
        todo!()
    }
}

/// Looks for supplier orders that got stuck or are overdue; repeats for ever.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct SweepSupplierOrders {}

impl Job for SweepSupplierOrders {
    const KIND: &'static str = "fulfillment.sweep";

    fn dedupe_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }

    async fn run(self, _run: &JobRun) -> Result<Done, JobError> {
        todo!()
    }
}
