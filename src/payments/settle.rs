//! Carrying out a movement of money at the provider, exactly once.
//!
//! Movements of one attempt go one after another, in the order they were decided, so that the
//! provider's sums tell which of them it has done. Before the provider is told, the row says so in a
//! transaction of its own; whoever finds that mark asks first, and repeats only under the same key.

use std::time::Duration;

use sea_orm::{ActiveEnum, ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::attempts::{self, change, gateway};
use super::entity::attempt::{self, AttemptStatus};
use super::entity::refund;
use super::entity::transaction::{self, TransactionKind, TransactionStatus};
use super::gateway::{Gateway, GatewayError, ProviderPayment};
use super::{movements, recover, trouble};
use crate::app::App;
use crate::kernel::event::{Audience, EventType};
use crate::kernel::ids::PaymentTransactionId;
use crate::kernel::problem::Fault;
use crate::platform::jobs::{Done, Job, JobError, JobRun, Priority};
use crate::platform::outbox::{self, NewEvent};
use crate::platform::planted::{self, Bug};
use crate::platform::tx::Tx;

/// How long a movement waits for an older one.
const TURN: Duration = Duration::from_millis(500);
/// After so many failed attempts in a row a person is told; trying goes on.
const TELL_AFTER: i32 = 6;
/// How often it is tried from then on.
const SLOWLY: Duration = Duration::from_secs(600);

/// Carries out one movement.
#[derive(Debug, Serialize, Deserialize)]
pub struct SettleTransaction {
    /// The movement.
    pub id: PaymentTransactionId,
}

impl Job for SettleTransaction {
    const KIND: &'static str = "SettleTransaction";
    const PRIORITY: Priority = Priority::Urgent;
    /// Money that was promised is not forgotten, whatever fails.
    const BEAT: Option<Duration> = Some(SLOWLY);

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("settle:{}", self.id))
    }

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let app = &run.app;
        let found = transaction::Entity::find_by_id(self.id).one(app.db.read()).await.map_err(Fault::from)?;
        let Some(movement) = found.filter(|movement| movement.status == TransactionStatus::Pending) else {
            return Ok(Done::OK);
        };
        let queue = movements::pending(app.db.read(), movement.attempt_id).await?;
        if queue.first().is_some_and(|first| first.id != movement.id) {
            return Ok(Done::Again(TURN));
        }
        match carry_out(app, &movement).await {
            Ok(()) => Ok(Done::OK),
            Err(held @ JobError::Held { .. }) => Err(held),
            Err(error) if run.attempt < TELL_AFTER => Err(error),
            Err(JobError::Fail(why) | JobError::Retry { reason: why, .. }) => {
                let tx = Tx::begin(app).await?;
                trouble::unknown(&tx, &movement, &why).await?;
                tx.commit().await?;
                Ok(Done::Again(SLOWLY))
            }
        }
    }
}

async fn carry_out(app: &App, movement: &transaction::Model) -> Result<(), JobError> {
    let attempt = attempts::lookup(app.db.read(), movement.attempt_id).await?;
    let attempt = attempt.ok_or_else(|| JobError::Fail("its payment is gone".to_owned()))?;
    let _place = attempts::enter(app, &attempt)?;
    let gateway = gateway(app, &attempt.gateway)?;
    let Some(provider_id) = &attempt.provider_id else {
        return Err(JobError::retry("the provider's id of the payment is not known"));
    };
    let restored = recover::is_doubtful(app, &attempt, movement);
    let asked = movement.submitted_at.is_some() && !planted::is(Bug::FreshKey);
    if asked || restored {
        let payment = gateway.lookup(provider_id).await.map_err(job_error)?;
        let payment = payment.ok_or_else(|| JobError::retry("the provider does not know the payment"))?;
        if is_done(&attempt, movement, &payment) {
            return Ok(succeed(app, movement, &payment).await?);
        }
        if restored && let Some(why) = recover::more_is_done(&attempt, movement, &payment) {
            return Ok(fail(app, movement, &why).await?);
        }
    }
    if movement.submitted_at.is_none() {
        submitting(app, movement).await?;
    }
    let fresh = || app.ids.new_id::<PaymentTransactionId>(app.clock.now()).to_string();
    let key = if planted::is(Bug::FreshKey) { fresh() } else { movement.key() };
    match call(gateway, provider_id, movement, &key).await {
        Ok(payment) if is_covered(&attempt, movement, &payment) => Ok(succeed(app, movement, &payment).await?),
        Ok(payment) => Err(JobError::retry(format!("the provider's sums do not show it: {payment:?}"))),
        Err(GatewayError::Refused { code, message }) => Ok(fail(app, movement, &format!("{code}: {message}")).await?),
        Err(error) => Err(job_error(error)),
    }
}

async fn call(
    gateway: &dyn Gateway,
    id: &str,
    movement: &transaction::Model,
    key: &str,
) -> Result<ProviderPayment, GatewayError> {
    match movement.kind {
        TransactionKind::Capture => gateway.capture(id, movement.money(), key).await,
        TransactionKind::Void => gateway.void(id, key).await,
        TransactionKind::Refund => gateway.refund(id, movement.money(), key).await,
    }
}

/// Whether the provider's sums hold this movement beside all that are settled; the older ones are,
/// and the younger ones have not begun. A release takes whatever is left by then, which is more than
/// was meant if a capture before it was refused.
fn is_done(attempt: &attempt::Model, movement: &transaction::Model, payment: &ProviderPayment) -> bool {
    let ours = payment.reference == attempt.id.to_string() && payment.amount == attempt.money(attempt.amount);
    let there = match movement.kind {
        TransactionKind::Capture => payment.captured == attempt.captured + movement.amount,
        TransactionKind::Refund => payment.refunded == attempt.refunded + movement.amount,
        TransactionKind::Void => {
            payment.captured == attempt.captured && payment.voided >= attempt.voided + movement.amount
        }
    };
    ours && there
}

