//! Room for the figures of offers to change in.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::ddl;

/// The step.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        match manager.get_database_backend() {
            DbBackend::Postgres => ddl::run(manager, POSTGRES).await,
            _ => Ok(()),
        }
    }
}

// A changed row whose page has room needs no new entry in any index (a heap-only tuple) unless an indexed column
// changes, and a stock report changes all rows of a page at once: half of it is left to them. `stale_at` is indexed,
// so that reports of suppliers whose stock gets too old gain nothing; reservations and sales do. Holds for pages that
// are written from now on; offers that are there already get their room by VACUUM FULL, or as they move.
const POSTGRES: &str = "ALTER TABLE supplier_offer SET (fillfactor = 50);";
