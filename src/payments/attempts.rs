//! Attempts to be paid: opening one, asking the provider, recording what it said.

use chrono::TimeDelta;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QuerySelect, Set};

use super::entity::attempt::{self, AttemptStatus};
use super::entity::transaction::TransactionKind;
use super::gateway::{AuthorizeRequest, Gateway, GatewayError, ProviderPayment, ProviderStatus};
use super::movements;
use super::trouble;
use crate::app::App;
use crate::kernel::ids::{CartId, OrderId, PaymentAttemptId};
use crate::kernel::money::Money;
use crate::kernel::problem::Fault;
use crate::platform::jobs::JobError;
use crate::platform::jobs::lanes::{self, Pass};
use crate::platform::planted::{self, Bug};
use crate::platform::reseal::{self, Resealed};
use crate::platform::tx::Tx;

/// How long an attempt stays open of which the provider says only what cannot be.
const WRONG_FOR: TimeDelta = TimeDelta::minutes(15);

/// An attempt about to be opened.
pub struct NewAttempt {
    /// The id.
    pub id: PaymentAttemptId,
    /// For which cart.
    pub cart_id: CartId,
    /// Which provider; one that is configured.
    pub gateway: String,
    /// How much.
    pub amount: Money,
    /// What the buyer's client got from the provider.
    pub token: Option<String>,
}

/// What the provider said about an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorizeOutcome {
    /// The money is held for us.
    Authorized(ProviderPayment),
    /// No.
    Declined {
        /// Why, in the provider's words.
        code: String,
    },
    /// The provider has it and has not decided; a webhook will tell, or asking again.
    Pending,
    /// Nobody knows: the provider must be asked by reference.
    Unknown,
}

/// Opens an attempt. The provider is asked after the commit.
pub async fn open_attempt(tx: &Tx, new: NewAttempt) -> Result<attempt::Model, Fault> {
    let gateway = gateway(tx.app(), &new.gateway)?;
    let token = new.token.map(|token| tx.app().sealer.seal(&token_context(new.id), &token));
    let row = attempt::ActiveModel {
        id: Set(new.id),
        cart_id: Set(new.cart_id),
        order_id: Set(None),
        test: Set(gateway.is_test()),
        gateway: Set(new.gateway),
        token: Set(token),
        status: Set(AttemptStatus::Open),
        currency: Set(new.amount.currency()),
        amount: Set(new.amount.minor()),
        authorized: Set(0),
        captured: Set(0),
        voided: Set(0),
        refunded: Set(0),
        provider_id: Set(None),
        decline_code: Set(None),
        created_at: Set(tx.now()),
        updated_at: Set(tx.now()),
    };
    Ok(row.insert(tx).await?)
}

/// Asks the provider to hold the money. May be called again: the key is the attempt's id, so there
/// is never a second effect. Call it outside any transaction.
pub async fn authorize(app: &App, attempt: &attempt::Model) -> Result<AuthorizeOutcome, Fault> {
    let gateway = gateway(app, &attempt.gateway)?;
    let token = match &attempt.token {
        Some(sealed) => app.sealer.open(&token_context(attempt.id), sealed)?,
        None => String::new(),
    };
    let reference = attempt.id.to_string();
    let request = AuthorizeRequest { reference: reference.clone(), amount: attempt.money(attempt.amount), token };
    Ok(match gateway.authorize(&request, &reference).await {
        Ok(payment) => outcome_of(payment),
        Err(GatewayError::Refused { code, message }) => {
            tracing::warn!(payment.id = %attempt.id, code, message, "the payment provider refused the request");
            AuthorizeOutcome::Declined { code }
        }
        Err(error @ (GatewayError::Retry { .. } | GatewayError::Unknown { .. })) => {
            tracing::warn!(payment.id = %attempt.id, %error, "the outcome of the payment is not known yet");
            AuthorizeOutcome::Unknown
        }
    })
}

