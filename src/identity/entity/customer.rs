//! Customers with an account.

use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{CustomerAddressId, CustomerId};

/// Tags in a column.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Tags(pub Vec<String>);

/// One customer. The row is made when the address is verified, so every address here was.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "customer")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CustomerId,
    /// The address, in lower case; `erased:` and the id once they were forgotten.
    pub email: String,
    /// The password's Argon2id hash, in PHC form.
    pub password_hash: String,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Whether news may be sent.
    pub accepts_marketing: bool,
    /// What the store calls them by, for its rules.
    #[sea_orm(column_type = "JsonBinary")]
    pub tags: Tags,
    /// When the account was made and its address verified.
    pub created_at: Timestamp,
    /// Where parcels go unless they say otherwise.
    pub default_address_id: Option<CustomerAddressId>,
    /// When they were forgotten; from then on the row is a number that orders refer to.
    pub erased_at: Option<Timestamp>,
    /// The address they had, sealed, while the rooms still look for what they keep under it.
    pub erased_email: Option<String>,
}

/// Customers have no relations inside this room.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
