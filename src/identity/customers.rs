//! Customers, for the rooms above.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::Owned;
use super::entity::customer::{Column, Entity, Model};
use crate::kernel::ids::CustomerId;
use crate::kernel::problem::Fault;

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

impl Owned for Model {
    fn customer_id(&self) -> Option<CustomerId> {
        Some(self.id)
    }
}
