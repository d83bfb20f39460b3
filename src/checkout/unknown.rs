//! A payment whose outcome nobody tells, while its checkout holds goods: a person is told once, and may
//! have the provider asked at once or the attempt given up.

use std::time::Duration;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::entity::hold::{self, HoldStatus};
use super::hold::lock;
use super::jobs::{NEVER_ARRIVED, ReconcileAttempt};
use super::settle::abandon;
use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::PaymentAttemptId;
use crate::kernel::problem::Fault;
use crate::payments::{self, Attempt};
use crate::platform::jobs::{self, Done, Job, JobError, JobRun, NewJob, Priority};
use crate::platform::outbox;
use crate::platform::tx::Tx;

/// After so long without an outcome a person is told. A business wait: the time scale divides it.
const TELL_AFTER: Duration = Duration::from_secs(15 * 60);
/// How many attempts are seen to in one transaction.
const BATCH: usize = 200;

/// Whether a checkout begun at `begun` would have been told of by now. Not before it is known whether the
/// provider was reached at all, which takes real time.
pub(super) fn is_due(app: &App, begun: Timestamp) -> bool {
    app.clock.now() - begun > jobs::scaled(app, TELL_AFTER).max(NEVER_ARRIVED)
}

/// How many checkouts wait for their provider's decision, and since when the oldest of them does.
pub async fn undecided(conn: &impl ConnectionTrait) -> Result<(i64, Option<Timestamp>), Fault> {
    let query = hold::Entity::find()
        // Literal, so that a cached plan may still use the partial index.
        .filter(Expr::cust("status = 'HELD'"))
        .select_only()
        .expr(hold::Column::AttemptId.count())
        .expr(hold::Column::CreatedAt.min());
    let found = query.into_tuple::<(i64, Option<Timestamp>)>().one(conn).await?;
    Ok(found.unwrap_or_default())
}

/// Tells, unless the checkout ended meanwhile.
pub(super) async fn tell(app: &App, attempt: &Attempt) -> Result<(), Fault> {
    let tx = Tx::begin(app).await?;
    if lock(&tx, attempt.id).await?.is_some_and(|(_, hold)| hold.status == HoldStatus::Held) {
        payments::attempt_unknown(&tx, attempt).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// The job that follows when a person chose what to do about an attempt.
pub fn after_work_item(event: &outbox::entity::Model) -> Result<Vec<NewJob>, Fault> {
    let text = |name: &str| event.data.get(name).and_then(Value::as_str);
    let give_up = match (text("type"), text("action")) {
        (Some(payments::PAYMENT_UNKNOWN), Some(payments::GIVE_UP)) => true,
        (Some(payments::PAYMENT_UNKNOWN), Some(payments::RETRY)) => false,
        _ => return Ok(vec![]),
    };
    // A movement of money is the payments' to look after.
    let Some(attempt_id) = text("subject").and_then(|id| id.parse().ok()) else { return Ok(vec![]) };
    Ok(vec![NewJob::now(&DecideAttempt { attempt_id, give_up })?])
}

/// Has the provider asked at once about every attempt whose checkout still holds goods; how many there are.
pub async fn ask_again(app: &App) -> Result<usize, Fault> {
    let query = hold::Entity::find().filter(hold::Column::Status.eq(HoldStatus::Held));
    let query = query.select_only().column(hold::Column::AttemptId);
    let held: Vec<PaymentAttemptId> = query.into_tuple().all(app.db.read()).await?;
    for some in held.chunks(BATCH) {
        let tx = Tx::begin(app).await?;
        for &attempt_id in some {
            jobs::enqueue(&tx, &ReconcileAttempt { attempt_id }).await?;
            jobs::hasten(&tx, &ReconcileAttempt { attempt_id }).await?;
        }
        tx.commit().await?;
    }
    Ok(held.len())
}

/// Does what a person decided about an attempt whose outcome is not known.
#[derive(Debug, Serialize, Deserialize)]
pub struct DecideAttempt {
    /// The attempt.
    pub attempt_id: PaymentAttemptId,
    /// Whether it is given up, or asked about at once.
    pub give_up: bool,
}

impl Job for DecideAttempt {
    const KIND: &'static str = "checkout.decide_attempt";
    const PRIORITY: Priority = Priority::Urgent;

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        if self.give_up {
            abandon(&run.app, self.attempt_id).await?;
            return Ok(Done::OK);
        }
        let tx = Tx::begin(&run.app).await?;
        jobs::hasten(&tx, &ReconcileAttempt { attempt_id: self.attempt_id }).await?;
        tx.commit().await?;
        Ok(Done::OK)
    }
}
