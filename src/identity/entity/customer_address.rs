//! Customers' address books.

use sea_orm::entity::prelude::*;

use crate::identity::Owned;
use crate::kernel::address::Address;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{CustomerAddressId, CustomerId};

/// One address of one customer.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer_address")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CustomerAddressId,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// The address.
    #[sea_orm(column_type = "JsonBinary")]
    pub address: Address,
    /// When it was noted.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the address, which is personal.
        f.debug_struct("CustomerAddress").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Owned for Model {
    fn customer_id(&self) -> Option<CustomerId> {
        Some(self.customer_id)
    }
}

/// Addresses have no relations inside this room.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
