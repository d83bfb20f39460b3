//! The table of how suppliers' stock was fetched last.

use sea_orm::entity::prelude::*;

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::SupplierId;

/// One supplier's last fetch.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supplier_fetch")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub supplier_id: SupplierId,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended, well or badly; without, it runs or was cut off.
    pub ended_at: Option<Timestamp>,
    /// How many items it told of.
    pub items: i64,
    /// How many of its rows were left out.
    pub left_out: i64,
    /// Why it ended badly.
    pub failure: Option<String>,
}

/// Fetches have no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
