//! Codes that stand in for a second factor that is lost, each good once.

use sea_orm::entity::prelude::*;

use crate::kernel::ids::StaffId;

/// One code that was not used yet.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "recovery_code")]
pub struct Model {
    /// SHA-256 of the code.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code_hash: Vec<u8>,
    /// Whose it is.
    pub staff_id: StaffId,
}

/// Codes have no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
