//! In what order waiting jobs are taken: not in that of their times alone.

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

// Jobs that wait already, and those that the previous version adds, come first: nothing that was promised
// before waits longer than it would have. `job_queued` serves the previous version.
const TABLES: &str = "
ALTER TABLE job ADD COLUMN rank_at {time} NOT NULL DEFAULT '1970-01-01T00:00:00+00:00';
CREATE INDEX job_ranked ON job (rank_at, run_at) WHERE status = 'QUEUED';
";
