//! Settling: what the provider said becomes an order, or everything is given back.
//!
//! The request, the provider's webhook and `ReconcileAttempt` all come here, in any order and as often
//! as they like: the hold's row lock lets one of them settle, and the others find it settled.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};

use super::access;
use super::entity::cart::{self, Failure, FailureProblem, Status};
use super::entity::hold::{self, Contents, HoldStatus};
use super::error::CheckoutErrorCode as Code;
use super::hold::{lock, short_lines};
use super::unknown;
use crate::app::App;
use crate::inventory;
use crate::kernel::ids::{OfferId, OrderId, PaymentAttemptId};
use crate::kernel::money::Money;
use crate::kernel::problem::{Fault, Problem};
use crate::orders::{self, PlacedLine, Placement};
use crate::payments::{self, Attempt, AttemptStatus, AuthorizeOutcome};
use crate::platform::planted::{self, Bug};
use crate::platform::tx::Tx;
use crate::pricing::discounts;

/// The topic that tells that an attempt ended.
pub(super) fn topic(id: PaymentAttemptId) -> String {
    format!("checkout:{id}")
}

/// Records `outcome` and ends the checkout if that decides it. Idempotent.
pub async fn settle(app: &App, attempt_id: PaymentAttemptId, outcome: &AuthorizeOutcome) -> Result<(), Fault> {
    let tx = Tx::begin(app).await?;
    let held = lock(&tx, attempt_id).await?;
    let attempt = payments::record(&tx, attempt_id, outcome).await?;
    let Some((cart, hold)) = held.filter(|(_, hold)| hold.status == HoldStatus::Held) else {
        // The checkout has ended; what was recorded now is a late word of the provider.
        return tx.commit().await;
    };
    match attempt.status {
        AttemptStatus::Authorized => match place(&tx, cart, hold, &attempt).await? {
            Ok(()) => tx.commit().await,
            Err(short) => {
                // Rolls back: an order without its goods is none.
                drop(tx);
                undeliverable(app, attempt_id, outcome, &short).await
            }
        },
        AttemptStatus::Declined => {
            let code = attempt.decline_code.as_deref().unwrap_or("declined");
            let message = format!("the payment was declined ({code})");
            give_back(&tx, cart, hold, vec![declined(&message)]).await?;
            tx.commit().await
        }
        AttemptStatus::Abandoned | AttemptStatus::Voided => {
            give_back(&tx, cart, hold, vec![declined("the payment was not completed")]).await?;
            tx.commit().await
        }
        AttemptStatus::Open | AttemptStatus::Processing => tx.commit().await,
    }
}

/// Gives up an attempt of which the provider knows nothing; should it say yes after all, the money is
/// released at once.
pub(super) async fn abandon(app: &App, attempt_id: PaymentAttemptId) -> Result<(), Fault> {
    let tx = Tx::begin(app).await?;
    let Some((cart, hold)) = lock(&tx, attempt_id).await?.filter(|(_, hold)| hold.status == HoldStatus::Held) else {
        return Ok(());
    };
    payments::abandon(&tx, attempt_id, "The payment was not completed.").await?;
    give_back(&tx, cart, hold, vec![declined("the payment was not completed; nothing was charged")]).await?;
    tx.commit().await
}

/// Places the order the hold decided; `Err` with the offers whose goods are gone.
async fn place(
    tx: &Tx,
    cart: cart::Model,
    hold: hold::Model,
    attempt: &Attempt,
) -> Result<Result<(), Vec<OfferId>>, Fault> {
    let order_id: OrderId = tx.new_id();
    if let Err(short) = inventory::commit(tx, attempt.id, order_id).await? {
        return Ok(Err(short));
    }
    discounts::confirm(tx, attempt.id, order_id).await?;
    payments::attach_order(tx, attempt.id, order_id).await?;
    // Late: it draws the order's number, for which everybody else waits until the commit.
    orders::place(tx, order_id, placement(&cart, hold.contents.clone(), attempt)?).await?;
    end(tx, hold, HoldStatus::Placed, |row| row.order_id = Set(Some(order_id))).await?;
    access::change(tx, cart, |row| {
        row.status = Set(Status::Completed);
        row.order_id = Set(Some(order_id));
    })
    .await?;
    Ok(Ok(()))
}

