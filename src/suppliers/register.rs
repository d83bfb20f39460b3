//! Having suppliers send their webhooks here.

use serde::{Deserialize, Serialize};

use super::adapter::{AdapterError, adapter_for};
use super::{enter, lookup, note_error, note_success};
use crate::app::App;
use crate::kernel::ids::SupplierId;
use crate::kernel::problem::Fault;
use crate::platform::jobs::{Done, Job, JobError, JobRun, NewJob};
use crate::platform::outbox;

/// Where a supplier's webhooks go.
pub fn webhook_url(app: &App, id: SupplierId) -> String {
    format!("{}/webhooks/suppliers/{id}", app.config.base_url().trim_end_matches('/'))
}

/// Tells a supplier's platform where its webhooks go, if it has to be told by a program. Telling it again
/// changes nothing.
#[derive(Debug, Serialize, Deserialize)]
pub struct RegisterWebhooks {
    /// Whose.
    pub supplier_id: SupplierId,
}

impl Job for RegisterWebhooks {
    const KIND: &'static str = "suppliers.register_webhooks";

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("{}:{}", Self::KIND, self.supplier_id))
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let app = &run.app;
        let Some(supplier) = lookup(app.db.read(), self.supplier_id).await? else { return Ok(Done::OK) };
        let adapter = adapter_for(app, &supplier)?;
        if !supplier.is_active() || !adapter.capabilities().registers {
            return Ok(Done::OK);
        }
        let _place = enter(app, supplier.id)?;
        match adapter.register(&webhook_url(app, supplier.id)).await {
            Ok(()) => {
                note_success(app, supplier.id).await?;
                Ok(Done::OK)
            }
            Err(error) => {
                note_error(app, supplier.id, &error.to_string()).await?;
                match error {
                    AdapterError::Refused { reason, .. } => Err(JobError::Fail(reason)),
                    AdapterError::Retry { reason, .. } | AdapterError::Unknown { reason } => {
                        Err(JobError::retry(reason))
                    }
                }
            }
        }
    }
}

/// A supplier's record changed: its platform is told where its webhooks go.
pub fn after_changed(event: &outbox::entity::Model) -> Result<Vec<NewJob>, Fault> {
    let id = event.data.get("supplierId").and_then(serde_json::Value::as_str).and_then(|id| id.parse().ok());
    let Some(supplier_id) = id else { return Ok(vec![]) };
    Ok(vec![NewJob::now(&RegisterWebhooks { supplier_id })?])
}