/// Whether the provider, which says that it did this movement, has sums that can be so. They are more than ours if
/// somebody moved money of the payment past the store; what is asked without an answer is compared exactly.
fn is_covered(attempt: &attempt::Model, movement: &transaction::Model, payment: &ProviderPayment) -> bool {
    let ours = payment.reference == attempt.id.to_string() && payment.amount == attempt.money(attempt.amount);
    let more = match movement.kind {
        TransactionKind::Refund => payment.refunded > attempt.refunded + movement.amount,
        TransactionKind::Capture | TransactionKind::Void => false,
    };
    is_done(attempt, movement, payment) || (ours && more)
}

/// Marks that the provider is about to be told.
async fn submitting(app: &App, movement: &transaction::Model) -> Result<(), Fault> {
    let tx = Tx::begin(app).await?;
    let mut row = movement.clone().into_active_model();
    row.submitted_at = Set(Some(tx.now()));
    row.update(&tx).await?;
    tx.commit().await
}

/// Records that the provider did it, and tells the order.
async fn succeed(app: &App, movement: &transaction::Model, payment: &ProviderPayment) -> Result<(), Fault> {
    let tx = Tx::begin(app).await?;
    let attempt = attempts::lock(&tx, movement.attempt_id).await?;
    let Some(movement) = still_pending(&tx, movement.id).await? else { return Ok(()) };
    let amount = match movement.kind {
        TransactionKind::Capture => payment.captured - attempt.captured,
        TransactionKind::Refund => movement.amount,
        TransactionKind::Void => payment.voided - attempt.voided,
    };
    if movement.kind == TransactionKind::Refund {
        let past_us = payment.refunded - attempt.refunded - amount;
        trouble::refunded_past_us(&tx, &attempt, &movement, past_us).await?;
    }
    let nothing_taken = attempt.captured == 0 && payment.voided == attempt.authorized;
    change(&tx, attempt, |row| match movement.kind {
        TransactionKind::Capture => row.captured = Set(payment.captured),
        TransactionKind::Refund => row.refunded = Set(payment.refunded),
        TransactionKind::Void => {
            row.voided = Set(payment.voided);
            if nothing_taken {
                row.status = Set(AttemptStatus::Voided);
            }
        }
    })
    .await?;
    let mut row = movement.into_active_model();
    row.status = Set(TransactionStatus::Succeeded);
    row.amount = Set(amount);
    row.settled_at = Set(Some(tx.now()));
    let movement = row.update(&tx).await?;
    trouble::passed(&tx, &movement).await?;
    let money = movement.money();
    let (kind, message) = match movement.kind {
        TransactionKind::Capture => (EventType::PaymentCaptured, format!("We charged {money}.")),
        TransactionKind::Void => (EventType::PaymentVoided, format!("We released {money}, which will not be charged.")),
        TransactionKind::Refund => (EventType::PaymentRefunded, format!("We refunded {money}.")),
    };
    tell(&tx, &movement, kind, Audience::Customer, message).await?;
    tx.commit().await?;
    tracing::info!(transaction.id = %movement.id, "the payment provider confirmed {}", movement.id);
    Ok(())
}

/// Records that the provider refused, and puts it before a person.
async fn fail(app: &App, movement: &transaction::Model, why: &str) -> Result<(), Fault> {
    let tx = Tx::begin(app).await?;
    attempts::lock(&tx, movement.attempt_id).await?;
    let Some(movement) = still_pending(&tx, movement.id).await? else { return Ok(()) };
    let mut row = movement.clone().into_active_model();
    row.status = Set(TransactionStatus::Failed);
    row.error = Set(Some(why.to_owned()));
    row.settled_at = Set(Some(tx.now()));
    row.update(&tx).await?;
    trouble::refused(&tx, &movement, why).await?;
    let message = format!("A payment movement of {} was refused: {why}", movement.money());
    tell(&tx, &movement, EventType::PaymentFailed, Audience::Store, message).await?;
    tx.commit().await
}

async fn still_pending(tx: &Tx, id: PaymentTransactionId) -> Result<Option<transaction::Model>, Fault> {
    let found = transaction::Entity::find_by_id(id).one(tx).await?;
    Ok(found.filter(|movement| movement.status == TransactionStatus::Pending))
}

/// Tells the order; a payment that never became one tells nobody.
async fn tell(
    tx: &Tx,
    movement: &transaction::Model,
    kind: EventType,
    audience: Audience,
    message: String,
) -> Result<(), Fault> {
    let Some(order_id) = movement.order_id else { return Ok(()) };
    let by_mail = refund::Entity::find().filter(refund::Column::TransactionId.eq(movement.id)).one(tx).await?;
    let data = json!({
        "transactionId": movement.id,
        "kind": movement.kind.to_value(),
        "amount": movement.money().amount().to_string(),
        "currencyCode": movement.currency,
        "notifyCustomer": by_mail.is_some_and(|refund| refund.notify),
    });
    outbox::append(tx, NewEvent::of_order(order_id, kind, audience, message).data(data)).await?;
    Ok(())
}

fn job_error(error: GatewayError) -> JobError {
    let after = match &error {
        GatewayError::Retry { after, .. } => *after,
        GatewayError::Unknown { .. } | GatewayError::Refused { .. } => None,
    };
    JobError::Retry { reason: error.to_string(), after }
}
