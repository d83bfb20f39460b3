//! The hold: one transaction that checks the cart against what its buyer confirmed, takes the stock
//! and the discounts, and opens the attempt to pay. After it, everything the order will be is decided.

use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::{EntityTrait, QuerySelect, Set};
use serde::Serialize;

use super::CheckoutError;
use super::access::{self, not_found};
use super::entity::cart::{self, Failure, Status};
use super::entity::hold::{self, Contents, HeldLine, HoldStatus};
use super::error::CheckoutErrorCode as Code;
use super::jobs::ReconcileAttempt;
use super::view::{self, View};
use crate::app::App;
use crate::identity::{Actor, customers};
use crate::inventory;
use crate::kernel::address::Address;
use crate::kernel::ids::{CartId, OfferId, PaymentAttemptId};
use crate::kernel::money::Money;
use crate::kernel::problem::{Fault, Problem, VerbError};
use crate::payments::{self, NewAttempt};
use crate::platform::idempotency::{self, Claimed};
use crate::platform::jobs;
use crate::platform::tx::Tx;
use crate::pricing::discounts;
use crate::routing::DeliveryWindow;

/// The operation's name in idempotency records.
const OPERATION: &str = "checkoutComplete";
/// How long a reservation is meant to be held. The attempt's end releases it, not this time.
const HELD: TimeDelta = TimeDelta::minutes(30);
/// The longest idempotency key.
const MAX_KEY: usize = 255;
/// The longest token of a payment provider.
const MAX_TOKEN: usize = 1000;

/// What the buyer says yes to.
#[derive(Clone, Serialize)]
pub struct CompleteInput {
    /// Names this yes; said again, it has no second effect.
    pub idempotency_key: String,
    /// The total the buyer saw.
    pub expected_total: Money,
    /// Which payment provider.
    pub gateway: String,
    /// What the buyer's client got from the provider.
    pub token: Option<String>,
}

/// What became of a yes.
pub(super) enum Held {
    /// A new attempt: the provider is to be asked.
    New(Box<payments::Attempt>),
    /// The attempt this key belongs to already.
    Known(PaymentAttemptId),
}

/// Holds the cart, or finds the attempt the key belongs to.
pub(super) async fn hold(
    app: &App,
    actor: &Actor,
    cart_id: CartId,
    input: &CompleteInput,
) -> Result<Held, CheckoutError> {
    check(app, input)?;
    let tx = Tx::begin(app).await?;
    let visible = access::find(&tx, actor, cart_id, tx.now()).await?.ok_or_else(not_found)?;
    let attempt_id: PaymentAttemptId = tx.new_id();
    let scope = actor.customer_id().map_or_else(|| cart_id.to_string(), |customer| customer.to_string());
    let digest = idempotency::digest(&(cart_id, input))?;
    let key = &input.idempotency_key;
    match idempotency::claim(&tx, &scope, OPERATION, key, &digest, &attempt_id.to_string()).await? {
        Claimed::New => {}
        Claimed::Repeat { subject } => {
            let known = subject.parse().map_err(|_| Fault::internal("a checkout's record names no payment"))?;
            return Ok(Held::Known(known));
        }
        Claimed::OtherInput => {
            let message = "this key was used for something else";
            return Err(VerbError::refused(Code::IdempotencyKeyReused, "input.idempotencyKey", message));
        }
    }
    let cart = access::open(&tx, actor, visible.id).await?;
    let view = view::assemble(&tx, cart).await?;
    let contents = contents(&tx, &view, input).await?;
    take(&tx, attempt_id, &view, &contents).await?;
    let attempt = NewAttempt {
        id: attempt_id,
        cart_id,
        gateway: input.gateway.clone(),
        amount: contents.quote.total,
        token: input.token.clone(),
    };
    let attempt = payments::open_attempt(&tx, attempt).await?;
    write(&tx, attempt_id, view.cart, contents).await?;
    jobs::enqueue_after(&tx, &ReconcileAttempt { attempt_id }, real_time(app, ReconcileAttempt::FIRST)).await?;
    tx.commit().await?;
    tracing::info!(payment.id = %attempt_id, "a checkout holds its goods; asking for {attempt_id}");
    Ok(Held::New(Box::new(attempt)))
}

