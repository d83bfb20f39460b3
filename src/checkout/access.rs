//! Who may use a cart. A guest's cart belongs to whoever knows its id; once a customer has used it, to
//! that customer alone. Nobody else's right reaches here, staff's neither, so `identity` has no say.

use chrono::TimeDelta;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QuerySelect, Set};

use super::CheckoutError;
use super::entity::cart::{self, Status};
use super::error::CheckoutErrorCode as Code;
use crate::app::App;
use crate::identity::{Actor, customers};
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::CartId;
use crate::kernel::problem::{Fault, VerbError};
use crate::platform::tx::Tx;

/// How long an unused cart is kept.
pub(super) const CART_LIFE: TimeDelta = TimeDelta::days(30);

/// The cart, if `actor` may use it.
pub async fn lookup(app: &App, actor: &Actor, id: CartId) -> Result<Option<cart::Model>, Fault> {
    find(app.db.read(), actor, id, app.clock.now()).await
}

pub(super) async fn find(
    conn: &impl ConnectionTrait,
    actor: &Actor,
    id: CartId,
    now: Timestamp,
) -> Result<Option<cart::Model>, Fault> {
    let found = cart::Entity::find_by_id(id).one(conn).await?;
    Ok(found.filter(|cart| may_use(actor, cart, now)))
}

fn may_use(actor: &Actor, cart: &cart::Model, now: Timestamp) -> bool {
    let theirs = cart.customer_id.is_none_or(|owner| actor.customer_id() == Some(owner));
    let expired = cart.status == Status::Open && cart.expires_at <= now;
    theirs && !expired
}

/// The cart, locked and ready to be changed. A signed-in customer takes over a guest's cart by using it.
pub(super) async fn open(tx: &Tx, actor: &Actor, id: CartId) -> Result<cart::Model, CheckoutError> {
    // Before the cart, as everywhere: a customer who is being forgotten changes nothing any more.
    customers::stay(tx, actor).await?;
    let found = cart::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    let cart = found.filter(|cart| may_use(actor, cart, tx.now())).ok_or_else(not_found)?;
    match cart.status {
        Status::Open => {}
        Status::Processing => {
            let message = "a payment for this cart is running";
            return Err(VerbError::refused(Code::IdempotencyInProgress, "cartId", message));
        }
        Status::Completed => {
            let message = "this cart has become an order";
            return Err(VerbError::refused(Code::CartCompleted, "cartId", message));
        }
    }
    Ok(match (cart.customer_id, actor.customer_id()) {
        (None, Some(customer_id)) => {
            let mut row = cart.into_active_model();
            row.customer_id = Set(Some(customer_id));
            row.update(tx).await?
        }
        _ => cart,
    })
}

/// Writes a change of the cart, which is kept for another while.
pub(super) async fn change(
    tx: &Tx,
    cart: cart::Model,
    apply: impl FnOnce(&mut cart::ActiveModel),
) -> Result<cart::Model, Fault> {
    let mut row = cart.into_active_model();
    apply(&mut row);
    row.updated_at = Set(tx.now());
    row.expires_at = Set(tx.now() + CART_LIFE);
    Ok(row.update(tx).await?)
}

pub(super) fn not_found() -> CheckoutError {
    VerbError::refused(Code::NotFound, "cartId", "there is no such cart")
}
