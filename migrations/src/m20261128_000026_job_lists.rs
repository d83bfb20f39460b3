//! What the owner sees of jobs: lists of those that are not done, and who works them.

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

// One index for all filters: what is not done is little, and each job's row is written three times, so
// that every further index would be written as often. What was discarded is rare among all that is done.
const TABLES: &str = "
ALTER TABLE job ADD COLUMN worker text;
CREATE INDEX job_undone ON job (id, status, kind, lane) WHERE status <> 'SUCCEEDED' AND status <> 'DISCARDED';
CREATE INDEX job_discarded ON job (id) WHERE status = 'DISCARDED';
CREATE INDEX webhook_delivery_sender ON webhook_delivery (sender, id);
";
