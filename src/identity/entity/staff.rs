//! People who work for the store.

use sea_orm::entity::prelude::*;

use super::api_token::Permissions;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{RoleId, StaffId};

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
    /// What the member calls themselves.
    pub name: Option<String>,
    /// The role whose permissions these are; none for an owner.
    pub role_id: Option<RoleId>,
    /// The second factor's secret, sealed; good for signing in once it is confirmed.
    pub totp_sealed: Option<String>,
    /// Since when signing in takes the second factor.
    pub totp_confirmed_at: Option<Timestamp>,
    /// The time step of the last code that was used: none is good twice.
    pub totp_step: Option<i64>,
}

/// Staff have no relations inside this room.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
