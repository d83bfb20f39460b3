//! The table of rows that the last fetch of a supplier's stock left out.

use sea_orm::entity::prelude::*;

use crate::kernel::ids::SupplierId;

/// A row that was left out.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supplier_left_out")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub supplier_id: SupplierId,
    /// Where it is in the file: its line, or its number in a JSON array.
    #[sea_orm(primary_key, auto_increment = false)]
    pub line: i64,
    /// What it is about, if that could be read.
    pub sku: Option<String>,
    /// Why it was left out, for programs.
    pub reason: String,
    /// Why it was left out, for people.
    pub message: String,
}

/// Left-out rows have no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
