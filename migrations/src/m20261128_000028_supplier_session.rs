//! What suppliers' platforms let the store in with for a while.

use sea_orm_migration::prelude::*;

use crate::ddl;

/// The step.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, TABLES).await
    }
}

// A table of its own: tokens come and go by themselves, while the supplier's row is the owner's word.
const TABLES: &str = "
CREATE TABLE supplier_session (
    supplier_id {uuid} PRIMARY KEY REFERENCES supplier (id),
    sealed text,
    renewing_until {time},
    failure text,
    updated_at {time} NOT NULL
);
";
