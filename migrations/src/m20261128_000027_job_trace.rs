//! The trace a job was added in: see `platform/traces.rs`.

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

// The previous version takes no notice of it.
const TABLES: &str = "
ALTER TABLE job ADD COLUMN trace text;
";