fn placement(cart: &cart::Model, contents: Contents, attempt: &Attempt) -> Result<Placement, Fault> {
    let currency = contents.quote.currency;
    let cost_of = |line: &str| {
        let picks = contents.plan.picks().filter(|(_, pick)| pick.line == line);
        let costs = picks.map(|(_, pick)| pick.unit_cost_in_store.times(pick.quantity));
        costs.collect::<Result<Vec<Money>, _>>().and_then(|costs| Money::sum(currency, costs))
    };
    let mut lines = Vec::with_capacity(contents.lines.len());
    for (line, quoted) in contents.lines.iter().zip(&contents.quote.lines) {
        let key = line.line_id.to_string();
        lines.push(PlacedLine {
            planned_cost: cost_of(&key)?,
            key,
            variant: line.snapshot.clone().into(),
            quantity: line.quantity,
            subtotal: quoted.subtotal,
            discount: quoted.discount,
            tax: quoted.tax,
            total: quoted.total,
        });
    }
    Ok(Placement {
        cart_id: cart.id,
        customer_id: contents.customer_id,
        email: contents.email,
        phone: contents.phone,
        shipping_address: contents.shipping_address,
        billing_address: contents.billing_address,
        currency,
        subtotal: contents.quote.subtotal,
        discount: contents.quote.discount,
        shipping: contents.quote.shipping,
        tax: contents.quote.tax,
        total: contents.quote.total,
        lines,
        plan: contents.plan,
        attempt_id: attempt.id,
        authorized: attempt.money(attempt.authorized),
        discount_codes: contents.discount_codes,
        test: attempt.test,
        promise: contents.promise.map(|window| (window.earliest, window.latest)),
    })
}

/// The money is there and the goods are not: the money is released and the buyer told.
async fn undeliverable(
    app: &App,
    attempt_id: PaymentAttemptId,
    outcome: &AuthorizeOutcome,
    short: &[OfferId],
) -> Result<(), Fault> {
    let tx = Tx::begin(app).await?;
    let held = lock(&tx, attempt_id).await?;
    payments::record(&tx, attempt_id, outcome).await?;
    if let Some((cart, hold)) = held.filter(|(_, hold)| hold.status == HoldStatus::Held) {
        payments::abandon(&tx, attempt_id, "The goods were gone when the payment came.").await?;
        let problems = short_lines(&hold.contents, short);
        give_back(&tx, cart, hold, problems).await?;
    }
    tx.commit().await
}

/// Ends the checkout without an order: the stock and the discounts go back, the cart opens again.
async fn give_back(tx: &Tx, cart: cart::Model, hold: hold::Model, problems: Vec<Problem<Code>>) -> Result<(), Fault> {
    if !planted::is(Bug::KeepReservation) {
        inventory::release(tx, hold.attempt_id).await?;
    }
    discounts::release(tx, hold.attempt_id).await?;
    let failure: Vec<FailureProblem> =
        problems.into_iter().map(|it| FailureProblem { code: it.code, field: it.field, message: it.message }).collect();
    let failure = Failure(failure);
    end(tx, hold, HoldStatus::Released, |row| row.problems = Set(failure.clone())).await?;
    access::change(tx, cart, |row| {
        row.status = Set(Status::Open);
        row.failure = Set(Some(failure));
    })
    .await?;
    Ok(())
}

async fn end(
    tx: &Tx,
    hold: hold::Model,
    status: HoldStatus,
    apply: impl FnOnce(&mut hold::ActiveModel),
) -> Result<(), Fault> {
    tx.hint(topic(hold.attempt_id));
    if unknown::is_due(tx.app(), hold.created_at) {
        payments::attempt_known(tx, hold.attempt_id).await?;
    }
    let mut row = hold::ActiveModel { status: Set(status), ended_at: Set(Some(tx.now())), ..Default::default() };
    apply(&mut row);
    // Its contents are long: they are not written again, nor read back.
    let update = hold::Entity::update_many().set(row).filter(hold::Column::AttemptId.eq(hold.attempt_id));
    update.exec(tx).await?;
    Ok(())
}

fn declined(message: &str) -> Problem<Code> {
    Problem::at(Code::PaymentDeclined, "input.payment", message)
}