/// Asks the provider what became of the attempt; `None` if it knows of none, so it was never asked,
/// or has not been reached.
pub async fn find(app: &App, attempt: &attempt::Model) -> Result<Option<AuthorizeOutcome>, Fault> {
    let gateway = gateway(app, &attempt.gateway)?;
    let found = gateway.find(&attempt.id.to_string()).await;
    let found = found.map_err(|error| Fault::Unavailable(error.into()))?;
    // Whatever was held counts before whatever was refused.
    let best = found.into_iter().max_by_key(|payment| match payment.status {
        ProviderStatus::Authorized => 3,
        ProviderStatus::Pending => 2,
        ProviderStatus::Unknown(_) => 1,
        ProviderStatus::Declined => 0,
    });
    Ok(best.map(outcome_of))
}

/// What the state of a payment at the provider means.
pub(super) fn outcome_of(payment: ProviderPayment) -> AuthorizeOutcome {
    match payment.status {
        ProviderStatus::Authorized => AuthorizeOutcome::Authorized(payment),
        ProviderStatus::Declined => {
            AuthorizeOutcome::Declined { code: payment.decline_code.unwrap_or_else(|| "declined".to_owned()) }
        }
        ProviderStatus::Pending => AuthorizeOutcome::Pending,
        ProviderStatus::Unknown(_) => AuthorizeOutcome::Unknown,
    }
}

/// Records what the provider said; idempotent. What is decided stays decided: a late no is ignored,
/// and a late yes to an abandoned attempt is released at once. A yes to something else than was asked
/// for (another amount, currency or reference) is not applied; it becomes a work item.
pub async fn record(tx: &Tx, id: PaymentAttemptId, outcome: &AuthorizeOutcome) -> Result<attempt::Model, Fault> {
    let attempt = lock(tx, id).await?;
    if let AuthorizeOutcome::Authorized(payment) = outcome
        && let Some(defect) = mismatch(&attempt, payment)
    {
        trouble::wrong_payment(tx, &attempt, &defect).await?;
        return give_up_in_time(tx, attempt).await;
    }
    match (attempt.status, outcome) {
        (AttemptStatus::Open | AttemptStatus::Processing, AuthorizeOutcome::Authorized(payment)) => {
            authorized(tx, attempt, payment, AttemptStatus::Authorized).await
        }
        (AttemptStatus::Abandoned | AttemptStatus::Declined, AuthorizeOutcome::Authorized(payment))
            if attempt.authorized == 0 =>
        {
            let status = attempt.status;
            let attempt = authorized(tx, attempt, payment, status).await?;
            if !planted::is(Bug::KeepLateYes) {
                release(tx, &attempt, "The payment was authorized after the checkout had ended.").await?;
            }
            Ok(attempt)
        }
        (AttemptStatus::Open | AttemptStatus::Processing, AuthorizeOutcome::Declined { code }) => {
            let code = code.clone();
            change(tx, attempt, |row| {
                row.status = Set(AttemptStatus::Declined);
                row.decline_code = Set(Some(code));
                row.token = Set(None);
            })
            .await
        }
        (AttemptStatus::Open, AuthorizeOutcome::Pending | AuthorizeOutcome::Unknown) => {
            change(tx, attempt, |row| row.status = Set(AttemptStatus::Processing)).await
        }
        _ => Ok(attempt),
    }
}

/// A checkout does not wait for ever for the right word after a wrong one.
async fn give_up_in_time(tx: &Tx, attempt: attempt::Model) -> Result<attempt::Model, Fault> {
    let undecided = matches!(attempt.status, AttemptStatus::Open | AttemptStatus::Processing);
    if !undecided || tx.now() - attempt.created_at < WRONG_FOR {
        return Ok(attempt);
    }
    change(tx, attempt, |row| row.status = Set(AttemptStatus::Abandoned)).await
}

/// Gives up an attempt; whatever is held for it, now or later, is released.
pub async fn abandon(tx: &Tx, id: PaymentAttemptId, reason: &str) -> Result<attempt::Model, Fault> {
    let attempt = lock(tx, id).await?;
    match attempt.status {
        AttemptStatus::Open | AttemptStatus::Processing | AttemptStatus::Authorized => {
            let attempt = change(tx, attempt, |row| row.status = Set(AttemptStatus::Abandoned)).await?;
            release(tx, &attempt, reason).await?;
            Ok(attempt)
        }
        AttemptStatus::Declined | AttemptStatus::Abandoned | AttemptStatus::Voided => Ok(attempt),
    }
}

