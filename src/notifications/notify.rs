//! The job that sends one mail.

use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};
use serde::{Deserialize, Serialize};

use super::compose::{Mail, compose};
use super::entity::{ActiveModel, Column, Entity, Model, NotificationStatus};
use crate::app::App;
use crate::kernel::ids::EventId;
use crate::kernel::problem::Fault;
use crate::platform::jobs::lanes;
use crate::platform::jobs::{Done, Job, JobError, JobRun};
use crate::platform::mail::{MailError, Message};
use crate::platform::outbox;
use crate::platform::planted::{self, Bug};

/// How long a mail waits for a mail server before it is given up.
const PATIENCE: TimeDelta = TimeDelta::days(3);

/// Tells a person of an event, if there is somebody to tell.
#[derive(Debug, Serialize, Deserialize)]
pub struct Notify {
    /// What happened.
    pub event_id: EventId,
}

impl Job for Notify {
    const KIND: &'static str = "Notify";

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("notify:{}", self.event_id))
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let app = &run.app;
        let event = outbox::entity::Entity::find_by_id(self.event_id).one(app.db.read()).await?;
        let event = event.ok_or_else(|| JobError::Fail("the event is gone".to_owned()))?;
        let Some(mail) = compose(app, &event).await? else { return Ok(Done::OK) };
        let row = row_for(app, self.event_id, &mail).await?;
        if row.status != NotificationStatus::Waiting {
            return Ok(Done::OK);
        }
        let _place = lanes::enter(app, "mail".to_owned())?;
        send(app, row, mail).await
    }
}

/// The mail's row, written before anything is sent; the one an earlier run wrote, if there is one.
async fn row_for(app: &App, event_id: EventId, mail: &Mail) -> Result<Model, Fault> {
    let now = app.clock.now();
    let row = ActiveModel {
        id: Set(app.ids.new_id(now)),
        event_id: Set(event_id),
        kind: Set(mail.kind),
        recipient: Set(mail.recipient.clone()),
        order_id: Set(mail.order_id),
        status: Set(NotificationStatus::Waiting),
        last_error: Set(None),
        created_at: Set(now),
        sent_at: Set(None),
    };
    let conflict = OnConflict::columns([Column::EventId, Column::Kind]).do_nothing().to_owned();
    Entity::insert(row).on_conflict(conflict).exec_without_returning(app.db.write()).await?;
    let query = Entity::find().filter(Column::EventId.eq(event_id)).filter(Column::Kind.eq(mail.kind));
    query.one(app.db.write()).await?.ok_or_else(|| Fault::internal("the mail's row is gone"))
}

async fn send(app: &App, row: Model, mail: Mail) -> Result<Done, JobError> {
    let message = Message {
        to: mail.recipient,
        cc: None,
        reply_to: None,
        files: vec![],
        subject: mail.subject,
        text: mail.text,
        message_id: row.id.to_string(),
        date: app.clock.now(),
    };
    let id = row.id;
    match app.mailer.send(mail.sender.as_deref(), message).await {
        Ok(()) if planted::is(Bug::MailAgain) => Ok(Done::Again(Duration::from_secs(5))),
        Ok(()) => {
            tracing::info!(notification.id = %id, kind = ?row.kind, "sent mail {id}");
            settle(app, row, NotificationStatus::Sent, None).await
        }
        Err(error @ MailError::Permanent(_)) => {
            tracing::warn!(notification.id = %id, %error, "mail {id} is given up");
            settle(app, row, NotificationStatus::Failed, Some(error.to_string())).await
        }
        Err(error) if app.clock.now() - row.created_at > PATIENCE => {
            tracing::warn!(notification.id = %id, %error, "mail {id} waited too long and is given up");
            settle(app, row, NotificationStatus::Failed, Some(error.to_string())).await
        }
        Err(error) => {
            tracing::warn!(notification.id = %id, %error, "mail {id} waits");
            let pause = pause_after(app.clock.now() - row.created_at);
            let mut row = row.into_active_model();
            row.last_error = Set(Some(error.to_string()));
            row.update(app.db.write()).await?;
            // Not a failure of the job: the mail waits for as long as PATIENCE says.
            Ok(Done::Again(pause))
        }
    }
}

async fn settle(
    app: &App,
    row: Model,
    status: NotificationStatus,
    last_error: Option<String>,
) -> Result<Done, JobError> {
    let sent_at = (status == NotificationStatus::Sent).then(|| app.clock.now());
    let mut row = row.into_active_model();
    row.status = Set(status);
    row.last_error = Set(last_error);
    row.sent_at = Set(sent_at);
    row.update(app.db.write()).await?;
    Ok(Done::OK)
}

/// Short at first, for a mail server that restarts; longer for one that is gone.
fn pause_after(waited: TimeDelta) -> Duration {
    let seconds = match waited.num_minutes() {
        0..10 => 30,
        10..120 => 300,
        _ => 1800,
    };
    Duration::from_secs(seconds)
}
