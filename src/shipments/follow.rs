//! Asking suppliers how their orders are, in case a webhook got lost.

use serde::{Deserialize, Serialize};

use crate::kernel::ids::SupplierOrderId;
use crate::platform::jobs::{Done, Job, JobError, JobRun};

/// Asks about one supplier order now and then, until nothing more can happen to it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct FollowSupplierOrder {
    /// The supplier order.
    pub id: SupplierOrderId,
}

impl Job for FollowSupplierOrder {
    const KIND: &'static str = "shipments.follow";

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("{}:{}", Self::KIND, self.id))
    }

    async fn run(self, _run: &JobRun) -> Result<Done, JobError> {
        todo!()
    }
}
