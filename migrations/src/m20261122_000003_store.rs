//! The tables of `store`: one row of settings, and the countries it sells to.

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

// A new store sells nowhere until its countries are set. `currency_in_use` is raised by the first
// price or order, after which the currency may not change.
const TABLES: &str = "
CREATE TABLE store (
    id bigint PRIMARY KEY CHECK (id = 1),
    name text NOT NULL,
    currency text NOT NULL,
    currency_in_use boolean NOT NULL,
    capture text NOT NULL,
    sender text
);
INSERT INTO store (id, name, currency, currency_in_use, capture, sender)
VALUES (1, 'Consign store', 'EUR', FALSE, 'ON_ACCEPTANCE', NULL);

CREATE TABLE store_country (
    position integer PRIMARY KEY,
    country text NOT NULL UNIQUE,
    rate_millionths bigint NOT NULL CHECK (rate_millionths BETWEEN 0 AND 1000000),
    inclusive boolean NOT NULL
);
";