/// A wait for the network: the time scale, which divides every job's delay, must not shorten it.
pub(super) fn real_time(app: &App, wait: Duration) -> Duration {
    wait.saturating_mul(app.config.time_scale.max(1))
}

fn check(app: &App, input: &CompleteInput) -> Result<(), CheckoutError> {
    let invalid = |field: &str, message: &str| Err(VerbError::refused(Code::Invalid, field, message));
    if !(1..=MAX_KEY).contains(&input.idempotency_key.chars().count()) {
        return invalid("input.idempotencyKey", "a key has 1 to 255 characters");
    }
    if app.gateways.get(&input.gateway).is_none() {
        return invalid("input.payment.gateway", "there is no such payment provider");
    }
    if input.token.as_ref().is_some_and(|token| token.len() > MAX_TOKEN) {
        return invalid("input.payment.token", "the token is too long");
    }
    Ok(())
}

/// What is bought, if the cart can be and costs what the buyer confirmed.
async fn contents(tx: &Tx, view: &View, input: &CompleteInput) -> Result<Contents, CheckoutError> {
    let email = email(tx, &view.cart).await?;
    let (email, shipping_address) = ready(view, email)?;
    confirmed(view, input)?;
    let lines = view.lines.iter().filter_map(|line| {
        let snapshot = line.snapshot.clone()?.into();
        Some(HeldLine { line_id: line.id, snapshot, quantity: line.quantity })
    });
    Ok(Contents {
        customer_id: view.cart.customer_id,
        email,
        phone: view.cart.phone.clone(),
        billing_address: view.cart.billing_address.clone().unwrap_or_else(|| shipping_address.clone()),
        shipping_address,
        lines: lines.collect(),
        plan: view.plan.clone(),
        quote: view.quote.clone(),
        promise: promise(view),
        discounts: view.applied.terms.iter().map(|terms| terms.id).collect(),
        discount_codes: view.applied.terms.iter().map(|terms| terms.code.clone()).collect(),
    })
}

/// Where news go: what the buyer wrote, else the address of the account.
async fn email(tx: &Tx, cart: &cart::Model) -> Result<Option<String>, Fault> {
    Ok(match (&cart.email, cart.customer_id) {
        (Some(email), _) => Some(email.clone()),
        (None, Some(customer_id)) => customers::lookup(tx, customer_id).await?.map(|customer| customer.email),
        (None, None) => None,
    })
}

/// Whether the cart has all it needs and everything in it can be had.
fn ready(view: &View, email: Option<String>) -> Result<(String, Address), CheckoutError> {
    if view.lines.is_empty() {
        return Err(VerbError::refused(Code::Invalid, "cartId", "the cart is empty"));
    }
    let mut problems: Vec<Problem<Code>> = Vec::new();
    if email.is_none() {
        problems.push(Problem::at(Code::ContactRequired, "cartId", "an e-mail address is needed: cartContactSet"));
    }
    if view.cart.shipping_address.is_none() {
        let message = "a shipping address is needed: cartShippingAddressSet";
        problems.push(Problem::at(Code::AddressInvalid, "cartId", message));
    }
    for problem in &view.problems {
        if matches!(problem.code, Code::OutOfStock | Code::NotShippable) {
            let path = problem.line_id.map_or_else(|| "cartId".to_owned(), |line_id| format!("lines.{line_id}"));
            problems.push(Problem::at(problem.code, &path, problem.message.clone()));
        }
    }
    if view.plan.parcels.iter().any(|parcel| parcel.service().is_none()) {
        problems.push(Problem::at(Code::ShippingOptionRequired, "cartId", "a parcel has no shipping option"));
    }
    match (email, view.cart.shipping_address.clone()) {
        (Some(email), Some(address)) if problems.is_empty() => Ok((email, address)),
        _ => Err(VerbError::Refused(problems)),
    }
}

