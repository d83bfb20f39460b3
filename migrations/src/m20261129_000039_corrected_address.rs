//! Where a supplier order went before its order's address was corrected.

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
ALTER TABLE supplier_order ADD COLUMN destination {json};
";
