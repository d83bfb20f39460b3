//! How far a report that is too old is still believed.

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

// The index that this one is to replace stays while programs run that still look by it.
const TABLES: &str = "
ALTER TABLE supplier ADD COLUMN stale_confidence bigint NOT NULL DEFAULT 500000;
ALTER TABLE supplier_offer ADD COLUMN stale_confidence bigint NOT NULL DEFAULT 1000000;
CREATE INDEX supplier_offer_growing_old ON supplier_offer (stale_at)
    WHERE (stale_stops OR stale_confidence < 1000000) AND NOT stale_noted;
";