/// Whether the total is what the buyer confirmed.
fn confirmed(view: &View, input: &CompleteInput) -> Result<(), CheckoutError> {
    let total = view.quote.total;
    if input.expected_total.currency() != total.currency() {
        let message = format!("the store sells in {}", total.currency());
        return Err(VerbError::refused(Code::CurrencyMismatch, "input.expectedTotal.currencyCode", message));
    }
    if input.expected_total == total {
        return Ok(());
    }
    let mut problems = vec![Problem::at(Code::TotalMismatch, "input.expectedTotal", format!("the total is {total}"))];
    for problem in &view.problems {
        let path = problem.line_id.map_or_else(|| "cartId".to_owned(), |line_id| format!("lines.{line_id}"));
        problems.push(Problem::at(problem.code, &path, problem.message.clone()));
    }
    Err(VerbError::Refused(problems))
}

/// The window that holds for all parcels: from the first arrival to the last.
fn promise(view: &View) -> Option<DeliveryWindow> {
    let windows = || view.plan.parcels.iter().filter_map(|parcel| parcel.service()).map(|service| service.estimate);
    Some(DeliveryWindow {
        earliest: windows().map(|window| window.earliest).min()?,
        latest: windows().map(|window| window.latest).max()?,
    })
}

/// Takes the discounts and the stock.
async fn take(tx: &Tx, holder: PaymentAttemptId, view: &View, contents: &Contents) -> Result<(), CheckoutError> {
    if let Err(id) = discounts::redeem(tx, holder, &contents.discounts).await? {
        let code = view.applied.terms.iter().find(|terms| terms.id == id).map_or("", |terms| terms.code.as_str());
        let message = format!("the code {code} was used up a moment ago");
        return Err(VerbError::refused(Code::DiscountInvalid, "cartId", message));
    }
    let picks = contents.plan.by_offer();
    match inventory::reserve(tx, holder, &picks, tx.now() + HELD).await? {
        Ok(()) => Ok(()),
        Err(short) => Err(VerbError::Refused(short_lines(contents, &short))),
    }
}

/// A problem for each line that needs one of the offers.
pub(super) fn short_lines(contents: &Contents, short: &[OfferId]) -> Vec<Problem<Code>> {
    let mut lines: Vec<&str> = contents
        .plan
        .picks()
        .filter(|(_, pick)| short.contains(&pick.offer_id))
        .map(|(_, pick)| pick.line.as_str())
        .collect();
    lines.sort_unstable();
    lines.dedup();
    let problem = |line: &str| {
        Problem::at(Code::OutOfStock, &format!("lines.{line}"), "somebody else was faster: fewer can be had")
    };
    lines.into_iter().map(problem).collect()
}

async fn write(tx: &Tx, attempt_id: PaymentAttemptId, cart: cart::Model, contents: Contents) -> Result<(), Fault> {
    let row = hold::ActiveModel {
        attempt_id: Set(attempt_id),
        cart_id: Set(cart.id),
        status: Set(HoldStatus::Held),
        contents: Set(contents),
        problems: Set(Failure::default()),
        order_id: Set(None),
        created_at: Set(tx.now()),
        ended_at: Set(None),
    };
    hold::Entity::insert(row).exec_without_returning(tx).await?;
    access::change(tx, cart, |row| {
        row.status = Set(Status::Processing);
        row.attempt_id = Set(Some(attempt_id));
        row.failure = Set(None);
    })
    .await?;
    Ok(())
}

/// The hold of an attempt, locked with its cart: the cart first, as everywhere.
pub(super) async fn lock(tx: &Tx, id: PaymentAttemptId) -> Result<Option<(cart::Model, hold::Model)>, Fault> {
    let seen = hold::Entity::find_by_id(id).select_only().column(hold::Column::CartId);
    let Some(cart_id) = seen.into_tuple::<CartId>().one(tx).await? else { return Ok(None) };
    let cart = cart::Entity::find_by_id(cart_id).lock_exclusive().one(tx).await?;
    let hold = hold::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    Ok(cart.zip(hold))
}
