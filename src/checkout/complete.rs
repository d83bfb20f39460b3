//! `checkoutComplete`: hold, ask the provider, settle.

use std::time::Duration;

use sea_orm::{ConnectionTrait, EntityTrait, QuerySelect};
use tracing::Instrument as _;

use super::CheckoutError;
use super::entity::cart::{self, Failure, FailureProblem, Status};
use super::entity::hold::{self, HoldStatus};
use super::hold::{CompleteInput, Held};
use super::lines;
use super::settle::{settle, topic};
use crate::app::App;
use crate::identity::Actor;
use crate::inventory;
use crate::kernel::ids::{CartId, OrderId, PaymentAttemptId, VariantId};
use crate::kernel::problem::Fault;
use crate::payments::gateway::{ProviderPayment, ProviderStatus};
use crate::payments::{self, Attempt, AuthorizeOutcome};
use crate::suppliers;

/// How long the buyer waits for the provider before they are told that it is still running; less
/// than a request's deadline.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long a repeat waits for the first.
const REPEAT_PATIENCE: Duration = Duration::from_secs(5);
/// How often a waiting repeat looks without being told.
const LOOK: Duration = Duration::from_millis(250);

/// What became of a cart, or of one attempt to buy it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// Where it stands.
    pub status: CompletionStatus,
    /// The order, once there is one.
    pub order_id: Option<OrderId>,
    /// The attempt to pay.
    pub attempt_id: Option<PaymentAttemptId>,
    /// Why it failed.
    pub problems: Vec<FailureProblem>,
}

/// Where a checkout stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompletionStatus {
    /// Nobody said yes yet.
    Open,
    /// The provider's answer is awaited.
    Processing,
    /// There is an order.
    Completed,
    /// The last attempt failed; another one may be made.
    Failed,
}

/// Says yes to a cart. Answers when the outcome is known, or after [`PATIENCE`] that it is not yet;
/// what was begun goes on without the caller. Saying the same yes again finds the same outcome.
pub async fn complete(
    app: &App,
    actor: &Actor,
    cart_id: CartId,
    input: CompleteInput,
) -> Result<Completion, CheckoutError> {
    look_again(app, cart_id).await?;
    let attempt_id = match super::hold::hold(app, actor, cart_id, &input).await? {
        Held::Known(attempt_id) => {
            wait(app, attempt_id).await?;
            attempt_id
        }
        Held::New(attempt) => {
            let attempt_id = attempt.id;
            // A task of its own: neither the client's leaving nor the deadline stops it.
            let work = tokio::spawn(drive(app.clone(), attempt).in_current_span());
            // Whether it ended or not, the tables say what became of it.
            let _ = tokio::time::timeout(PATIENCE, work).await;
            attempt_id
        }
    };
    Ok(of_attempt(app.db.read(), attempt_id).await?)
}

/// Has suppliers asked for figures that are too old to be sold by, if the store wants that.
async fn look_again(app: &App, cart_id: CartId) -> Result<(), Fault> {
    if !suppliers::any_live(app).await? {
        return Ok(());
    }
    let variants: Vec<VariantId> =
        lines::of_cart(app.db.read(), cart_id).await?.into_iter().map(|line| line.variant_id).collect();
    inventory::look_again(app, &variants).await
}

/// Asks the provider and settles. What goes wrong here is mended by `ReconcileAttempt`.
async fn drive(app: App, attempt: Box<Attempt>) {
    let outcome = authorize(&app, &attempt).await;
    if let Err(error) = settle(&app, attempt.id, &outcome).await {
        tracing::error!(payment.id = %attempt.id, ?error, "a checkout could not be settled; it will be reconciled");
    }
}

async fn authorize(app: &App, attempt: &Attempt) -> AuthorizeOutcome {
    if let Some(outcome) = nothing_to_pay(attempt) {
        return outcome;
    }
    payments::authorize(app, attempt).await.unwrap_or_else(|error| {
        tracing::warn!(payment.id = %attempt.id, ?error, "the payment provider could not be asked");
        AuthorizeOutcome::Unknown
    })
}

/// A cart that costs nothing is paid for without asking anybody.
pub(super) fn nothing_to_pay(attempt: &Attempt) -> Option<AuthorizeOutcome> {
    let payment = ProviderPayment {
        id: attempt.id.to_string(),
        reference: attempt.id.to_string(),
        status: ProviderStatus::Authorized,
        amount: attempt.money(0),
        authorized: 0,
        captured: 0,
        refunded: 0,
        voided: 0,
        decline_code: None,
    };
    (attempt.amount == 0).then_some(AuthorizeOutcome::Authorized(payment))
}

/// Waits a while for the end of an attempt.
async fn wait(app: &App, attempt_id: PaymentAttemptId) -> Result<(), Fault> {
    let mut hints = app.bus.subscribe(&topic(attempt_id));
    let ended = async {
        loop {
            let found = hold::Entity::find_by_id(attempt_id).one(app.db.read()).await?;
            if found.is_none_or(|hold| hold.status != HoldStatus::Held) {
                return Ok(());
            }
            // A hint may get lost, so it also looks by itself.
            let _ = tokio::time::timeout(LOOK, hints.wait()).await;
        }
    };
    tokio::time::timeout(REPEAT_PATIENCE, ended).await.unwrap_or(Ok(()))
}

/// What became of an attempt.
async fn of_attempt(conn: &impl ConnectionTrait, attempt_id: PaymentAttemptId) -> Result<Completion, Fault> {
    // Without its contents, which are long.
    let columns = [hold::Column::Status, hold::Column::OrderId, hold::Column::Problems];
    let query = hold::Entity::find_by_id(attempt_id).select_only().columns(columns);
    let found = query.into_tuple::<(HoldStatus, Option<OrderId>, Failure)>().one(conn).await?;
    let (status, order_id, Failure(problems)) = found.ok_or_else(|| Fault::internal("a payment has no checkout"))?;
    let status = match status {
        HoldStatus::Held => CompletionStatus::Processing,
        HoldStatus::Placed => CompletionStatus::Completed,
        HoldStatus::Released => CompletionStatus::Failed,
    };
    Ok(Completion { status, order_id, attempt_id: Some(attempt_id), problems })
}

/// What became of a cart.
pub fn completion(cart: &cart::Model) -> Completion {
    let problems = cart.failure.clone().unwrap_or_default().0;
    let status = match cart.status {
        Status::Open if problems.is_empty() => CompletionStatus::Open,
        Status::Open => CompletionStatus::Failed,
        Status::Processing => CompletionStatus::Processing,
        Status::Completed => CompletionStatus::Completed,
    };
    Completion { status, order_id: cart.order_id, attempt_id: cart.attempt_id, problems }
}
