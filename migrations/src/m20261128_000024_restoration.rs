//! Where a database comes from that was restored: see `platform/restoration.rs`.

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

// One row in a copy and in what was restored from one, none in any other database.
const TABLES: &str = "
CREATE TABLE restoration (
    id integer PRIMARY KEY CHECK (id = 1),
    taken_at {time} NOT NULL,
    restored_at {time},
    recovered_at {time}
);
";
