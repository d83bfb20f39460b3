//! The tables of `importing`: uploaded files, and the rows an import left out.

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

const TABLES: &str = "
CREATE TABLE upload (
    id {uuid} PRIMARY KEY,
    size bigint NOT NULL CHECK (size >= 0),
    created_at {time} NOT NULL
);
CREATE INDEX upload_age ON upload (created_at);

CREATE TABLE import_error (
    job_id {uuid} NOT NULL,
    line bigint NOT NULL,
    sku text,
    reason text NOT NULL,
    message text NOT NULL,
    PRIMARY KEY (job_id, line)
);
";
