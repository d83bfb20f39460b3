//! The table of rows that the last fetch of a supplier's goods left out.

use sea_orm::entity::prelude::*;

use crate::kernel::ids::SupplierId;

/// A row that was left out.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supplier_catalog_left_out")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub supplier_id: SupplierId,
    /// Where it was found: its line, or its number among all.
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
