//! Working a message: to the room it concerns, again and again until what it is about is there. If that
//! does not come the message is put into quarantine and a person told; looking goes on, ever less often.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use chrono::TimeDelta;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};
use serde::{Deserialize, Serialize};

use super::entity::{Column, DeliveryStatus, Entity, Model};
use super::receive::{Sender, read_supplier};
use crate::app::App;
use crate::checkout;
use crate::fulfillment::NewsOutcome;
use crate::inventory::{self, StockReport};
use crate::kernel::ids::{SupplierId, WebhookId};
use crate::kernel::problem::Fault;
use crate::payments;
use crate::platform::jobs::{Done, Job, JobError, JobRun, Priority};
use crate::platform::planted::{self, Bug};
use crate::platform::tx::Tx;
use crate::shipments;
use crate::suppliers;
use crate::suppliers::adapter::{SupplierNews, WebhookError};
use crate::workitems::{self, NewWorkItem, Severity};

/// How long a decided message is kept: long enough to look into a dispute over it, and no longer,
/// because it holds personal data.
const KEPT: TimeDelta = TimeDelta::days(30);
/// After so many looks in vain it is put aside; with the pauses between them, a little over half an hour.
const LOOKS: i32 = 12;
/// How often what is put aside is looked at again: what it is about may come late, or was worked by a
/// process that died.
const SELDOM: Duration = Duration::from_secs(15 * 60);
/// The older it is the longer the pause: this part of its age.
const EVER_LESS: u32 = 24;
/// How long it is looked at again.
const LATEST: TimeDelta = TimeDelta::days(7);
/// How often old ones are removed.
const SWEEP: Duration = Duration::from_secs(24 * 3600);

/// Works one message.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProcessWebhook {
    /// Which.
    pub id: WebhookId,
}

/// What one look at a message came to.
enum Outcome {
    Done(DeliveryStatus, Option<String>),
    NotYet(String),
}

impl Job for ProcessWebhook {
    const KIND: &'static str = "webhooks.process";
    // Those beyond the looks are for workers that die just when they put it aside.
    const MAX_ATTEMPTS: i32 = LOOKS + 3;

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("{}:{}", Self::KIND, self.id))
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let app = &run.app;
        let Some(row) = Entity::find_by_id(self.id).one(app.db.read()).await? else { return Ok(Done::OK) };
        let is_aside = row.status == DeliveryStatus::Quarantined;
        if !is_aside && row.status != DeliveryStatus::Pending {
            return Ok(Done::OK);
        }
        let again = again(app, &row);
        let is_last = run.attempt >= LOOKS;
        match work(app, &row).await {
            Ok(Outcome::Done(status, note)) => settle(app, row, status, note).await?,
            Ok(Outcome::NotYet(_)) if planted::is(Bug::DropNews) => {
                settle(app, row, DeliveryStatus::Processed, None).await?;
            }
            Ok(Outcome::NotYet(_)) if is_aside => return Ok(again),
            Ok(Outcome::NotYet(reason)) if is_last => {
                settle(app, row, DeliveryStatus::Quarantined, Some(reason)).await?;
                return Ok(again);
            }
            Ok(Outcome::NotYet(reason)) => {
                note_attempt(app, row, &reason).await?;
                return Err(JobError::retry(reason));
            }
            Err(fault) if is_last => {
                tracing::error!(webhook.id = %row.id, %fault, "webhook {} cannot be worked", row.id);
                settle(app, row, DeliveryStatus::Quarantined, Some(fault.to_string())).await?;
                return Ok(again);
            }
            Err(fault) => return Err(fault.into()),
        }
        Ok(Done::OK)
    }
}

/// When a message that is put aside is looked at again.
fn again(app: &App, row: &Model) -> Done {
    let age = app.clock.now() - row.received_at;
    let less = age.to_std().unwrap_or_default() / EVER_LESS;
    if age < LATEST { Done::Again(less.max(SELDOM)) } else { Done::OK }
}

async fn work(app: &App, row: &Model) -> Result<Outcome, Fault> {
    let headers = headers(row);
    match row.sender.parse()? {
        Sender::Supplier(id) => work_supplier(app, id, &headers, row).await,
        Sender::Gateway(name) => work_gateway(app, &name, &headers, row).await,
    }
}

