//! How often somebody tried lately.

use sea_orm::entity::prelude::*;

use crate::kernel::clock::Timestamp;

/// The tries under one key.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sign_in_throttle")]
pub struct Model {
    /// A hash of what was tried and from where; nobody can be read from it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: Vec<u8>,
    /// How often.
    pub attempts: i32,
    /// No further try before this.
    pub blocked_until: Timestamp,
    /// The last try.
    pub last_at: Timestamp,
}

/// Throttles have no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
