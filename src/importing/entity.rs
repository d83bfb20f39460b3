//! The table of rows that an import left out.

use sea_orm::entity::prelude::*;

use crate::kernel::ids::JobId;

/// A row that was left out.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "import_error")]
pub struct Model {
    /// The import.
    #[sea_orm(primary_key, auto_increment = false)]
    pub job_id: JobId,
    /// Where the row is in the file: its line, or its number in a JSON array.
    #[sea_orm(primary_key, auto_increment = false)]
    pub line: i64,
    /// What the row is about, if that could be read.
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
