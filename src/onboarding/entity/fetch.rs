//! The table of how suppliers' goods were fetched last.

use sea_orm::entity::prelude::*;

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::SupplierId;

/// One supplier's last fetch.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supplier_catalog_fetch")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub supplier_id: SupplierId,
    /// The words under which goods were looked for; without, all were.
    pub query: Option<String>,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it began; without, it waits.
    pub began_at: Option<Timestamp>,
    /// When it ended, well or badly; without, it waits, runs or was cut off.
    pub ended_at: Option<Timestamp>,
    /// How many items were taken in so far.
    pub items: i64,
    /// How many rows were left out so far.
    pub left_out: i64,
    /// Why it ended badly.
    pub failure: Option<String>,
}

/// Fetches have no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
