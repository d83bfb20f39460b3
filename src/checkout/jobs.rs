//! What goes on without a buyer: finding out what became of attempts to pay, and forgetting carts.

use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};

use super::complete::nothing_to_pay;
use super::entity::cart::Status;
use super::entity::hold::HoldStatus;
use super::entity::{cart, hold};
use super::erase::forget;
use super::hold::real_time;
use super::settle::{abandon, settle};
use super::unknown;
use crate::app::App;
use crate::kernel::ids::{CartId, PaymentAttemptId};
use crate::kernel::problem::Fault;
use crate::payments::{self, Attempt, AttemptStatus, AuthorizeOutcome};
use crate::platform::jobs::{Done, Job, JobError, JobRun, Priority};
use crate::platform::tx::Tx;

/// After so long without a trace at the provider an attempt never reached it: longer than any
/// request to a provider may take.
pub(super) const NEVER_ARRIVED: TimeDelta = TimeDelta::seconds(90);
/// Until then an attempt without a trace at the provider is sent again, under its own key, so that a provider
/// that is away for a moment costs nobody their order. What is sent last has ended before [`NEVER_ARRIVED`].
const SENT_AGAIN: TimeDelta = TimeDelta::seconds(45);
/// After so long a provider does not say yes any more to what was given up.
const LATEST: TimeDelta = TimeDelta::days(30);
/// How often old carts are looked for.
const EXPIRY: Duration = Duration::from_secs(3600);
/// Carts forgotten in one go.
const BATCH: u64 = 200;

/// Finds out what became of an attempt: asks the provider until it is known, and gives the attempt up
/// if it never arrived there. A provider may be silent for days: then a person is told, and it is asked
/// less often. One that was given up is asked about on: a late yes is money to release, and the
/// provider's own message may be lost.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReconcileAttempt {
    /// The attempt.
    pub attempt_id: PaymentAttemptId,
}

impl ReconcileAttempt {
    /// When it looks first: most attempts are settled long before.
    pub(super) const FIRST: Duration = Duration::from_secs(20);
    /// When it looks again.
    const AGAIN: Duration = Duration::from_secs(15);
    /// When it looks again once a person was told, or the attempt given up.
    const SELDOM: Duration = Duration::from_secs(300);
    /// One that was given up is looked at again after this part of its age, at most.
    const EVER_LESS: u32 = 24;
}

impl Job for ReconcileAttempt {
    const KIND: &'static str = "ReconcileAttempt";
    const PRIORITY: Priority = Priority::Urgent;
    /// It holds goods, and perhaps money.
    const BEAT: Option<Duration> = Some(Self::SELDOM);

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("reconcile-attempt:{}", self.attempt_id))
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let app = &run.app;
        let attempt = payments::lookup(app.db.read(), self.attempt_id).await?;
        let attempt = attempt.ok_or_else(|| JobError::Fail("its payment is gone".to_owned()))?;
        let age = app.clock.now() - attempt.created_at;
        let is_held_now = is_held(app, attempt.id).await?;
        let is_open = is_held_now || (is_given_up(&attempt) && age < LATEST);
        if !is_open {
            return Ok(Done::OK);
        }
        let missing = match age {
            _ if age > NEVER_ARRIVED => Missing::GiveUp,
            _ if is_held_now && age < SENT_AGAIN => Missing::Send,
            _ => Missing::Wait,
        };
        let decided = ask(app, &attempt, missing).await?;
        if is_held(app, attempt.id).await? {
            if !unknown::is_due(app, attempt.created_at) {
                return Ok(Done::Again(real_time(app, Self::AGAIN)));
            }
            unknown::tell(app, &attempt).await?;
            return Ok(Done::Again(real_time(app, Self::SELDOM)));
        }
        if decided {
            return Ok(Done::OK);
        }
        let less = age.to_std().unwrap_or_default() / Self::EVER_LESS;
        Ok(Done::Again(real_time(app, less.max(Self::SELDOM))))
    }
}

/// What to do about an attempt that the provider does not know.
#[derive(Clone, Copy)]
enum Missing {
    Send,
    Wait,
    GiveUp,
}

/// Asks the provider and settles; whether it has decided.
async fn ask(app: &App, attempt: &Attempt, missing: Missing) -> Result<bool, JobError> {
    match find(app, attempt, missing).await? {
        Ok(Some(outcome)) => {
            settle(app, attempt.id, &outcome).await?;
            Ok(matches!(outcome, AuthorizeOutcome::Authorized(_) | AuthorizeOutcome::Declined { .. }))
        }
        Ok(None) if matches!(missing, Missing::GiveUp) => {
            abandon(app, attempt.id).await?;
            Ok(true)
        }
        Ok(None) => Ok(false),
        // Not counted as a failure: a provider may be down for a day, and the attempt must not
        // be forgotten meanwhile.
        Err(error) => {
            tracing::warn!(payment.id = %attempt.id, ?error, "the payment provider does not answer; asking again");
            Ok(false)
        }
    }
}

/// What the provider knows of the attempt, once it was sent again if that is to be.
async fn find(
    app: &App,
    attempt: &Attempt,
    missing: Missing,
) -> Result<Result<Option<AuthorizeOutcome>, Fault>, JobError> {
    if let Some(outcome) = nothing_to_pay(attempt) {
        return Ok(Ok(Some(outcome)));
    }
    let _place = payments::enter(app, attempt)?;
    Ok(match payments::find(app, attempt).await {
        Ok(None) if matches!(missing, Missing::Send) => payments::authorize(app, attempt).await.map(Some),
        found => found,
    })
}

async fn is_held(app: &App, id: PaymentAttemptId) -> Result<bool, Fault> {
    let found = hold::Entity::find_by_id(id).one(app.db.read()).await?;
    Ok(found.is_some_and(|hold| hold.status == HoldStatus::Held))
}

/// Whether the store gave it up before it heard that money is held.
fn is_given_up(attempt: &Attempt) -> bool {
    attempt.status == AttemptStatus::Abandoned && attempt.authorized == 0
}

/// Forgets carts that nobody used for long, every hour, for ever.
#[derive(Debug, Serialize, Deserialize)]
pub struct ExpireCarts {}

impl Job for ExpireCarts {
    const KIND: &'static str = "ExpireCarts";
    const PRIORITY: Priority = Priority::Patient;
    const BEAT: Option<Duration> = Some(EXPIRY);

    fn dedupe_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        while expire(&run.app).await? == BATCH {}
        Ok(Done::Again(EXPIRY))
    }
}

/// Forgets some expired carts; returns how many.
async fn expire(app: &App) -> Result<u64, Fault> {
    let tx = Tx::begin(app).await?;
    let ids: Vec<CartId> = cart::Entity::find()
        .select_only()
        .column(cart::Column::Id)
        .filter(cart::Column::Status.eq(Status::Open))
        .filter(cart::Column::ExpiresAt.lte(tx.now()))
        .order_by_asc(cart::Column::Id)
        .limit(BATCH)
        .lock_exclusive()
        .into_tuple()
        .all(&tx)
        .await?;
    if !ids.is_empty() {
        forget(&tx, ids.clone()).await?;
    }
    tx.commit().await?;
    Ok(ids.len() as u64)
}
