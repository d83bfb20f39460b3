//! From how few units on a variant is scarce, and which ones the store was told of.

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

// Nothing is marked yet: the first look marks what is scarce already, and tells of it.
const TABLES: &str = "
ALTER TABLE store ADD COLUMN low_stock_at integer NOT NULL DEFAULT 5;
ALTER TABLE variant ADD COLUMN low_stock boolean NOT NULL DEFAULT FALSE;
";
