//! What background work could not do, as entries of the exceptions queue.
//!
//! The program hands it to the worker: an entry is opened in the transaction that gives a job up, about
//! the order that the job's payload names. Work that goes on at its beat has one too, which closes when it
//! goes well again.

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, EntityTrait};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::act;
use crate::identity::Actor;
use crate::kernel::ids::{
    EventId, JobId, OrderId, PaymentAttemptId, PaymentTransactionId, SupplierOrderId, WorkItemId,
};
use crate::kernel::problem::Fault;
use crate::platform::jobs::entity::Model as JobRow;
use crate::platform::jobs::{self, Done, Job, JobError, JobRun, NewJob, Priority, Witness};
use crate::platform::outbox;
use crate::platform::tx::Tx;
use crate::workitems::{self, NewWorkItem, Severity};
use crate::{fulfillment, payments};

/// The kind of these entries.
const KIND: &str = "JOB_DEAD";
/// The action that runs the job again.
const RETRY: &str = "RETRY";
/// The action that leaves it undone.
const DISMISS: &str = "DISMISS";
/// How much of a reason is shown; the job's own `error` has the whole.
const MAX_REASON: usize = 500;

/// Opens an entry for each job that is given up.
pub struct DeadLetters;

#[async_trait]
impl Witness for DeadLetters {
    async fn given_up(&self, tx: &Tx, job: &JobRow, reason: &str, goes_on: bool) -> Result<(), Fault> {
        let concern = concern(tx, &job.payload).await?;
        let what = if goes_on { "keeps failing; it goes on being tried" } else { "was given up" };
        let reason: String = reason.chars().take(MAX_REASON).collect();
        let item = NewWorkItem {
            kind: KIND,
            severity: if concern.order_id.is_some() { Severity::High } else { Severity::Normal },
            subject: job.id.to_string(),
            order_id: concern.order_id,
            supplier_order_id: concern.supplier_order_id,
            message: format!("Background work ({}) {what}: {reason}", job.kind),
            actions: vec![RETRY.to_owned(), DISMISS.to_owned()],
            due_in: None,
            dedupe_key: key(job),
        };
        workitems::open(tx, item).await.map(drop)
    }

    async fn recovered(&self, tx: &Tx, job: &JobRow) -> Result<(), Fault> {
        workitems::close_by_key(tx, &key(job), "It went well in the end.").await
    }
}

/// Closes the entry about `job`, if one is open: somebody decided about the job itself. `note` says how.
pub(super) async fn close(tx: &Tx, job: &JobRow, note: &str) -> Result<(), Fault> {
    workitems::close_by_key(tx, &key(job), note).await
}

/// The same work is one trouble, however often it is added anew.
fn key(job: &JobRow) -> String {
    match jobs::own_key(job) {
        Some(same) => format!("job-dead:{same}"),
        None => format!("job-dead:{}", job.id),
    }
}

/// What a job is about.
#[derive(Default)]
pub(super) struct Concern {
    pub order_id: Option<OrderId>,
    pub supplier_order_id: Option<SupplierOrderId>,
}

/// Found by the first id in the payload that leads to an order.
pub(super) async fn concern(conn: &impl ConnectionTrait, payload: &Value) -> Result<Concern, Fault> {
    let values = payload.as_object().into_iter().flat_map(|fields| fields.values());
    for text in values.filter_map(Value::as_str) {
        let found = concern_of(conn, text).await?;
        if found.order_id.is_some() {
            return Ok(found);
        }
    }
    Ok(Concern::default())
}

async fn concern_of(conn: &impl ConnectionTrait, text: &str) -> Result<Concern, Fault> {
    let of_order = |order_id| Concern { order_id, supplier_order_id: None };
    if let Ok(id) = text.parse::<OrderId>() {
        return Ok(of_order(Some(id)));
    }
    if let Ok(id) = text.parse::<SupplierOrderId>() {
        let found = fulfillment::lookup(conn, id).await?;
        return Ok(Concern { order_id: found.map(|it| it.order_id), supplier_order_id: Some(id) });
    }
    if let Ok(id) = text.parse::<PaymentAttemptId>() {
        return Ok(of_order(payments::lookup(conn, id).await?.and_then(|it| it.order_id)));
    }
    if let Ok(id) = text.parse::<PaymentTransactionId>() {
        return Ok(of_order(payments::transaction(conn, id).await?.and_then(|it| it.order_id)));
    }
    if let Ok(id) = text.parse::<EventId>() {
        let found = outbox::entity::Entity::find_by_id(id).one(conn).await?;
        return Ok(of_order(found.and_then(|it| it.order_id)));
    }
    if let Ok(id) = text.parse::<WorkItemId>() {
        return Ok(of_order(workitems::lookup(conn, id).await?.and_then(|it| it.order_id)));
    }
    Ok(Concern::default())
}

/// The job that follows when a person decided about work that was given up.
pub fn after_work_item(event: &outbox::entity::Model) -> Result<Vec<NewJob>, Fault> {
    let text = |name: &str| event.data.get(name).and_then(Value::as_str);
    if text("type") != Some(KIND) {
        return Ok(vec![]);
    }
    let Some(id) = text("subject").and_then(|id| id.parse().ok()) else { return Ok(vec![]) };
    Ok(match text("action") {
        Some(RETRY) => vec![NewJob::now(&RetryJob { id })?],
        Some(DISMISS) => vec![NewJob::now(&DiscardJob { id })?],
        _ => vec![],
    })
}

/// Runs a job again that was given up.
#[derive(Debug, Serialize, Deserialize)]
pub struct RetryJob {
    /// Which.
    pub id: JobId,
}

impl Job for RetryJob {
    const KIND: &'static str = "RetryJob";
    const PRIORITY: Priority = Priority::Urgent;

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        act::revive(&run.app, &Actor::system("workitem"), self.id).await?;
        Ok(Done::OK)
    }
}

/// Leaves a job undone that was given up; one that goes on at its beat goes on.
#[derive(Debug, Serialize, Deserialize)]
pub struct DiscardJob {
    /// Which.
    pub id: JobId,
}

impl Job for DiscardJob {
    const KIND: &'static str = "DiscardJob";

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        if let Some(job) = jobs::lookup(&run.app, self.id).await? {
            act::leave(&run.app, &Actor::system("workitem"), &job, "DISMISSED").await?;
        }
        Ok(Done::OK)
    }
}
