//! Customers, for the rooms above.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use super::entity::customer::{Column, Entity, Model};
use super::{Action, Actor, Owned};
use crate::kernel::ids::CustomerId;
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;

/// What is wrong with a request about a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustomerProblem {
    /// A field is too long, or has characters that are not text.
    Invalid,
    /// There is no such customer or address.
    NotFound,
    /// A parcel could not arrive at the address.
    AddressInvalid,
    /// There are as many addresses as there may be.
    TooMany,
    /// The password is not the account's.
    CredentialsInvalid,
    /// Too many tries; wait.
    Throttled,
}

/// One customer, or nothing.
pub async fn lookup(conn: &impl ConnectionTrait, id: CustomerId) -> Result<Option<Model>, Fault> {
    Ok(Entity::find_by_id(id).one(conn).await?)
}

/// Those of `ids` that exist, in no particular order.
pub async fn load_many(conn: &impl ConnectionTrait, ids: &[CustomerId]) -> Result<Vec<Model>, Fault> {
    Ok(Entity::find().filter(Column::Id.is_in(ids.iter().copied())).all(conn).await?)
}

/// Keeps the customer who asks from being forgotten until the transaction ends, without keeping others
/// of their own doings waiting. One who was forgotten is signed out.
pub async fn stay(tx: &Tx, actor: &Actor) -> Result<(), Fault> {
    let Some(id) = actor.customer_id() else { return Ok(()) };
    let found = Entity::find_by_id(id).lock_shared().one(tx).await?;
    known(found).map(drop)
}

/// The customer's row, locked: their doings take turns. One who was forgotten is signed out.
pub async fn lock(tx: &Tx, id: CustomerId) -> Result<Model, Fault> {
    known(Entity::find_by_id(id).lock_exclusive().one(tx).await?)
}

fn known(found: Option<Model>) -> Result<Model, Fault> {
    found.filter(|row| row.erased_at.is_none()).ok_or(Fault::Unauthenticated)
}

/// The customer who acts, and nobody else.
pub fn acting(actor: &Actor) -> Result<CustomerId, Fault> {
    actor.may(Action::ActAsCustomer)?;
    actor.customer_id().ok_or(Fault::Forbidden)
}

impl Owned for Model {
    fn customer_id(&self) -> Option<CustomerId> {
        Some(self.id)
    }
}
