//! Recording what became of an order, in the transaction of whoever learned it.
//!
//! Lock order, everywhere: the order first, then its supplier orders by id, then offers by id.

use serde::{Deserialize, Serialize};

use crate::kernel::ids::{OrderId, OrderLineId};
use crate::kernel::problem::Fault;
use crate::platform::jobs::{Done, Job, JobError, JobRun};
use crate::platform::tx::Tx;

use super::entity::order;

/// What changed for one line: how many units more (or, below zero, fewer) each fact counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineFact {
    /// The line.
    pub order_line_id: OrderLineId,
    /// Units that will not be sent.
    pub cancelled: i64,
    /// Units now with suppliers.
    pub forwarded: i64,
    /// Units accepted.
    pub accepted: i64,
    /// Units handed to carriers.
    pub shipped: i64,
    /// Units delivered.
    pub delivered: i64,
    /// Units that came back.
    pub returned: i64,
}

impl LineFact {
    /// No change for `order_line_id`.
    pub fn of(order_line_id: OrderLineId) -> Self {
        Self { order_line_id, cancelled: 0, forwarded: 0, accepted: 0, shipped: 0, delivered: 0, returned: 0 }
    }
}

/// Locks the order's row until the transaction ends.
pub async fn lock(_tx: &Tx, _id: OrderId) -> Result<Option<order::Model>, Fault> {
    todo!()
}

/// Adds `facts` to the order's lines and derives its statuses anew. The order must be locked.
pub async fn record(_tx: &Tx, _order_id: OrderId, _facts: &[LineFact]) -> Result<order::Model, Fault> {
    todo!()
}

/// Copies what the payments' books say into the order's money facts.
#[derive(Debug, Serialize, Deserialize)]
pub struct SyncMoney {
    /// The order.
    pub order_id: OrderId,
}

impl Job for SyncMoney {
    const KIND: &'static str = "orders.sync_money";

    async fn run(self, _run: &JobRun) -> Result<Done, JobError> {
        todo!()
    }
}