/// The signature is checked again, as of the moment the message came: what lies in the table is no
/// more trusted than what comes through the door.
async fn work_supplier(app: &App, id: SupplierId, headers: &HeaderMap, row: &Model) -> Result<Outcome, Fault> {
    let Some(supplier) = suppliers::lookup(app.db.read(), id).await? else {
        return Ok(wrong("the supplier is gone"));
    };
    let message = match read_supplier(app, &supplier, headers, &row.body, row.received_at).await? {
        Ok(message) => message,
        Err(error @ WebhookError::NotNow) => return Err(Fault::Unavailable(error.into())),
        Err(error) => return Ok(wrong(&error.to_string())),
    };
    suppliers::note_success(app, id).await?;
    match message.news {
        SupplierNews::Unknown(kind) => {
            Ok(Outcome::Done(DeliveryStatus::Ignored, Some(format!("messages of the kind {kind} are not known"))))
        }
        SupplierNews::Stock(page) => {
            // What more pages would tell is not absent.
            let full = page.full && page.next_cursor.is_none();
            let report = StockReport { as_of: page.as_of, full, part: None, items: page.items };
            inventory::report(app, id, report).await?;
            Ok(Outcome::Done(DeliveryStatus::Processed, None))
        }
        news => Ok(match shipments::apply_news(app, id, &news).await? {
            NewsOutcome::Applied => Outcome::Done(DeliveryStatus::Processed, None),
            NewsOutcome::NotYet(reason) => Outcome::NotYet(reason),
            NewsOutcome::Wrong(reason) => wrong(&reason),
        }),
    }
}

async fn work_gateway(app: &App, name: &str, headers: &HeaderMap, row: &Model) -> Result<Outcome, Fault> {
    let message = match payments::read_webhook(app, name, headers, &row.body, row.received_at) {
        Ok(message) => message,
        Err(error) => return Ok(wrong(&error.to_string())),
    };
    let Some(news) = message.news else {
        return Ok(Outcome::Done(DeliveryStatus::Ignored, Some("not about a payment of ours".to_owned())));
    };
    if payments::lookup(app.db.read(), news.attempt_id).await?.is_none() {
        return Ok(wrong(&format!("there is no payment {}", news.attempt_id)));
    }
    checkout::settle(app, news.attempt_id, &news.outcome).await?;
    Ok(Outcome::Done(DeliveryStatus::Processed, None))
}

fn wrong(reason: &str) -> Outcome {
    Outcome::Done(DeliveryStatus::Quarantined, Some(reason.to_owned()))
}

fn headers(row: &Model) -> HeaderMap {
    let pair = |(name, value): (&String, &String)| {
        Some((name.parse::<HeaderName>().ok()?, HeaderValue::from_str(value).ok()?))
    };
    row.headers.0.iter().filter_map(pair).collect()
}

/// Records what became of a message; what is quarantined is shown to the owner.
async fn settle(app: &App, row: Model, status: DeliveryStatus, note: Option<String>) -> Result<(), Fault> {
    let tx = Tx::begin(app).await?;
    if status == DeliveryStatus::Quarantined {
        quarantine_item(&tx, row.id, &row.sender, note.as_deref().unwrap_or_default()).await?;
    } else if row.status == DeliveryStatus::Quarantined {
        workitems::close_by_key(&tx, &quarantine_key(row.id), "It could be worked after all.").await?;
    }
    let attempts = row.attempts + 1;
    let mut change = row.into_active_model();
    change.status = Set(status);
    change.attempts = Set(attempts);
    change.last_error = Set(note);
    change.processed_at = Set(Some(tx.now()));
    Entity::update(change).exec(&tx).await?;
    tx.commit().await
}

async fn note_attempt(app: &App, row: Model, reason: &str) -> Result<(), Fault> {
    let attempts = row.attempts + 1;
    let mut change = row.into_active_model();
    change.attempts = Set(attempts);
    change.last_error = Set(Some(reason.to_owned()));
    Entity::update(change).exec(app.db.write()).await?;
    Ok(())
}

/// Shows a quarantined message to the owner.
pub(super) async fn quarantine_item(tx: &Tx, id: WebhookId, sender: &str, reason: &str) -> Result<(), Fault> {
    let item = NewWorkItem {
        kind: "WEBHOOK_QUARANTINED",
        severity: Severity::Normal,
        subject: id.to_string(),
        order_id: None,
        supplier_order_id: None,
        message: format!("A message from {sender} was put aside: {reason}."),
        actions: vec!["RETRY".to_owned(), "DISMISS".to_owned()],
        due_in: Some(Duration::from_secs(24 * 3600)),
        dedupe_key: quarantine_key(id),
    };
    workitems::open(tx, item).await.map(drop)
}

pub(super) fn quarantine_key(id: WebhookId) -> String {
    format!("webhook_quarantined:{id}")
}

/// Removes messages that were decided long ago.
#[derive(Debug, Serialize, Deserialize)]
pub struct SweepWebhooks {}

impl Job for SweepWebhooks {
    const KIND: &'static str = "webhooks.sweep";
    const PRIORITY: Priority = Priority::Patient;
    const BEAT: Option<Duration> = Some(SWEEP);

    fn dedupe_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        Entity::delete_many()
            .filter(Column::ReceivedAt.lt(run.app.clock.now() - KEPT))
            .filter(Column::Status.ne(DeliveryStatus::Pending))
            .exec(run.app.db.write())
            .await?;
        Ok(Done::Again(SWEEP))
    }
}
