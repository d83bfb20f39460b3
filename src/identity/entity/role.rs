//! Sets of permissions, by name.

use sea_orm::entity::prelude::*;

use super::api_token::Permissions;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::RoleId;

/// One role.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "role")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RoleId,
    /// What the owner calls it.
    pub name: String,
    /// The name in lower case: unique.
    pub name_key: String,
    /// What its members may do.
    #[sea_orm(column_type = "JsonBinary")]
    pub permissions: Permissions,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Roles have no relations: members are found by its id.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