/// Names the order the attempt became.
pub async fn attach_order(tx: &Tx, id: PaymentAttemptId, order_id: OrderId) -> Result<(), Fault> {
    let attempt = lock(tx, id).await?;
    change(tx, attempt, |row| row.order_id = Set(Some(order_id))).await?;
    Ok(())
}

/// The attempt, locked until the transaction ends.
pub(super) async fn lock(tx: &Tx, id: PaymentAttemptId) -> Result<attempt::Model, Fault> {
    let found = attempt::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    found.ok_or_else(|| Fault::internal(format!("there is no payment {id}")))
}

/// Changes a locked attempt.
pub(super) async fn change(
    tx: &Tx,
    attempt: attempt::Model,
    apply: impl FnOnce(&mut attempt::ActiveModel),
) -> Result<attempt::Model, Fault> {
    let mut row = attempt.into_active_model();
    apply(&mut row);
    row.updated_at = Set(tx.now());
    Ok(row.update(tx).await?)
}

/// The configured provider of this name.
pub(super) fn gateway<'a>(app: &'a App, name: &str) -> Result<&'a dyn Gateway, Fault> {
    let missing = || Fault::Unavailable(anyhow::anyhow!("the payment provider {name} is not configured"));
    Ok(app.gateways.get(name).ok_or_else(missing)?.as_ref())
}

/// A place among the jobs that wait for the attempt's provider, or the end of the job's run.
pub fn enter(app: &App, attempt: &attempt::Model) -> Result<Pass, JobError> {
    lanes::enter(app, format!("gateway:{}", attempt.gateway))
}

/// The attempt with this id.
pub async fn lookup(conn: &impl ConnectionTrait, id: PaymentAttemptId) -> Result<Option<attempt::Model>, Fault> {
    Ok(attempt::Entity::find_by_id(id).one(conn).await?)
}

async fn authorized(
    tx: &Tx,
    attempt: attempt::Model,
    payment: &ProviderPayment,
    status: AttemptStatus,
) -> Result<attempt::Model, Fault> {
    let (held, id) = (payment.authorized, payment.id.clone());
    change(tx, attempt, |row| {
        row.status = Set(status);
        row.authorized = Set(held);
        row.provider_id = Set(Some(id));
        row.token = Set(None);
    })
    .await
}

async fn release(tx: &Tx, attempt: &attempt::Model, reason: &str) -> Result<(), Fault> {
    let rest = attempt.authorized - attempt.captured - attempt.voided;
    if rest > 0 {
        movements::begin(tx, attempt, TransactionKind::Void, rest, reason).await?;
    }
    Ok(())
}

/// What is wrong with an authentic yes, if anything.
fn mismatch(attempt: &attempt::Model, payment: &ProviderPayment) -> Option<String> {
    let asked = attempt.money(attempt.amount);
    if payment.reference != attempt.id.to_string() {
        return Some(format!("its reference is {}", payment.reference));
    }
    if payment.amount != asked {
        return Some(format!("it is about {} instead of {asked}", payment.amount));
    }
    if payment.authorized != attempt.amount {
        return Some(format!("it holds {} instead of {asked}", attempt.money(payment.authorized)));
    }
    let undecided = matches!(attempt.status, AttemptStatus::Open | AttemptStatus::Processing);
    if undecided && (payment.captured, payment.voided, payment.refunded) != (0, 0, 0) {
        // Nothing of it was ours to move yet: what was moved is not there to be taken.
        let money = |minor| attempt.money(minor);
        let (captured, voided, refunded) = (money(payment.captured), money(payment.voided), money(payment.refunded));
        return Some(format!("{captured} of it is captured, {voided} voided and {refunded} refunded already"));
    }
    match &attempt.provider_id {
        Some(known) if *known != payment.id => Some(format!("it is called {} instead of {known}", payment.id)),
        _ => None,
    }
}

/// Seals all payment tokens with the current key.
pub async fn reseal(app: &App) -> Result<Resealed, Fault> {
    let (id, sealed) = (attempt::Column::Id, attempt::Column::Token);
    reseal::reseal::<attempt::Entity>(app, id, sealed, |row| token_context(row.id)).await
}

fn token_context(id: PaymentAttemptId) -> String {
    format!("payment.token:{id}")
}
