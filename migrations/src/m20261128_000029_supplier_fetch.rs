//! How the stock of a supplier was fetched last, what of it was left out, and how much of it may go at once.

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

// Only the last fetch is kept: the ledger and the stock reports are the history.
const TABLES: &str = "
CREATE TABLE supplier_fetch (
    supplier_id {uuid} PRIMARY KEY REFERENCES supplier (id),
    began_at {time} NOT NULL,
    ended_at {time},
    items bigint NOT NULL,
    left_out bigint NOT NULL,
    failure text
);
ALTER TABLE supplier ADD COLUMN stock_max_shrink bigint NOT NULL DEFAULT 500000;
CREATE TABLE supplier_left_out (
    supplier_id {uuid} NOT NULL REFERENCES supplier (id),
    line bigint NOT NULL,
    sku text,
    reason text NOT NULL,
    message text NOT NULL,
    PRIMARY KEY (supplier_id, line)
);
";
