//! Trying a message again, because the owner says so.

use sea_orm::{EntityTrait, IntoActiveModel, QuerySelect, Set};
use serde::{Deserialize, Serialize};

use super::entity::{DeliveryStatus, Entity, Model};
use super::process::{ProcessWebhook, quarantine_key};
use crate::app::App;
use crate::identity::audit::Changes;
use crate::identity::{Action, Actor, audit};
use crate::kernel::ids::WebhookId;
use crate::kernel::problem::{Fault, VerbError};
use crate::platform::jobs::{self, Done, Job, JobError, JobRun, NewJob};
use crate::platform::outbox;
use crate::platform::tx::Tx;
use crate::workitems;

/// Why a message cannot be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookProblem {
    /// There is no such message.
    NotFound,
}

/// Has the message worked again. Whatever it changed the first time it does not change twice.
pub async fn replay(app: &App, actor: &Actor, id: WebhookId) -> Result<Model, VerbError<WebhookProblem>> {
    actor.may(Action::ManageWebhooks)?;
    let found = again(app, actor, id).await?;
    found.ok_or_else(|| VerbError::refused(WebhookProblem::NotFound, "id", "There is no such message."))
}

async fn again(app: &App, actor: &Actor, id: WebhookId) -> Result<Option<Model>, Fault> {
    let tx = Tx::begin(app).await?;
    let Some(mut row) = Entity::find_by_id(id).lock_exclusive().one(&tx).await? else { return Ok(None) };
    if row.status == DeliveryStatus::Pending {
        return Ok(Some(row));
    }
    let mut change = row.clone().into_active_model();
    change.status = Set(DeliveryStatus::Pending);
    change.processed_at = Set(None);
    Entity::update(change).exec(&tx).await?;
    row.status = DeliveryStatus::Pending;
    row.processed_at = None;
    workitems::close_by_key(&tx, &quarantine_key(id), "It is being tried again.").await?;
    jobs::enqueue(&tx, &ProcessWebhook { id }).await?;
    // It may be there already, waiting for its next look.
    jobs::hasten(&tx, &ProcessWebhook { id }).await?;
    audit::record(&tx, actor, "webhook.replay", id, Changes::none()).await?;
    tx.commit().await?;
    Ok(Some(row))
}

/// Tries a message again that the owner, in the exceptions queue, wants tried again.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReplayWebhook {
    /// Which.
    pub id: WebhookId,
}

impl Job for ReplayWebhook {
    const KIND: &'static str = "webhooks.replay";

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        again(&run.app, &Actor::system(Self::KIND), self.id).await?;
        Ok(Done::OK)
    }
}

/// The owner decided about a message in quarantine.
pub fn after_work_item(event: &outbox::entity::Model) -> Result<Vec<NewJob>, Fault> {
    let text = |name: &str| event.data.get(name).and_then(serde_json::Value::as_str);
    if text("type") != Some("WEBHOOK_QUARANTINED") || text("action") != Some("RETRY") {
        return Ok(vec![]);
    }
    let Some(id) = text("subject").and_then(|id| id.parse().ok()) else { return Ok(vec![]) };
    Ok(vec![NewJob::now(&ReplayWebhook { id })?])
}
