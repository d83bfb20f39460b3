//! People who work for the store.

use sea_orm::entity::prelude::*;

use super::api_token::Permissions;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::StaffId;

/// The owner, or a member of staff.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "staff")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: StaffId,
    /// The address, in lower case.
    pub email: String,
    /// The password's Argon2id hash, in PHC form.
    pub password_hash: String,
    /// Whether this is the owner, who may do everything.
    pub owner: bool,
    /// What anyone else may do.
    #[sea_orm(column_type = "JsonBinary")]
    pub permissions: Permissions,
    /// When the account was made.
    pub created_at: Timestamp,
}

/// Staff have no relations inside this room.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
